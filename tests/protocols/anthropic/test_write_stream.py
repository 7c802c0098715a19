"""Tests of `sparingly.protocols.anthropic.write_stream`."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparingly.core.answer import Answer, Block, Choice, Usage
from sparingly.core.chat import Ask, Json, Opaque, Refusal, Text, Thinking, ToolCall
from sparingly.core.transcript import (
    Begun,
    Delta,
    Finished,
    TextDelta,
    ToolCallBegun,
    ToolCallDelta,
    UsageTold,
    fold,
    unfold,
)
from sparingly.protocols.anthropic.read_stream import MessagesReader
from sparingly.protocols.anthropic.write_answer import write_answer
from sparingly.protocols.anthropic.write_stream import MessagesWriter
from sparingly.protocols.dialect import Stamp
from tests.generators import answers as any_answers
from tests.generators import cuts
from tests.protocols.anthropic import golden
from tests.protocols.anthropic.bodies import answers
from tests.protocols.anthropic.events import checked, events_of, told_usage
from tests.protocols.mixed import blocks_of, mixed_calls
from tests.protocols.openai_chat import golden as golden_chat

STAMP = Stamp("new", 1_800_000_000)
ASK = Ask("asked", (), stream=True)


def stream(answer: Answer, *, piece_chars: int | None = None, cached: bool = False) -> bytes:
    """An answer as it is streamed."""
    writer = MessagesWriter(ASK, Stamp(STAMP.id, STAMP.created, cached))
    return writer.write(unfold(answer, piece_chars=piece_chars)) + writer.close()


def answer(*blocks: Block, finish: str = "stop", usage: Usage | None = None) -> Answer:
    return Answer("m", (Choice(0, blocks, finish),), usage)


def test_a_stream_is_written_as_anthropic_writes_it() -> None:
    """The exact bytes: start, block, stop, reason and counts, end."""
    written = stream(answer(Text("Hello"), usage=Usage(9, 2)), piece_chars=3)

    assert written == (
        b"event: message_start\n"
        b'data: {"type":"message_start","message":{"id":"msg_new","type":"message","role":"assistant","model":"m",'
        b'"content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,'
        b'"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}\n\n'
        b"event: content_block_start\n"
        b'data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n'
        b"event: content_block_delta\n"
        b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}\n\n'
        b"event: content_block_delta\n"
        b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}}\n\n'
        b"event: content_block_stop\n"
        b'data: {"type":"content_block_stop","index":0}\n\n'
        b"event: message_delta\n"
        b'data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null,'
        b'"stop_details":null},"usage":{"output_tokens":2}}\n\n'
        b"event: message_stop\n"
        b'data: {"type":"message_stop"}\n\n'
    )


def test_indexes_are_right_when_words_and_tools_take_turns() -> None:
    """Each block has its own, in order, and is closed before the next begins."""
    message = checked(
        stream(
            answer(
                Thinking("hm", "sig"),
                Text("I look."),
                ToolCall("c1", "f", '{"a":1}'),
                Text("And"),
                ToolCall("c2", "g", "{}"),
                finish="tool_calls",
            ),
            piece_chars=2,
        )
    )

    assert [block.type for block in message.content] == ["thinking", "text", "tool_use", "text", "tool_use"]
    assert message.stop_reason == "tool_use"


@pytest.mark.parametrize("arguments", ["", "{}"])
def test_an_empty_input_is_kept(arguments: str) -> None:
    """A call without arguments is a call, and its input an object."""
    written = stream(answer(ToolCall("c", "f", arguments), finish="tool_calls"))

    (start,) = [event for event in events_of(written) if event["type"] == "content_block_start"]
    assert start["content_block"] == {"type": "tool_use", "id": "c", "name": "f", "input": {}}
    (block,) = checked(written).content
    assert block.type == "tool_use"
    assert block.input == {}


def test_arguments_come_piece_by_piece() -> None:
    """Not in one burst at the end."""
    written = stream(answer(ToolCall("c", "f", '{"a":"bcdef"}'), finish="tool_calls"), piece_chars=4)

    deltas = [event["delta"] for event in events_of(written) if event["type"] == "content_block_delta"]
    assert [delta["partial_json"] for delta in deltas] == ['{"a"', ':"bc', 'def"', "}"]


def test_counts_are_told_once() -> None:
    """Whoever adds message_start and message_delta has the right sum."""
    usage = Usage(input_tokens=100, output_tokens=7, cached_input_tokens=60, cache_write_tokens=30)

    assert told_usage(stream(answer(Text("a"), usage=usage))) == {
        "input_tokens": 10,
        "cache_read_input_tokens": 60,
        "cache_creation_input_tokens": 30,
        "output_tokens": 7,
    }


def test_counts_that_come_late_are_told_at_the_end() -> None:
    """Chat Completions tells them last, and only then."""
    writer = MessagesWriter(ASK, STAMP)
    late = UsageTold(Usage(100, 7, 60))
    written = writer.write([Begun("m"), TextDelta(0, "a"), Finished(0, "stop"), late]) + writer.close()

    assert told_usage(written) == {
        "input_tokens": 40,
        "cache_read_input_tokens": 60,
        "cache_creation_input_tokens": 0,
        "output_tokens": 7,
    }
    assert checked(written).usage.cache_read_input_tokens == 60


def test_a_stored_answer_says_so_in_its_usage() -> None:
    """As in a whole answer: not nothing, and marked."""
    written = stream(answer(Text("a"), usage=Usage(12, 8)), cached=True)

    usage = checked(written).usage
    assert (usage.cache_read_input_tokens, usage.output_tokens) == (12, 8)
    assert events_of(written)[0]["message"]["usage"]["cached"] is True


def test_nothing_is_sent_before_there_is_content() -> None:
    """What is told by then stands in the first event."""
    writer = MessagesWriter(ASK, STAMP)

    assert writer.write([Begun("m"), UsageTold(Usage(3, 0))]) == b""
    assert b'"input_tokens":3' in writer.write([TextDelta(0, "a")])


def test_an_answer_without_content_is_a_stream_all_the_same() -> None:
    """Start, reason, end."""
    message = checked(stream(answer(usage=Usage(3, 0))))

    assert (message.content, message.stop_reason) == ([], "end_turn")


def test_the_model_is_the_one_that_answered() -> None:
    """In message_start as in a whole answer; without a name it is the asked one."""
    named = checked(stream(answer(Text("a"))))
    writer = MessagesWriter(ASK, STAMP)
    nameless = checked(writer.write([TextDelta(0, "a")]) + writer.close())

    assert named.model == json.loads(write_answer(answer(Text("a")), STAMP))["model"] == "m"
    assert nameless.model == "asked"


def test_the_stream_of_the_provider_survives_being_stored_and_streamed_again() -> None:
    """Citations, redacted reasoning, unknown fields and all."""
    first = fold(MessagesReader().feed(golden.STREAM))

    again = fold(MessagesReader().feed(stream(first, piece_chars=2)))

    assert again == first == golden.ANSWER


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(answers(), st.none() | st.integers(1, 7))
def test_every_answer_of_this_dialect_survives_its_stream(answer: Answer, piece_chars: int | None) -> None:
    """fold(read(write(unfold(answer)))) is the answer, and the stream is valid event by event."""
    written = stream(answer, piece_chars=piece_chars)

    checked(written)
    assert fold(MessagesReader().feed(written)) == answer


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(any_answers(), st.none() | st.integers(1, 7))
def test_every_answer_of_any_dialect_is_a_valid_stream(answer: Answer, piece_chars: int | None) -> None:
    """Its first draft's words arrive; what has no place here breaks nothing."""
    answer = with_objects(answer)
    message = checked(stream(answer, piece_chars=piece_chars))

    said = "".join(block.text for block in message.content if block.type == "text")
    parts = [part for part in answer.choices[0].blocks if isinstance(part, Text | Refusal)]
    assert said == "".join(part.text for part in parts)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(st.data())
