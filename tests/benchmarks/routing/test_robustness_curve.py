"""The ways to choose alike do what they are called."""

import json

import numpy as np
import pytest

from benchmarks.result import RESULTS
from benchmarks.routing.robustness import TABLES
from benchmarks.routing.robustness_curve import WAYS, with_margin


@pytest.mark.parametrize(("margin", "expected"), [(0.0, [0, 2]), (0.15, [1, 2]), (1.0, [1, 1])])
def test_within_the_margin_the_usual_model_is_taken(margin: float, expected: list[int]) -> None:
    """Without one, the best score decides."""
    scores = np.array([[0.6, 0.5, 0.1], [0.1, 0.2, 0.9]], dtype=np.float32)
    prior = np.array([0.1, 0.5, 0.2], dtype=np.float32)

    assert with_margin(scores, prior, margin).tolist() == expected


def test_the_committed_result_has_every_way_on_every_table() -> None:
    """Whatever it shows."""
    result = json.loads((RESULTS / "routing_robustness_curve.json").read_text(encoding="utf-8"))

    for name in TABLES:
        assert [(one["fall_back"], one["margin"], one["local"]) for one in result[name]] == [
            (way.fall_back, way.margin, way.local) for way in WAYS
        ]
