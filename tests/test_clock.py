"""The machine's clocks."""

from sparingly.clock import SystemClock


def test_both_clocks_go_on() -> None:
    """One tells the time of day, the other never runs back."""
    clock = SystemClock()

    first, second = clock.tick(), clock.tick()

    assert second >= first
    # November 2026 has come when this was written; a reading in milliseconds or of another epoch would show.
    assert 1.7e9 < clock.now() < 1e10
