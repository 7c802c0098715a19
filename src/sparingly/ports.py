"""The seams: what the pipeline needs of the world, as small Protocols.

Each Protocol states its contract in words; tests/contracts checks every
implementation, fake and real, against it.  Only `bootstrap.py` chooses among
implementations.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Literal, Protocol, TypeAlias

import msgspec

from sparingly.core.chat import Tenant
from sparingly.core.entry import Digest, Entry, Neighbor, Place, Scope, Selector
from sparingly.core.ledger import LedgerEntry, Past
from sparingly.core.pricing import ModelPrice
from sparingly.core.vectors import Vector


class Clock(Protocol):
    """Time, handed in.  `now` is Unix seconds; `tick` is a monotonic reading in seconds."""

    def now(self) -> float: ...

    def tick(self) -> float: ...


class Embedder(Protocol):
    """Turns text into unit vectors.

    Contract: equal texts give equal vectors; the vector has `dimensions`
    entries and length 1; a text of more than `window_tokens` word pieces raises
    TextTooLong, a shorter one with words that all look the same to the model TextUnreadable, which names them;
    any other trouble raises EmbedderError; a cancelled caller never harms another.  `name` identifies model and weights: vectors of
    different names are never compared.  `head` takes every text: where `embed` gives a vector it gives the same.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def window_tokens(self) -> int: ...

    async def embed(self, text: str) -> Vector: ...

    async def head(self, text: str) -> Vector:
        """The vector of the text's first window, words that all look the same accepted.

        It says what a text is about.  Texts that differ may have the same one: the cache compares by it only where
        the text fits the window and the words that look the same are equal (`pipeline/embedding.py`).
        """
        ...

    async def ping(self) -> None:
        """Raise EmbedderError unless an embedding can be made now."""
        ...

    async def aclose(self) -> None: ...


Facet: TypeAlias = Literal["tenant", "served", "tags", "scope"]
"""What entries can be counted by."""


class AnswerStore(Protocol):
    """Remembers answers by the meaning of their question.

    Contract: neighbors never cross a scope; the closest comes first; an entry
    that was put is visible to the next read of its scope; an entry with
    `expires_at <= now` is never returned; a put with a known digest replaces
    the entry; an entry put without a vector is found by `exact` only.  Every
    trouble is raised as StoreError.
    """

    async def exact(self, digest: Digest, *, now: float) -> Entry | None: ...

    async def is_empty(self, scope: Scope) -> bool:
        """Say whether no entry of `scope` has a vector: then nothing need be embedded or searched.

        May answer False when in doubt, never True.
        """
        ...

    async def neighbors(self, scope: Scope, vector: Vector, *, limit: int, now: float) -> list[Neighbor]: ...

    async def put(self, entry: Entry, vector: Vector | None) -> None: ...

    async def touch(self, digest: Digest, *, worth: float, hits: int) -> None:
        """Record that an entry was served; silently nothing if it is gone."""
        ...

    async def credit(self, digest: Digest, *, confirmed: int, denied: int) -> None:
        """Record what was said of an entry, as totals; silently nothing if it is gone."""
        ...

    async def page(self, selector: Selector | None, *, limit: int, after: Place | None = None) -> list[Entry]:
        """Up to `limit` of the selected entries, newest first, from behind `after` on; None selects all.

        Expired entries are among them until they are swept.
        """
        ...

    async def tally(self, facet: Facet, *, limit: int, within: Selector | None = None) -> dict[str, int]:
        """How many of the selected entries have each value, for the `limit` values with the most."""
        ...

    async def forget(self, selector: Selector) -> int:
        """Delete the selected entries and return how many there were."""
        ...

    async def sweep(self, *, now: float, max_entries: int) -> int:
        """Delete what has expired, then the entries of least worth beyond `max_entries`; return how many."""
        ...

    async def count(self, selector: Selector | None = None) -> int:
        """How many entries are selected; None selects all."""
        ...

    async def ping(self) -> None: ...

    async def aclose(self) -> None: ...


class UpstreamRequest(msgspec.Struct, frozen=True):
    """One HTTP exchange with a provider, before its base URL and key are added.

    `path` starts with a slash and includes the query: `/v1/chat/completions`.
    `model` names the served model where there is one.  `body` is whole, or a
    stream for relayed uploads.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | AsyncIterator[bytes] = b""
    model: str | None = None
    client_key: str | None = None
    """The client's own credential, used where the provider has none configured."""
    timeout_s: float | None = None
    dialect: str | None = None
    """The wire form of the body; None where nobody here has read it."""
    plain: bool = True
    """The body is read here, so it must come without a content encoding; False relays what the client accepts."""


class UpstreamReply(Protocol):
    """A provider's answer whose body has not been read yet.

    Contract: `body` yields what arrives as it arrives and raises UpstreamBroke
    when the connection is cut; `aclose` is safe to call twice and at any time,
    and stops the provider's work where it can.
    """

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Sequence[tuple[str, str]]: ...

    def body(self) -> AsyncIterator[bytes]: ...

    async def read(self) -> bytes:
        """The whole body; closes the reply."""
        ...

    async def aclose(self) -> None: ...


class Upstream(Protocol):
    """A provider that can be asked.

    Contract: `send` returns as soon as status and headers are there, whatever
    the status; it raises UpstreamUnreachable when no answer began, and nothing
    else.  `dialects` names the wire forms it speaks, and `dialect` the one that
    requests in any other are translated into.
    """

    @property
    def name(self) -> str: ...

    @property
    def dialect(self) -> str: ...

    @property
    def dialects(self) -> frozenset[str]: ...

    async def send(self, request: UpstreamRequest) -> UpstreamReply: ...

    async def ping(self) -> None: ...

    async def aclose(self) -> None: ...


class Carrier(Protocol):
    """Carries requests to addresses; `upstreams.http_client.HttpClient`, unless the caller brings another.

    Contract: as `Upstream.send`.  `read_timeout_s` bounds each wait for bytes, `total_timeout_s`
    the whole exchange; what is cancelled is hung up on.
    """

    async def send(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes | AsyncIterator[bytes] = b"",
        *,
        connect_timeout_s: float,
        read_timeout_s: float,
        total_timeout_s: float | None = None,
    ) -> UpstreamReply: ...

    async def aclose(self) -> None: ...


class Ledger(Protocol):
    """Keeps one entry a request, append-only.

    Contract: `enter` returns at once and never raises; entries become durable
    in order, soon, and at the latest on `aclose`.
    """

    def enter(self, entry: LedgerEntry) -> None: ...

    async def ping(self) -> None: ...

    async def aclose(self) -> None: ...


class History(Protocol):
    """Looks requests up in the ledger.

    Contract: what was entered before is found; `near_misses` come closest to a
    hit first; all trouble is raised as LedgerError.
    """

    async def request(self, request_id: str) -> Past | None: ...

    async def near_misses(self, *, tenant: Tenant | None, since: float, limit: int) -> list[Past]: ...


class Prices(Protocol):
    """What models cost.

    Contract: answers at once and from memory; None where nobody knows, never 0
    for an unknown model; `now` in Unix seconds chooses among prices that changed.
    """

    def price(self, provider: str, model: str, *, now: float) -> ModelPrice | None: ...
