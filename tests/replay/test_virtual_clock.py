from itertools import count

from sparingly.replay.virtual_clock import VirtualClock


def test_time_of_day_comes_from_the_log_and_durations_from_the_stopwatch() -> None:
    """Setting `now` does not touch `tick`, and reading `tick` does not move `now`."""
    readings = count(10)
    clock = VirtualClock(stopwatch=lambda: float(next(readings)))

    clock.set(1_700_000_000.0)

    assert (clock.tick(), clock.tick()) == (10.0, 11.0)
    assert clock.now() == 1_700_000_000.0
