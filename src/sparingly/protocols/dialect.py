"""What every wire dialect can do, so that the pipeline need not know which one it speaks.

An inbound dialect reads a client's request and writes answers back to it; an
outbound dialect writes requests to a provider and reads its answers.  Both are
pure: bytes in, structs out, and the other way round.

Same dialect in and out: the raw body is kept and only the model is patched, so
that fields nobody here knows pass through untouched.
"""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from sparingly.core.answer import Answer
from sparingly.core.chat import Ask
from sparingly.core.transcript import Delta


class Stamp(msgspec.Struct, frozen=True):
    """What a served answer carries that a stored one must not: a fresh id and the time (Unix seconds)."""

    id: str
    created: int
    cached: bool = False
    """Marks the usage as read from a cache."""
    is_same_question: bool = False
    """It answered exactly this question, so the provider's own id of it may be told."""
    ask: Ask | None = None
    """The request, for dialects whose answers repeat it."""


class Reached(msgspec.Struct, frozen=True):
    """How far a stream got, for dialects that name answer and event in each event: `sequence` is the next number."""

    id: str = ""
    model: str = ""
    sequence: int = 0


class Failure(msgspec.Struct, frozen=True):
    """An error of the gateway, ready to be told in a client's dialect; `reached` by the stream that it ends."""

    status: int
    code: str
    message: str
    field: str | None = None
    reached: Reached | None = None


class StreamWriter(Protocol):
    """Writes one streamed answer as the dialect's events."""

    def write(self, deltas: Iterable[Delta]) -> bytes:
        """The events for some deltas, in order; may be empty."""
        ...

    def close(self) -> bytes:
        """The events that end a complete stream."""
        ...

    @property
    def reached(self) -> Reached:
        """How far it got; nothing where events do not say."""
        ...


class StreamReader(Protocol):
    """Reads one streamed answer; bytes may be cut anywhere."""

    def feed(self, data: bytes) -> list[Delta]:
        """The deltas that are complete by now.

        Raises:
            UpstreamBroke: the stream carries the provider's error event.
            UpstreamNonsense: the bytes are not this dialect.
        """
        ...

    @property
    def is_complete(self) -> bool:
        """Whether the provider said that the answer ended properly."""
        ...

    @property
    def reached(self) -> Reached:
        """How far it got; nothing where events do not say."""
        ...


class Inbound(Protocol):
    """How one kind of client is read and answered."""

    @property
    def name(self) -> str: ...

    def read(self, body: bytes) -> Ask:
        """Read a request; raises InvalidRequest that names the field."""
        ...

    def place(self, body: bytes, field: str) -> str:
        """What a client calls `field` of the request that `read` made of `body` (see `places.py`)."""
        ...

    def whole(self, answer: Answer, stamp: Stamp) -> bytes:
        """Write a whole answer."""
        ...

    def stream(self, ask: Ask, stamp: Stamp) -> StreamWriter:
        """Begin a streamed answer."""
        ...

    def error(self, failure: Failure) -> bytes:
        """Write an error body."""
        ...

    def error_event(self, failure: Failure) -> bytes:
        """Write an error into a stream that has begun."""
        ...


class Outbound(Protocol):
    """How one kind of provider is asked and read."""

    @property
    def name(self) -> str: ...

    @property
    def path(self) -> str:
        """The path of its endpoint, `/v1` included."""
        ...

    def patch(self, raw: bytes, *, model: str, inject_usage: bool = False) -> bytes:
        """The client's own body with another model; the same bytes where nothing changes."""
        ...

    def write(self, ask: Ask, *, model: str) -> bytes:
        """Translate a request; raises InvalidRequest that names what cannot be expressed."""
        ...

    def read(self, body: bytes) -> Answer:
        """Read a whole answer; raises UpstreamNonsense."""
        ...

    def error_message(self, body: bytes) -> str:
        """The provider's own words in an error body, for a client of another dialect; never raises."""
        ...

    def reader(self) -> StreamReader:
        """Begin reading a streamed answer."""
        ...
