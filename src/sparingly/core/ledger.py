"""What one request was, what it cost and what it saved.

Money is integer nano-dollars (1e-9 USD).  `baseline_nano` is what the asked
model would have cost without the gateway, `cost_nano` what was really paid
(classifier and retries included); the saving is their difference and may be
negative.
"""

import msgspec

from sparingly.core.answer import Usage
from sparingly.core.chat import Tenant


class Timings(msgspec.Struct, frozen=True):
    """Seconds; None where the step was not taken."""

    total_s: float = 0.0
    embed_s: float | None = None
    search_s: float | None = None
    judge_s: float | None = None
    route_s: float | None = None
    upstream_first_s: float | None = None
    """From sending to the provider's first byte, of the attempt that was served."""
    first_byte_s: float | None = None
    """From the request's arrival to the first byte for the client."""


class Observed(msgspec.Struct, frozen=True):
    """What `cache.mode: observe` would have served, beside what came back."""

    tier: str
    source: str
    similarity: float | None
    probability: float | None
    stored_text: str
    fresh_text: str
    agreement: str = ""
    """Whether the two say the same: right, wrong or unclear (see `core/guarantee/agreement.py`)."""


class Routing(msgspec.Struct, frozen=True):
    """Why a model was chosen, for whoever weighs other choices later.

    `estimates` are quality and nano-dollars by model; `held` is the model that the
    conversation had, `move` how it went on: first, same, up, down or stayed;
    `cost_weight` is quality per dollar, where it came from outside.
    """

    reason: str = ""
    strategy: str | None = None
    tier: str | None = None
    task: str | None = None
    support: float | None = None
    estimates: dict[str, tuple[float, int]] = {}
    alternatives: tuple[str, ...] = ()
    held: str | None = None
    move: str | None = None
    cost_weight: float | None = None


class LedgerEntry(msgspec.Struct, frozen=True):
    """One line of the ledger.

    `verdict` is exact, semantic, miss or bypass, or `overhead`: no request but what a
    look after one cost.
    """

    id: str
    time: float
    tenant: Tenant
    path: str
    asked: str
    status: int
    verdict: str
    reason: str
    route: str = ""
    routed: str | None = None
    served: str | None = None
    provider: str | None = None
    streamed: bool = False
    complete: bool = True
    """Whether the client got the whole answer."""
    similarity: float | None = None
    nearest: str | None = None
    probability: float | None = None
    candidate: str | None = None
    usage: Usage = Usage()
    cost_nano: int = 0
    baseline_nano: int = 0
    overhead_nano: int = 0
    """The part of `cost_nano` that classifiers and judges cost."""
    attempts: int = 0
    escalated: bool = False
    confidence: float | None = None
    scores: dict[str, float] = {}
    features: dict[str, float] = {}
    propensity: float = 1.0
    """The probability with which the served model and deployment were chosen."""
    routing: Routing | None = None
    """None where nobody had to be chosen, and in entries of earlier versions."""
    conversation: str | None = None
    tags: tuple[str, ...] = ()
    timings: Timings = Timings()
    observed: Observed | None = None
    trouble: tuple[str, ...] = ()
    """Codes of parts that failed while the request flowed."""
    kept: str = ""
    """What became of a fresh answer: `admitted`, or what kept it out or narrowed whom and how long it serves."""

    @property
    def saved_nano(self) -> int:
        """What the gateway saved on this request; negative when it cost more."""
        return self.baseline_nano - self.cost_nano


class Past(msgspec.Struct, frozen=True):
    """What the ledger says of the cache's part in a request."""

    id: str
    time: float
    tenant: Tenant
    verdict: str
    reason: str
    asked: str
    route: str
    similarity: float | None = None
    nearest: str | None = None
    probability: float | None = None
    candidate: str | None = None
    """The request whose answer was given, or on a miss was liked best."""
