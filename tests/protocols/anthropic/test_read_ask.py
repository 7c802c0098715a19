"""Tests of `sparingly.protocols.anthropic.read_ask`."""

import json
from typing import Any

import pytest
from hypothesis import given, settings

from sparingly.core.chat import Ask, Json, Text, Turn
from sparingly.errors import InvalidRequest
from sparingly.protocols.anthropic.read_ask import read_ask
from sparingly.protocols.anthropic.write_ask import write_ask
from sparingly.protocols.openai_chat.read_ask import read_ask as read_chat
from sparingly.protocols.openai_chat.write_ask import write_ask as write_chat
from tests.generators import Body
from tests.protocols.anthropic import golden_ask
from tests.protocols.anthropic.bodies import messages_bodies


def read(**fields: object) -> Ask:
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]} | fields
    return read_ask(json.dumps(body).encode())


def opened(extra: Json | None) -> Any:
    return None if extra is None else json.loads(extra)


def test_a_request_with_everything_is_read() -> None:
    """Each field has its place; what only this API knows lies under its name."""
    assert read_ask(golden_ask.REQUEST) == golden_ask.ASK


def test_what_is_equal_in_meaning_reads_equal() -> None:
    """One stored answer serves clients of both dialects."""
    assert read_ask(golden_ask.MESSAGES_FORM) == read_chat(golden_ask.CHAT_FORM)


@pytest.mark.slow
@settings(deadline=None)
@given(messages_bodies())
def test_what_was_read_is_written_so_that_it_reads_the_same(body: Body) -> None:
    """The law: no field that can change the answer is lost, moved or changed."""
    ask = read_ask(json.dumps(body).encode())

    assert read_ask(write_ask(ask, model=ask.model)) == ask


def test_an_equal_question_survives_the_other_dialect() -> None:
    """Written for OpenAI's API and read there, it is the same question."""
    ask = read_ask(golden_ask.MESSAGES_FORM)

    assert read_chat(write_chat(ask, model="m")) == ask


@pytest.mark.parametrize(
    "fields",
    [
        {"metadata": {"user_id": "u"}},
        {"service_tier": "auto"},
        {"speed": "fast"},
        {"cache_control": {"type": "ephemeral"}},
        {"diagnostics": {"previous_message_id": "msg_1"}},
        {"system": []},
        {"stop_sequences": []},
        {"x_new": None},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]},
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}],
                }
            ]
        },
    ],
)
def test_what_cannot_change_the_answer_is_left_out(fields: dict[str, object]) -> None:
    """Who asks, what is billed, how it travels; and other ways to write the same."""
    assert read(**fields) == read()


@pytest.mark.parametrize(
    "fields",
    [
        {"thinking": {"type": "enabled", "budget_tokens": 1024}},
        {"top_k": 3},
        {"output_config": {"effort": "low"}},
        {"output_config": {"task_budget": {"total": 3}}},
        {"output_format": {"type": "json_schema", "schema": {}}},
        {"container": "c1"},
        {"context_management": {"edits": []}},
        {"mcp_servers": [{"name": "a"}]},
        {"inference_geo": "eu"},
        {"x_new": 1},
        {"tool_choice": {"type": "auto"}},
        {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        {"tool_choice": {"type": "new"}},
        {"tool_choice": {"type": "auto", "x_new": 1}},
        {"messages": [{"role": "user", "content": "Hi", "x_new": 1}]},
        {"tools": [{"name": "f", "input_schema": {}}]},
        {"tools": [{"name": "f", "input_schema": {}, "strict": True}]},
        {"tools": [{"name": "f", "input_schema": {}, "defer_loading": True}]},
        {"tools": [{"name": "f", "type": "bash_20250124"}]},
    ],
)
def test_what_may_change_the_answer_tells_two_requests_apart(fields: dict[str, object]) -> None:
    """When in doubt a field is part of the scope."""
    assert read(**fields) != read()


def test_unknown_fields_lie_under_the_dialects_name() -> None:
    """So that no other dialect takes them for its own."""
    assert opened(read(x_new=[1], container="c").extra) == {"anthropic": {"container": "c", "x_new": [1]}}


def test_neutral_fields_of_a_tool_say_nothing() -> None:
    """Values that ask for what happens anyway."""
    plain = read(tools=[{"name": "f", "input_schema": {}}])
    wordy = {
        "name": "f",
        "input_schema": {},
        "type": "custom",
        "strict": False,
        "defer_loading": False,
        "allowed_callers": ["direct"],
        "eager_input_streaming": True,
        "cache_control": {"type": "ephemeral"},
    }

    assert read(tools=[wordy]) == plain


def test_a_stream_wants_its_usage() -> None:
    """This API always tells it, so a provider of another dialect must."""
    assert (read(stream=True).stream, read(stream=True).include_usage) == (True, True)
    assert read().include_usage is False


def test_key_order_does_not_matter() -> None:
    """Not at any level: also in what a tool was called with."""
    one = [{"role": "assistant", "content": [_call({"a": 1, "b": {"c": 2, "d": 3}})]}]
    other = [{"content": [_call({"b": {"d": 3, "c": 2}, "a": 1})], "role": "assistant"}]

    assert read(messages=one) == read(messages=other)


def test_a_request_that_is_only_counted_needs_no_limit() -> None:
    """The counting endpoint takes none."""
    body = b'{"model": "m", "messages": [{"role": "user", "content": "Hi"}]}'

    assert read_ask(body, is_to_be_answered=False).turns == (Turn("user", (Text("Hi"),)),)
    with pytest.raises(InvalidRequest, match="`max_tokens` is missing"):
        read_ask(body)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"model": ""}, "model"),
        ({"model": None}, "model"),
        ({"max_tokens": "9"}, "max_tokens"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": ["Hi"]}, "messages.0"),
        ({"messages": [{"role": "tool", "content": "Hi"}]}, "messages.0.role"),
        ({"messages": [{"role": "user"}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": ["Hi"]}]}, "messages.0.content.0"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages.0.content.0.text"),
        ({"messages": [{"role": "user", "content": [{"text": "a"}]}]}, "messages.0.content.0.type"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "messages.0.content.0.source"),
        ({"system": 7}, "system"),
        ({"system": [{"type": "text"}]}, "system.0.text"),
        ({"stop_sequences": "END"}, "stop_sequences"),
        ({"stop_sequences": [7]}, "stop_sequences.0"),
        ({"thinking": True}, "thinking"),
        ({"thinking": {}}, "thinking.type"),
        ({"tools": {}}, "tools"),
        ({"tools": [{"input_schema": {}}]}, "tools.0.name"),
        ({"tools": [{"name": "f"}]}, "tools.0.input_schema"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"output_config": {"format": "json"}}, "output_config.format"),
        ({"output_config": {"effort": 7}}, "output_config.effort"),
        ({"top_k": 1.5}, "top_k"),
        ({"stream": "yes"}, "stream"),
    ],
)
def test_what_no_provider_could_mean_anything_by_is_refused_by_name(
    fields: dict[str, object], field: str
) -> None:
    """The path is the one the client wrote."""
    with pytest.raises(InvalidRequest) as caught:
        read(**fields)

    assert caught.value.field == field
    assert f"`{field}`" in caught.value.message


def test_a_body_that_is_nested_too_deeply_is_refused() -> None:
    """Not crashed upon."""
    with pytest.raises(InvalidRequest, match="nested too deeply"):
        read_ask(b'{"model": "m", "messages": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")


def _call(given: object) -> dict[str, object]:
    return {"type": "tool_use", "id": "c", "name": "f", "input": given}
