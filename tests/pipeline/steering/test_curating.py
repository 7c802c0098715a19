"""Seeing and steering the cache: what is named is found, what is forgotten is gone, imports are all or nothing."""

import io

import msgspec
import pytest

from sparingly.core.chat import Tenant
from sparingly.core.entry import Entry
from sparingly.core.keeping.cache_lines import line_of
from sparingly.core.keeping.curation import Wish
from sparingly.core.vectors import Vector
from sparingly.errors import EmbedderError, InvalidRequest, StoreError, TextTooLong
from sparingly.pipeline.steering.curating import Curator, Forgotten, Imported, Overview
from tests.asks import NOW, answer, ask, entry, mark
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeStore
from tests.pipeline.parts import MeaningEmbedder

pytestmark = pytest.mark.anyio

GLOBEX = Tenant("globex")


class Failing(FakeStore):
    """Refuses to keep more than `most` entries; `keeps_all` makes it refuse to forget, too."""

    def __init__(self, *, most: int, keeps_all: bool = False) -> None:
        super().__init__()
        self._most = most
        self._keeps_all = keeps_all

    async def put(self, entry: Entry, vector: Vector | None) -> None:
        if len(self.entries) >= self._most:
            raise StoreError("the disk is full")
        await super().put(entry, vector)

    async def forget(self, selector: object) -> int:
        if self._keeps_all:
            raise StoreError("the disk is gone")
        return await super().forget(selector)  # type: ignore[arg-type]  # the fake's own selector


def kept(words: str, *, system: str | None = None, **fields: object) -> Entry:
    return msgspec.structs.replace(entry(mark(ask(words, system=system))), **fields)


RESET = kept("How do I reset my password?", source="r1", tags=("faq",), created_at=NOW - 50)
RESET_ELSEWHERE = kept(
    "Resetting a password", system="other", source="r2", tenant=GLOBEX, created_at=NOW - 40
)
WEATHER = kept("What is the weather?", source="r3", tags=("faq", "live"), served="small", created_at=NOW - 30)


class Room:
    """A curator and its store."""

    def __init__(self, store: FakeStore | None = None) -> None:
        self.store = FakeStore() if store is None else store
        self.embedder = MeaningEmbedder()
        self.embedder.know("Resetting a password", like="How do I reset my password?", similarity=0.9)
        self.embedder.know("password lost", like="How do I reset my password?", similarity=0.95)
        self.curator = Curator(store=self.store, embedder=self.embedder, clock=FakeClock(NOW))

    async def found(self, wish: Wish, *, limit: int = 10) -> list[str]:
        page = await self.curator.entries(wish, limit=limit)
        return [one.source for one in page.entries]


async def a_room() -> Room:
    room = Room()
    for one in (RESET, RESET_ELSEWHERE, WEATHER):
        await room.store.put(one, await room.embedder.embed(one.text or ""))
    return room


async def test_an_overview_counts() -> None:
    room = await a_room()

    assert await room.curator.overview() == Overview(
        entries=3,
        by_tenant={"acme": 2, "globex": 1},
        by_model={"gpt-4o": 2, "small": 1},
        by_tag={"faq": 2, "live": 1},
    )


@pytest.mark.parametrize(
    ("wish", "sources"),
    [
        (Wish(), ["r3", "r2", "r1"]),
        (Wish(tag="faq"), ["r3", "r1"]),
        (Wish(tenant="globex"), ["r2"]),
        (Wish(model="small"), ["r3"]),
        (Wish(older_than="45s"), ["r1"]),
        (Wish(ids=(RESET.digest,)), ["r1"]),
        (Wish(ids=("r2",)), ["r2"]),
        (Wish(ids=("r2", RESET.digest)), ["r2", "r1"]),
        (Wish(ids=("r2", RESET.digest), tag="faq"), ["r1"]),
        (Wish(ids=("nobody's",)), []),
        (Wish(query="password lost"), ["r1", "r2", "r3"]),
        (Wish(query="password lost", min_similarity=0.5), ["r1", "r2"]),
        (Wish(query="password lost", tenant="globex"), ["r2"]),
        (Wish(query="PASSWORD", by="text"), ["r2", "r1"]),
        (Wish(query="password", by="text", tag="faq"), ["r1"]),
    ],
)
async def test_entries_are_found(wish: Wish, sources: list[str]) -> None:
    """Newest first; by meaning through every scope, closest first."""
    room = await a_room()

    assert await room.found(wish) == sources


async def test_a_listing_goes_on_where_it_stopped() -> None:
    """The last page has no cursor, even when it is full of what is left."""
    room = await a_room()

    first = await room.curator.entries(Wish(), limit=2)
    second = await room.curator.entries(Wish(), limit=2, cursor=first.cursor)

    assert [one.source for one in first.entries + second.entries] == ["r3", "r2", "r1"]
    assert second.cursor is None


@pytest.mark.parametrize("limit", [0, -1, 501])
async def test_a_page_has_bounds(limit: int) -> None:
    room = await a_room()

    with pytest.raises(InvalidRequest, match="limit"):
        await room.curator.entries(Wish(), limit=limit)


