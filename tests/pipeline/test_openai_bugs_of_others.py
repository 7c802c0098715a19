"""Bugs that peers have had with OpenAI's two dialects: each is a test here, through the whole pipeline."""

import json
from collections.abc import AsyncIterator

import msgspec
import pytest

from sparingly.core.answer import Answer, Choice
from sparingly.core.chat import Text
from sparingly.core.transcript import unfold
from sparingly.pipeline.exchange import Incoming, Reply
from sparingly.protocols.dialect import Stamp
from sparingly.protocols.dialects import INBOUND
from sparingly.protocols.sse import SseParser
from tests.asks import ask
from tests.fakes.upstream import EVENTS, Scripted
from tests.generators import Body
from tests.pipeline.parts import GatedUpstream
from tests.pipeline.wire import chunk, messages_stream, pieces, stream, text_of, whole
from tests.pipeline.world import World, a_world

pytestmark = pytest.mark.anyio

RESPONSES = "openai-responses"


def responses(world: World, **fields: object) -> Incoming:
    """A request of a Responses client."""
    body = json.dumps({"model": "gpt-4o", "input": "Hi", "stream": True} | fields).encode()
    return msgspec.structs.replace(
        world.incoming(),
        dialect=RESPONSES,
        path="/v1/responses",
        body=body,
        ask=INBOUND[RESPONSES].read(body),
    )


def responses_stream(*, upto: int | None = None) -> tuple[bytes, ...]:
    """A provider's streamed answer in that dialect, event by event."""
    writer = INBOUND[RESPONSES].stream(ask(stream=True), Stamp("1", 0))
    answer = Answer("gpt-4o", (Choice(0, (Text("Paris is it."),), "stop"),))
    data = writer.write(unfold(answer, piece_chars=4)) + writer.close()
    return tuple(event + b"\n\n" for event in data.split(b"\n\n")[:-1])[:upto]


def speaking_responses(*script: Scripted) -> GatedUpstream:
    return GatedUpstream(*script, name="one", dialect=RESPONSES)


def events(body: bytes) -> list[Body]:
    return [json.loads(event.data) for event in SseParser().feed(body) if event.data != b"[DONE]"]


async def sent(reply: Reply) -> list[bytes]:
    """What goes to the client, piece by piece."""
    assert isinstance(reply.body, AsyncIterator)
    told = [piece async for piece in reply.body]
    reply.finish(True)
    return told


def call(arguments: str, **fields: object) -> bytes:
    return chunk({"tool_calls": [{"index": 0, "function": {"arguments": arguments}} | fields]})


CALLING = (
    chunk({"role": "assistant", "content": None}),
    chunk(
        {
            "tool_calls": [
                {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
            ]
        }
    ),
    call('{"city"'),
    call(':"Par'),
    call('is"}'),
    chunk({}, finish="tool_calls"),
    b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}\n\n',
    b"data: [DONE]\n\n",
)


@pytest.mark.parametrize("include_usage", [False, True], ids=["injected", "asked-for"])
async def test_asking_for_usage_does_not_hold_arguments_back(include_usage: bool) -> None:  # noqa: FBT001
    """Each piece goes out when it came, not in one burst at the end."""
    options: Body = {"stream_options": {"include_usage": True}} if include_usage else {}
    async with a_world(injects_usage=frozenset({"one"})) as world:
        world.script(stream(*CALLING))

        told = await sent(await world.reply(world.incoming(fields={"stream": True} | options)))

    assert [piece for piece in told if b'"arguments": "' in piece and b'"name"' not in piece] == list(
        CALLING[2:5]
    )


async def test_nor_does_translating_them() -> None:
    """A Responses client of a Chat provider gets one event a piece, as it comes."""
    async with a_world() as world:
        world.script(stream(*CALLING))

        told = await sent(await world.reply(responses(world)))

    deltas = [
        [
            event["delta"]
            for event in events(piece)
            if event["type"] == "response.function_call_arguments.delta"
        ]
        for piece in told
    ]
    assert [one for one in deltas if one] == [['{"city"'], [':"Par'], ['is"}']]


