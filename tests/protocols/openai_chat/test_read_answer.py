"""Tests of `sparingly.protocols.openai_chat.read_answer`."""

import json

import msgspec
import pytest

from sparingly.core.answer import Answer, Choice, Usage
from sparingly.core.chat import Json, Opaque, Refusal, Text, Thinking, ToolCall
from sparingly.errors import UpstreamNonsense
from sparingly.protocols.openai_chat.read_answer import read_answer
from tests.generators import Body
from tests.protocols.openai_chat import golden


def test_openais_answer_is_read_whole() -> None:
    """Unknown fields are kept at the level they came from; id and time are not: a stored answer gets fresh ones."""
    answer = read_answer(golden.WHOLE)

    usage_rest = (
        '{"completion_tokens_details":{"accepted_prediction_tokens":0,"audio_tokens":0,'
        '"rejected_prediction_tokens":0},"prompt_tokens_details":{"audio_tokens":0}}'
    )
    assert answer == Answer(
        model="gpt-4.1-2025-04-14",
        choices=(
            Choice(
                0,
                (Text("Hello! How can I assist you today?"),),
                "stop",
                message_extra=Json('{"annotations":[]}'),
            ),
        ),
        usage=Usage(19, 10),
        extra=Json(f'{{"service_tier":"default","system_fingerprint":"fp_44709d6fcb","usage":{usage_rest}}}'),
    )


def _message(**message: object) -> Choice:
    body = {"model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    return read_answer(json.dumps(body).encode()).choices[0]


def test_an_empty_text_before_a_call_is_no_word() -> None:
    """As its stream says: Ollama sends one, and Anthropic's API refuses it in a conversation that goes on there."""
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}

    assert _message(content="", tool_calls=[call]).blocks == (ToolCall("c", "f", "{}"),)


def test_calls_are_read_with_their_arguments_as_written() -> None:
    """Spaces and order of keys are the model's; unknown fields of a call are kept by its place."""
    choice = _message(
        role="assistant",
        content=None,
        tool_calls=[
            {"id": "c0", "type": "custom", "custom": {"name": "g", "input": "x"}},
            {
                "id": "c1",
                "type": "function",
                "function": {"name": "f", "arguments": '{"b": 1,  "a": 2}'},
                "extra_content": {"google": {"thought_signature": "s"}},
            },
            {
                "id": "c2",
                "type": "function",
                "function": {"name": "h", "arguments": {"parsed": True}},
                "index": 1,
            },
        ],
    )

    assert choice.blocks == (
        Opaque(Json('{"custom":{"input":"x","name":"g"},"id":"c0","type":"custom"}')),
        ToolCall("c1", "f", '{"b": 1,  "a": 2}'),
        ToolCall("c2", "h", '{"parsed":true}'),
    )
    assert (
        choice.message_extra == '{"tool_calls":{"0":{"extra_content":{"google":{"thought_signature":"s"}}}}}'
    )


@pytest.mark.parametrize(
    ("message", "blocks", "extra"),
    [
        ({"content": ""}, (Text(""),), None),
        ({"content": None}, (), None),
        ({"content": None, "refusal": "no"}, (Refusal("no"),), None),
        ({"content": "a", "reasoning_content": "hm"}, (Thinking("hm"), Text("a")), None),
        ({"content": "a", "reasoning": "hm"}, (Thinking("hm"), Text("a")), '{"reasoning":""}'),
        (
            {"content": "a", "reasoning": "long", "reasoning_content": "hm"},
            (Thinking("hm"), Text("a")),
            '{"reasoning":"long"}',
        ),
        ({"content": "a", "reasoning": None, "reasoning_content": None}, (Text("a"),), None),
        ({"content": "a", "reasoning": {"x": 1}}, (Text("a"),), '{"reasoning":{"x":1}}'),
        (
            {"content": None, "audio": {"id": "a", "data": "AA"}},
            (Opaque(Json('{"audio":{"data":"AA","id":"a"},"type":"audio"}')),),
            None,
        ),
        (
            {"content": None, "function_call": {"name": "f", "arguments": "{}"}},
            (Opaque(Json('{"function_call":{"arguments":"{}","name":"f"},"type":"function_call"}')),),
            None,
        ),
        (
            {"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "a"}]},
            (Opaque(Json('{"thinking":[],"type":"thinking"}')), Text("a")),
            None,
        ),
        ({"content": "a", "annotations": [], "x_new": 1}, (Text("a"),), '{"annotations":[],"x_new":1}'),
    ],
)
def test_everything_a_message_may_hold_is_kept(
    message: Body, blocks: tuple[object, ...], extra: str | None
) -> None:
    """What is said becomes blocks, the rest unknown fields."""
    choice = _message(**message)

    assert choice.blocks == blocks
    assert choice.message_extra == extra


def test_choices_and_their_probabilities_are_kept() -> None:
    """Several drafts, log probabilities, unknown fields of a choice."""
    body = {
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"content": "a"},
                "logprobs": {"content": [{"token": "a"}]},
                "finish_reason": "stop",
            },
            {
                "index": 1,
                "message": {"content": "b"},
                "finish_reason": "length",
                "content_filter_results": {"x": 1},
            },
        ],
    }

    answer = read_answer(json.dumps(body).encode())

    assert answer.choices == (
        Choice(0, (Text("a"),), "stop", logprobs=Json('{"content":[{"token":"a"}]}')),
        Choice(1, (Text("b"),), "length", extra=Json('{"content_filter_results":{"x":1}}')),
    )
    assert answer.usage is None


def test_an_answer_can_be_stored() -> None:
    """As JSON and as MessagePack, byte for byte."""
    answer = read_answer(golden.WHOLE)

    assert msgspec.json.decode(msgspec.json.encode(answer), type=Answer) == answer
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(answer), type=Answer) == answer


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not JSON"),
        (b"<html>", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "no `choices`"),
        (b'{"choices":null}', "no `choices`"),
        (b'{"error":{"message":"quota"}}', "an error as an answer: quota"),
        (b'{"choices":[1]}', "no message in choice 0"),
        (b'{"choices":[{"message":null}]}', "no message in choice 0"),
        (b'{"choices":[{"message":{"content":4}}]}', "the number 4 as content"),
        (b'{"choices":[{"message":{"tool_calls":["f"]}}]}', "text as a tool call"),
    ],
)
def test_what_is_no_answer_is_nonsense(body: bytes, said: str) -> None:
    """Only what we cannot use at all: servers differ, and the client may need less than we know."""
    with pytest.raises(UpstreamNonsense, match=said):
        read_answer(body)
