"""Count what each deployment is doing: requests under way, and seconds to the first byte of late."""

from collections.abc import Callable

from sparingly.core.health import DeploymentId
from sparingly.core.routing.balance import Load

# A new reading counts for a fifth: five or so requests follow a change, one outlier moves little.
_WEIGHT = 0.2
# Older readings say nothing of now.
_FRESH_S = 60.0
# Far more deployments than any config has; names that clients make up come here too.
_MOST = 1_000


class Work:
    """One request under way at a deployment; `end` may be called more than once."""

    def __init__(self, end: Callable[[], None]) -> None:
        self._end: Callable[[], None] | None = end

    def end(self) -> None:
        """The deployment is done with it."""
        if self._end is not None:
            end, self._end = self._end, None
            end()


class Loads:
    """The loads of all deployments that have been asked; `now` is monotonic seconds."""

    def __init__(self) -> None:
        self._busy: dict[DeploymentId, int] = {}
        self._latency: dict[DeploymentId, tuple[float, float]] = {}

    def begin(self, deployment: DeploymentId) -> Work:
        """A request goes there."""
        self._busy[deployment] = self._busy.get(deployment, 0) + 1
        return Work(lambda: self._ended(deployment))

    def answered(self, deployment: DeploymentId, first_s: float, *, now: float) -> None:
        """The first byte came after `first_s`."""
        if len(self._latency) >= _MOST and deployment not in self._latency:
            self._latency.clear()
        known = self.latency_s(deployment, now=now)
        mean = first_s if known is None else known + _WEIGHT * (first_s - known)
        self._latency[deployment] = (mean, now)

    def latency_s(self, deployment: DeploymentId, *, now: float) -> float | None:
        """Seconds to the first byte of late."""
        mean, at = self._latency.get(deployment, (0.0, float("-inf")))
        return mean if now - at <= _FRESH_S else None

    def load(self, deployment: DeploymentId, *, now: float) -> Load:
        """How a deployment is doing, but for its price."""
        return Load(self._busy.get(deployment, 0), self.latency_s(deployment, now=now))

    def _ended(self, deployment: DeploymentId) -> None:
        left = self._busy[deployment] - 1
        if left:
            self._busy[deployment] = left
        else:
            del self._busy[deployment]