async def test_a_query_that_cannot_be_embedded_is_the_callers_fault() -> None:
    """The way out is a search by words."""
    room = await a_room()
    room.embedder.trouble = TextTooLong("the text is too long")

    with pytest.raises(InvalidRequest, match="by=text"):
        await room.curator.entries(Wish(query="x"), limit=5)


async def test_a_dry_run_forgets_nothing() -> None:
    room = await a_room()

    forgotten = await room.curator.forget(Wish(tag="faq"), dry_run=True)

    assert (forgotten.count, forgotten.dry_run) == (2, True)
    assert [one.source for one in forgotten.examples] == ["r3", "r1"]
    assert len(room.store.entries) == 3


@pytest.mark.parametrize(
    ("wish", "left"),
    [
        (Wish(tag="faq"), {"r2"}),
        (Wish(tag="faq", model="small"), {"r1", "r2"}),
        (Wish(ids=("r1", WEATHER.digest)), {"r2"}),
        (Wish(ids=("nobody's",)), {"r1", "r2", "r3"}),
        (Wish(query="password lost"), {"r2", "r3"}),
        (Wish(query="password lost", min_similarity=0.8), {"r3"}),
        (Wish(query="password", by="text"), {"r3"}),
        (Wish(query="nothing like it", min_similarity=0.8), {"r1", "r2", "r3"}),
    ],
)
async def test_what_is_forgotten_is_gone(wish: Wish, left: set[str]) -> None:
    """A query forgets what is at least as similar as asked for, by default 0.9."""
    room = await a_room()
    dry = await room.curator.forget(wish, dry_run=True)

    forgotten = await room.curator.forget(wish, dry_run=False)

    assert {one.source for one in room.store.entries.values()} == left
    assert forgotten.count == dry.count == 3 - len(left)


@pytest.mark.parametrize("wish", [Wish(), Wish(tag=""), Wish(min_similarity=0.0)])
async def test_a_wish_that_names_nothing_forgets_nothing(wish: Wish) -> None:
    room = await a_room()

    with pytest.raises(InvalidRequest, match="names no entries"):
        await room.curator.forget(wish, dry_run=False)

    assert len(room.store.entries) == 3


async def test_a_flush_forgets_everything() -> None:
    """However many pages that is; expired entries too."""
    room = Room()
    for number in range(230):
        await room.store.put(kept(f"{number}", expires_at=NOW - 1 + number % 3), None)

    assert await room.curator.flush(dry_run=True) == Forgotten(230, dry_run=True)
    assert len(room.store.entries) == 230
    assert await room.curator.flush(dry_run=False) == Forgotten(230, dry_run=False)
    assert not room.store.entries


async def exported(room: Room) -> bytes:
    return b"".join([line async for line in room.curator.export()])


async def test_an_export_can_be_imported_elsewhere() -> None:
    """With vectors made anew, so that closeness works there."""
    room, other = await a_room(), Room()
    lines = await exported(room)

    imported = await other.curator.take(io.BytesIO(lines), name="cache.jsonl")

    assert imported == Imported(imported=3, known=0, expired=0)
    assert other.store.entries == room.store.entries
    assert set(other.store.vectors) == set(room.store.vectors)


async def test_an_import_overwrites_nothing_and_revives_nothing() -> None:
    """What is here is newer than a file; what has expired stays so."""
    room = await a_room()
    changed = msgspec.structs.replace(RESET, answer=answer("Poison."))
    stale = kept("old", expires_at=NOW)
    file = io.BytesIO(line_of(changed) + line_of(stale))

    imported = await room.curator.take(file, name="cache.jsonl")

    assert imported == Imported(imported=0, known=1, expired=1)
    assert room.store.entries[RESET.digest] == RESET


@pytest.mark.parametrize(
    ("second", "reason"),
    [(b"{}\n", "not an exported entry"), (line_of(RESET), "the same entry as in line 1"), (b"\n", "not an")],
)
async def test_one_bad_line_imports_nothing(second: bytes, reason: str) -> None:
    """The file, the line and the reason are told."""
    room = Room()

    with pytest.raises(InvalidRequest, match=rf"cache\.jsonl, line 2: .*{reason}"):
        await room.curator.take(io.BytesIO(line_of(RESET) + second), name="cache.jsonl")

    assert not room.store.entries


async def test_an_import_that_breaks_off_is_taken_back() -> None:
    """What was there before stays."""
    room = Room(Failing(most=2))
    await room.store.put(RESET, None)
    file = io.BytesIO(line_of(WEATHER) + line_of(RESET_ELSEWHERE))

    with pytest.raises(StoreError, match="the disk is full"):
        await room.curator.take(file, name="cache.jsonl")

    assert set(room.store.entries) == {RESET.digest}


async def test_an_import_without_an_embedder_is_taken_back() -> None:
    """An entry that could only be found exactly is not what was exported."""
    room = Room()
    room.embedder.trouble = EmbedderError("no model")

    with pytest.raises(EmbedderError):
        await room.curator.take(io.BytesIO(line_of(RESET)), name="cache.jsonl")

    assert not room.store.entries


async def test_an_import_that_cannot_be_taken_back_says_so() -> None:
    room = Room(Failing(most=1, keeps_all=True))
    file = io.BytesIO(line_of(WEATHER) + line_of(RESET))

    with pytest.raises(StoreError, match="could not be taken back: the disk is gone"):
        await room.curator.take(file, name="cache.jsonl")
