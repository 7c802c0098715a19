from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.cache.guarantee import calm, drift, splits
from benchmarks.cache.guarantee_order import in_order, observations
from benchmarks.cache.guarantee_streams import STREAMS, Cosine, Labelled, scored
from benchmarks.cache.threshold_sweep import Vectors
from sparingly.core.guarantee.calibration import Trials, trials_of
from sparingly.core.guarantee.recalibration import Observation


def _trials(count: int, *, wrong: float, seed: int = 0) -> Trials:
    rng = np.random.default_rng(seed)
    is_wrong = rng.random(count) < wrong
    return Trials(rng.random(count), ~is_wrong, is_wrong)


def _vectors(*angles: float) -> Vectors:
    return np.array([[np.cos(angle), np.sin(angle)] for angle in angles], dtype=np.float32)


@pytest.mark.slow
def test_the_promises_hold_on_random_splits() -> None:
    """On requests that are exchangeable by construction."""
    found = splits(_trials(2_000, wrong=0.3), 0.05, seed=0)

    assert found["mean"].runs == 200
    assert found["mean"].mean_error <= 0.05 + 3 * found["mean"].mean_error_se
    assert found["confidence"].above_share <= 0.1
    assert found["ahead"].above_share <= 0.1
    assert found["ahead"].mean_hit_rate < found["mean"].mean_hit_rate


def test_a_drift_in_the_later_half_is_followed_by_the_moving_bar() -> None:
    """The fixed point is broken by it."""
    calm_half, bad_half = _trials(3_000, wrong=0.1), _trials(3_000, wrong=0.6, seed=1)
    whole = Trials(
        np.concatenate([calm_half.scores, bad_half.scores]),
        np.concatenate([calm_half.right, bad_half.right]),
        np.concatenate([calm_half.wrong, bad_half.wrong]),
    )

    found = in_order(whole, 0.05)

    assert found["fixed"].overshoot > 2.0
    assert found["moving"].overshoot < 0.5
    assert found["moving"].alarms >= 1
    assert found["moving"].hits < found["fixed"].hits


@pytest.mark.slow
def test_an_injected_drift_raises_the_alarm() -> None:
    """In every run, and the bar brings the error down again."""
    found = drift(_trials(2_000, wrong=0.3), 0.05, seed=0)

    assert (found.raised, found.too_soon) == (found.runs, 0)
    assert found.mean_error_after_alarm is not None
    assert found.mean_error_after_alarm <= 0.05


@pytest.mark.slow
def test_false_alarms_are_counted_at_the_bound_itself() -> None:
    """The stated rate is 5 %."""
    found = calm(0.05, seed=1, runs=50, requests=500)

    assert found.false_alarms <= 8


def test_trials_are_observed_as_they_are() -> None:
    """In order, with their outcomes."""
    trials = trials_of([(0.9, "right"), (None, "unjudged"), (0.8, "wrong"), (0.7, "unjudged")])

    assert list(observations(trials)) == [
        Observation(0.9, "right"),
        Observation(None),
        Observation(0.8, "wrong"),
        Observation(0.7),
    ]


def test_each_question_finds_the_best_of_those_before_it() -> None:
    """The first finds nothing; classes and explicit differences judge the others."""
    stream = [
        Labelled("a", "x", ()),
        Labelled("b", "x", ()),
        Labelled("c", "y", ("b",)),
        Labelled("d", "z", ()),
    ]

    found = list(scored(stream, _vectors(0.0, 0.1, 0.15, 0.14), Cosine(), k=5))

    assert found[0] == (None, "unjudged")
    assert [outcome for _, outcome in found[1:]] == ["right", "wrong", "unjudged"]
    assert found[1][0] == pytest.approx(np.cos(0.1), abs=1e-6)


def test_another_score_can_be_plugged_in() -> None:
    """It sees texts, vectors and near ones, and may choose another candidate, or none."""

    class Longest:
        name = "longest"

        def best(
            self, texts: Sequence[str], vectors: Vectors, asked: int, near: Sequence[tuple[int, float]]
        ) -> tuple[int, float] | None:
            assert len(texts) == len(vectors)
            best = max(near, key=lambda one: len(texts[one[0]]), default=None)
            return None if best is None or asked == 3 else (best[0], 0.5)

    stream = [Labelled("long text", "x"), Labelled("short", "y"), Labelled("c", "x"), Labelled("d", "x")]

    found = list(scored(stream, _vectors(0.0, 0.1, 0.15, 0.14), Longest(), k=5))

    assert found == [(None, "unjudged"), (0.5, "wrong"), (0.5, "right"), (None, "unjudged")]


def test_the_streams_are_those_of_the_issue() -> None:
    """Quora, medical questions, a bank's intents."""
    assert STREAMS.keys() == {"qqp", "medical", "banking77"}
