"""The clock of a replay: the log's time of day, the machine's own stopwatch.

`now` decides what has expired and must come from the log; `tick` measures what
our own steps take and must be real, or a report could not tell latencies.
"""

from collections.abc import Callable


class VirtualClock:
    """A Clock whose `now` stands still until the runner moves it on."""

    def __init__(self, *, stopwatch: Callable[[], float]) -> None:
        """`stopwatch` is a monotonic reading in seconds."""
        self._stopwatch = stopwatch
        self._now = 0.0

    def now(self) -> float:
        """Seconds since the epoch, in the log's time."""
        return self._now

    def tick(self) -> float:
        """A real monotonic reading."""
        return self._stopwatch()

    def set(self, now: float) -> None:
        """Move to the time of a logged request; a second pass begins by moving back."""
        self._now = now
