"""Keep an answer after it was served, and keep the store within its bounds."""

import msgspec

from sparingly.core.chat import Tenant
from sparingly.core.entry import Entry
from sparingly.core.keeping.worth import worth
from sparingly.core.vectors import Vector
from sparingly.errors import EmbedderError, TextUnfit
from sparingly.pipeline.embedding import comparable
from sparingly.ports import AnswerStore, Clock, Embedder


class WriteBack:
    """Writes entries; what goes wrong is raised to the background task that called."""

    def __init__(self, *, embedder: Embedder, store: AnswerStore, clock: Clock) -> None:
        self._embedder = embedder
        self._store = store
        self._clock = clock

    async def keep(self, entry: Entry, *, vector: Vector | None) -> None:
        """Store an entry; `vector` is the look-up's embedding where there was one.

        An entry whose text the embedder cannot take, or not now, serves the exact tier only.
        """
        if entry.text is not None and vector is None:
            try:
                vector, unread = await comparable(self._embedder, entry.text)
                entry = msgspec.structs.replace(entry, unread=unread)
            except TextUnfit:
                # Not a fault: such a text has no vector that stands for all of it.
                entry = msgspec.structs.replace(entry, text=None)
            except EmbedderError:
                # The exact tier needs no embedder; the trouble is told all the same.
                await self._store.put(msgspec.structs.replace(entry, text=None), None)
                raise
        await self._store.put(entry, vector if entry.text is not None else None)

    async def vouch(self, entry: Entry) -> None:
        """Let an entry serve all tenants of its group, since a second one stands for it; its age stays."""
        if entry.text is None or entry.vouched:
            return
        known = await self._store.exact(entry.digest, now=self._clock.now())
        # It may have been revoked, replaced or credited since it was read.
        if known is not None and known.source == entry.source:
            await self.keep(msgspec.structs.replace(known, vouched=True), vector=None)

    async def served(self, entry: Entry, *, to: Tenant) -> None:
        """Record that an entry was served, so that useful entries stay.

        A tenant who gets another's answer asked exactly the same, or the answer was vouched for already.
        """
        if to != entry.tenant:
            await self.vouch(entry)
        hits = entry.hits + 1
        value = worth(last_used=self._clock.now(), hits=hits, cost_nano=entry.cost_nano)
        await self._store.touch(entry.digest, worth=value, hits=hits)

    async def sweep(self, *, max_entries: int) -> int:
        """Delete what has expired and what is worth least beyond the bound."""
        return await self._store.sweep(now=self._clock.now(), max_entries=max_entries)
