"""Let an operator see and steer the cache: show, search, forget, flush, export, import.

The admin API and the command line, with or without a running gateway, use this
one class.  It never serves an answer; every number it gives is of this moment.

Searching by meaning goes through the scopes of the selected entries, because
closeness exists only within a scope; scopes with the most entries come first.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import IO

import msgspec

from sparingly.core.entry import Digest, Neighbor, Place, Scope, Selector, is_selected, place_of
from sparingly.core.keeping.cache_lines import MOST_LINE_BYTES, line_of, read_line
from sparingly.core.keeping.curation import (
    FORGET_SIMILARITY,
    MOST_AT_ONCE,
    MOST_TO_FORGET,
    Shown,
    ShownPage,
    Wish,
    cursor_of,
    digests_among,
    read_cursor,
    selector_of,
    shown,
)
from sparingly.core.vectors import Vector
from sparingly.errors import InvalidRequest, SparinglyError, StoreError, TextUnfit
from sparingly.pipeline.write_back import WriteBack
from sparingly.ports import AnswerStore, Clock, Embedder

# Small enough that a look-up behind one of them waits a few milliseconds.
_PAGE = 100

# Values listed of each kind; who has more tags than this wants a search.
_MOST_VALUES = 100
_MOST_SCOPES = 200
_NEAREST_IN_A_SCOPE = 100
_MOST_READ_FOR_TEXT = 20_000


class Overview(msgspec.Struct, frozen=True):
    """How many entries there are, in all and by what."""

    entries: int
    by_tenant: dict[str, int]
    by_model: dict[str, int]
    by_tag: dict[str, int]


class Forgotten(msgspec.Struct, frozen=True):
    """What was forgotten, or would be; `examples` are some of it."""

    count: int
    dry_run: bool
    examples: tuple[Shown, ...] = ()


class Imported(msgspec.Struct, frozen=True):
    """What came of an import; entries that were `known` here already stayed as they were."""

    imported: int
    known: int
    expired: int


class Curator:
    """Works on one store."""

    def __init__(self, *, store: AnswerStore, embedder: Embedder, clock: Clock) -> None:
        self._store = store
        self._embedder = embedder
        self._clock = clock
        self._write_back = WriteBack(embedder=embedder, store=store, clock=clock)

    async def overview(self) -> Overview:
        """Count."""
        return Overview(
            entries=await self._store.count(),
            by_tenant=await self._store.tally("tenant", limit=_MOST_VALUES),
            by_model=await self._store.tally("served", limit=_MOST_VALUES),
            by_tag=await self._store.tally("tags", limit=_MOST_VALUES),
        )

    async def entries(self, wish: Wish, *, limit: int, cursor: str | None = None) -> ShownPage:
        """Some of the entries that are meant, newest or, with a query, closest first; all if none are named.

        Raises:
            InvalidRequest: the wish or the cursor cannot be read.
            ServiceError: the store or the embedder failed, or the query cannot be embedded.
        """
        if not 1 <= limit <= MOST_AT_ONCE:
            raise InvalidRequest(f"limit: expected 1 to {MOST_AT_ONCE}, got {limit}", field="limit")
        selector = await self._selector(wish)
        if wish.query:
            found = await self._found(wish.query, wish, selector, limit=limit)
            return ShownPage(tuple(shown(one.entry, similarity=one.similarity) for one in found))
        after = None if cursor is None else read_cursor(cursor)
        entries = await self._store.page(selector, limit=limit, after=after)
        more = cursor_of(place_of(entries[-1])) if len(entries) == limit else None
        return ShownPage(tuple(shown(entry) for entry in entries), more)

    async def forget(self, wish: Wish, *, dry_run: bool) -> Forgotten:
        """Forget the entries that are meant, or say which they are.

        Raises:
            InvalidRequest: the wish names nothing, or cannot be read.
            ServiceError: the store or the embedder failed, or the query cannot be embedded.
        """
        if wish.names_nothing:
            raise InvalidRequest("this names no entries; `flush` forgets all of them")
        selector = await self._selector(wish)
        if wish.query:
            bar = FORGET_SIMILARITY if wish.min_similarity is None else wish.min_similarity
            strict = msgspec.structs.replace(wish, min_similarity=bar)
            found = await self._found(wish.query, strict, selector, limit=MOST_TO_FORGET)
            selector = Selector(digests=tuple(one.entry.digest for one in found))
            examples = tuple(shown(one.entry, similarity=one.similarity) for one in found[:10])
        else:
            # Never None where the wish names something; were it so, nothing must go.
            selector = selector or Selector()
            examples = tuple(shown(entry) for entry in await self._store.page(selector, limit=10))
        count = await (self._store.count(selector) if dry_run else self._store.forget(selector))
        return Forgotten(count, dry_run, examples)

    async def flush(self, *, dry_run: bool) -> Forgotten:
        """Forget every entry, or say how many there are."""
        if dry_run:
            return Forgotten(await self._store.count(), dry_run)
        gone = 0
        while entries := await self._store.page(None, limit=_PAGE):
            gone += await self._store.forget(Selector(digests=tuple(entry.digest for entry in entries)))
        return Forgotten(gone, dry_run)

    async def export(self) -> AsyncIterator[bytes]:
        """Every entry as a line, newest first."""
        after: Place | None = None
        while entries := await self._store.page(None, limit=_PAGE, after=after):
            for entry in entries:
                yield line_of(entry)
            after = place_of(entries[-1])

    async def take(self, file: IO[bytes], *, name: str) -> Imported:
        """Import the lines of a file: all of them or none.

        Raises:
            InvalidRequest: a line is none of ours; names the file, the line and the reason.
            ServiceError: store or embedder failed; what had been written is taken back.
        """
        await asyncio.to_thread(check_lines, file, name)
        file.seek(0)
        written: list[Digest] = []
        known = expired = 0
        try:
            for line in file:
                entry = read_line(line)
                if entry.expires_at <= self._clock.now():
                    expired += 1
                elif await self._store.count(Selector(digests=(entry.digest,))):
                    known += 1
                else:
                    written.append(entry.digest)
                    await self._write_back.keep(entry, vector=None)
        except BaseException as error:
            # Also where the caller left: half an import is worse than none.
            await self._take_back(written, error)
            raise
        return Imported(len(written), known, expired)

    async def _take_back(self, written: list[Digest], error: BaseException) -> None:
        try:
            for start in range(0, len(written), _PAGE):
                await self._store.forget(Selector(digests=tuple(written[start : start + _PAGE])))
        except StoreError as second:
            message = error.message if isinstance(error, SparinglyError) else "interrupted"
            raise StoreError(
                f"the import failed ({message}), and up to {len(written)} of its entries "
                f"could not be taken back: {second.message}"
            ) from error

    async def _selector(self, wish: Wish) -> Selector | None:
        """What the wish means beside its query; None means every entry."""
        selector = selector_of(wish, now=self._clock.now())
        if not wish.ids:
            return None if selector == Selector() else selector
        digests = set(digests_among(wish.ids))
        sources = Selector(sources=wish.ids)
        # A request writes one entry; twice as many leaves room for ids that were used again.
        digests.update(entry.digest for entry in await self._store.page(sources, limit=2 * len(wish.ids)))
        # A digest that nobody has keeps a wish for unknown ids from meaning everything.
        chosen = tuple(sorted(digests)) or (Digest("0" * 32),)
        return msgspec.structs.replace(selector, digests=chosen)

    async def _found(
        self, query: str, wish: Wish, selector: Selector | None, *, limit: int
    ) -> list[Neighbor]:
        if wish.by == "text":
            return await self._by_text(query, selector, limit=limit)
        try:
            vector = await self._embedder.embed(query)
        except TextUnfit as error:
            raise InvalidRequest(f"query: {error.message}; try by=text", field="query") from error
        near: list[Neighbor] = []
        for scope in await self._store.tally("scope", limit=_MOST_SCOPES, within=selector):
            near += await self._near(Scope(scope), vector, selector)
        least = wish.min_similarity or 0.0
        close = [one for one in near if one.similarity >= least]
        return sorted(close, key=lambda one: (-one.similarity, one.entry.digest))[:limit]

    async def _near(self, scope: Scope, vector: Vector, selector: Selector | None) -> list[Neighbor]:
        near = await self._store.neighbors(scope, vector, limit=_NEAREST_IN_A_SCOPE, now=self._clock.now())
        return [one for one in near if selector is None or is_selected(one.entry, selector)]

    async def _by_text(self, words: str, selector: Selector | None, *, limit: int) -> list[Neighbor]:
        """The newest entries whose question holds the words, in any case."""
        needle = words.casefold()
        found: list[Neighbor] = []
        after: Place | None = None
        for _ in range(0, _MOST_READ_FOR_TEXT, _PAGE):
            entries = await self._store.page(selector, limit=_PAGE, after=after)
            found += [Neighbor(entry, 1.0) for entry in entries if needle in (entry.text or "").casefold()]
            if len(entries) < _PAGE or len(found) >= limit:
                break
            after = place_of(entries[-1])
        return found[:limit]


def check_lines(file: IO[bytes], name: str) -> None:
    """Read every line of an import.

    Raises:
        InvalidRequest: a line is none of ours; names the file, the line and the reason.
    """
    file.seek(0)
    seen: dict[Digest, int] = {}
    number = 0
    while line := file.readline(MOST_LINE_BYTES + 1):
        number += 1
        try:
            entry = read_line(line)
        except ValueError as error:
            raise InvalidRequest(f"{name}, line {number}: {error}; nothing was imported") from error
        first = seen.setdefault(entry.digest, number)
        if first != number:
            raise InvalidRequest(
                f"{name}, line {number}: the same entry as in line {first}; nothing was imported"
            )