@pytest.mark.parametrize("source", ["fresh", "stored", "translated", "cut"])
async def test_choices_are_always_a_list(source: str) -> None:
    """Never null, and empty only where a usage was asked for; clients index into it."""
    async with a_world(one=speaking_responses() if source == "translated" else None) as world:
        if source == "translated":
            world.script(Scripted(responses_stream(), headers=EVENTS))
        else:
            world.script(stream(*pieces()[:3], is_cut=True) if source == "cut" else stream())
        fields: Body = {"stream": True, "stream_options": {"include_usage": True}}
        served = [await world.ask(**fields) for _ in range(2 if source == "stored" else 1)][-1]

    assert b'"choices":null' not in served.body.replace(b" ", b"")
    told = [event for event in events(served.body) if "error" not in event]
    assert told
    assert all(isinstance(event["choices"], list) for event in told)
    with_usage = [event for event in told if event.get("usage")]
    assert all(event["choices"] == [] for event in with_usage)
    assert len(with_usage) == (0 if source in ("cut", "translated") else 1)


async def test_reasoning_is_kept_on_later_turns() -> None:
    """A model that reasons goes on from where it was; without its own words it starts again."""
    said = {"role": "assistant", "content": "Wait.", "reasoning_content": "Hm."}
    turns = [{"role": "user", "content": "Hi"}, said, {"role": "user", "content": "And now?"}]
    async with a_world() as world:
        await world.ask(messages=turns)
        other = await world.ask(messages=[turns[0], {**said, "reasoning_content": "No."}, turns[2]])

        sent_on = json.loads(world.one.requests[0].body)  # type: ignore[arg-type]  # bytes by then
    assert sent_on["messages"] == turns
    assert other.summary.verdict == "miss"


async def test_reasoning_is_kept_from_dialect_to_dialect() -> None:
    """Told to a Responses client, it comes back to the Chat provider that gave it."""
    async with a_world() as world:
        world.script(whole("Wait.", reasoning_content="Hm."), whole("Now."))
        first = await world.serve(responses(world, stream=False))
        items = json.loads(first.body)["output"]
        user = {"role": "user", "content": "Hi"}
        await world.serve(responses(world, stream=False, input=[user, *items, user]))

        asked = json.loads(world.one.requests[-1].body)["messages"]  # type: ignore[arg-type]  # bytes by then
    assert [item["type"] for item in items] == ["reasoning", "message"]
    assert asked[1] == {"role": "assistant", "content": "Wait.", "reasoning_content": "Hm."}


@pytest.mark.parametrize("dialect", ["openai", RESPONSES])
async def test_the_limit_keeps_the_name_that_the_model_knows(dialect: str) -> None:
    """Models that reason refuse the older one."""
    async with a_world() as world:
        if dialect == RESPONSES:
            await world.serve(responses(world, stream=False, max_output_tokens=50))
        else:
            await world.ask(max_completion_tokens=50)

        asked = json.loads(world.one.requests[-1].body)  # type: ignore[arg-type]  # bytes by then
    assert asked["max_completion_tokens"] == 50
    assert "max_tokens" not in asked


@pytest.mark.parametrize(
    "content",
    [
        [],
        [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
        [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}],
        [{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}],
        [{"type": "x_new", "x": [[], {}]}],
    ],
    ids=str,
)
async def test_content_in_parts_never_troubles_the_cache(content: list[Body]) -> None:
    """It is looked up and kept like any other."""
    async with a_world() as world:
        first, second = [await world.ask(messages=[{"role": "user", "content": content}]) for _ in range(2)]

    assert (first.status, second.status) == (200, 200)
    assert (first.summary.verdict, second.summary.verdict) == ("miss", "exact")
    assert (first.entry.trouble, second.entry.trouble) == ((), ())


