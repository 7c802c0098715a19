"""Steering through the admin API is steering: the same finds, the same errors."""

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from sparingly.commands.remote import RemoteCache, open_remote
from sparingly.core.chat import Tenant
from sparingly.core.keeping.cache_lines import line_of
from sparingly.core.keeping.curation import Wish
from sparingly.errors import InvalidRequest, NotAuthorized, SparinglyError, StartupError
from tests.asks import TENANT
from tests.commands.room import FAQ, OTHER, Room, a_room
from tests.pipeline.parts import DOWN
from tests.pipeline.wire import request_body
from tests.web.test_admin import KEY, Office

pytestmark = pytest.mark.anyio

URL = "http://gateway"
SAID = [{"role": "user", "content": "How do I pay?"}]


@asynccontextmanager
async def remote(room: Room, *, key: str | None = KEY) -> AsyncIterator[RemoteCache]:
    office = Office(room.world, KEY)
    # The app is an ASGI app; httpx's word for its type is narrower than Litestar's.
    transport = httpx.ASGITransport(office.app)  # type: ignore[arg-type]
    async with open_remote(URL, key, transport) as cache:
        yield cache


@pytest.mark.parametrize(
    "wish",
    [
        Wish(),
        Wish(tag="faq"),
        Wish(ids=("r1", "r2", "r3")),
        Wish(query="How do I pay?", min_similarity=0.5),
        Wish(query="&=? %20", by="text"),
    ],
)
async def test_what_is_found_is_the_same_as_on_the_spot(wish: Wish) -> None:
    async with a_room() as room, remote(room) as cache:
        assert await cache.entries(wish, limit=5) == await room.steering.entries(wish, limit=5)


async def test_pages_counts_and_explanations_are_the_same() -> None:
    async with a_room() as room, remote(room) as cache:
        first = await cache.entries(Wish(), limit=1)
        second = await cache.entries(Wish(), limit=1, cursor=first.cursor)
        assert [one.source for one in first.entries + second.entries] == ["r1", "r2"]
        assert await cache.overview() == await room.steering.overview()

        body = request_body("How do I pay?")
        here = await room.steering.explain(body, tenant=Tenant(TENANT))
        assert await cache.explain(body, tenant=Tenant(TENANT)) == here
        headers = {"x-sparingly-conversation": "abc", "x-odd": "a: b, c"}
        there = await cache.explain(body, tenant=Tenant(TENANT), headers=headers)
        assert there == await room.steering.explain(body, tenant=Tenant(TENANT), headers=headers)
        assert there.routing.conversation == "abc"


@pytest.mark.parametrize(
    ("body", "dialect"),
    [
        ({"model": "gpt-4o", "input": "How do I pay?"}, None),
        ({"model": "gpt-4o", "system": "Be brief.", "max_tokens": 9, "messages": SAID}, None),
        ({"model": "gpt-4o", "max_tokens": 9, "messages": SAID}, "anthropic"),
        ({"model": "gpt-4o", "max_tokens": 9, "messages": SAID}, "openai"),
        ({"model": "gpt-4o", "input": "How do I pay?"}, "openai-embeddings"),
    ],
)
async def test_a_request_of_any_dialect_is_explained(body: dict[str, object], dialect: str | None) -> None:
    """There as here: by its shape, or as it is said."""
    async with a_room() as room, remote(room) as cache:
        request = json.dumps(body).encode()

        there = await cache.explain(request, tenant=Tenant(TENANT), dialect=dialect)

        assert there == await room.steering.explain(request, tenant=Tenant(TENANT), dialect=dialect)


async def test_a_request_of_several_dialects_is_told() -> None:
    async with a_room() as room, remote(room) as cache:
        body = json.dumps({"model": "m", "max_tokens": 9, "messages": SAID}).encode()

        for steering in (room.steering, cache):
            with pytest.raises(InvalidRequest, match="say which"):
                await steering.explain(body, tenant=Tenant(TENANT))


async def test_forgetting_and_flushing_are_done_there() -> None:
    async with a_room() as room, remote(room) as cache:
        assert (await cache.forget(Wish(tag="faq"), dry_run=True)).count == 1
        assert room.sources == {"r1", "r2"}
        assert (await cache.forget(Wish(tag="faq"), dry_run=False)).count == 1
        assert room.sources == {"r2"}
        assert (await cache.flush(dry_run=False)).count == 1
        assert room.sources == set()


async def test_lines_travel_both_ways() -> None:
    async with a_room() as room, remote(room) as cache:
        lines = b"".join([piece async for piece in cache.export()])
        await cache.flush(dry_run=False)

        imported = await cache.take(io.BytesIO(lines), name="cache.jsonl")

        assert imported.imported == 2
        assert set(room.world.store.entries) == {FAQ.digest, OTHER.digest}


async def test_a_malformed_file_is_told_before_it_is_sent() -> None:
    """Where the file still has its own name."""
    async with a_room() as room, remote(room) as cache:
        with pytest.raises(InvalidRequest, match=r"cache\.jsonl, line 2"):
            await cache.take(io.BytesIO(line_of(FAQ) + b"{"), name="cache.jsonl")


@pytest.mark.parametrize("key", [None, "wrong"])
async def test_without_the_key_it_says_so(key: str | None) -> None:
    async with a_room() as room, remote(room, key=key) as cache:
        with pytest.raises(NotAuthorized, match="admin key"):
            await cache.overview()


async def test_errors_keep_their_words() -> None:
    async with a_room() as room, remote(room) as cache:
        with pytest.raises(InvalidRequest, match="older_than"):
            await cache.entries(Wish(older_than="soon"), limit=5)
        room.world.store.trouble = DOWN
        with pytest.raises(SparinglyError, match="the disk is full"):
            await cache.overview()


async def _refuse(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


async def _break(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("", request=request)


async def _be_someone_else(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, text="<html>")


async def _be_lost(_: httpx.Request) -> httpx.Response:
    return httpx.Response(404, text="not here")


@pytest.mark.parametrize(
    ("server", "message"),
    [
        (_refuse, "no gateway answers at http://gateway; .* --data DIR"),
        (_break, "the exchange with http://gateway broke off: ReadError"),
        (_be_someone_else, "not as a gateway of ours"),
        (_be_lost, "status 404, not as a gateway of ours"),
    ],
)
async def test_a_gateway_that_is_none_is_told(server: object, message: str) -> None:
    assert callable(server)
    async with open_remote(URL, KEY, httpx.MockTransport(server)) as cache:
        with pytest.raises(SparinglyError, match=message):
            await cache.overview()


@pytest.mark.parametrize("url", ["gateway", "ftp://gateway", "http://", "http://a:b"])
async def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(StartupError, match="--url"):
        async with open_remote(url, KEY):
            pass


async def test_a_key_that_no_header_can_hold_is_told_and_not_shown() -> None:
    with pytest.raises(StartupError) as caught:
        async with open_remote(URL, "k\u20ac\ny"):
            pass

    assert "\u20ac" not in caught.value.message