def test_bytes_cut_anywhere_give_the_same_events(data: st.DataObject) -> None:
    """As TCP cuts them."""
    written = stream(data.draw(answers()), piece_chars=5)
    reader = MessagesReader()

    deltas = [delta for piece in data.draw(cuts(written)) for delta in reader.feed(piece)]

    assert deltas == MessagesReader().feed(written)
    assert reader.is_complete


def test_a_stream_of_another_house_is_told_in_this_dialect() -> None:
    """A golden answer of Chat Completions, calls and reasoning included."""
    message = checked(stream(golden_chat.ANSWER, piece_chars=3))

    calls = [block for block in golden_chat.ANSWER.choices[0].blocks if isinstance(block, ToolCall)]
    told = [block for block in message.content if block.type == "tool_use"]
    assert [(call.id, call.name) for call in calls] == [(call.id, call.name) for call in told]


def test_calls_that_are_mixed_become_one_block_after_the_other() -> None:
    """The first is told as it comes, the second once the first is whole."""
    writer = MessagesWriter(ASK, STAMP)
    begun = writer.write([ToolCallBegun(0, 0, "a", "f"), ToolCallBegun(0, 1, "b", "g")])
    first = writer.write([ToolCallDelta(0, 0, '{"x"'), ToolCallDelta(0, 1, '{"y":')])
    rest = writer.write([ToolCallDelta(0, 0, ":1}"), ToolCallDelta(0, 1, "2}"), Finished(0, "tool_calls")])

    assert b'"partial_json":"{\\"x\\""' in first
    assert b'"index":1' not in begun + first
    message = checked(begun + first + rest + writer.close())
    assert [block.input for block in message.content if block.type == "tool_use"] == [{"x": 1}, {"y": 2}]


