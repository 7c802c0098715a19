"""Tests of `sparingly.protocols.openai_responses.read_stream`."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparingly.core.chat import Json, Refusal, Text, Thinking, ToolCall
from sparingly.core.transcript import Begun, Delta, TextDelta, fold
from sparingly.errors import UpstreamBroke, UpstreamNonsense
from sparingly.protocols.dialect import Reached
from sparingly.protocols.openai_responses.read_answer import read_answer
from sparingly.protocols.openai_responses.read_stream import ResponsesReader
from tests.generators import cuts
from tests.protocols.openai_responses import golden
from tests.protocols.openai_responses.golden import EVENTS, written

MESSAGE = {"type": "message", "role": "assistant", "content": []}


def read(stream: bytes) -> tuple[list[Delta], ResponsesReader]:
    reader = ResponsesReader()
    return reader.feed(stream), reader


def test_openais_stream_folds_to_the_whole_answer() -> None:
    """The law that lets one stored answer serve both."""
    deltas, reader = read(golden.STREAM)

    assert fold(deltas) == read_answer(golden.WHOLE) == golden.ANSWER
    assert reader.is_complete


@settings(deadline=None)
@given(st.data())
def test_it_does_not_matter_where_the_bytes_are_cut(data: st.DataObject) -> None:
    """In the middle of a character, of an event, of a line end."""
    reader = ResponsesReader()

    deltas = [delta for piece in data.draw(cuts(golden.STREAM)) for delta in reader.feed(piece)]

    assert deltas == read(golden.STREAM)[0]


def test_words_are_told_as_they_come() -> None:
    """Not when their part is done."""
    places = [place for place, (kind, _) in enumerate(EVENTS) if kind == "response.output_text.delta"]
    before, upto = written(EVENTS[: places[0]]), written(EVENTS[: places[0] + 1])
    reader = ResponsesReader()
    reader.feed(before)

    assert reader.feed(upto[len(before) :]) == [TextDelta(0, "Hi")]


@pytest.mark.parametrize("end", range(len(EVENTS) - 1))
def test_a_stream_without_its_last_event_is_not_complete(end: int) -> None:
    """Wherever it is cut."""
    assert not read(written(EVENTS[:end]))[1].is_complete


@pytest.mark.parametrize("reason", ["max_output_tokens", "content_filter"])
def test_a_stream_that_a_limit_ended_is_complete(reason: str) -> None:
    """It says why, which the finish tells on."""
    response = {"model": "m", "status": "incomplete", "incomplete_details": {"reason": reason}}

    deltas, reader = read(written([("response.incomplete", {"response": response})]))

    assert reader.is_complete
    assert fold(deltas).choices[0].finish == {"max_output_tokens": "length"}.get(reason, reason)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (
            "response.failed",
            {"response": {"status": "failed", "error": {"code": "server_error", "message": "Oh."}}},
        ),
        ("error", {"code": "server_error", "message": "Oh.", "param": None}),
        ("error", {"error": {"type": "server_error", "message": "Oh."}}),
    ],
)
def test_the_providers_error_ends_the_stream(kind: str, fields: dict[str, object]) -> None:
    """In each of the forms that it has been seen in; what was told before stays told."""
    reader = ResponsesReader()
    reader.feed(written(EVENTS[:8]))

    with pytest.raises(UpstreamBroke, match=r"Oh\."):
        reader.feed(written([(kind, fields)]))


def test_an_error_without_a_type_is_one_too() -> None:
    """Servers in front of the provider write what they know."""
    with pytest.raises(UpstreamBroke, match="overloaded"):
        read(b'data: {"error":{"message":"overloaded"}}\n\n')


def test_a_server_that_sends_no_deltas_is_understood() -> None:
    """All is in the items that are done."""
    events = [
        ("response.created", {"response": {"model": "m"}}),
        *((kind, fields) for kind, fields in EVENTS if kind == "response.output_item.done"),
        EVENTS[-1],
    ]

    assert fold(read(written(events))[0]) == golden.ANSWER


def test_an_item_announced_without_saying_what_it_is_is_read_over() -> None:
    """As openai-python does; its end says it."""
    text = {"type": "output_text", "text": "Hi", "annotations": []}
    events: list[tuple[str, dict[str, object]]] = [
        ("response.output_item.added", {"output_index": 0, "item": None}),
        ("response.output_item.done", {"output_index": 0, "item": MESSAGE | {"content": [text]}}),
    ]

    assert fold(read(written(events))[0]).choices[0].blocks == (Text("Hi"),)


@pytest.mark.parametrize("kind", [[], {}, 1, None])
def test_an_event_of_no_kind_is_read_over(kind: object) -> None:
    """As one of an unknown kind is."""
    assert ResponsesReader().feed(b"data: " + json.dumps({"type": kind}).encode() + b"\n\n") == []


def test_empty_parts_survive() -> None:
    """A refusal of no words is a refusal still."""
    at = {"output_index": 0, "item_id": "m", "content_index": 0}
    events: list[tuple[str, dict[str, object]]] = [
        ("response.output_item.added", {"output_index": 0, "item": MESSAGE}),
        ("response.content_part.added", at | {"part": {"type": "refusal", "refusal": ""}}),
    ]

    assert fold(read(written(events))[0]).choices[0].blocks == (Refusal(""),)


def test_reasoning_in_the_open_is_read() -> None:
    """As servers of open models stream it."""
    at = {"output_index": 0, "item_id": "r", "content_index": 0}
    item = {"type": "reasoning", "id": "r", "summary": []}
    content = [{"type": "reasoning_text", "text": "Hm."}]
    events: list[tuple[str, dict[str, object]]] = [
        ("response.output_item.added", {"output_index": 0, "item": item}),
        ("response.reasoning_text.delta", at | {"delta": "Hm."}),
        ("response.output_item.done", {"output_index": 0, "item": item | {"content": content}}),
    ]

    assert fold(read(written(events))[0]).choices[0].blocks == (
        Thinking("Hm.", Json('openai-responses:{"content":[3],"id":"r"}')),
    )


def test_calls_without_arguments_are_calls() -> None:
    """No delta comes for them."""
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": ""}

    deltas, _ = read(written([("response.output_item.done", {"output_index": 0, "item": call})]))

    assert fold(deltas).choices[0].blocks == (ToolCall("c", "f", ""),)


def test_how_far_it_got_can_be_told() -> None:
    """For an error that takes its place in the stream."""
    _, reader = read(written(EVENTS[:5]))

    assert reader.reached == Reached("resp_67ccd2bed1ec8190", "gpt-5.2-2026-08-07", 5)


def test_the_model_is_told_at_once() -> None:
    """With the first event."""
    assert read(written(EVENTS[:1]))[0] == [Begun("gpt-5.2-2026-08-07")]


@pytest.mark.parametrize(
    "event",
    [
        b'{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"x"}',
        b'{"type":"response.output_item.done","item":{}}',
        b'{"type":"response.completed"}',
        b"[1]",
        b"nonsense",
    ],
)
def test_what_makes_no_sense_is_refused(event: bytes) -> None:
    """Rather than guessed at."""
    with pytest.raises(UpstreamNonsense):
        read(b"data: " + event + b"\n\n")
