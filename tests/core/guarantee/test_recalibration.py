import random
from collections.abc import Iterable
from math import inf

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparingly.core.guarantee.calibration import Outcome
from sparingly.core.guarantee.recalibration import (
    Monitor,
    Observation,
    Tuned,
    monitor,
    observed,
    restored,
    window_for,
)

TUNED = Tuned(bar=0.8, max_error=0.05, window=500)

observations = st.builds(
    Observation,
    st.one_of(st.none(), st.floats(0.0, 1.0), st.just(inf)),
    st.sampled_from(["right", "wrong", "unjudged"]),
)


def _after(now: Monitor, seen: Iterable[Observation]) -> Monitor:
    for one in seen:
        now = observed(now, one)
    return now


def _traffic(rng: random.Random, count: int, *, wrong: float) -> list[Observation]:
    """Even scores, a share of which is wrong: the error at the tuned bar is a fifth of that."""
    outcomes: list[Outcome] = ["right", "wrong"]
    return [Observation(rng.random(), outcomes[rng.random() < wrong]) for _ in range(count)]


@settings(max_examples=40)
@given(st.lists(observations, max_size=60), st.integers(1, 8))
def test_the_bar_never_sinks_below_the_tuned_one(some: list[Observation], times: int) -> None:
    """Whatever is observed, and however often."""
    now = monitor(TUNED)

    for one in some * times:
        now = observed(now, one)

        assert now.bar >= TUNED.bar


def test_calm_traffic_leaves_the_bar_where_it_was_tuned() -> None:
    """An error of 2 % at a bound of 5 %."""
    now = _after(monitor(TUNED), _traffic(random.Random(0), 3_000, wrong=0.1))

    assert (now.bar, now.alarms, now.is_tightened) == (0.8, 0, False)


def test_drift_raises_the_alarm_and_the_bar() -> None:
    """An error of 16 % at the tuned bar; afterwards it is within the bound again."""
    rng = random.Random(1)
    now = _after(monitor(TUNED), _traffic(rng, 1_000, wrong=0.1))
    drifted = _after(now, _traffic(rng, 500, wrong=0.8))
    later = _after(drifted, _traffic(rng, 2_000, wrong=0.8))

    assert now.alarms == 0
    assert drifted.alarms >= 1
    assert drifted.alarmed_at is not None
    assert drifted.bar > 0.9
    assert (later.wrong - drifted.wrong) / 2_000 <= 0.05


def test_the_bar_comes_back_when_the_drift_is_over() -> None:
    """To the tuned point and no further, once the window has passed."""
    rng = random.Random(2)
    drifted = _after(monitor(TUNED), _traffic(rng, 500, wrong=0.8))

    recovered = _after(drifted, _traffic(rng, 1_100, wrong=0.05))

    assert drifted.is_tightened
    assert recovered.bar == TUNED.bar


def test_labels_of_hits_alone_keep_the_bound_as_well() -> None:
    """What is no longer served gets no labels; it counts as wrong, so the bar feels its way and never rushes."""
    rng = random.Random(3)
    drifted = _after(monitor(TUNED), _traffic(rng, 500, wrong=0.8))
    later = drifted
    for one in _traffic(rng, 5_000, wrong=0.8):
        is_served = one.score is not None and one.score >= later.bar
        later = observed(later, one if is_served else Observation(one.score))

    assert (later.wrong - drifted.wrong) / 5_000 <= 0.05
    assert later.bar > TUNED.bar


def test_a_slow_rise_is_followed_without_an_alarm_being_needed() -> None:
    """Rolling recalibration keeps the error near the bound while the traffic gets worse bit by bit."""
    rng = random.Random(4)
    now = monitor(TUNED)
    for step in range(40):
        now = _after(now, _traffic(rng, 100, wrong=0.2 + step * 0.01))

    assert now.bar > TUNED.bar
    assert now.wrong / now.seen <= 0.05 * 1.1


def test_only_what_was_served_wrong_counts_as_wrong() -> None:
    """A wrong candidate under the bar is no harm; one that is served whatever the bar is."""
    now = _after(
        monitor(TUNED),
        [Observation(0.7, "wrong"), Observation(0.9, "wrong"), Observation(inf, "wrong"), Observation(None)],
    )

    assert (now.seen, now.wrong) == (4, 2)


def test_the_window_holds_the_last_requests_only() -> None:
    """Memory does not grow with traffic."""
    now = _after(monitor(TUNED), [Observation(0.9, "right")] * 1_200)

    assert len(now.recent) == TUNED.window


def test_where_even_the_best_scores_are_wrong_only_equal_requests_are_served() -> None:
    """The bar goes to infinity."""
    now = _after(monitor(TUNED), [Observation(1.0, "wrong")] * 400)

    assert now.bar == inf


def test_a_window_too_short_for_its_bound_is_refused() -> None:
    """A bound of 0.1 % takes 999 requests."""
    with pytest.raises(ValueError, match="999 can"):
        monitor(Tuned(0.9, 0.001, window=500))


def test_a_quiet_route_is_no_reason_to_serve_less() -> None:
    """Candidates that are far from the bar, hits that nobody speaks of, or none at all."""
    rng = random.Random(5)
    for hits in (0.0, 0.01, 0.3):
        now = monitor(TUNED)
        for _ in range(700):
            score = rng.uniform(0.8, 1.0) if rng.random() < hits else rng.uniform(0.0, 0.79)
            now = observed(now, Observation(score if rng.random() < 0.7 else None))

            assert now.bar == TUNED.bar


def test_a_wrong_candidate_under_the_tuned_bar_is_none_of_its_business() -> None:
    """It is never served; a second look that says no to it is no reason to serve less."""
    now = _after(monitor(TUNED), [Observation(0.7, "wrong")] * 300)

    assert now.bar == TUNED.bar


def test_a_monitor_that_was_kept_goes_on_where_it_stood() -> None:
    """For the same point and bound; for any other it starts afresh, there."""
    kept = _after(monitor(TUNED), _traffic(random.Random(6), 500, wrong=0.8))
    other = Tuned(bar=0.9, max_error=0.05, window=500)

    assert kept.is_tightened
    assert restored(kept, TUNED) == kept
    assert restored(kept, other) == monitor(other)


def test_a_kept_bar_under_the_tuned_one_is_not_believed() -> None:
    """Files can be edited."""
    kept = msgspec.structs.replace(monitor(TUNED), bar=0.1, watched_bar=0.1)

    again = restored(kept, TUNED)

    assert (again.bar, again.watched_bar) == (TUNED.bar, TUNED.bar)


@pytest.mark.parametrize("error", [0.5, 0.05, 0.01, 0.001, 0.0001])
def test_a_window_shows_its_bound_several_times_over(error: float) -> None:
    """No monitor of it is refused."""
    assert monitor(Tuned(0.9, error, window=window_for(error))).bar == 0.9
    assert window_for(error) >= 2_000
