"""Tests of `sparingly.protocols.openai_responses.write_stream`."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai import omit
from openai._models import construct_type
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import ResponseStreamEvent

from sparingly.core.answer import Answer, Choice, Usage
from sparingly.core.chat import Ask, Json, Opaque, Refusal, Text, Thinking, ToolCall
from sparingly.core.transcript import (
    Begun,
    Delta,
    Finished,
    TextDelta,
    ToolCallBegun,
    ToolCallDelta,
    fold,
    unfold,
)
from sparingly.protocols.dialect import Reached, Stamp
from sparingly.protocols.openai_responses.read_answer import read_answer
from sparingly.protocols.openai_responses.read_stream import ResponsesReader
from sparingly.protocols.openai_responses.write_answer import write_answer
from sparingly.protocols.openai_responses.write_stream import ResponsesWriter
from sparingly.protocols.sse import SseParser
from tests.asks import ask
from tests.generators import Body, answers
from tests.protocols.mixed import blocks_of, mixed_calls
from tests.protocols.openai_responses import golden
from tests.protocols.openai_responses.drawn import responses

STAMP = Stamp("new", 1_800_000_000)


def stream(answer: Answer, *, piece_chars: int | None = None, of: Ask | None = None) -> bytes:
    """An answer as it is streamed."""
    writer = ResponsesWriter(of or ask(stream=True), STAMP)
    return writer.write(unfold(answer, piece_chars=piece_chars)) + writer.close()


def events(data: bytes) -> list[Body]:
    """The events, each named as its type says."""
    told = SseParser().feed(data)
    bodies = [json.loads(event.data) for event in told]
    assert [event.name for event in told] == [body["type"] for body in bodies]
    return bodies


def kinds(data: bytes) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events(data)]


def test_words_are_told_in_the_order_that_openai_tells_them() -> None:
    """An item and a part open, are filled, and close; the last event holds all of it."""
    told = events(stream(Answer("m", (Choice(0, (Text("Hello!"),), "stop"),), Usage(9, 2)), piece_chars=4))

    assert [event["type"].removeprefix("response.") for event in told] == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [event["sequence_number"] for event in told] == list(range(10))
    assert [event["delta"] for event in told[4:6]] == ["Hell", "o!"]
    assert told[-1]["response"]["output"] == [told[-2]["item"]]
    assert told[-1]["response"]["usage"]["total_tokens"] == 11
    assert {event["response"]["id"] for event in told if "response" in event} == {"resp_sp_new"}


def test_calls_and_reasoning_have_their_own_events() -> None:
    """Each in an item of its own."""
    blocks = (Thinking("Hm."), ToolCall("c1", "f", "{}"), ToolCall("c2", "g", "[1]"))

    told = kinds(stream(Answer("m", (Choice(0, blocks, "tool_calls"),))))

    assert told[2:-1] == [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "function_call_arguments.done",
        "output_item.done",
    ]


def test_pieces_of_several_calls_stay_apart() -> None:
    """However they are mixed, each piece is told at once and with its own item: never in one burst at the end."""
    writer = ResponsesWriter(ask(stream=True), STAMP)
    deltas: list[Delta] = [
        ToolCallBegun(0, 0, "c1", "f"),
        ToolCallDelta(0, 0, '{"a":'),
        ToolCallBegun(0, 1, "c2", "g"),
        ToolCallDelta(0, 1, "{}"),
        ToolCallDelta(0, 0, "1}"),
    ]

    writer.write([Begun("m")])
    pieces = [[event for event in events(writer.write([delta])) if "delta" in event] for delta in deltas]
    last = events(writer.write([Finished(0, "tool_calls")]) + writer.close())[-1]

    assert [[(event["output_index"], event["delta"]) for event in told] for told in pieces] == [
        [],
        [(0, '{"a":')],
        [],
        [(1, "{}")],
        [(0, "1}")],
    ]
    assert [item["arguments"] for item in last["response"]["output"]] == ['{"a":1}', "{}"]


@pytest.mark.slow
@settings(deadline=None)
@given(mixed_calls())
def test_however_calls_are_mixed_the_answer_is_the_same(deltas: list[Delta]) -> None:
    """Items may come mixed here, and each folds to itself."""
    writer = ResponsesWriter(ask(stream=True), STAMP)
    written = b"".join(writer.write([delta]) for delta in deltas) + writer.close()

    assert blocks_of(fold(ResponsesReader().feed(written))) == blocks_of(fold(deltas))


@pytest.mark.parametrize(
    ("finish", "kind", "reason"),
    [
        ("stop", "response.completed", None),
        ("tool_calls", "response.completed", None),
        ("length", "response.incomplete", "max_output_tokens"),
        ("content_filter", "response.incomplete", "content_filter"),
    ],
)
def test_the_last_event_says_how_it_ended(finish: str, kind: str, reason: str | None) -> None:
    """An answer that was cut by a limit is not a complete one."""
    last = events(stream(Answer("m", (Choice(0, (Text("Hi"),), finish),))))[-1]

    assert last["type"] == kind
    assert (last["response"]["incomplete_details"] or {}).get("reason") == reason


def test_nothing_is_told_before_there_is_something_to_tell() -> None:
    """The id of a stored answer is known only with its first words."""
    writer = ResponsesWriter(ask(stream=True), STAMP)

    assert writer.write([Begun("m")]) == b""
    assert kinds(writer.write([TextDelta(0, "Hi")]))[:2] == ["created", "in_progress"]


def test_how_far_it_got_can_be_told() -> None:
    """An error that ends the stream goes on counting."""
    writer = ResponsesWriter(ask(stream=True), STAMP)
    told = events(writer.write([Begun("m"), TextDelta(0, "Hi")]))

    assert writer.reached == Reached("resp_sp_new", "m", told[-1]["sequence_number"] + 1)


def test_openais_stream_is_written_as_the_same_answer() -> None:
    """All that the provider told but its ids, the parts of its reasoning and what it repeats of the request."""
    reader = ResponsesReader()

    again = fold(reader.feed(stream(golden.ANSWER, piece_chars=3)))

    assert again == msgspec.structs.replace(
        golden.ANSWER, extra=Json('{"openai-responses":{"x_new":{"of":"tomorrow"}},"service_tier":"default"}')
    )


@pytest.mark.slow
@settings(deadline=None)
@given(responses, st.sampled_from([None, 1, 5]))
def test_what_was_read_is_streamed_so_that_it_reads_the_same(body: Body, piece_chars: int | None) -> None:
    """The law: fold(unfold(answer)) is the answer, by way of the wire."""
    answer = read_answer(json.dumps(body).encode())
    reader = ResponsesReader()

    again = fold(reader.feed(stream(answer, piece_chars=piece_chars)))

    assert again == answer
    assert reader.is_complete


@pytest.mark.slow
@settings(deadline=None)
@given(answers())
def test_any_answer_streams_as_it_is_told_whole(answer: Answer) -> None:
    """Both ways a client gets the same items, but for the ids and parts of reasoning."""
    last = events(stream(answer, piece_chars=3))[-1]["response"]
    whole = json.loads(write_answer(answer, STAMP))

    assert last["status"] == whole["status"]
    assert [item["type"] for item in last["output"]] == [item["type"] for item in whole["output"]]
    assert [item for item in last["output"] if item["type"] != "reasoning"] == [
        {**item, "status": "completed"} if "status" in item else item
        for item in whole["output"]
        if item["type"] != "reasoning"
    ]


@pytest.mark.parametrize("piece_chars", [None, 2], ids=["at-once", "in-pieces"])
@pytest.mark.parametrize(
    "answer",
    [
        golden.ANSWER,
        Answer(
            "m", (Choice(0, (Thinking("Hm."), Text(""), Refusal("No."), ToolCall("c", "f", "")), "stop"),)
        ),
        Answer(
            "m", (Choice(0, (ToolCall("c1", "f", "{}"), Text("So."), ToolCall("c2", "g", "{}")), "length"),)
        ),
        Answer("m", (Choice(0, (), "stop"),)),
    ],
    ids=["golden", "refusal", "words-between-calls", "nothing"],
)
def test_openais_own_client_understands_every_event(answer: Answer, piece_chars: int | None) -> None:
    """Its state machine checks indexes, ids and order."""
    state: ResponseStreamState[None] = ResponseStreamState(input_tools=[], text_format=omit)
    told = events(stream(answer, piece_chars=piece_chars))

    for event in told:
        state.handle_event(construct_type(type_=ResponseStreamEvent, value=event))  # type: ignore[arg-type]  # as the client does

    assert [event["sequence_number"] for event in told] == list(range(len(told)))


def test_parts_of_other_dialects_are_left_out() -> None:
    """A client of this API has no use for another's server tools."""
    blocks = (
        Text("Hi"),
        Opaque(Json('{"anthropic":{"type":"redacted_thinking","data":"x"}}')),
        Refusal("No."),
    )

    last = events(stream(Answer("m", (Choice(0, blocks, "stop"),))))[-1]

    (message,) = last["response"]["output"]
    assert [part["type"] for part in message["content"]] == ["output_text", "refusal"]
