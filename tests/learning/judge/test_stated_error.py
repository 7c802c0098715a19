"""The errors that a judge states are those that its questions show."""

import random

import numpy as np
import pytest

from sparingly.core.guarantee.calibration import Bound, Trials, allowed_wrong, tally
from sparingly.learning.judge.labelled_pairs import LabelledPair
from sparingly.learning.judge.stated_error import CONFIDENCE, ERRORS, points_of, stated_points
from tests.core.judging.judges import small_judge, stump


def trials(count: int, *, wrong: float, seed: int = 0) -> Trials:
    """Even scores of which those near 0 are wrong more often."""
    rng = np.random.default_rng(seed)
    scores = rng.random(count)
    is_wrong = rng.random(count) < wrong * (1 - scores)
    return Trials(scores, ~is_wrong, is_wrong)


def test_every_point_keeps_its_error_with_confidence() -> None:
    """On the questions it is stated for; smaller errors have higher points."""
    found = trials(20_000, wrong=0.4)

    points = points_of(found)

    assert [error for error, _ in points] == list(ERRORS)
    assert [point for _, point in points] == sorted(point for _, point in points)
    for error, point in points:
        assert tally(found, point).wrong <= allowed_wrong(len(found), Bound(error, CONFIDENCE))


@pytest.mark.parametrize(("count", "least"), [(3_100, 0.001), (700, 0.005), (100, 0.05), (40, None)])
def test_few_questions_show_large_errors_only(count: int, least: float | None) -> None:
    """1 / error of them, and three times that for the confidence, if not one is wrong."""
    points = points_of(trials(count, wrong=0.0))

    assert min((error for error, _ in points), default=None) == least


def test_what_is_wrong_at_every_score_states_nothing() -> None:
    every = np.ones(5_000, dtype=np.bool_)

    assert points_of(Trials(np.full(5_000, 0.9), ~every, every)) == ()


def _pairs(count: int, *, same: bool) -> list[LabelledPair]:
    return [
        LabelledPair(
            f"reset card {n}", f"reset account {n}", same, str(n), f"{n}", f"{n}" if same else f"{n}x"
        )
        for n in range(count)
    ]


def _vectors(texts: object) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    rows = []
    for text in texts:  # type: ignore[attr-defined]
        rng = random.Random(text.rsplit(" ", 1)[1])
        rows.append([rng.gauss(0, 1) for _ in range(16)] + [0.5 * text.startswith("reset card")])
    found = np.array(rows, dtype=np.float64)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def test_the_biggest_set_is_the_one_that_counts() -> None:
    """A judge that likes whatever is close states a small error where close pairs are the same, and none where not."""
    judge = small_judge(stump("similarity", 0.9, low=-2.0, high=2.0))

    right = stated_points(judge, {"big": _pairs(120, same=True), "small": _pairs(20, same=False)}, _vectors)
    wrong = stated_points(judge, {"big": _pairs(120, same=False), "small": _pairs(20, same=True)}, _vectors)

    assert {error for error, _ in right} == {0.05, 0.02}
    assert wrong == ()
    assert stated_points(judge, {}, _vectors) == ()
