"""Leaves a part that fails alone for a while, so that its trouble is not every request's delay.

After `cooldown_s` one request tries it again; success closes the breaker.
"""

from sparingly.ports import Clock


class Breaker:
    """Closed: use the part.  Open: do without it."""

    def __init__(self, clock: Clock, *, cooldown_s: float) -> None:
        self._clock = clock
        self._cooldown_s = cooldown_s
        self._open_until: float | None = None

    def allows(self) -> bool:
        """Whether to try; an answer of True after trouble books the one trial of this cooldown."""
        if self._open_until is None:
            return True
        now = self._clock.tick()
        if now < self._open_until:
            return False
        self._open_until = now + self._cooldown_s
        return True

    def worked(self) -> None:
        """The part is well."""
        self._open_until = None

    def failed(self) -> None:
        """The part is in trouble; leave it alone."""
        self._open_until = self._clock.tick() + self._cooldown_s
