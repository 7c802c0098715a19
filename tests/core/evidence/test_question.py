"""What the judge is given."""

import numpy as np

from sparingly.core.evidence.question import Question


def test_a_question_is_read_whole_unless_said_otherwise() -> None:
    """Most texts have no words that an embedder cannot tell apart."""
    assert Question("a", np.zeros(2, dtype=np.float32)).unread == ""
