"""An answer store in memory: compares with every vector, forgets on exit."""

import msgspec
import numpy as np

from sparingly.core.entry import Digest, Entry, Neighbor, Scope, Selector
from sparingly.core.vectors import Vector
from sparingly.errors import StoreError


class FakeStore:
    """An `AnswerStore`; every call raises `trouble` while a test has set it."""

    def __init__(self) -> None:
        self.entries: dict[Digest, Entry] = {}
        self.vectors: dict[Digest, Vector] = {}
        self.trouble: StoreError | None = None
        self.is_closed = False

    async def exact(self, digest: Digest, *, now: float) -> Entry | None:
        self._check()
        entry = self.entries.get(digest)
        return entry if entry is not None and entry.expires_at > now else None

    async def is_empty(self, scope: Scope) -> bool:
        self._check()
        return not any(self.entries[digest].scope == scope for digest in self.vectors)

    async def neighbors(self, scope: Scope, vector: Vector, *, limit: int, now: float) -> list[Neighbor]:
        self._check()
        near = [
            Neighbor(entry, min(1.0, float(np.dot(vector, known))))
            for digest, known in self.vectors.items()
            if (entry := self.entries[digest]).scope == scope and entry.expires_at > now
        ]
        return sorted(near, key=lambda neighbor: neighbor.similarity, reverse=True)[:limit]

    async def put(self, entry: Entry, vector: Vector | None) -> None:
        self._check()
        self.entries[entry.digest] = entry
        self.vectors.pop(entry.digest, None)
        if vector is not None:
            self.vectors[entry.digest] = vector

    async def touch(self, digest: Digest, *, worth: float, hits: int) -> None:
        self._check()
        if digest in self.entries:
            self.entries[digest] = _touched(self.entries[digest], worth=worth, hits=hits)

    async def forget(self, selector: Selector) -> int:
        self._check()
        if selector == Selector():
            return 0
        return self._drop([digest for digest, entry in self.entries.items() if _meets(entry, selector)])

    async def sweep(self, *, now: float, max_entries: int) -> int:
        self._check()
        gone = self._drop([digest for digest, entry in self.entries.items() if entry.expires_at <= now])
        by_worth = sorted(self.entries, key=lambda digest: self.entries[digest].worth)
        return gone + self._drop(by_worth[: max(0, len(by_worth) - max_entries)])

    async def count(self) -> int:
        self._check()
        return len(self.entries)

    async def ping(self) -> None:
        self._check()

    async def aclose(self) -> None:
        self.is_closed = True

    def _check(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    def _drop(self, digests: list[Digest]) -> int:
        for digest in digests:
            del self.entries[digest]
            self.vectors.pop(digest, None)
        return len(digests)


def _touched(entry: Entry, *, worth: float, hits: int) -> Entry:
    return msgspec.structs.replace(entry, worth=worth, hits=hits)


def _meets(entry: Entry, selector: Selector) -> bool:
    return (
        (not selector.digests or entry.digest in selector.digests)
        and selector.tenant in (None, entry.tenant)
        and (selector.tag is None or selector.tag in entry.tags)
        and selector.served in (None, entry.served)
        and (selector.older_than is None or entry.created_at < selector.older_than)
    )