async def test_one_text_in_a_list_is_that_text() -> None:
    """Half of all clients write it so."""
    async with a_world() as world:
        await world.ask(messages=[{"role": "user", "content": "What is a fjord?"}])

        again = await world.ask(
            messages=[{"role": "user", "content": [{"type": "text", "text": "What is a fjord?"}]}]
        )

    assert again.summary.verdict == "exact"


@pytest.mark.parametrize("translated", [False, True], ids=["raw", "translated"])
@pytest.mark.parametrize("is_cut", [False, True], ids=["ended", "broken"])
async def test_a_responses_stream_that_is_cut_may_be_tried_again(translated: bool, is_cut: bool) -> None:  # noqa: FBT001
    """It ends with a server's error, never with a clean end and never as the client's own fault."""
    cut = stream(*pieces()[:3], is_cut=is_cut)
    if not translated:
        cut = Scripted(responses_stream(upto=6), headers=EVENTS, is_cut=is_cut)
    async with a_world(one=None if translated else speaking_responses()) as world:
        world.script(cut)
        served = await world.serve(responses(world))
        again = await world.serve(responses(world))

    *_, error, failed = told = events(served.body)
    assert "response.completed" not in {event["type"] for event in told}
    assert (error["type"], error["error"]["type"]) == ("error", "server_error")
    assert (failed["type"], failed["response"]["error"]["code"]) == ("response.failed", "server_error")
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    assert len({event["response"]["id"] for event in told if "response" in event}) == 1
    assert (served.entry.complete, again.summary.verdict) == (False, "miss")


# created, in_progress, the item and its part: nothing that a client would miss.
BEFORE_CONTENT = 4


@pytest.mark.parametrize("upto", range(1, len(responses_stream())))
async def test_wherever_a_stream_is_cut_it_is_not_taken_for_whole(upto: int) -> None:
    """Before any content another provider answers; after, it ends with an error and is not kept."""
    async with a_world(one=speaking_responses()) as world:
        world.script(Scripted(responses_stream(upto=upto), headers=EVENTS))
        world.two._script[0] = stream()

        served = await world.serve(responses(world))

        is_other = upto <= BEFORE_CONTENT
        assert served.entry.provider == ("two" if is_other else "one")
        assert served.entry.complete is is_other
        assert events(served.body)[-1]["type"] == ("response.completed" if is_other else "response.failed")
        assert len(world.store.entries) == is_other


@pytest.mark.parametrize(
    "fields",
    [{"previous_response_id": "resp_1"}, {"conversation": "c"}, {"background": True}, {"store": True}],
    ids=str,
)
async def test_what_its_provider_holds_is_relayed_and_never_cached(fields: Body) -> None:
    """Neither looked up nor kept nor shared with an equal request under way."""
    async with a_world(one=speaking_responses()) as world:
        world.script(Scripted(responses_stream(), headers=EVENTS))
        served = [await world.serve(responses(world, **fields)) for _ in range(2)]

        assert [(one.summary.verdict, one.summary.reason) for one in served] == [
            ("bypass", "held-by-provider")
        ] * 2
        assert world.store.entries == {}
        assert json.loads(world.one.requests[-1].body).items() >= fields.items()  # type: ignore[arg-type]  # bytes by then


async def test_an_answer_that_anthropic_streamed_reads_the_same_in_both_of_openais_dialects() -> None:
    """One stored answer, told as each has it."""
    async with a_world() as world:
        world.claude._script[0] = messages_stream()
        fresh = await world.serve(responses(world, model="mixed"))
        stored = await world.ask("Hi", model="mixed", stream=True)

    words = "".join(
        event["delta"] for event in events(fresh.body) if event["type"] == "response.output_text.delta"
    )
    assert stored.summary.verdict == "exact"
    assert text_of(stored.body) == words != ""
