"""One remembered answer and the question it belongs to."""

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
    (see `core/worth.py`).  Times are Unix seconds.
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


class Neighbor(msgspec.Struct, frozen=True):
    """An entry near the question; `similarity` is the cosine of the two vectors."""

    entry: Entry
    similarity: float


class Selector(msgspec.Struct, frozen=True):
    """Which entries to forget: all conditions that are given must hold; none given selects nothing."""

    digests: tuple[Digest, ...] = ()
    tenant: Tenant | None = None
    tag: str | None = None
    served: str | None = None
    older_than: float | None = None
