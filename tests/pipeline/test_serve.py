"""Serving answers, stored or fresh, and settling them once the client has them."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from sparingly.core.policy import CachePolicy, RoutingPolicy
from sparingly.pipeline.assembly import assemble
from sparingly.pipeline.exchange import Reply
from tests.fakes.upstream import EVENTS, JSON, Scripted
from tests.pipeline.wire import (
    PARIS,
    chunk,
    datas,
    messages,
    messages_stream,
    pieces,
    refusal,
    stream,
    text_of,
    whole,
)
from tests.pipeline.world import PARAPHRASE, a_world

pytestmark = pytest.mark.anyio

CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
TOOLS = [{"type": "function", "function": {"name": "weather"}}]
HAIKU = "claude-haiku-4-5"


def _stream_of(reply: Reply) -> AsyncIterator[bytes]:
    assert not isinstance(reply.body, bytes)
    return reply.body


async def _leave(body: AsyncIterator[bytes], *, after: int) -> None:
    """Read some pieces, then close, as the web layer does when a client leaves."""
    for _ in range(after):
        await anext(body)
    await body.aclose()  # type: ignore[attr-defined]  # every streamed body of a provider can be closed


@pytest.mark.parametrize("after", [0, 1, 4])
async def test_a_client_that_leaves_stops_the_provider_and_leaves_nothing_behind(after: int) -> None:
    """Even before its first piece: the provider must not go on for nobody."""
    async with a_world() as world:
        world.script(stream())
        reply = await world.reply(world.incoming(fields={"stream": True}))
        await _leave(_stream_of(reply), after=after)
        entry = reply.finish(False)

    assert world.one.replies[0].is_closed
    assert (entry.complete, entry.status) == (False, 200)
    assert world.store.entries == {}


async def test_a_stream_that_was_read_to_its_end_is_closed_too() -> None:
    """Its connection goes back to the pool."""
    async with a_world() as world:
        world.script(stream())
        served = await world.ask(stream=True)

    assert world.one.replies[0].is_closed
    assert served.entry.complete


async def test_an_answer_whose_client_left_after_its_end_is_kept() -> None:
    """It is whole and was paid for."""
    async with a_world() as world:
        reply = await world.reply(world.incoming())
        entry = reply.finish(False)
        await world.background.settle()

    assert not entry.complete
    assert len(world.store.entries) == 1


async def test_a_stream_cut_after_content_is_told_and_not_kept() -> None:
    """The ledger says that the client did not get all of it, and why."""
    async with a_world() as world:
        world.script(stream(*pieces()[:4], is_cut=True))
        served = await world.ask(stream=True)

    error = datas(served.body)[-1]["error"]
    assert isinstance(error, dict)
    assert error["code"] == "upstream-broke"
    assert not served.body.endswith(b"[DONE]\n\n")
    assert (served.entry.complete, served.entry.trouble) == (False, ("upstream-broke",))
    assert world.store.entries == {}


@pytest.mark.parametrize(
    "unfit",
    [
        whole(""),
        whole(None),
        whole("I'm sorry, but I can't help with that."),
        whole(None, refusal="No."),
        whole(PARIS, finish=None),
        whole(PARIS, finish="content_filter"),
        whole("x" * 2_000),
        refusal(500),
        Scripted((b"not json",), headers=JSON),
        Scripted((b'{"choices": 5}',), headers=JSON),
    ],
    ids=[
        "empty",
        "null",
        "refused",
        "refusal",
        "unfinished",
        "filtered",
        "large",
        "error",
        "no json",
        "nonsense",
    ],
)
async def test_what_is_no_answer_is_passed_on_and_not_kept(unfit: Scripted) -> None:
    """In its own dialect the client may understand what we do not."""
    async with a_world(CachePolicy(max_answer_bytes=1_500)) as world:
        world.script(unfit)
        world.two._script[0] = unfit
        served = await world.ask()

    assert served.body == unfit.pieces[0]
    assert world.store.entries == {}


async def test_nonsense_is_told_in_the_ledger_and_claims_nothing() -> None:
    """Nobody knows what it cost."""
    async with a_world() as world:
        world.script(Scripted((b"not json",), headers=(("content-type", "text/plain"),)))
        served = await world.ask()

    assert served.entry.trouble == ("upstream-nonsense",)
    assert (served.entry.cost_nano, served.entry.saved_nano) == (0, 0)
    assert served.content_type == "text/plain"


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        (whole(None, finish="tool_calls", tool_calls=[CALL]), {"tools": TOOLS}),
        (whole("The capital of", finish="length"), {"max_tokens": 3}),
    ],
    ids=["tool call", "cut by max_tokens"],
)
async def test_an_answer_to_one_request_alone_serves_equal_requests_only(
    said: Scripted, fields: dict[str, object]
) -> None:
    """It is not offered to similar ones."""
    async with a_world() as world:
        world.script(said)
        await world.serve(world.incoming(fields=fields))
        equal = await world.serve(world.incoming(fields=fields))
        close = await world.serve(world.incoming(PARAPHRASE, fields=fields))

    assert (equal.entry.verdict, close.entry.verdict) == ("exact", "miss")
    assert world.store.vectors == {}


async def test_tool_calls_are_served_from_memory_as_they_were_made() -> None:
    """Whole and streamed."""
    async with a_world() as world:
        world.script(whole(None, finish="tool_calls", tool_calls=[CALL]))
        await world.ask(tools=TOOLS)
        again = await world.ask(tools=TOOLS)
        streamed = await world.ask(tools=TOOLS, stream=True)

    assert b'"arguments":"{}"' in again.body
    assert b'"name":"weather"' in streamed.body


async def test_a_hit_can_be_streamed_at_a_pace() -> None:
    """16 characters are 4 tokens; at 8 tokens a second half a second passes between pieces."""
    async with a_world(CachePolicy(pace_tokens_per_s=8.0)) as world:
        await world.ask()
        paced = await world.ask(stream=True)

    assert text_of(paced.body) == PARIS
    assert len(world.waits) >= 2
    assert set(world.waits) == {0.5}


async def test_a_hit_tells_its_age() -> None:
    """Seconds since the answer was made."""
    async with a_world() as world:
        await world.ask()
        world.clock.pass_by(42.0)
        second = await world.ask()

    assert second.summary.age_s == 42.0


async def test_a_provider_that_answers_a_stream_whole_is_passed_on_as_it_is() -> None:
    """Its own content type goes with it."""
    async with a_world() as world:
        served = await world.ask(stream=True)

    assert served.body == whole().pieces[0]
    assert served.content_type == "application/json"


async def test_a_provider_of_another_dialect_is_read_and_told_anew() -> None:
    """Whole and streamed, and kept for both."""
    async with a_world() as world:
        world.claude._script.extend([messages(), messages_stream()])
        world.claude._script.popleft()
        first = await world.ask(model=HAIKU)
        second = await world.ask("Hm?", model=HAIKU, stream=True)
        third = await world.ask(model=HAIKU, stream=True)

    assert text_of(first.body) == text_of(second.body) == text_of(third.body) == PARIS
    assert (first.content_type, second.content_type) == (
        "application/json",
        "text/event-stream; charset=utf-8",
    )
    assert (first.entry.usage.output_tokens, second.entry.usage.output_tokens) == (8, 8)
    assert third.entry.verdict == "exact"


async def test_an_error_of_another_dialect_is_told_in_the_clients() -> None:
    """With the provider's status and words."""
    async with a_world() as world:
        world.claude._script[0] = refusal(400, message="max_tokens: too large")
        served = await world.ask(model=HAIKU)

    assert served.status == 400
    assert b"max_tokens: too large" in served.body
    assert b'"code":"provider-error"' in served.body


