"""A part that fails is left alone for a while."""

from sparingly.pipeline.breaker import Breaker
from tests.fakes.clock import FakeClock


def _breaker() -> tuple[Breaker, FakeClock]:
    clock = FakeClock()
    return Breaker(clock, cooldown_s=5.0), clock


def test_a_well_part_is_used() -> None:
    """As often as needed."""
    breaker, _ = _breaker()

    assert [breaker.allows() for _ in range(3)] == [True, True, True]


def test_a_failed_part_is_left_alone_until_its_cooldown_is_over() -> None:
    """Its trouble must not be every request's delay."""
    breaker, clock = _breaker()
    breaker.failed()
    clock.pass_by(4.9)

    assert not breaker.allows()


def test_after_the_cooldown_one_request_tries_it() -> None:
    """One, not all that are under way."""
    breaker, clock = _breaker()
    breaker.failed()
    clock.pass_by(5.0)

    assert [breaker.allows() for _ in range(3)] == [True, False, False]


def test_success_closes_the_breaker() -> None:
    """Recovery is automatic."""
    breaker, clock = _breaker()
    breaker.failed()
    clock.pass_by(5.0)
    breaker.allows()

    breaker.worked()

    assert [breaker.allows() for _ in range(2)] == [True, True]


def test_a_trial_that_fails_opens_it_for_another_cooldown() -> None:
    """Counted from the failure."""
    breaker, clock = _breaker()
    breaker.failed()
    clock.pass_by(5.0)
    breaker.allows()
    clock.pass_by(1.0)
    breaker.failed()
    clock.pass_by(4.9)

    assert not breaker.allows()

    clock.pass_by(0.1)

    assert breaker.allows()


def test_a_trial_that_tells_nothing_is_followed_by_another() -> None:
    """Its client may have left: the part must not be lost for good."""
    breaker, clock = _breaker()
    breaker.failed()
    clock.pass_by(5.0)
    breaker.allows()
    clock.pass_by(5.0)

    assert breaker.allows()
