"""The machine's clocks, for the composition root to hand in; nothing else may read them."""

import time


class SystemClock:
    """Satisfies `ports.Clock`."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()  # noqa: TID251 - this is where time is handed in

    def tick(self) -> float:
        """A monotonic reading in seconds."""
        return time.perf_counter()
