"""What an entry looks like as a point of a vector engine, and how conditions on points are said.

Both engines, Qdrant Edge and a Qdrant server, keep the same points, so a
folder can be carried over to a server.  This module knows neither engine's
client: each adapter spells these conditions in its own classes.

The whole entry travels as one JSON text.  The fields beside it are those that
are filtered, ordered or updated on their own; where both have a value
(`worth`, `hits`, `confirmed`, `denied`), the field is the newer one.
"""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import msgspec

from sparingly.core.entry import Digest, Entry, Scope, Selector

VECTOR: Final = "text"
"""Name of the vector; an entry of the exact tier has none."""

INDEXED: Final[Mapping[str, Literal["partition", "keyword", "float"]]] = {
    # Every look-up is within one scope, so the scope is what the engine must lay out together
    # ("tenant" in Qdrant's words).  Our tenant is part of the scope, and only selectors ask for it.
    "scope": "partition",
    "tenant": "keyword",
    "served": "keyword",
    "tags": "keyword",
    "source": "keyword",
    "created_at": "float",
    "expires_at": "float",
    "worth": "float",
}


class Payload(msgspec.Struct, frozen=True):
    """A point's fields; `entry` is the entry as JSON."""

    scope: str
    tenant: str
    served: str
    tags: tuple[str, ...]
    created_at: float
    expires_at: float
    worth: float
    hits: int
    comparable: bool
    """Whether the point has a vector."""
    entry: str
    source: str = ""
    confirmed: int = 0
    denied: int = 0


class Equals(msgspec.Struct, frozen=True, tag="equals"):
    """The field is, or as a list contains, this word."""

    field: str
    value: str


class Before(msgspec.Struct, frozen=True, tag="before"):
    """The field is less than `bound`."""

    field: str
    bound: float


class Until(msgspec.Struct, frozen=True, tag="until"):
    """The field is at most `bound`."""

    field: str
    bound: float


class After(msgspec.Struct, frozen=True, tag="after"):
    """The field is more than `bound`."""

    field: str
    bound: float


class At(msgspec.Struct, frozen=True, tag="at"):
    """The field is exactly `value`."""

    field: str
    value: float


class OneOf(msgspec.Struct, frozen=True, tag="one_of"):
    """The field is one of these words."""

    field: str
    values: tuple[str, ...]


class Among(msgspec.Struct, frozen=True, tag="among"):
    """The point has one of these ids."""

    digests: tuple[Digest, ...]


class HasVector(msgspec.Struct, frozen=True, tag="has_vector"):
    """The point has a vector."""


Condition: TypeAlias = Equals | Before | Until | After | At | OneOf | Among | HasVector


class Listing(msgspec.Struct, frozen=True):
    """Points to be listed: all that meet the conditions, up to `limit`.

    Newest first, or else in the order of their digests, from `start` on.
    """

    conditions: tuple[Condition, ...]
    limit: int
    newest_first: bool = False
    start: Digest | None = None


def payload_of(entry: Entry, *, comparable: bool) -> Payload:
    """The fields of a point for `entry`; the point's id is the digest, which is a UUID without dashes."""
    return Payload(
        scope=entry.scope,
        tenant=entry.tenant,
        served=entry.served,
        tags=entry.tags,
        created_at=entry.created_at,
        expires_at=entry.expires_at,
        worth=entry.worth,
        hits=entry.hits,
        comparable=comparable,
        source=entry.source,
        confirmed=entry.confirmed,
        denied=entry.denied,
        entry=msgspec.json.encode(entry).decode(),
    )


def entry_of(payload: Payload) -> Entry:
    """The entry that `payload_of` wrote, with its newest worth and counts.

    Raises:
        msgspec.MsgspecError: The point was not written by this version.
    """
    entry = msgspec.json.decode(payload.entry, type=Entry)
    return msgspec.structs.replace(
        entry,
        worth=payload.worth,
        hits=payload.hits,
        confirmed=payload.confirmed,
        denied=payload.denied,
    )


def in_scope(scope: Scope) -> tuple[Condition, ...]:
    """Entries of `scope`; a search for the closest leaves out those without a vector by itself."""
    return (Equals("scope", scope),)


def comparable_in(scope: Scope) -> tuple[Condition, ...]:
    """Entries that a question of `scope` may be compared with."""
    return (*in_scope(scope), HasVector())


def fresh(now: float) -> tuple[Condition, ...]:
    """Entries that may be returned."""
    return (After("expires_at", now),)


def expired(now: float) -> tuple[Condition, ...]:
    """Entries that may no longer be returned."""
    return (Until("expires_at", now),)


def selected(selector: Selector) -> tuple[Condition, ...]:
    """What the selector asks for; empty when it selects nothing."""
    conditions: list[Condition] = []
    if selector.digests:
        conditions.append(Among(selector.digests))
    if selector.tenant is not None:
        conditions.append(Equals("tenant", selector.tenant))
    if selector.tag is not None:
        conditions.append(Equals("tags", selector.tag))
    if selector.served is not None:
        conditions.append(Equals("served", selector.served))
    if selector.older_than is not None:
        conditions.append(Before("created_at", selector.older_than))
    if selector.sources:
        conditions.append(OneOf("source", selector.sources))
    if selector.scope is not None:
        conditions.append(Equals("scope", selector.scope))
    return tuple(conditions)
