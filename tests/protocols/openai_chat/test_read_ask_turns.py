"""How the messages of a request are read: parts, roles, calls and results."""

import pytest

from sparingly.core.chat import (
    Image,
    Opaque,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Turn,
)
from tests.generators import Body
from tests.protocols.openai_chat.reading import json_text, turn


def test_parts_of_content_become_parts() -> None:
    """Known kinds are understood, others kept whole, unknown fields of known kinds kept by place."""
    read_turn = turn(
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "look", "cache_control": {"type": "ephemeral"}},
                {"type": "image_url", "image_url": {"url": "https://a/b.png", "detail": "low", "x": 1}},
                {"type": "image_url", "image_url": "https://a/c.png"},
                {"type": "input_audio", "input_audio": {"format": "wav", "data": "AA"}},
            ],
        }
    )

    assert read_turn.parts == (
        Text("look"),
        Image("https://a/b.png", "low"),
        Image("https://a/c.png"),
        Opaque(json_text({"input_audio": {"data": "AA", "format": "wav"}, "type": "input_audio"})),
    )
    assert read_turn.extra == json_text(
        {"content": {"0": {"cache_control": {"type": "ephemeral"}}, "1": {"image_url": {"x": 1}}}}
    )


def test_an_assistants_message_is_read_in_the_order_it_was_made() -> None:
    """Reasoning, words, refusal, calls; what its client added as null says nothing."""
    read_turn = turn(
        {
            "role": "assistant",
            "content": "well",
            "refusal": "no",
            "reasoning_content": "hm",
            "annotations": None,
            "audio": None,
            "function_call": None,
            "tool_calls": [
                {"id": "c0", "type": "custom", "custom": {"name": "g", "input": "x"}},
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "f", "arguments": '{"a": 1}'},
                    "extra_content": {"signature": "s"},
                },
            ],
        }
    )

    assert read_turn.parts == (
        Thinking("hm"),
        Text("well"),
        Refusal("no"),
        Opaque(json_text({"custom": {"input": "x", "name": "g"}, "id": "c0", "type": "custom"})),
        ToolCall("c1", "f", '{"a": 1}'),
    )
    assert read_turn.extra == json_text({"tool_calls": {"0": {"extra_content": {"signature": "s"}}}})


_CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            {"role": "tool", "tool_call_id": "c1", "content": "42"},
            Turn("tool", (ToolResult("c1", (Text("42"),)),)),
        ),
        (
            {"role": "function", "name": "f", "content": "42"},
            Turn("tool", (ToolResult("", (Text("42"),)),), "f", json_text({"role": "function"})),
        ),
        (
            {"role": "function", "name": "f", "content": None},
            Turn("tool", (ToolResult("", ()),), "f", json_text({"role": "function"})),
        ),
        ({"role": "assistant", "content": None}, Turn("assistant", ())),
        (
            {"role": "assistant", "content": "x", "reasoning": "hm"},
            Turn("assistant", (Thinking("hm"), Text("x"))),
        ),
        (
            {"role": "assistant", "content": "x", "reasoning": {"a": 1}},
            Turn("assistant", (Text("x"),), extra=json_text({"reasoning": {"a": 1}})),
        ),
        (
            {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
            Turn("assistant", (), extra=json_text({"function_call": {"arguments": "{}", "name": "f"}})),
        ),
        (
            {"role": "user", "content": "x", "refusal": None, "tool_calls": [], "tool_call_id": None},
            Turn("user", (Text("x"),)),
        ),
        (
            {"role": "assistant", "content": "", "tool_calls": [_CALL]},
            Turn("assistant", (ToolCall("c", "f", "{}"),)),
        ),
        (
            {"role": "assistant", "content": [{"type": "text", "text": ""}], "tool_calls": [_CALL]},
            Turn("assistant", (ToolCall("c", "f", "{}"),)),
        ),
        ({"role": "user", "content": []}, Turn("user", ())),
        ({"role": "user", "content": ""}, Turn("user", (Text(""),))),
    ],
)
def test_messages_of_every_kind_are_read(message: Body, expected: Turn) -> None:
    """Also those of older APIs and other servers."""
    assert turn(message) == expected
