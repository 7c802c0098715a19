"""The answer store in a folder, for one gateway: Qdrant Edge in a process of its own.

Question: where does the engine run, given that nothing may hold the event loop
for more than 10 ms?  Choice: in a child process, asked over a socket pair.
Each of its calls holds the interpreter's lock: 12 ms for a search among 50,000
entries, 9 ms and more for the smallest flush (it waits for the disk), seconds
for compaction; and a full disk ends its process by SIGBUS, which must not be
ours.  Price: 0.1 ms an ask and 30 MB.  Rejected: worker threads (they do not
help, see above); never flushing (the log grows without end).
"""

import asyncio
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from sparingly.core.entry import Digest, Entry, Neighbor, Place, Scope, Selector
from sparingly.core.vectors import Vector
from sparingly.errors import StoreError
from sparingly.ports import Facet
from sparingly.stores.edge_process import EdgeProcess
from sparingly.stores.edge_wire import (
    Command,
    Count,
    Credit,
    Exact,
    Forget,
    Near,
    Page,
    Put,
    Reply,
    Sweep,
    Tally,
    Touch,
)
from sparingly.stores.paging import page
from sparingly.stores.qdrant_points import Listing, Payload, entry_of, payload_of, selected

# A look-up takes 0.1 to 3 ms, 200 at once half a second; this is for compaction, or a disk that hangs.
_READ_TIMEOUT_S: Final = 1.0
_WRITE_TIMEOUT_S: Final = 30.0

# After a failed start the next attempt waits this long: a look-up must not pay for it each time.
_RESTART_WAIT_S: Final = 1.0

# Deleting takes 20 µs an entry, during which no look-up is answered: 5 ms at a time.
_DELETED_AT_ONCE: Final = 256


