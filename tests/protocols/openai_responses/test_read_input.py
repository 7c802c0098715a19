"""Tests of `sparingly.protocols.openai_responses.read_input`."""

import pytest

from sparingly.core.chat import Image, Json, Opaque, Refusal, Text, Thinking, ToolCall, ToolResult, Turn
from sparingly.errors import InvalidRequest
from sparingly.protocols.openai_responses.read_input import turns_of
from tests.generators import Body


def read(*items: Body) -> list[Turn]:
    return turns_of(list(items))[0]


@pytest.mark.parametrize("role", ["user", "system", "developer"])
def test_a_message_is_a_turn(role: str) -> None:
    """With or without its type; as text or as parts."""
    part = {"type": "input_text", "text": "Hi"}

    for content in ("Hi", [part]):
        assert read({"role": role, "content": content}) == [Turn(role, (Text("Hi"),))]  # type: ignore[arg-type]  # one of the above


def test_items_of_one_answer_are_one_turn() -> None:
    """As they are one message elsewhere."""
    turns = read(
        {"type": "reasoning", "id": "rs_sp_1", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"role": "assistant", "content": "Wait."},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "function_call", "call_id": "b", "name": "g", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "1"},
        {"type": "function_call_output", "call_id": "b", "output": [{"type": "input_text", "text": "2"}]},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
    )

    assert turns == [
        Turn(
            "assistant", (Thinking("Hm."), Text("Wait."), ToolCall("a", "f", "{}"), ToolCall("b", "g", "{}"))
        ),
        Turn("tool", (ToolResult("a", (Text("1"),)),)),
        Turn("tool", (ToolResult("b", (Text("2"),)),)),
        Turn("assistant", (Refusal("No."),)),
    ]


def test_pictures_and_files_are_read_as_chat_completions_has_them() -> None:
    """Those that it has; others are this API's own."""
    (turn,) = read(
        {
            "role": "user",
            "content": [
                {"type": "input_image", "image_url": "u", "detail": "low"},
                {"type": "input_file", "file_id": "file_1", "filename": None},
                {"type": "input_image", "file_id": "file_2", "detail": "auto"},
            ],
        }
    )

    assert turn.parts == (
        Image("u", "low"),
        Opaque(Json('{"file":{"file_id":"file_1"},"type":"file"}')),
        Opaque(
            Json(
                '{"openai-responses":{"detail":"auto","file_id":"file_2","type":"input_image"},"within":"message"}'
            )
        ),
    )


def test_a_mark_for_the_prompt_cache_is_read_over() -> None:
    """It says what is billed, not what is answered."""
    part = {"type": "input_text", "text": "Hi"}

    assert read(
        {"role": "user", "content": [part | {"prompt_cache_breakpoint": {"mode": "explicit"}}]}
    ) == read({"role": "user", "content": [part]})


def test_unknown_fields_are_kept_under_this_dialects_name() -> None:
    """Of an item and of a part."""
    (turn,) = read(
        {"role": "user", "x_item": 1, "content": [{"type": "input_text", "text": "Hi", "x_part": 2}]}
    )

    assert turn.extra == Json('{"openai-responses":{"0.part":{"x_part":2},"item":{"x_item":1}}}')


def test_other_items_are_turns_of_their_own() -> None:
    """Outputs are a tool's, calls the model's, anything else the user's."""
    roles = [
        turn.role
        for turn in read({"type": "mcp_list_tools"}, {"type": "shell_call_output"}, {"type": "mcp_call"})
    ]

    assert roles == ["user", "tool", "assistant"]


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({}, "input.0.type"),
        ({"type": 1}, "input.0.type"),
        ({"role": "robot", "content": "x"}, "input.0.role"),
        ({"role": "user"}, "input.0.content"),
        ({"role": "user", "content": 1}, "input.0.content"),
        ({"role": "user", "content": [1]}, "input.0.content.0"),
        ({"role": "user", "content": [{"text": "x"}]}, "input.0.content.0.type"),
        ({"role": "user", "content": [{"type": "input_text"}]}, "input.0.content.0.text"),
        ({"role": "assistant"}, "input.0.content"),
        ({"role": "assistant", "content": [1]}, "input.0.content.0"),
        ({"type": "function_call", "name": "f", "arguments": "{}"}, "input.0.call_id"),
        ({"type": "function_call", "call_id": "c", "name": "f", "arguments": {}}, "input.0.arguments"),
        ({"type": "function_call_output", "output": "x"}, "input.0.call_id"),
        ({"type": "function_call_output", "call_id": 1, "name": "f", "output": "x"}, "input.0.call_id"),
        ({"type": "function_call_output", "call_id": "c"}, "input.0.output"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named(item: Body, field: str) -> None:
    """With its place in the input."""
    with pytest.raises(InvalidRequest) as refused:
        read(item)

    assert refused.value.field == field


@pytest.mark.parametrize(
    "item",
    [
        {"type": "additional_tools", "role": "developer", "tools": [{"type": "custom", "name": "exec"}]},
        {"type": "custom_tool_call", "call_id": "c", "name": "exec", "input": "ls"},
        {"type": "custom_tool_call_output", "call_id": "c", "output": "a"},
    ],
)
def test_what_the_client_runs_itself_has_no_id_that_matters(item: Body) -> None:
    """Codex makes a new one for each run; the same work is the same request."""
    assert read(item | {"id": "x_1", "status": "completed"}) == read(item | {"id": "x_2"}) == read(item)
    assert read(item) != read(item | {"unheard_of": 1})
