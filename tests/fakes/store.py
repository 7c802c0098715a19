"""An answer store in memory: compares with every vector, forgets on exit."""

from collections import Counter

import msgspec
import numpy as np

from sparingly.core.entry import Digest, Entry, Neighbor, Place, Scope, Selector, is_selected
from sparingly.core.vectors import Vector
from sparingly.errors import StoreError
from sparingly.ports import Facet


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

    async def credit(self, digest: Digest, *, confirmed: int, denied: int) -> None:
        self._check()
        if digest in self.entries:
            self.entries[digest] = msgspec.structs.replace(
                self.entries[digest], confirmed=confirmed, denied=denied
            )

    async def page(self, selector: Selector | None, *, limit: int, after: Place | None = None) -> list[Entry]:
        self._check()
        ordered = sorted(self._selected(selector), key=lambda entry: (-entry.created_at, entry.digest))
        if after is not None:
            bound = (-after.created_at, after.digest)
            ordered = [entry for entry in ordered if (-entry.created_at, entry.digest) > bound]
        return ordered[:limit]

    async def tally(self, facet: Facet, *, limit: int, within: Selector | None = None) -> dict[str, int]:
        self._check()
        counts: Counter[str] = Counter()
        for entry in self._selected(within):
            match facet:
                case "tags":
                    counts.update(entry.tags)
                case "tenant":
                    counts[entry.tenant] += 1
                case "served":
                    counts[entry.served] += 1
                case "scope":
                    counts[entry.scope] += 1
        return dict(counts.most_common(limit))

    async def forget(self, selector: Selector) -> int:
        self._check()
        return self._drop([entry.digest for entry in self._selected(selector)])

    async def sweep(self, *, now: float, max_entries: int) -> int:
        self._check()
        gone = self._drop([digest for digest, entry in self.entries.items() if entry.expires_at <= now])
        by_worth = sorted(self.entries, key=lambda digest: self.entries[digest].worth)
        return gone + self._drop(by_worth[: max(0, len(by_worth) - max_entries)])

    async def count(self, selector: Selector | None = None) -> int:
        self._check()
        return len(self._selected(selector))

    async def ping(self) -> None:
        self._check()

    async def aclose(self) -> None:
        self.is_closed = True

    def _check(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    def _selected(self, selector: Selector | None) -> list[Entry]:
        return [entry for entry in self.entries.values() if selector is None or is_selected(entry, selector)]

    def _drop(self, digests: list[Digest]) -> int:
        for digest in digests:
            del self.entries[digest]
            self.vectors.pop(digest, None)
        return len(digests)


def _touched(entry: Entry, *, worth: float, hits: int) -> Entry:
    return msgspec.structs.replace(entry, worth=worth, hits=hits)
