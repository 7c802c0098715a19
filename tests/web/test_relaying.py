"""Tests of `sparingly.web.relaying`: a path that names an answer goes to the provider that holds it."""

import json

import pytest

from sparingly.errors import UnknownAnswer
from sparingly.pipeline.holders import Holders
from sparingly.ports import UpstreamRequest
from sparingly.web.relaying import Relays, relayed
from tests.fakes.upstream import FakeUpstream, Scripted
from tests.pipeline.parts import GatedUpstream
from tests.protocols.openai_responses import golden
from tests.web.front import a_front
from tests.web.harness import fetch

pytestmark = pytest.mark.anyio

NOT_FOUND = Scripted((b'{"error": {"message": "no such answer"}}',), 404)


def upstream(name: str, *script: Scripted, dialect: str = "openai-responses") -> FakeUpstream:
    return FakeUpstream(*script, name=name, dialect=dialect)


def relays(*upstreams: FakeUpstream) -> Relays:
    """The first is the default."""
    return Relays(default=upstreams[0], upstreams={one.name: one for one in upstreams}, holders=Holders())


def get(path: str = "/v1/responses/resp_1", body: bytes = b"") -> UpstreamRequest:
    return UpstreamRequest(method="GET", path=path, headers=(), body=body)


def test_other_paths_go_to_the_default_provider_or_to_their_house() -> None:
    """Whatever it speaks."""
    chat, claude = upstream("chat", dialect="openai"), upstream("claude", dialect="anthropic")
    both = Relays(
        default=chat,
        upstreams={"chat": chat, "claude": claude},
        holders=Holders(),
        by_house={"anthropic": claude},
    )

    assert both.takers("/v1/files/f", {}) == (chat,)
    assert both.takers("/v1/responses", {}) == (chat,)
    assert both.takers("/v1/files/f", {"anthropic-version": "2026-10-21"}) == (claude,)


def test_an_answer_that_nobody_knows_may_be_with_anyone_who_speaks_responses() -> None:
    """The default provider first."""
    chat, one, two = upstream("chat", dialect="openai"), upstream("one"), upstream("two")

    assert relays(chat, one, two).takers("/v1/responses/resp_1/cancel", {}) == (one, two)
    assert relays(two, chat, one).takers("/v1/responses/resp_1", {}) == (two, one)


def test_where_nobody_speaks_responses_nobody_holds_an_answer() -> None:
    """Said here, and not by a provider that knows no such path."""
    with pytest.raises(UnknownAnswer, match="no provider holds the answer 'resp_1'"):
        relays(upstream("chat", dialect="openai")).takers("/v1/responses/resp_1", {})


async def test_who_knows_it_answers() -> None:
    """Those who do not are asked first and say so."""
    one, two, three = upstream("one", NOT_FOUND), upstream("two"), upstream("three")

    taker, reply = await relayed(get(), (one, two, three))

    assert (taker, reply.status) == (two, 200)
    assert (len(one.requests), len(three.requests)) == (1, 0)
    assert one.replies[0].is_closed


async def test_what_nobody_knows_is_told_by_the_last() -> None:
    """A provider's own words for it."""
    taker, reply = await relayed(get(), (upstream("one", NOT_FOUND), upstream("two", NOT_FOUND)))

    assert (taker.name, reply.status) == ("two", 404)


async def test_a_body_is_sent_once() -> None:
    """It cannot be read again."""
    one, two = upstream("one", NOT_FOUND), upstream("two")

    taker, reply = await relayed(get(body=b"{}"), (one, two))

    assert (taker, reply.status, two.requests) == (one, 404, [])


async def test_an_answer_is_asked_of_the_provider_that_gave_it() -> None:
    """Which is not the default one; a conversation goes on there, too, and not elsewhere when it fails."""
    held = json.loads(golden.WHOLE) | {"id": "resp_of_two", "store": True}
    answer = Scripted((json.dumps(held).encode(),))
    asked = {"model": "gpt-4o", "input": "Hi", "store": True}
    down = Scripted((b"{}",), 500)
    async with a_front(one=GatedUpstream(down, name="one", dialect="openai-responses")) as front:
        two = front.world.two
        two._dialect = "openai-responses"
        two._script.clear()
        two._script.append(answer)
        await fetch(front.app, path="/v1/responses", body=json.dumps(asked).encode())
        before = front.world.one.asked
        await fetch(front.app, "GET", "/v1/responses/resp_of_two")
        more = asked | {"previous_response_id": "resp_of_two"}
        got = await fetch(front.app, path="/v1/responses", body=json.dumps(more).encode())

    assert got.status == 200
    assert front.world.one.asked == before
    assert [request.path for request in two.requests[1:]] == ["/v1/responses/resp_of_two", "/v1/responses"]
