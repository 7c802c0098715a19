"""One request of a traffic log, and a whole log, as the rest of replay sees them.

Whatever format a file had, its lines become `Logged`; this module only holds
the data and knows nothing of files or formats.
"""

import msgspec

from sparingly.core.chat import Tenant

CHAT_PATH = "/v1/chat/completions"
DEFAULT_TENANT = Tenant("default")


class Candidate(msgspec.Struct, frozen=True):
    """What one model would have scored (0 to 1), cost and taken for a request."""

    score: float
    cost_usd: float
    latency_s: float | None = None


class Logged(msgspec.Struct, frozen=True):
    """One recorded request; `request` and `response` are JSON bodies as they were recorded.

    `label` and `differs` say what it may be answered from (see `scores.py`);
    `candidates` maps models to what they would have done.
    """

    id: str
    time: float
    request: bytes
    response: bytes | None = None
    tenant: Tenant = DEFAULT_TENANT
    path: str = CHAT_PATH
    latency_s: float | None = None
    cost_usd: float | None = None
    label: str | None = None
    differs: frozenset[str] | None = None
    candidates: dict[str, Candidate] | None = None


class Trace(msgspec.Struct, frozen=True):
    """A whole log in order; `sha256` is that of the file as it lies on disk.

    `left_out` counts lines that are in order but are no chat requests.
    """

    name: str
    format: str
    sha256: str
    requests: tuple[Logged, ...]
    left_out: int = 0

    @property
    def span_s(self) -> float:
        """Seconds from the first request to the last."""
        return self.requests[-1].time - self.requests[0].time if self.requests else 0.0
