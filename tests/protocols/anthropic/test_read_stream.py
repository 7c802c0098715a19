"""Tests of `sparingly.protocols.anthropic.read_stream`."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparingly.core.chat import Json, Opaque, Text, ToolCall
from sparingly.core.transcript import Delta, TextDelta, UsageTold, fold, has_content
from sparingly.errors import UpstreamBroke, UpstreamNonsense
from sparingly.protocols.anthropic.read_stream import MessagesReader
from tests.generators import Body, cuts
from tests.protocols.anthropic import golden


def read(stream: bytes) -> tuple[list[Delta], MessagesReader]:
    reader = MessagesReader()
    return reader.feed(stream), reader


def events(*bodies: Body) -> bytes:
    """Events as the API names and writes them."""
    return b"".join(
        f"event: {body['type']}\ndata: {json.dumps(body)}\n\n".encode()
        for body in ({"type": "message_start", "message": {"model": "m", "content": []}}, *bodies)
    )


def block(start: Body, *deltas: Body) -> list[Body]:
    """The events of one block."""
    return [
        {"type": "content_block_start", "index": 0, "content_block": start},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
    ]


def test_a_stream_folds_to_the_whole_answer() -> None:
    """The same that reading it whole gives, counts of tokens told once."""
    deltas, reader = read(golden.STREAM)

    assert fold(deltas) == golden.ANSWER
    assert reader.is_complete


@settings(deadline=None)
@given(st.data())
def test_it_does_not_matter_where_the_bytes_are_cut(data: st.DataObject) -> None:
    """In the middle of a character, of an event, of a line end."""
    reader = MessagesReader()

    deltas = [delta for piece in data.draw(cuts(golden.STREAM)) for delta in reader.feed(piece)]

    assert deltas == read(golden.STREAM)[0]


@pytest.mark.parametrize("end", range(0, golden.STREAM.index(b"event: message_stop"), 401))
def test_a_stream_that_is_cut_is_not_complete(end: int) -> None:
    """Not even after the reason to stop: this API always says that it stopped."""
    assert not read(golden.STREAM[:end])[1].is_complete


def test_a_stop_without_a_reason_is_no_proper_end() -> None:
    """Nothing partial is passed off as whole."""
    assert not read(events({"type": "message_stop"}))[1].is_complete


def test_the_beginning_is_no_content() -> None:
    """Until the first words another provider can still be asked."""
    head = golden.STREAM[: golden.STREAM.index(b"event: content_block_delta")]

    assert not has_content(read(head)[0])


def test_counts_are_replaced_never_added() -> None:
    """The later event repeats what the first one told."""
    usage = {"input_tokens": 5, "cache_read_input_tokens": 2, "output_tokens": 9}
    start = {
        "type": "message_start",
        "message": {"model": "m", "content": [], "usage": usage | {"output_tokens": 1}},
    }
    stream = events(start, {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage})

    told = [delta.usage.output_tokens for delta in read(stream)[0] if isinstance(delta, UsageTold)]

    assert told == [1, 9]
    assert (
        fold(read(stream)[0]).usage
        == fold([d for d in read(stream)[0] if isinstance(d, UsageTold)][-1:]).usage
    )


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ({"type": "tool_use", "id": "t", "name": "f", "input": {}}, ToolCall("t", "f", "{}")),
        ({"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}, ToolCall("t", "f", '{"a":1}')),
        ({"type": "text", "text": "all at once"}, Text("all at once")),
        ({"type": "x_new", "a": 1}, Opaque(Json('{"anthropic":{"a":1,"type":"x_new"}}'))),
    ],
)
def test_a_block_may_come_in_one_piece(start: Body, expected: object) -> None:
    """Compatible servers do so; a call without arguments never has another piece."""
    assert fold(read(events(*block(start)))[0]).choices[0].blocks == (expected,)


def test_an_opaque_block_is_put_together() -> None:
    """Server tools stream their input as others do."""
    start = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    pieces = [{"type": "input_json_delta", "partial_json": piece} for piece in ('{"query":', '"x"}')]

    answer = fold(read(events(*block(start, *pieces)))[0])

    whole = '{"anthropic":{"id":"s","input":{"query":"x"},"name":"web_search","type":"server_tool_use"}}'
    assert answer.choices[0].blocks == (Opaque(Json(whole)),)


def test_a_block_that_learns_its_content_later_keeps_it() -> None:
    """The summary of a compacted conversation: kept without it, it would be a failed compaction."""
    start = {"type": "compaction", "content": None}
    later = {"type": "compaction_delta", "content": "So far: x.", "encrypted_content": "e"}

    answer = fold(read(events(*block(start, later)))[0])

    whole = '{"anthropic":{"content":"So far: x.","encrypted_content":"e","type":"compaction"}}'
    assert answer.choices[0].blocks == (Opaque(Json(whole)),)


def test_late_fields_of_the_message_are_kept() -> None:
    """Beside the reason to stop, and beside the delta."""
    stop = {
        "type": "message_delta",
        "delta": {"stop_reason": "stop_sequence", "stop_sequence": "###"},
        "context_management": {"applied_edits": []},
        "usage": {"output_tokens": 1},
    }

    answer = fold(read(events(stop))[0])

    assert answer.extra == (
        '{"anthropic":{"context_management":{"applied_edits":[]},"stop_reason":"stop_sequence","stop_sequence":"###"}}'
    )


def test_unknown_events_and_deltas_say_nothing() -> None:
    """The API may add some at any time."""
    stream = events(
        {"type": "x_new"}, *block({"type": "text", "text": ""}, {"type": "x_delta", "text": "no"})
    )

    assert [delta for delta in read(stream)[0] if isinstance(delta, TextDelta)] == [
        TextDelta(0, "", begins=True)
    ]


def test_an_error_event_breaks_the_stream() -> None:
    """With the provider's own words."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}

    with pytest.raises(UpstreamBroke, match="Overloaded"):
        read(events(error))


@pytest.mark.parametrize(
    "event",
    [
        {"type": "content_block_delta", "index": 3, "delta": {"type": "text_delta", "text": "a"}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "a"}},
        {"type": "content_block_start", "index": 0},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": 4}},
        {"type": "message_delta"},
    ],
)
def test_events_out_of_order_or_shape_are_nonsense(event: Body) -> None:
    """It is told as the provider's fault."""
    with pytest.raises(UpstreamNonsense):
        read(events(event))


def test_an_input_that_is_no_json_is_nonsense() -> None:
    """It could not be stored as what it claims to be."""
    start = {"type": "server_tool_use", "id": "s", "name": "f", "input": {}}

    with pytest.raises(UpstreamNonsense, match="not JSON"):
        read(events(*block(start, {"type": "input_json_delta", "partial_json": '{"a'})))
