"""The proofs are about all distributions; these simulations draw from one where the true error is known.

Scores are even on [0, 1] and a third of candidates is wrong whatever their score, so the true error at
a threshold t is (1 - t) / 3.
"""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.guarantee.calibration import (
    Bound,
    NoPoint,
    Outcome,
    Point,
    Tally,
    Trials,
    allowed_wrong,
    calibrated,
    least_requests,
    lowest_threshold,
    short_decimal,
    tally,
    trials_of,
)
from sparingly.core.guarantee.tails import binomial_at_most

RUNS = 1_000
WRONG = 1 / 3

SCORED: list[tuple[float | None, Outcome]] = [
    (0.9, "right"),
    (0.8, "wrong"),
    (None, "unjudged"),
    (0.7, "unjudged"),
    (0.6, "wrong"),
]


def _drawn(rng: np.random.Generator, count: int) -> Trials:
    wrong = rng.random(count) < WRONG
    return Trials(rng.random(count), ~wrong, wrong)


def _true_error(threshold: float) -> float:
    return WRONG * (1.0 - threshold)


def _thresholds(bound: Bound, count: int, *, seed: int = 0) -> list[float]:
    rng = np.random.default_rng(seed)
    points = [calibrated(_drawn(rng, count), bound) for _ in range(RUNS)]
    return [point.threshold if isinstance(point, Point) else 1.0 for point in points]


@pytest.mark.parametrize(("max_error", "count"), [(0.05, 300), (0.02, 300), (0.01, 500)])
def test_in_the_mean_the_error_is_within_the_bound_and_close_to_it(max_error: float, count: int) -> None:
    """Conformal risk control: at most the bound, and at least the bound less 2 / (n + 1)."""
    errors = [_true_error(one) for one in _thresholds(Bound(max_error, None), count)]

    noise = 3 * float(np.std(errors)) / RUNS**0.5
    assert np.mean(errors) <= max_error + noise
    assert np.mean(errors) >= max_error - 2 / (count + 1) - noise


@pytest.mark.parametrize(("max_error", "count"), [(0.05, 300), (0.02, 300), (0.01, 500)])
def test_with_confidence_the_error_is_seldom_over_the_bound(max_error: float, count: int) -> None:
    """Learn then Test: in one of twenty calibrations at most."""
    over = sum(_true_error(one) > max_error for one in _thresholds(Bound(max_error, 0.95), count))

    # The chance of more than 72 of 1,000 at a rate of 5 % is one in a thousand.
    assert 0 < over <= 72


def test_with_confidence_ahead_the_error_seen_later_is_seldom_over_the_bound() -> None:
    """The rate that the next requests show wavers too; promise 2 alone would be broken in one of eight."""
    rng = np.random.default_rng(1)
    over_plain = over_ahead = 0
    for _ in range(RUNS):
        earlier, later = _drawn(rng, 400), _drawn(rng, 400)
        plain = calibrated(earlier, Bound(0.05, 0.95))
        ahead = calibrated(earlier, Bound(0.05, 0.95), later=400)
        assert isinstance(plain, Point)
        assert isinstance(ahead, Point)
        over_plain += tally(later, plain.threshold).error > 0.05
        over_ahead += tally(later, ahead.threshold).error > 0.05

    assert over_ahead <= 50 < over_plain


@pytest.mark.parametrize(
    ("max_error", "confidence", "least"),
    [
        # 1 / bound - 1 in the mean; (1 - bound) ** n <= 0.05 with confidence.
        (0.05, None, 19),
        (0.01, None, 99),
        (0.001, None, 999),
        (0.05, 0.95, 59),
        (0.01, 0.95, 299),
        (0.01, 0.99, 459),
    ],
)
def test_a_bound_takes_a_least_number_of_requests(
    max_error: float, confidence: float | None, least: int
) -> None:
    """One fewer shows nothing, and the answer says how many are missing."""
    bound = Bound(max_error, confidence)
    few = trials_of([(0.5, "right")] * (least - 3))

    assert least_requests(bound) == least
    assert allowed_wrong(least, bound) == 0
    assert allowed_wrong(least - 1, bound) == -1
    assert calibrated(few, bound) == NoPoint("too-few", missing=3)


def test_more_is_asked_where_the_next_requests_must_keep_the_bound() -> None:
    """And what is said to be enough is enough, and no more than that."""
    bound = Bound(0.01, 0.95)

    least = least_requests(bound, later=1_000)

    assert least > least_requests(bound)
    assert allowed_wrong(least, bound, later=1_000) == 0
    assert allowed_wrong(least - 1, bound, later=1_000) == -1


