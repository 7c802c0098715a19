"""Passing a streamed answer on while it arrives."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparingly.core.answer import Answer
from sparingly.core.chat import Ask
from sparingly.errors import UpstreamBroke, UpstreamNonsense
from sparingly.pipeline.relay import Relay
from sparingly.pipeline.turns import Turns
from sparingly.protocols.dialect import Stamp
from sparingly.protocols.dialects import INBOUND, OUTBOUND
from sparingly.protocols.openai_chat.outbound import UsageStripper
from tests.fakes.upstream import Scripted, ScriptedReply
from tests.generators import cuts
from tests.pipeline.wire import PARIS, chunk, datas, pieces, stream, text_of

pytestmark = pytest.mark.anyio

OPENING = chunk({"role": "assistant", "content": ""})
ERROR_EVENT = b'data: {"error": {"message": "overloaded"}}\n\n'
STAMP = Stamp(id="1", created=1)


class ThinkingReply(ScriptedReply):
    """Says nothing after its first piece until it is told to."""

    def __init__(self, first: bytes, then: Scripted) -> None:
        super().__init__(then)
        self._first = first
        self.has_thought = asyncio.Event()

    async def body(self) -> AsyncIterator[bytes]:
        yield self._first
        await self.has_thought.wait()
        async for piece in super().body():
            yield piece


def _relay(
    scripted: Scripted | ScriptedReply,
    *,
    translated: bool = False,
    strips_usage: bool = False,
    turns: Turns | None = None,
    hold_s: float = 60.0,
) -> Relay:
    inbound = INBOUND["openai"]
    return Relay(
        ScriptedReply(scripted) if isinstance(scripted, Scripted) else scripted,
        reader=OUTBOUND["openai"].reader(),
        inbound=inbound,
        writer=inbound.stream(Ask("gpt-4o", (), include_usage=True), STAMP) if translated else None,
        stripper=UsageStripper() if strips_usage else None,
        turns=Turns() if turns is None else turns,
        hold_s=hold_s,
    )


async def _all(relay: Relay) -> list[bytes]:
    await relay.open()
    return [piece async for piece in relay.pieces()]


async def test_the_same_dialect_passes_byte_for_byte_and_piece_for_piece() -> None:
    """And is understood on the side."""
    relay = _relay(stream())

    got = await _all(relay)

    assert got == list(pieces())
    answer = relay.answer()
    assert answer is not None
    assert answer.text == PARIS
    assert answer.usage is not None
    assert relay.complete
    assert relay.trouble is None


async def test_opening_waits_for_the_first_content() -> None:
    """What came before it is not lost."""
    relay = _relay(stream())

    await relay.open()

    assert relay._early == list(pieces()[:2])


async def test_another_dialect_is_written_anew() -> None:
    """With an id of ours and the words of theirs; the usage where it was asked for."""
    relay = _relay(stream(), translated=True)

    body = b"".join(await _all(relay))

    assert text_of(body) == PARIS
    assert {data["id"] for data in datas(body)} == {"chatcmpl-1"}
    assert body.endswith(b"data: [DONE]\n\n")
    assert isinstance(relay.answer(), Answer)


async def test_counts_that_only_we_asked_for_are_taken_out() -> None:
    """The ledger has them all the same."""
    relay = _relay(stream(), strips_usage=True)

    body = b"".join(await _all(relay))

    assert body == b"".join(pieces(usage=None))
    answer = relay.answer()
    assert answer is not None
    assert answer.usage is not None


@pytest.mark.parametrize("translated", [False, True])
@pytest.mark.parametrize("is_cut", [False, True])
async def test_a_stream_that_is_cut_ends_with_an_explicit_error(*, translated: bool, is_cut: bool) -> None:
    """Reset or closed too early: nothing partial is passed off as whole."""
    relay = _relay(stream(*pieces()[:4], is_cut=is_cut), translated=translated)

    *_, last = await _all(relay)

    error = datas(last)[-1]["error"]
    assert isinstance(error, dict)
    assert error["code"] == "upstream-broke"
    assert not relay.complete
    assert relay.answer() is None
    assert isinstance(relay.trouble, UpstreamBroke)


@pytest.mark.parametrize("translated", [False, True])
async def test_a_providers_error_in_the_stream_is_no_end(*, translated: bool) -> None:
    """The client is told in its own dialect."""
    relay = _relay(stream(*pieces()[:4], ERROR_EVENT), translated=translated)

    *_, last = await _all(relay)

    assert b"overloaded" in last
    assert not relay.complete
    assert relay.answer() is None


@pytest.mark.parametrize("translated", [False, True])
async def test_nonsense_after_content_is_no_answer(*, translated: bool) -> None:
    """It is not kept, and the client is told."""
    relay = _relay(stream(*pieces()[:4], b"data: [1, 2]\n\n"), translated=translated)

    await _all(relay)

    assert isinstance(relay.trouble, UpstreamNonsense)
    assert relay.answer() is None


@pytest.mark.parametrize(
    ("scripted", "error"),
    [
        (stream(OPENING), UpstreamBroke),
        (stream(OPENING, is_cut=True), UpstreamBroke),
        (stream(OPENING, ERROR_EVENT), UpstreamBroke),
        (stream(b"data: nonsense\n\n"), UpstreamNonsense),
    ],
)
async def test_opening_fails_where_nothing_was_said(scripted: Scripted, error: type[Exception]) -> None:
    """Then another candidate can still be asked."""
    with pytest.raises(error):
        await _relay(scripted).open()


async def test_an_answer_of_calls_alone_opens_too() -> None:
    """A call is content; so is an empty answer that says it is done."""
    call = {
        "tool_calls": [
            {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
        ]
    }

    for scripted in (stream(chunk(call), chunk({}, finish="tool_calls")), stream(chunk({}, finish="stop"))):
        relay = _relay(scripted)
        await _all(relay)

        assert relay.complete


@pytest.mark.parametrize("words", [10, 300, 3_000])
async def test_a_long_answer_is_read_in_portions_and_whole_in_the_end(words: int) -> None:
    """Portions hold the event loop shortly."""
    text = " ".join(f"word{number}" for number in range(words))
    relay = _relay(stream(*pieces(text)))

    await _all(relay)

    answer = relay.answer()
    assert answer is not None
    assert answer.text == text


async def test_what_had_arrived_counts_even_where_it_was_not_read_yet() -> None:
    """The client left in the middle: the ledger must know how much there was."""
    relay = _relay(stream())
    await relay.open()
    source = relay.pieces()
    for _ in range(5):
        await anext(source)
    await source.aclose()

    assert relay.partial().text == "Paris is the capital "
    assert relay.answer() is None


async def test_what_had_arrived_counts_although_its_end_makes_no_sense() -> None:
    """Reading it for the ledger raises nothing."""
    relay = _relay(stream(*pieces()[:4], b"data: nonsense\n\n", b"data: more\n\n"))
    await relay.open()
    source = relay.pieces()
    for _ in range(5):
        await anext(source)
    await source.aclose()

    assert relay.partial().text == "Paris "


async def test_closing_closes_the_reply() -> None:
    """The provider is told by the closed connection."""
    relay = _relay(stream())

    await relay.aclose()

    assert isinstance(relay._reply, ScriptedReply)
    assert relay._reply.is_closed


@settings(max_examples=50)
@given(cut=cuts(b"".join(pieces())), translated=st.booleans(), strips_usage=st.booleans())
def test_wherever_the_network_cuts_the_bytes_the_answer_is_the_same(
    *, cut: list[bytes], translated: bool, strips_usage: bool
) -> None:
    """Pieces are not events."""
    relay = _relay(
        msgspec.structs.replace(stream(), pieces=tuple(cut)),
        translated=translated,
        strips_usage=strips_usage and not translated,
    )

    body = b"".join(asyncio.run(_all(relay)))

    assert text_of(body) == PARIS
    answer = relay.answer()
    assert answer is not None
    assert answer.text == PARIS


async def test_streams_that_end_together_are_read_one_a_turn() -> None:
    """Whoever still has something to pass on need not wait until all of them are read."""
    turns = Turns()
    relays = [_relay(stream(), turns=turns) for _ in range(5)]
    read: list[int] = []

    async def play(relay: Relay) -> None:
        await _all(relay)
        read.append(turn)

    turn = 0
    async with asyncio.TaskGroup() as group:
        for relay in relays:
            group.create_task(play(relay))
        while len(read) < len(relays):
            turn += 1
            await asyncio.sleep(0)

    assert len(set(read)) == len(relays)
    assert all(relay.complete for relay in relays)


@pytest.mark.parametrize("translated", [False, True])
@pytest.mark.parametrize("is_cut", [False, True])
async def test_a_model_that_thinks_in_silence_does_not_look_dead(*, translated: bool, is_cut: bool) -> None:
    """What has come is passed on after a while; from then on a failure is told in the stream."""
    first, *rest = pieces()
    reply = ThinkingReply(first, stream(*(rest[:1] if is_cut else rest), is_cut=is_cut))
    relay = _relay(reply, translated=translated, hold_s=0.0)

    await relay.open()
    reply.has_thought.set()
    body = b"".join([piece async for piece in relay.pieces()])

    if is_cut:
        assert isinstance(relay.trouble, UpstreamBroke)
        assert b"upstream-broke" in body
    else:
        assert text_of(body) == PARIS
        assert relay.complete


async def test_who_leaves_while_a_model_thinks_ends_the_waiting() -> None:
    """Nothing goes on for nobody."""
    reply = ThinkingReply(OPENING, stream())
    relay, before = _relay(reply, hold_s=0.0), asyncio.all_tasks()
    await relay.open()

    await relay.aclose()

    assert reply.is_closed
    assert asyncio.all_tasks() == before
