"""The admin API: nothing without the key, and with it what the curator does."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from sparingly.core.entry import Entry
from sparingly.core.keeping.cache_lines import line_of
from sparingly.core.ledger import Past
from sparingly.errors import LedgerError
from sparingly.pipeline.steering.curating import Curator
from sparingly.web.admin import AdminApi, Guard, admin_router
from sparingly.web.app import App, build_app
from tests.asks import NOW, TENANT, ask, entry, mark
from tests.fakes.history import ListHistory
from tests.pipeline.parts import DOWN
from tests.pipeline.wire import request_body
from tests.pipeline.world import QUESTION, World, a_world
from tests.web.harness import Got, fetch

pytestmark = pytest.mark.anyio

KEY = "the-admin-key"
WITH_KEY = (("authorization", f"Bearer {KEY}"),)
LIMIT = 2_000

ROUTES = [
    ("GET", "/admin/cache"),
    ("GET", "/admin/cache/entries"),
    ("POST", "/admin/cache/forget"),
    ("POST", "/admin/cache/flush"),
    ("GET", "/admin/cache/export"),
    ("POST", "/admin/cache/import"),
    ("GET", "/admin/near-misses"),
    ("POST", "/admin/explain"),
]


class Office:
    """The admin API in front of a world."""

    def __init__(self, world: World, key: str | None) -> None:
        self.world = world
        self.history = ListHistory()
        api = AdminApi(
            curator=Curator(store=world.store, embedder=world.embedder, clock=world.clock),
            store=world.store,
            history=self.history,
            explainer=world.pipeline.explainer,
            clock=world.clock,
        )
        router = admin_router(api, Guard(key), max_body_bytes=LIMIT)

        async def no_llm(*_: object) -> None:
            raise AssertionError("not an LLM request")

        self.app: App = build_app(llm=no_llm, ports=(), metrics=lambda: b"", more=[router])

    async def get(self, path: str, query: str = "") -> Got:
        return await fetch(self.app, "GET", path, headers=WITH_KEY, query=query)

    async def post(self, path: str, body: bytes | dict[str, object] = b"", query: str = "") -> Got:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await fetch(self.app, "POST", path, headers=WITH_KEY, body=sent, query=query)


@asynccontextmanager
async def an_office(*entries: Entry, key: str | None = KEY) -> AsyncIterator[Office]:
    async with a_world() as world:
        for one in entries:
            await world.store.put(one, await world.embedder.embed(one.text or ""))
        yield Office(world, key)


def kept(words: str, **fields: object) -> Entry:
    return msgspec.structs.replace(entry(mark(ask(words))), **fields)


USERS = {"role": "user", "content": QUESTION}
FAQ = kept("How do I pay?", source="r1", tags=("faq",), created_at=NOW - 9)
OTHER = kept("What is new?", source="r2", served="small")


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("authorization", "Bearer wrong"),),
        (("authorization", f"Basic {KEY}"),),
        (("x-api-key", KEY + "x"),),
        (("x-api-key", "k\u00e9y"),),
    ],
)
async def test_without_the_key_there_is_nothing(
    method: str, path: str, headers: tuple[tuple[str, str], ...]
) -> None:
    """401, whatever else is wrong with the request, and nothing of the key or the cache in it."""
    async with an_office(FAQ) as office:
        got = await fetch(office.app, method, path, headers=headers, body=b"{" if method == "POST" else b"")

        assert (got.status, got.error["code"]) == (401, "not-authorized")
        assert KEY.encode() not in got.body
        assert len(office.world.store.entries) == 1


@pytest.mark.parametrize("key", [None, ""])
async def test_while_no_key_is_configured_nobody_gets_in(key: str | None) -> None:
    """An empty variable is no key that an empty header could match."""
    async with an_office(FAQ, key=key) as office:
        for headers in ((), WITH_KEY, (("x-api-key", ""),), (("authorization", "Bearer "),)):
            got = await fetch(office.app, "GET", "/admin/cache", headers=headers)

            assert got.status == 401


@pytest.mark.parametrize("headers", [WITH_KEY, (("x-api-key", KEY),)])
async def test_the_key_opens(headers: tuple[tuple[str, str], ...]) -> None:
    async with an_office(FAQ, OTHER) as office:
        got = await fetch(office.app, "GET", "/admin/cache", headers=headers)

        assert got.status == 200
        assert got.json() == {
            "entries": 2,
            "by_tenant": {"acme": 2},
            "by_model": {"gpt-4o": 1, "small": 1},
            "by_tag": {"faq": 1},
        }


@pytest.mark.parametrize(
    ("query", "sources"),
    [
        ("", ["r1", "r2"]),
        ("tag=faq", ["r1"]),
        ("model=small", ["r2"]),
        ("tenant=globex", []),
        ("id=r1&id=r2", ["r1", "r2"]),
        ("query=How+do+I+pay%3F&min_similarity=0.9", ["r1"]),
        ("query=NEW&by=text", ["r2"]),
        ("older_than=30s", ["r2"]),
        ("limit=1", ["r1"]),
    ],
)
async def test_entries_are_listed(query: str, sources: list[str]) -> None:
    async with an_office(FAQ, OTHER) as office:
        got = await office.get("/admin/cache/entries", query)

        assert got.status == 200
        assert [one["source"] for one in got.json()["entries"]] == sources


async def test_a_cursor_leads_to_the_next_page() -> None:
    async with an_office(FAQ, OTHER) as office:
        first = (await office.get("/admin/cache/entries", "limit=1")).json()
        second = (await office.get("/admin/cache/entries", f"limit=1&cursor={first['cursor']}")).json()

        assert [one["source"] for one in second["entries"]] == ["r2"]


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("tennant=acme", "tennant"),
        ("limit=many", "limit"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("tag=a&tag=b", "tag"),
        ("by=vibes", "by"),
        ("cursor=nonsense", "cursor"),
        ("older_than=soon", "older_than"),
        ("query=a&min_similarity=2", "min_similarity"),
        ("dry_run=false", "dry_run"),
    ],
)
async def test_a_query_that_is_not_understood_is_told(query: str, word: str) -> None:
    """A misspelled condition must not be one that is not there."""
    async with an_office(FAQ) as office:
        got = await office.get("/admin/cache/entries", query)

        assert got.status == 400
        assert word in got.error["message"]


async def test_forgetting_is_a_dry_run_unless_it_is_said() -> None:
    async with an_office(FAQ, OTHER) as office:
        dry = (await office.post("/admin/cache/forget", {"tag": "faq"})).json()
        assert (dry["count"], dry["dry_run"], len(office.world.store.entries)) == (1, True, 2)

        done = (await office.post("/admin/cache/forget", {"tag": "faq", "dry_run": False})).json()

        assert (done["count"], done["dry_run"]) == (1, False)
        assert [one.source for one in office.world.store.entries.values()] == ["r2"]


async def test_a_flush_is_a_dry_run_unless_it_is_said() -> None:
    async with an_office(FAQ, OTHER) as office:
        assert (await office.post("/admin/cache/flush")).json()["count"] == 2
        assert len(office.world.store.entries) == 2

        await office.post("/admin/cache/flush", {"dry_run": False})

        assert not office.world.store.entries


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"dry_run": false}',
        b'{"tag": "", "dry_run": false}',
        b'{"tga": "faq", "dry_run": false}',
        b'{"ids": "r1", "dry_run": false}',
        b'{"tag": "faq", "dry_run": "no"}',
        b'{"older_than": 7, "dry_run": false}',
        b'["faq"]',
        b"{",
        b"\xff",
    ],
)
async def test_a_body_that_names_nothing_or_is_not_understood_forgets_nothing(body: bytes) -> None:
    """Unknown keys, wrong types, no JSON, no condition."""
    async with an_office(FAQ) as office:
        got = await office.post("/admin/cache/forget", body)

        assert got.status == 400
        assert len(office.world.store.entries) == 1


async def test_an_export_can_be_imported() -> None:
    async with an_office(FAQ, OTHER) as office:
        lines = (await office.get("/admin/cache/export")).body
        assert lines.count(b"\n") == 2
        await office.post("/admin/cache/flush", {"dry_run": False})

        got = await office.post("/admin/cache/import", lines)

        assert got.json() == {"imported": 2, "known": 0, "expired": 0}
        assert set(office.world.store.entries) == {FAQ.digest, OTHER.digest}


async def test_a_malformed_import_is_told_with_its_line_and_writes_nothing() -> None:
    async with an_office() as office:
        got = await office.post("/admin/cache/import", line_of(FAQ) + b"oops\n", "name=cache.jsonl")

        assert got.status == 400
        assert got.error["message"].startswith("cache.jsonl, line 2: not an exported entry")
        assert not office.world.store.entries


@pytest.mark.parametrize("path", ["/admin/cache/forget", "/admin/cache/flush"])
async def test_a_body_that_is_too_large_is_refused(path: str) -> None:
    async with an_office(FAQ) as office:
        got = await office.post(path, b" " * (1024 * 1024 + 1))

        assert got.status == 413


async def test_a_request_to_explain_may_be_as_large_as_any() -> None:
    """And no larger."""
    async with an_office(FAQ) as office:
        assert (await office.post("/admin/explain", request_body("x" * LIMIT))).status == 413
        assert (await office.post("/admin/explain", request_body("x" * (LIMIT // 2)))).status == 200


async def test_near_misses_are_listed() -> None:
    """Since a week unless asked otherwise."""
    async with an_office(FAQ) as office:
        for request_id, time in (("r7", NOW - 60), ("r8", NOW - 8 * 86_400)):
            office.history.pasts.append(
                Past(request_id, time, TENANT, "miss", "too-far", "gpt-4o", "gpt-4o", 0.9, "r1", None, "r1")
            )

        (one,) = (await office.get("/admin/near-misses")).json()["near_misses"]

        assert (one["id"], one["similarity"], one["candidate_question"]) == ("r7", 0.9, "How do I pay?")


@pytest.mark.parametrize("query", ["since=soon", "limit=0", "limit=501", "since=1d&tennant=x"])
async def test_a_bad_question_for_near_misses_is_told(query: str) -> None:
    async with an_office() as office:
        assert (await office.get("/admin/near-misses", query)).status == 400


async def test_a_request_is_explained() -> None:
    """For the tenant that is named."""
    async with an_office() as office:
        await office.world.ask()

        found = (await office.post("/admin/explain", request_body(QUESTION), f"tenant={TENANT}")).json()

        assert found["ruling"]["verdict"] == "exact"
        assert found["routing"]["routed"] == "gpt-4o"


@pytest.mark.parametrize("query", ["", "path=/v1/messages", "dialect=anthropic"])
async def test_a_request_of_another_dialect_is_explained_as_such(query: str) -> None:
    """Told by its shape, its path or its name; what Chat Completions was answered serves it."""
    async with an_office() as office:
        await office.world.ask(max_tokens=9, messages=[{"role": "system", "content": "Hm."}, USERS])
        body = {"model": "gpt-4o", "max_tokens": 9, "system": "Hm.", "messages": [USERS]}

        found = (await office.post("/admin/explain", body, f"tenant={TENANT}&{query}")).json()

        assert found["ruling"]["verdict"] == "exact"


@pytest.mark.parametrize(
    ("body", "query"),
    [
        (b"{", ""),
        (b'{"model": "m"}', ""),
        (request_body("x"), "path=/v1/files"),
        (request_body("x"), "dialect=spanish"),
        (request_body("x"), "dialect=anthropic&path=/v1/chat/completions"),
        (b'{"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]}', ""),
        (request_body("x"), "who=me"),
    ],
)
async def test_a_request_that_cannot_be_explained_is_told(body: bytes, query: str) -> None:
    async with an_office() as office:
        assert (await office.post("/admin/explain", body, query)).status == 400


async def test_a_part_in_trouble_is_a_503() -> None:
    """With the part's own words, before anything was sent."""
    async with an_office(FAQ) as office:
        office.history.trouble = LedgerError("the ledger is locked")
        assert (await office.get("/admin/near-misses")).status == 503
        office.world.store.trouble = DOWN

        for path in ("/admin/cache", "/admin/cache/entries", "/admin/cache/export"):
            got = await office.get(path)

            assert (got.status, got.error["message"]) == (503, "the disk is full")
