"""One remembered answer and the question it belongs to."""

import hashlib
from collections.abc import Sequence
from typing import NewType

import msgspec

from sparingly.core.answer import Answer
from sparingly.core.chat import Tenant

Scope = NewType("Scope", str)
"""Hex digest of everything that must be equal for two questions to be compared (32 characters)."""

Digest = NewType("Digest", str)
"""Hex digest of scope and exact text (32 characters, so that it is also a UUID): the exact tier's key."""


class Entry(msgspec.Struct, frozen=True):
    """An answer in the store.

    `text` is the last user message, None when the entry serves the exact tier
    only.  `source` is the id of the request that wrote it.  `cost_nano` is what a
    hit saves: the price of the answer at the baseline model.  `worth` orders entries for eviction, least first
    (see `core/keeping/worth.py`).  Times are Unix seconds.
    """

    digest: Digest
    scope: Scope
    tenant: Tenant
    text: str | None
    answer: Answer
    asked: str
    served: str
    source: str
    created_at: float
    expires_at: float
    cost_nano: int = 0
    worth: float = 0.0
    hits: int = 0
    tags: tuple[str, ...] = ()
    confirmed: int = 0
    """How often somebody who knows said that it was right for another question."""
    denied: int = 0
    """How often it was said to be wrong for one."""
    unread: str = ""
    """A mark of the words that the embedder could not tell apart, where there were some (`unread_mark`)."""
    vouched: bool = False
    """Whether a second tenant of the group that shares it stands for it (see `core/keeping/poisoning.py`)."""


def unread_mark(words: Sequence[str]) -> str:
    """Equal for equal words in one order, case aside; 16 characters, empty where there are none.

    What an embedder cannot tell apart must be equal for two texts to be compared by it.
    """
    if not words:
        return ""
    content = "\n".join(words).casefold().encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=8).hexdigest()


class Neighbor(msgspec.Struct, frozen=True):
    """An entry near the question; `similarity` is the cosine of the two vectors."""

    entry: Entry
    similarity: float


class Selector(msgspec.Struct, frozen=True):
    """Which entries are meant: all conditions that are given must hold; none given selects nothing.

    `sources` are ids of requests that wrote entries; `older_than` is Unix seconds.
    """

    digests: tuple[Digest, ...] = ()
    tenant: Tenant | None = None
    tag: str | None = None
    served: str | None = None
    older_than: float | None = None
    sources: tuple[str, ...] = ()
    scope: Scope | None = None


def is_selected(entry: Entry, selector: Selector) -> bool:
    """Whether an entry meets every condition that is given."""
    return (
        selector != Selector()
        and (not selector.digests or entry.digest in selector.digests)
        and selector.tenant in (None, entry.tenant)
        and (selector.tag is None or selector.tag in entry.tags)
        and selector.served in (None, entry.served)
        and (selector.older_than is None or entry.created_at < selector.older_than)
        and (not selector.sources or entry.source in selector.sources)
        and selector.scope in (None, entry.scope)
    )


class Place(msgspec.Struct, frozen=True):
    """Where an entry stands among all, newest first; those of one moment stand in the order of their digests."""

    created_at: float
    digest: Digest


def place_of(entry: Entry) -> Place:
    """The place of an entry."""
    return Place(entry.created_at, entry.digest)
