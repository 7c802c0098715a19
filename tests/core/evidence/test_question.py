"""What the judge is given."""

import numpy as np

from sparingly.core.evidence.question import Question


def test_a_question_needs_no_tokens() -> None:
    """An embedder may give none."""
    assert Question("a", np.zeros(2, dtype=np.float32)).tokens is None
