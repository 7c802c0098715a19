import random

import pytest

from sparingly.core.guarantee.drift import Watch, is_alarmed, watched


def _alarm_at(
    error: float, *, bound: float, requests: int, seed: int, false_alarm: float = 0.05
) -> int | None:
    rng, watch = random.Random(seed), Watch()
    for number in range(1, requests + 1):
        watch = watched(watch, wrong=rng.random() < error, bound=bound)
        if is_alarmed(watch, false_alarm=false_alarm):
            return number
    return None


@pytest.mark.slow
@pytest.mark.parametrize("bound", [0.05, 0.01])
def test_false_alarms_are_as_rare_as_stated(bound: float) -> None:
    """Ville: while the error is just at the bound, the worst of calm, at most 5 % of watches ever raise one."""
    false = sum(_alarm_at(bound, bound=bound, requests=1_000, seed=seed) is not None for seed in range(200))

    # More than 18 of 200 at 5 % happens once in a hundred.
    assert false <= 18


@pytest.mark.parametrize(("bound", "times"), [(0.05, 2.0), (0.02, 3.0), (0.01, 4.0)])
def test_a_drift_is_noticed(bound: float, times: float) -> None:
    """In every run, within requests that hold some dozens of wrong hits."""
    for seed in range(20):
        found = _alarm_at(times * bound, bound=bound, requests=4_000, seed=seed)

        assert found is not None


def test_a_drift_after_a_long_calm_is_noticed_as_well() -> None:
    """New gamblers have not lost what the first ones did."""
    for seed in range(3):
        rng, watch = random.Random(seed), Watch()
        for _ in range(5_000):
            watch = watched(watch, wrong=rng.random() < 0.005, bound=0.01)
        assert not is_alarmed(watch, false_alarm=0.05)

        for _ in range(3_000):
            watch = watched(watch, wrong=rng.random() < 0.04, bound=0.01)
            if is_alarmed(watch, false_alarm=0.05):
                break

        assert is_alarmed(watch, false_alarm=0.05)


@pytest.mark.parametrize("bound", [0.01, 0.2, 0.6])
def test_the_wealth_is_no_more_than_what_was_staked_on_average(bound: float) -> None:
    """One step at the bound: the mean over both outcomes is what was held and what was staked anew."""
    before = Watch(100, (1.0, 2.0, 3.0, 4.0))

    wrong = sum(watched(before, wrong=True, bound=bound).wealth)
    right = sum(watched(before, wrong=False, bound=bound).wealth)

    assert bound * wrong + (1 - bound) * right == pytest.approx(10.0 + 1 / 6)


def test_a_lower_rate_of_false_alarms_takes_more_evidence() -> None:
    """Whoever alarms at the stricter rate does at the looser one."""
    loose = _alarm_at(0.05, bound=0.01, requests=5_000, seed=3, false_alarm=0.1)
    strict = _alarm_at(0.05, bound=0.01, requests=5_000, seed=3, false_alarm=0.001)

    assert loose is not None
    assert strict is not None
    assert loose <= strict
