"""Tests of `sparingly.protocols.openai_responses.write_input`."""

import pytest

from sparingly.core.chat import Image, Json, Opaque, Part, Text, Thinking, ToolCall, ToolResult, Turn
from sparingly.errors import InvalidRequest
from sparingly.protocols.openai_responses.write_input import input_of
from tests.asks import turn


def test_each_kind_of_turn_has_its_items() -> None:
    """An answer's parts are items of their own."""
    turns = [
        turn("user", "Hi"),
        turn("assistant", Thinking("Hm."), "Wait.", ToolCall("c", "f", "{}")),
        turn("tool", ToolResult("c", (Text("rain"), Image("u")))),
    ]

    assert input_of(turns, first=0) == [
        {"type": "message", "role": "user", "content": "Hi"},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Wait.", "annotations": []}],
        },
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {
            "type": "function_call_output",
            "call_id": "c",
            "output": [
                {"type": "input_text", "text": "rain"},
                {"type": "input_image", "image_url": "u", "detail": "auto"},
            ],
        },
    ]


def test_files_of_chat_completions_are_files_here() -> None:
    """Both APIs take the same."""
    file = Opaque(Json('{"file":{"file_data":"data:x","filename":"a.pdf"},"type":"file"}'))

    ((item),) = input_of([turn("user", file)], first=0)

    assert item["content"] == [{"type": "input_file", "file_data": "data:x", "filename": "a.pdf"}]


def test_results_come_before_words() -> None:
    """They answer the call right before them."""
    items = input_of([turn("user", "And?", ToolResult("c", (Text("1"),)))], first=0)

    assert [item["type"] for item in items] == ["function_call_output", "message"]


def test_a_mark_for_the_prompt_cache_is_left_out() -> None:
    """This API finds repeated prompts by itself."""
    marked = Turn(
        "user", (Text("Hi"),), extra=Json('{"content":{"0":{"cache_control":{"type":"ephemeral"}}}}')
    )

    assert input_of([marked], first=0) == input_of([turn("user", "Hi")], first=0)


AUDIO = Opaque(Json('{"type":"input_audio"}'))
SEARCHED = Opaque(Json('{"anthropic":{"type":"server_tool_use"}}'))


@pytest.mark.parametrize(
    ("role", "part", "named"),
    [
        ("user", AUDIO, "input_audio"),
        ("user", SEARCHED, "server_tool_use"),
        ("user", ToolCall("c", "f", "{}"), "ToolCall"),
        ("assistant", SEARCHED, "server_tool_use"),
        ("assistant", Image("u"), "Image"),
        ("tool", ToolResult("", (Text("x"),)), "without an id"),
    ],
)
def test_a_part_without_a_place_is_refused_by_name(role: str, part: Part, named: str) -> None:
    """And by its turn."""
    with pytest.raises(InvalidRequest, match=named) as refused:
        input_of([turn(role, part)], first=3)  # type: ignore[arg-type]  # one of the above

    assert (refused.value.field or "").startswith("messages.3.")


@pytest.mark.parametrize(
    ("odd", "field"),
    [
        (Turn("user", (Text("Hi"),), name="Ann"), "messages.0.name"),
        (Turn("user", (Text("Hi"),), extra=Json('{"x_new":1}')), "messages.0.x_new"),
        (
            Turn("user", (Text("Hi"),), extra=Json('{"content":{"0":{"x_new":1}}}')),
            "messages.0.content.0.x_new",
        ),
        (Turn("user", (Text("Hi"),), extra=Json('{"anthropic":{"blocks":{}}}')), "messages.0.blocks"),
        (Turn("assistant", (Text("Hi"),), extra=Json('{"audio":{"id":"a"}}')), "messages.0.audio"),
    ],
)
def test_an_unknown_field_is_refused_by_name(odd: Turn, field: str) -> None:
    """Unless it is a sign of an earlier answer."""
    with pytest.raises(InvalidRequest) as refused:
        input_of([odd], first=0)

    assert refused.value.field == field


def test_signs_of_an_earlier_answer_are_left_out() -> None:
    """Clients send them back unread."""
    signs = Json('{"annotations":[],"anthropic":{"blocks":{"0":{}}}}')

    assert len(input_of([Turn("assistant", (Text("Hi"),), extra=signs)], first=0)) == 1