@given(st.integers(0, 3_000), st.floats(0.002, 0.2), st.floats(0.6, 0.999), st.floats(0.0, 0.9))
def test_more_confidence_and_smaller_bounds_never_allow_more(
    requests: int, max_error: float, confidence: float, less: float
) -> None:
    """Whatever the promise."""
    for later in (None, requests):
        allowed = allowed_wrong(requests, Bound(max_error, confidence), later=later)
        surer = allowed_wrong(requests, Bound(max_error, confidence + less * (1 - confidence)), later=later)
        stricter = allowed_wrong(requests, Bound(max_error * (1 - less), confidence), later=later)

        assert surer <= allowed
        assert stricter <= allowed


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.4]), st.booleans()), min_size=30, max_size=80))
def test_the_shortcut_equals_testing_thresholds_one_by_one(scored: list[tuple[float, bool]]) -> None:
    """Fixed-sequence testing: from strict to loose, until a p-value is over the doubt."""
    trials = trials_of((score, "wrong" if wrong else "right") for score, wrong in scored)
    bound = Bound(0.2, 0.9)
    expected: float | None = None
    for threshold in (0.4, 0.3, 0.2, 0.1):
        if threshold not in trials.scores:
            continue
        if binomial_at_most(tally(trials, threshold).wrong, len(trials), 0.2) > 0.1:
            break
        expected = threshold

    found = calibrated(trials, bound)

    assert (found.threshold if isinstance(found, Point) else None) == expected


def test_the_lowest_threshold_stands_right_above_the_first_wrong_one_too_many() -> None:
    """Only scores that occurred are taken; the boundary value is served."""
    trials = trials_of(SCORED)

    assert lowest_threshold(trials, 0) == 0.9
    assert lowest_threshold(trials, 1) == 0.7
    assert lowest_threshold(trials, 2) == 0.6
    assert lowest_threshold(trials_of([(0.9, "wrong"), (0.9, "right")]), 0) is None


def test_hits_are_counted_over_all_requests() -> None:
    """A request without a candidate counts; an unjudged hit is neither right nor wrong."""
    found = tally(trials_of(SCORED), 0.7)

    assert found == Tally(requests=5, hits=3, right=1, wrong=1)
    assert (found.unjudged, found.error) == (1, 0.2)
    assert tally(trials_of([]), 0.5).error == 0.0


def test_what_is_served_anyway_counts_against_every_threshold() -> None:
    """Equal requests with another answer cannot be helped by closeness."""
    always: list[tuple[float | None, Outcome]] = [(inf, "wrong")] * 10
    close: list[tuple[float | None, Outcome]] = [(0.9, "right")] * 90
    trials = trials_of([*always, *close])

    assert tally(trials, 0.95).wrong == 10
    assert calibrated(trials, Bound(0.05, None)) == NoPoint("too-wrong")
    assert isinstance(calibrated(trials, Bound(0.2, None)), Point)


def test_without_a_candidate_there_is_no_point() -> None:
    """Nothing was close, so nothing is known of any threshold."""
    assert calibrated(trials_of([(None, "unjudged")] * 100), Bound(0.05, None)) == NoPoint("no-candidate")


def test_growth_divides_the_bound_but_never_asks_for_more_requests() -> None:
    """Where the divided bound cannot be shown, no wrong hit at all may be seen."""
    assert allowed_wrong(1_000, Bound(0.02, None, growth=2.0)) == allowed_wrong(1_000, Bound(0.01, None))
    assert allowed_wrong(120, Bound(0.01, None, growth=3.0)) == 0
    assert allowed_wrong(90, Bound(0.01, None, growth=3.0)) == -1


def test_missing_labels_make_the_bound_stricter() -> None:
    """With half of the candidates judged, half of the wrong hits are seen."""
    assert allowed_wrong(1_000, Bound(0.02, None, share=0.5)) == allowed_wrong(1_000, Bound(0.01, None))


def test_a_score_that_is_no_number_is_refused() -> None:
    """The message says which."""
    with pytest.raises(ValueError, match="request 1 is not a number"):
        trials_of([(0.5, "right"), (nan, "right")])


@pytest.mark.parametrize("max_error", [0.0, 1.0, -0.1])
def test_an_impossible_bound_is_refused(max_error: float) -> None:
    """Shares only."""
    with pytest.raises(ValueError, match="a bound of"):
        allowed_wrong(100, Bound(max_error))


@given(st.lists(st.floats(0.01, 1.0), min_size=1, max_size=30), st.data())
def test_the_short_decimal_admits_the_same(scores: list[float], data: st.DataObject) -> None:
    """What a person reads in the config decides as what was calculated."""
    trials = trials_of((score, "right") for score in scores)
    threshold = data.draw(st.sampled_from(scores))

    short = short_decimal(trials, threshold)

    assert short <= threshold
    assert tally(trials, short) == tally(trials, threshold)


def test_a_short_decimal_is_short() -> None:
    """Two digits where two will do."""
    assert short_decimal(trials_of([(0.1, "right"), (0.987654321, "right")]), 0.987654321) == 0.98
