from math import inf

import numpy as np
import pytest

from sparingly.core.guarantee.calibration import Outcome
from sparingly.errors import TuningError
from sparingly.replay.candidates import Play, Scored
from sparingly.replay.tuning import Tuning, tuned


def _scored(count: int, *, wrong: float = 0.3, route: str = "", seed: int = 0) -> list[Scored]:
    """Even scores; the higher, the seldomer wrong."""
    rng = np.random.default_rng(seed)
    found = []
    for score in rng.random(count):
        outcome: Outcome = "wrong" if rng.random() < wrong * (1.0 - score) else "right"
        found.append(Scored(route, float(score), outcome))
    return found


def _tuned(scored: list[Scored], *, max_error: float = 0.02, confidence: float | None = 0.95) -> Tuning:
    return tuned(Play(tuple(scored), "similarity", {}), max_error=max_error, confidence=confidence)


def test_the_point_keeps_the_bound_on_the_later_half() -> None:
    """Calibrated on the earlier one; hits and errors of both are told."""
    found = _tuned(_scored(4_000))

    [row] = found.rows
    assert found.has_point
    assert row.threshold is not None
    assert 0.3 < row.threshold < 0.9
    assert row.earlier.requests == row.later.requests == 2_000
    assert row.later_error <= 0.02
    assert row.later_error_ci95[0] <= row.later_error <= row.later_error_ci95[1]
    assert found.in_mean is not None
    assert found.in_mean <= row.threshold


def test_more_confidence_and_a_smaller_bound_cost_hits() -> None:
    """Never the other way round."""
    scored = _scored(4_000)

    hits = [_tuned(scored, confidence=confidence).total.later.hits for confidence in (None, 0.8, 0.95, 0.999)]
    stricter = [_tuned(scored, max_error=bound).total.later.hits for bound in (0.05, 0.02, 0.01)]

    assert hits == sorted(hits, reverse=True)
    assert stricter == sorted(stricter, reverse=True)


@pytest.mark.parametrize("seed", range(10))
def test_more_confidence_never_loosens_a_route(seed: int) -> None:
    """Not even where the later half raises some points and not others."""
    scored = [*_scored(600, route="a", seed=seed), *_scored(2_400, wrong=0.6, route="b", seed=seed + 50)]
    scored = [scored[index] for index in np.random.default_rng(seed).permutation(len(scored))]
    before: dict[str | None, float] = {}

    for confidence in (0.6, 0.9, 0.99):
        found = _tuned(scored, confidence=confidence)
        now = {row.route: inf if row.threshold is None else row.threshold for row in found.rows}

        # A threshold is shown as the shortest decimal that admits the same requests.
        assert all(threshold >= before.get(route, 0.0) for route, threshold in now.items())
        before = now


def test_a_log_without_labels_says_what_is_missing() -> None:
    """And how many."""
    with pytest.raises(
        TuningError, match=r"none of the 50 requests has a `label`.* 298 labelled requests are"
    ):
        _tuned([Scored("", 0.9, "unjudged", is_labelled=False)] * 50)


@pytest.mark.parametrize(
    ("count", "confidence", "message"),
    [
        # 1 / bound - 1 of them in the mean.
        (80, None, r"40 in the earlier half; .* at least 49 there in the mean: label 18 more requests"),
        (300, 0.95, r"150 in the earlier half; .* with 95% confidence \(49 in the mean\): label \d+ more"),
    ],
)
def test_too_few_labels_say_how_many_more(count: int, confidence: float | None, message: str) -> None:
    """A log with that many more is enough."""
    with pytest.raises(TuningError, match=message) as caught:
        _tuned(_scored(count), confidence=confidence)

    more = int(str(caught.value).split("label ")[1].split()[0])
    assert _tuned(_scored(count + more, wrong=0.0), confidence=confidence).has_point


def test_labels_that_never_meet_are_no_evidence() -> None:
    """Each candidate has no label of its own."""
    with pytest.raises(TuningError, match="resemble each other"):
        _tuned([Scored("", 0.9, "unjudged", is_open=True)] * 1_000)


def test_missing_labels_make_the_bound_stricter() -> None:
    """Half of the candidates without a label hide half of the wrong hits."""
    scored = _scored(4_000)
    hidden = [
        Scored("", one.score, "unjudged", is_open=True) if index % 2 else one
        for index, one in enumerate(scored)
    ]

    found, all_known = _tuned(hidden), _tuned(scored)

    assert found.judged_share == 0.5
    assert found.rows[0].threshold is not None
    assert all_known.rows[0].threshold is not None
    assert found.rows[0].threshold == pytest.approx(all_known.rows[0].threshold, abs=0.08)


def test_a_point_that_the_later_half_refutes_is_raised() -> None:
    """Until it holds there, and the result says so."""
    found = _tuned([*_scored(2_000, wrong=0.05), *_scored(2_000, wrong=0.9, seed=1)])

    assert found.raised
    assert found.total.later_error <= 0.02


def test_a_memory_that_fills_gets_a_stricter_point() -> None:
    """More finds are to come, so more wrong ones."""
    rng = np.random.default_rng(99)
    filling = [
        one if rng.random() < index / 4_000 else Scored("", None) for index, one in enumerate(_scored(4_000))
    ]

    found = _tuned(filling)

    assert found.growth > 2.0
    assert not found.raised
    assert found.total.later_error <= 0.02


def test_where_even_the_best_scores_are_wrong_there_is_no_point() -> None:
    """Said, not guessed."""
    found = _tuned([Scored("", 0.99, "wrong")] * 2_000)

    assert not found.has_point
    assert (found.rows[0].threshold, found.rows[0].reason) == (None, "too-wrong")
    assert found.total.later.hits == 0


def test_routes_with_enough_requests_have_points_of_their_own() -> None:
    """The total adds them up."""
    scored = [
        one
        for pair in zip(
            _scored(3_000, wrong=0.05, route="safe"),
            _scored(3_000, wrong=0.6, route="risky", seed=1),
            strict=True,
        )
        for one in pair
    ]

    found = _tuned(scored)

    points = {row.route: row.threshold for row in found.rows}
    assert points.keys() == {None, "safe", "risky"}
    assert points["safe"] is not None
    assert points["risky"] is not None
    assert points["safe"] < points["risky"]
    assert found.total.later.requests == 3_000
    assert found.total.later.hits == sum(row.later.hits for row in found.rows)
