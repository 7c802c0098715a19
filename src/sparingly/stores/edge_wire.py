"""What the gateway and its store process say to each other.

The process at the far end answers every command with one reply, in order, so
nothing carries a number.  A frame is four bytes of length, then MessagePack.
"""

from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from sparingly.core.entry import Digest, Scope, Selector
from sparingly.stores.qdrant_points import Condition, Listing, Payload


class Exact(msgspec.Struct, frozen=True, tag="exact"):
    """Find the entry of `digest`."""

    digest: Digest
    now: float


class Near(msgspec.Struct, frozen=True, tag="near"):
    """Find the entries of `scope` closest to `vector` (float32 in native order)."""

    scope: Scope
    vector: bytes
    limit: int
    now: float


class Put(msgspec.Struct, frozen=True, tag="put"):
    """Write a point, replacing the one with the same digest."""

    digest: Digest
    payload: Payload
    vector: bytes | None


class Touch(msgspec.Struct, frozen=True, tag="touch"):
    """Record that an entry was served."""

    digest: Digest
    worth: float
    hits: int


class Credit(msgspec.Struct, frozen=True, tag="credit"):
    """Record what was said of an entry."""

    digest: Digest
    confirmed: int
    denied: int


class Page(msgspec.Struct, frozen=True, tag="page"):
    """List entries."""

    listing: Listing


class Tally(msgspec.Struct, frozen=True, tag="tally"):
    """Count the entries that meet all conditions by the values of a field."""

    field: str
    limit: int
    conditions: tuple[Condition, ...] = ()


class Forget(msgspec.Struct, frozen=True, tag="forget"):
    """Delete up to `limit` selected entries."""

    selector: Selector
    limit: int


class Sweep(msgspec.Struct, frozen=True, tag="sweep"):
    """Delete up to `limit` entries that have expired or are beyond `max_entries`."""

    now: float
    max_entries: int
    limit: int


class Count(msgspec.Struct, frozen=True, tag="count"):
    """Say how many entries meet all conditions."""

    conditions: tuple[Condition, ...] = ()


Command: TypeAlias = Exact | Near | Put | Touch | Credit | Page | Tally | Forget | Sweep | Count


class Found(msgspec.Struct, frozen=True):
    """An entry's point; `similarity` is 1 where nothing was compared."""

    payload: Payload
    similarity: float = 1.0


class Reply(msgspec.Struct, frozen=True):
    """The answer to any command.

    `filled` and `emptied` are scopes that gained their first or lost their last
    comparable entry; the first reply, which no command asked for, lists all
    filled ones.  `trouble` says in one line why nothing was done.
    """

    found: tuple[Found, ...] = ()
    number: int = 0
    numbers: dict[str, int] = {}
    filled: tuple[Scope, ...] = ()
    emptied: tuple[Scope, ...] = ()
    trouble: str | None = None


_LENGTH_BYTES = 4


def framed(message: Command | Reply) -> bytes:
    """The message as bytes to send."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(_LENGTH_BYTES) + body


class Frames:
    """Cuts the bytes that arrive back into bodies of messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield every body that `data` completes."""
        self._buffer += data
        while len(self._buffer) >= _LENGTH_BYTES:
            end = _LENGTH_BYTES + int.from_bytes(self._buffer[:_LENGTH_BYTES])
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[_LENGTH_BYTES:end])
            del self._buffer[:end]
            yield body
