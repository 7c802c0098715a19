"""Tests of `sparingly.protocols.anthropic.read_answer`."""

import json

import msgspec
import pytest

from sparingly.core.answer import Answer
from sparingly.core.chat import Json, Opaque, Text, ToolCall
from sparingly.errors import UpstreamNonsense
from sparingly.protocols.anthropic.read_answer import read_answer
from sparingly.protocols.anthropic.write_answer import write_answer
from sparingly.protocols.dialect import Stamp
from tests.generators import Body
from tests.protocols.anthropic import golden


def read(**fields: object) -> Answer:
    """A message with the least it needs, and the given fields."""
    message = {"model": "m", "content": [{"type": "text", "text": "a"}], "stop_reason": "end_turn"}
    return read_answer(json.dumps(message | fields).encode())


def test_an_answer_is_read_whole() -> None:
    """Blocks in order; what has no place is kept under the dialect's own name."""
    assert read_answer(golden.WHOLE) == golden.ANSWER


def test_an_answer_can_be_stored() -> None:
    """And comes back the same."""
    assert msgspec.json.decode(msgspec.json.encode(golden.ANSWER), type=Answer) == golden.ANSWER


@pytest.mark.parametrize(
    ("reason", "finish", "is_kept"),
    [
        ("end_turn", "stop", False),
        ("stop_sequence", "stop", True),
        ("max_tokens", "length", False),
        ("model_context_window_exceeded", "length", True),
        ("tool_use", "tool_calls", False),
        ("refusal", "content_filter", True),
        ("pause_turn", "length", True),
        ("x_new", "x_new", True),
    ],
)
def test_reasons_to_stop_are_told_in_our_words(reason: str, finish: str, *, is_kept: bool) -> None:
    """Where two reasons share a word, the reason itself is kept too; an unknown one is never taken for `stop`."""
    answer = read(stop_reason=reason)

    assert answer.choices[0].finish == finish
    assert answer.extra == (f'{{"anthropic":{{"stop_reason":"{reason}"}}}}' if is_kept else None)


def test_a_call_that_is_not_the_reason_is_told_again_as_it_came() -> None:
    """By itself it would be."""
    answer = read(stop_reason="end_turn", content=[{"type": "tool_use", "id": "t", "name": "f", "input": {}}])

    assert json.loads(write_answer(answer, Stamp("i", 1)))["stop_reason"] == "end_turn"


def test_a_reason_that_is_no_word_is_none() -> None:
    """Of its own dialect's client it is the client's to understand."""
    assert read(stop_reason={"kind": "x"}).choices[0].finish is None


def test_the_words_that_stopped_it_are_kept() -> None:
    """Clients of this dialect look at them."""
    answer = read(stop_reason="stop_sequence", stop_sequence="###", x_new=1)

    assert answer.extra == '{"anthropic":{"stop_reason":"stop_sequence","stop_sequence":"###","x_new":1}}'


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"type": "tool_use", "id": "t", "name": "f", "input": {}}, ToolCall("t", "f", "{}")),
        (
            {"type": "tool_use", "id": "t", "name": "f", "input": {"b": 1, "a": 2}},
            ToolCall("t", "f", '{"b":1,"a":2}'),
        ),
        ({"type": "text", "text": ""}, Text("")),
        ({"type": "text"}, Opaque(Json('{"anthropic":{"type":"text"}}'))),
        (
            {"type": "server_tool_use", "id": "s"},
            Opaque(Json('{"anthropic":{"id":"s","type":"server_tool_use"}}')),
        ),
    ],
)
def test_blocks_are_read_or_kept(block: Body, expected: object) -> None:
    """An empty input is a call without arguments; arguments keep the model's order; other blocks are opaque."""
    assert read(content=[block]).choices[0].blocks == (expected,)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>", "not JSON"),
        (b"{}", "no `content`"),
        (b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', "Overloaded"),
        (b'{"content":["a"]}', "text as a block"),
    ],
)
def test_what_is_no_answer_is_nonsense(body: bytes, said: str) -> None:
    """It is the provider's fault and says what came instead."""
    with pytest.raises(UpstreamNonsense, match=said):
        read_answer(body)