class EdgeStore:
    """An `AnswerStore` in `folder`; the process starts with the first use, and again should it die.

    `dimensions` is the embedder's; a folder keeps vectors of one size only.
    """

    def __init__(self, folder: Path, *, dimensions: int) -> None:
        self._folder = folder
        self._dimensions = dimensions
        self._scopes: set[Scope] = set()
        """Scopes with comparable entries, as of the last reply."""
        self._process: EdgeProcess | None = None
        self._starting: asyncio.Future[EdgeProcess] | None = None
        self._is_closed = False
        self._last_failure: tuple[float, str] | None = None

    @property
    def pid(self) -> int | None:
        """The id of the engine's process, for those who watch its memory."""
        return None if self._process is None else self._process.pid

    async def exact(self, digest: Digest, *, now: float) -> Entry | None:
        reply = await self._ask(Exact(digest, now), timeout_s=_READ_TIMEOUT_S)
        return self._entry(reply.found[0].payload) if reply.found else None

    async def is_empty(self, scope: Scope) -> bool:
        await self._running()
        return scope not in self._scopes

    async def neighbors(self, scope: Scope, vector: Vector, *, limit: int, now: float) -> list[Neighbor]:
        command = Near(scope, _float32(vector), limit, now)
        reply = await self._ask(command, timeout_s=_READ_TIMEOUT_S)
        # Rounding in the engine may lift a cosine above 1.
        return [Neighbor(self._entry(one.payload), min(1.0, one.similarity)) for one in reply.found]

    async def put(self, entry: Entry, vector: Vector | None) -> None:
        payload = payload_of(entry, comparable=vector is not None)
        command = Put(entry.digest, payload, None if vector is None else _float32(vector))
        await self._ask(command, timeout_s=_WRITE_TIMEOUT_S)

    async def touch(self, digest: Digest, *, worth: float, hits: int) -> None:
        await self._ask(Touch(digest, worth, hits), timeout_s=_WRITE_TIMEOUT_S)

    async def credit(self, digest: Digest, *, confirmed: int, denied: int) -> None:
        await self._ask(Credit(digest, confirmed, denied), timeout_s=_WRITE_TIMEOUT_S)

    async def page(self, selector: Selector | None, *, limit: int, after: Place | None = None) -> list[Entry]:
        conditions = () if selector is None else selected(selector)
        if selector is not None and not conditions:
            return []
        return await page(conditions, limit=limit, after=after, listed=self._listed)

    async def tally(self, facet: Facet, *, limit: int, within: Selector | None = None) -> dict[str, int]:
        conditions = () if within is None else selected(within)
        if within is not None and not conditions:
            return {}
        return (await self._ask(Tally(facet, limit, conditions), timeout_s=_WRITE_TIMEOUT_S)).numbers

    async def forget(self, selector: Selector) -> int:
        return await self._until_none(Forget(selector, _DELETED_AT_ONCE))

    async def sweep(self, *, now: float, max_entries: int) -> int:
        return await self._until_none(Sweep(now, max_entries, _DELETED_AT_ONCE))

    async def count(self, selector: Selector | None = None) -> int:
        conditions = () if selector is None else selected(selector)
        if selector is not None and not conditions:
            return 0
        return (await self._ask(Count(conditions), timeout_s=_READ_TIMEOUT_S)).number

    async def ping(self) -> None:
        await self.count()

    async def aclose(self) -> None:
        self._is_closed = True
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait([self._starting])
        if self._process is not None:
            await self._process.aclose()
            self._process = None

    async def _listed(self, listing: Listing) -> list[Entry]:
        reply = await self._ask(Page(listing), timeout_s=_WRITE_TIMEOUT_S)
        return [self._entry(one.payload) for one in reply.found]

    async def _until_none(self, command: Forget | Sweep) -> int:
        """Delete in portions, between which other asks are answered."""
        total = 0
        while True:
            gone = (await self._ask(command, timeout_s=_WRITE_TIMEOUT_S)).number
            if not gone:
                return total
            total += gone

    async def _ask(self, command: Command, *, timeout_s: float) -> Reply:
        process = await self._running()
        return await process.ask(command, timeout_s=timeout_s)

    async def _running(self) -> EdgeProcess:
        if self._process is not None and self._process.is_alive:
            return self._process
        if self._is_closed:
            raise StoreError("the store is closed")
        if self._starting is None or self._starting.done():
            # A task of the store's own, which `aclose` ends: a look-up that loses patience must not
            # stop what the next one waits for.
            self._starting = asyncio.ensure_future(self._restarted())
            self._starting.add_done_callback(_retrieve)
        try:
            return await asyncio.shield(self._starting)
        except asyncio.CancelledError as error:
            if not self._starting.cancelled():
                raise  # it is the caller who was cancelled
            raise StoreError("the store was closed while it started") from error

    async def _restarted(self) -> EdgeProcess:
        clock = asyncio.get_running_loop().time
        if self._last_failure is not None and clock() - self._last_failure[0] < _RESTART_WAIT_S:
            raise StoreError(self._last_failure[1])
        if self._process is not None:
            await self._process.aclose()
            self._process = None
        self._scopes.clear()
        try:
            self._process = await EdgeProcess.start(
                self._folder, dimensions=self._dimensions, on_reply=self._note_scopes
            )
        except StoreError as error:
            self._last_failure = clock(), error.message
            raise
        return self._process

    def _note_scopes(self, reply: Reply) -> None:
        self._scopes.difference_update(reply.emptied)
        self._scopes.update(reply.filled)

    def _entry(self, payload: Payload) -> Entry:
        try:
            return entry_of(payload)
        except msgspec.MsgspecError as error:
            raise StoreError(f"an entry in {self._folder} cannot be read: {error}") from error


def _retrieve(started: "asyncio.Future[EdgeProcess]") -> None:
    """Look at the outcome, so that asyncio does not complain when every caller has left."""
    if not started.cancelled():
        started.exception()


def _float32(vector: Vector) -> bytes:
    return np.ascontiguousarray(vector, dtype=np.float32).tobytes()