async def test_tokens_of_a_stream_that_broke_off_are_counted() -> None:
    """The provider had told 1 output token when it began; what had been read says more."""
    async with a_world() as world:
        world.claude._script[0] = messages_stream("word " * 40, is_cut=True)
        served = await world.ask(model=HAIKU, stream=True)

    usage = served.entry.usage
    assert (usage.input_tokens, usage.output_tokens, usage.estimated) == (12, 50, True)


async def test_tokens_are_estimated_where_the_provider_does_not_tell() -> None:
    """A quarter of the characters; the stored answer says that it is an estimate."""
    async with a_world() as world:
        world.script(stream(*pieces(usage=None)))
        first, second = await world.ask(stream=True), await world.ask()

    usage = first.entry.usage
    assert (usage.output_tokens, usage.estimated) == (len(PARIS) // 4, True)
    assert second.entry.usage == usage
    assert b'"estimated":true' in second.body


async def test_timings_count_from_the_requests_arrival() -> None:
    """To the first byte, and to the end."""
    async with a_world() as world:
        world.script(stream())
        incoming = world.incoming(fields={"stream": True})
        world.clock.pass_by(1.0)
        reply = await world.reply(incoming)
        world.clock.pass_by(2.0)
        _ = [piece async for piece in _stream_of(reply)]
        entry = reply.finish(True)

    assert (entry.timings.first_byte_s, entry.timings.total_s) == (1.0, 3.0)
    assert entry.timings.upstream_first_s == 0.0


async def test_a_cut_stream_of_events_is_not_mistaken_for_an_empty_answer() -> None:
    """A finish without words is an answer, but none to keep."""
    async with a_world() as world:
        world.script(Scripted((chunk({}, finish="stop"), b"data: [DONE]\n\n"), headers=EVENTS))
        served = await world.ask(stream=True)

    assert served.entry.complete
    assert world.store.entries == {}


async def test_without_a_traffic_log_nobody_else_is_told() -> None:
    """The ledger is."""
    async with a_world() as world:
        parts = msgspec.structs.replace(world.parts, on_settled=None)
        world.pipeline = assemble(parts, cache=CachePolicy(), routing=RoutingPolicy())
        served = await world.ask()

    assert world.settled == []
    assert world.ledger.entries == [served.entry]
