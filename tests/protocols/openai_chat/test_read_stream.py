"""Tests of `sparingly.protocols.openai_chat.read_stream`."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparingly.core.answer import Choice, Usage
from sparingly.core.chat import Json, Opaque, Text, Thinking, ToolCall
from sparingly.core.transcript import Begun, Delta, TextDelta, fold
from sparingly.errors import UpstreamBroke, UpstreamNonsense
from sparingly.protocols.openai_chat.read_stream import ChatReader
from tests.generators import Body, cuts
from tests.protocols.openai_chat import golden


def read(stream: bytes) -> tuple[list[Delta], ChatReader]:
    reader = ChatReader()
    return reader.feed(stream), reader


def chunk(*choices: Body, **fields: object) -> bytes:
    """One chunk as an event."""
    return b"data: " + json.dumps({"model": "m", "choices": list(choices)} | fields).encode() + b"\n\n"


def said(*deltas: Body) -> Choice:
    """The first choice after chunks with these deltas."""
    stream = b"".join(chunk({"index": 0, "delta": delta, "finish_reason": None}) for delta in deltas)
    return fold(read(stream)[0]).choices[0]


def test_openais_stream_folds_to_the_whole_answer() -> None:
    """With what each chunk repeats told once, and padding forgotten."""
    deltas, reader = read(golden.STREAM)

    assert fold(deltas) == golden.ANSWER
    assert reader.is_complete


@settings(deadline=None)
@given(st.data())
def test_it_does_not_matter_where_the_bytes_are_cut(data: st.DataObject) -> None:
    """In the middle of a character, of an event, of a line end."""
    reader = ChatReader()

    deltas = [delta for piece in data.draw(cuts(golden.STREAM)) for delta in reader.feed(piece)]

    assert deltas == read(golden.STREAM)[0]


def test_words_are_told_as_they_come() -> None:
    """The first chunk's empty words are none."""
    first, second = golden.STREAM.split(b"\n\n")[:2]
    reader = ChatReader()

    assert [d for d in reader.feed(first + b"\n\n") if isinstance(d, TextDelta)] == []
    assert reader.feed(second + b"\n\n") == [TextDelta(0, "Hel")]


def test_a_stream_is_complete_when_every_choice_has_finished() -> None:
    """A finish for one draft is not one for the other; `[DONE]` alone is none at all."""
    reader = ChatReader()
    reader.feed(chunk({"index": 0, "delta": {"content": "a"}}, {"index": 1, "delta": {"content": "b"}}))
    reader.feed(chunk({"index": 0, "delta": {}, "finish_reason": "stop"}))
    assert not reader.is_complete

    reader.feed(chunk({"index": 1, "delta": {}, "finish_reason": "stop"}))
    assert reader.is_complete

    _, nothing = read(b"data: [DONE]\n\n")
    assert not nothing.is_complete


@pytest.mark.parametrize("end", range(0, len(golden.STREAM) - 400, 211))
def test_a_stream_that_is_cut_is_not_complete(end: int) -> None:
    """Anywhere before the finish reason."""
    cut = golden.STREAM[: min(end, golden.STREAM.index(b'"finish_reason":"tool_calls"'))]

    assert not read(cut)[1].is_complete


def test_reasoning_is_read_under_either_name() -> None:
    """The newer name is remembered once; an empty or null one says nothing."""
    older = said(
        {"reasoning_content": "h"}, {"reasoning_content": "m"}, {"content": "x", "reasoning_content": None}
    )
    newer = said({"reasoning": "h", "content": None}, {"reasoning": "m"}, {"content": "x", "reasoning": ""})

    assert older.blocks == newer.blocks == (Thinking("hm"), Text("x"))
    assert older.message_extra is None
    assert newer.message_extra == '{"reasoning":""}'


def test_unknown_fields_are_kept() -> None:
    """Of the answer, the choice and the message; nulls say nothing."""
    stream = chunk(
        {
            "index": 0,
            "delta": {"content": "a", "note": "x", "none": None},
            "filter": {"hate": False},
            "stop_reason": None,
        },
        provider="p",
        nothing=None,
    ) + chunk(
        {"index": 0, "delta": {"note": "y"}, "finish_reason": "stop"}, provider="p", moderation={"a": 1}
    )

    answer = fold(read(stream)[0])

    assert answer.extra == '{"moderation":{"a":1},"provider":"p"}'
    assert answer.choices[0].extra == '{"filter":{"hate":false}}'
    assert answer.choices[0].message_extra == '{"note":"xy"}'


def test_probabilities_are_put_together() -> None:
    """One list of all tokens, as in a whole answer."""
    stream = chunk(
        {"index": 0, "delta": {"content": "a"}, "logprobs": {"content": [{"token": "a"}]}}
    ) + chunk({"index": 0, "delta": {"content": "b"}, "logprobs": {"content": [{"token": "b"}]}})

    assert fold(read(stream)[0]).choices[0].logprobs == '{"content":[{"token":"a"},{"token":"b"}]}'


