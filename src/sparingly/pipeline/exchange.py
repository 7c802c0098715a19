"""What enters the pipeline and what leaves it."""

from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from sparingly.core.chat import Ask, Tenant
from sparingly.core.directives import Directives
from sparingly.core.ledger import LedgerEntry


class Caller(msgspec.Struct, frozen=True):
    """Who asks: the tenant, and the caller's own provider key where it is to be passed through."""

    tenant: Tenant
    key: str | None = None


class Incoming(msgspec.Struct, frozen=True):
    """One request, read.

    `body` is what the client sent, byte for byte; `headers` are those that may
    travel on; `time` is Unix seconds and `arrived` a monotonic reading.
    """

    id: str
    path: str
    dialect: str
    body: bytes
    ask: Ask
    caller: Caller
    directives: Directives
    time: float
    arrived: float
    headers: tuple[tuple[str, str], ...] = ()
    query: str = ""
    """What stands after the path's question mark: some servers want a version of their API there."""
    pin: str | None = None
    conversation: str | None = None


class Summary(msgspec.Struct, frozen=True):
    """What is known about an answer when its headers are sent, for the client's eyes.

    Costs are None while they are unknown: a streamed answer's count of tokens
    comes last.
    """

    id: str
    verdict: str
    reason: str
    route: str = ""
    tier: str | None = None
    route_reason: str | None = None
    served: str | None = None
    source: str | None = None
    """The request whose answer this is, when it is not this one."""
    similarity: float | None = None
    age_s: float | None = None
    cost_nano: int | None = None
    saved_nano: int | None = None


class Reply:
    """An answer on its way to the client.

    `body` is whole, or a stream of pieces; `provider_headers` are the served
    provider's, unfiltered.  Whoever sends the reply calls `finish` exactly once, with
    whether all of it was delivered: that enters the ledger, starts the write-back
    and returns the entry.
    """

    def __init__(
        self,
        *,
        status: int,
        body: bytes | AsyncIterator[bytes],
        summary: Summary,
        finish: Callable[[bool], LedgerEntry],
        content_type: str = "application/json",
        provider_headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.status = status
        self.body = body
        self.summary = summary
        self.finish = finish
        self.content_type = content_type
        self.provider_headers = provider_headers
