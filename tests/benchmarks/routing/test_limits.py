"""What was tried to tell difficulty does what it is called."""

import json

import numpy as np
import pytest

from benchmarks.result import RESULTS
from benchmarks.routing.limits import LATENT, counted, fit_difficulty


def test_a_latent_difficulty_is_found_where_there_is_one() -> None:
    """One property of the prompt decides, and models bear it differently."""
    chance = np.random.default_rng(0)
    inputs = chance.normal(size=(2_000, 6))
    bearing, ease = np.array([0.5, 1.5, 3.0]), np.array([1.0, 0.5, 0.0])
    chances = 1 / (1 + np.exp(-(inputs[:, :1] * bearing + ease)))
    scores = (chance.random(chances.shape) < chances).astype(np.float64)

    told = fit_difficulty(inputs, scores, 1)(inputs)

    assert np.abs(told - chances).mean() < 0.05


def test_a_question_with_options_is_counted() -> None:
    """Options, digits, and forms of asking; any other text counts, too."""
    found = counted("Which is not __?\nA. 12\nB. two")

    assert found[0] == 2.0
    assert found[4] == pytest.approx(0.5)
    assert found[9:13] == [1.0, 0.0, 1.0, 1.0]
    assert np.isfinite(counted("")).all()


def test_the_committed_result_has_all_that_was_tried() -> None:
    """Whatever it shows."""
    result = json.loads((RESULTS / "routing_limits.json").read_text(encoding="utf-8"))

    assert {"default", "counted", "true label", *(f"difficulty {latent}" for latent in LATENT)} <= set(
        result["variants"]
    )