@pytest.mark.slow
@settings(deadline=None)
@given(mixed_calls())
def test_however_calls_are_mixed_the_answer_is_the_same(deltas: list[Delta]) -> None:
    """Any order of the pieces folds to the same blocks, and the stream is valid event by event."""
    writer = MessagesWriter(ASK, STAMP)
    written = b"".join(writer.write([delta]) for delta in deltas) + writer.close()

    checked(written)
    assert blocks_of(fold(MessagesReader().feed(written))) == blocks_of(fold(deltas))


def test_what_only_another_dialect_knows_is_left_out() -> None:
    """Audio, log probabilities, further drafts."""
    blocks = (Text("a"), Opaque(Json('{"type":"audio","audio":{}}')), Text("b"))
    drafts = (Choice(0, blocks, "stop", logprobs=Json('{"content":[]}')), Choice(1, (Text("c"),), "stop"))

    message = checked(stream(Answer("m", drafts)))

    assert [block.text for block in message.content if block.type == "text"] == ["a", "b"]


def with_objects(answer: Answer) -> Answer:
    """Models of other houses may write arguments that no client can parse; that is another test."""
    first, *rest = answer.choices
    blocks = tuple(ToolCall(b.id, b.name, '{"a":1}') if isinstance(b, ToolCall) else b for b in first.blocks)
    return msgspec.structs.replace(answer, choices=(msgspec.structs.replace(first, blocks=blocks), *rest))


def test_a_stream_that_calls_a_tool_ends_for_it() -> None:
    """As a whole answer does."""
    called = checked(stream(answer(ToolCall("c", "f", "{}"), finish="stop")))

    assert called.stop_reason == "tool_use"


@pytest.mark.parametrize("summary", ["So far: x.", None])
def test_a_compaction_is_told_as_anthropic_tells_it(summary: str | None) -> None:
    """Its block begins empty; what is read again is the same, also where it failed."""
    block = {"type": "compaction", "content": summary, "encrypted_content": "e"}
    compacted = answer(Opaque(Json(msgspec.json.encode({"anthropic": block}, order="sorted").decode())))

    written = stream(compacted)

    begun, later = events_of(written)[1:3]
    assert begun["content_block"] == block | {"content": None, "encrypted_content": None}
    assert later["delta"] == {"type": "compaction_delta", "content": summary, "encrypted_content": "e"}
    assert fold(MessagesReader().feed(written)).choices == compacted.choices
