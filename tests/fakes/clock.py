"""Time that passes when a test says so."""


class FakeClock:
    """Satisfies `Clock`; both readings move together."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now
        self._ticked = 0.0

    def now(self) -> float:
        return self._now

    def tick(self) -> float:
        return self._ticked

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds
        self._ticked += seconds