def test_opaque_parts_in_pieces_become_one_each() -> None:
    """Audio, calls of functions in the old form, parts of content, free-form tools."""
    audio = said(
        {"audio": {"id": "a", "data": "AA"}}, {"audio": {"data": "BB"}}, {"audio": {"expires_at": 9}}
    )
    function = said({"function_call": {"name": "f", "arguments": "{"}}, {"function_call": {"arguments": "}"}})
    content = said(
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "h"}]}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "m"}]}]},
        {"content": [{"type": "text", "text": "a"}]},
        {"content": "b"},
    )
    custom = said(
        {"tool_calls": [{"index": 0, "id": "c", "type": "custom", "custom": {"name": "g", "input": "x"}}]},
        {"tool_calls": [{"index": 0, "custom": {"input": "y"}}]},
    )

    assert audio.blocks == (Opaque(Json('{"audio":{"data":"AABB","expires_at":9,"id":"a"},"type":"audio"}')),)
    assert function.blocks == (
        Opaque(Json('{"function_call":{"arguments":"{}","name":"f"},"type":"function_call"}')),
    )
    assert content.blocks == (
        Opaque(
            Json('{"thinking":[{"text":"h","type":"text"},{"text":"m","type":"text"}],"type":"thinking"}')
        ),
        Text("ab"),
    )
    assert custom.blocks == (Opaque(Json('{"custom":{"input":"xy","name":"g"},"id":"c","type":"custom"}')),)


def _call(index: int | None, call_id: str | None, name: str | None, arguments: str) -> Body:
    function = {"name": name, "arguments": arguments}
    call = {"index": index, "id": call_id, "type": "function", "function": function}
    return {"tool_calls": [{key: value for key, value in call.items() if value is not None}]}


def test_calls_that_share_an_index_are_told_apart_by_id_and_name() -> None:
    """Gemini's compatible endpoint numbers every call 0."""
    choice = said(_call(0, "a", "f", "{}"), _call(0, "b", "g", '{"x":1}'))

    assert choice.blocks == (ToolCall("a", "f", "{}"), ToolCall("b", "g", '{"x":1}'))


def test_an_id_made_up_for_every_piece_does_not_split_a_call() -> None:
    """Older vLLM does that; only the first piece has the name."""
    choice = said(_call(0, "a", "f", '{"x"'), _call(0, "b", None, ":1}"))

    assert choice.blocks == (ToolCall("a", "f", '{"x":1}'),)


def test_unknown_fields_of_a_call_are_kept_by_its_place() -> None:
    """Gemini's signatures must come back with the call."""
    call = _call(0, "a", "f", "{}")
    call["tool_calls"][0]["extra_content"] = {"google": {"thought_signature": "s"}}

    assert (
        said(call).message_extra
        == '{"tool_calls":{"0":{"extra_content":{"google":{"thought_signature":"s"}}}}}'
    )


def test_counts_in_every_chunk_are_not_added_up() -> None:
    """vLLM and xAI tell the usage so far each time."""
    stream = b"".join(
        chunk({"index": 0, "delta": {"content": "a"}}, usage={"prompt_tokens": 5, "completion_tokens": n})
        for n in (1, 2)
    )

    assert fold(read(stream)[0]).usage == Usage(5, 2)


def test_a_chunk_without_choices_is_no_choice() -> None:
    """Azure's first chunk carries its filter's results and no model."""
    deltas, reader = read(
        chunk(model="", prompt_filter_results=[1]) + chunk({"index": 0, "delta": {"content": "a"}})
    )

    assert [delta for delta in deltas if isinstance(delta, Begun)] == [Begun(""), Begun("m")]
    assert fold(deltas).extra == '{"prompt_filter_results":[1]}'
    assert not reader.is_complete


@pytest.mark.parametrize(
    "event",
    [
        b'data: {"error":{"message":"overloaded","code":503}}\n\n',
        b'event: error\ndata: {"message":"overloaded"}\n\n',
        b'data: {"object":"error","message":"overloaded"}\n\n',
        b'data: {"id":"gen-1","choices":[{"index":0,"delta":{},"finish_reason":"error"}],"error":{"message":"overloaded"}}\n\n',
    ],
)
def test_an_error_event_breaks_the_stream(event: bytes) -> None:
    """In any of the forms that servers use."""
    reader = ChatReader()
    reader.feed(chunk({"index": 0, "delta": {"content": "a"}}))

    with pytest.raises(UpstreamBroke, match="overloaded"):
        reader.feed(event)


@pytest.mark.parametrize(
    "event",
    [
        b"data: <html>\n\n",
        b"data: []\n\n",
        b'data: {"choices":{"a":1}}\n\n',
        b'data: {"choices":[1]}\n\n',
        b'data: {"choices":[{"index":"0"}]}\n\n',
        b'data: {"choices":[{"index":0,"delta":{"content":4}}]}\n\n',
        b'data: {"choices":[{"index":0,"delta":{"tool_calls":[1]}}]}\n\n',
    ],
)
def test_another_dialect_is_nonsense(event: bytes) -> None:
    """It is told as the provider's fault."""
    with pytest.raises(UpstreamNonsense):
        ChatReader().feed(event)


def test_comments_and_empty_events_say_nothing() -> None:
    """Servers keep connections awake with them."""
    assert read(b": OPENROUTER PROCESSING\n\ndata:\n\ndata: \n\n")[0] == []
