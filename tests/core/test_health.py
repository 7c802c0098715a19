"""Which deployments rest, and for how long."""

import pytest

from sparingly.core.health import WELL, Condition, Cooldown, after_failure, down

NOW = 1_000.0
THREE = Cooldown(after_failures=3, base_s=5, max_s=60)


def _failures(times: list[float], condition: Condition = WELL) -> Condition:
    for time in times:
        condition = after_failure(condition, now=time, cooldown=THREE)
    return condition


@pytest.mark.parametrize(
    ("times", "rest_until"),
    [
        ([0], 0),
        ([0, 1], 0),
        ([0, 1, 2], 7),
        ([0, 1, 2, 7], 7 + 10),
        ([0, 1, 2, 7, 20], 20 + 20),
        ([0, 1, 2, 7, 20, 50, 100], 100 + 60),
    ],
)
def test_failures_in_a_row_rest_a_deployment_longer_each_time(times: list[float], rest_until: float) -> None:
    """Three start a rest, each failure after it doubles the rest, up to the maximum."""
    assert _failures(times).down_until == rest_until


def test_requests_under_way_when_it_fell_are_not_counted() -> None:
    """A burst of concurrent failures is one event, not fifty."""
    fallen = _failures([0, 1, 2])

    assert _failures([3, 3, 4, 6.9], fallen) == fallen


def test_a_success_forgets_everything() -> None:
    """After `WELL` it takes a full count again."""
    assert _failures([7.5], WELL).down_until == 0


@pytest.mark.parametrize(("retry_after_s", "rest_s"), [(20.0, 20.0), (600.0, 60.0), (0.0, 0.0), (None, 0.0)])
def test_the_providers_own_retry_after_rests_it_at_once(retry_after_s: float | None, rest_s: float) -> None:
    """One 429 that says when to come back is enough; the maximum still holds."""
    condition = after_failure(WELL, now=NOW, retry_after_s=retry_after_s, cooldown=THREE)

    assert condition.down_until == (NOW + rest_s if rest_s else 0.0)
    assert condition.failures == 1


def test_a_deployment_rests_until_its_time_is_over() -> None:
    """At `down_until` itself it is tried again."""
    health = {("a", "m"): Condition(3, NOW), ("b", "m"): Condition(3, NOW + 1), ("c", "m"): Condition(2)}

    assert down(health, now=NOW) == {("b", "m")}


def test_countless_failures_keep_the_rest_finite() -> None:
    """The doubling must not overflow."""
    condition = after_failure(Condition(failures=5_000), now=NOW, cooldown=THREE)

    assert condition.down_until == NOW + 60
