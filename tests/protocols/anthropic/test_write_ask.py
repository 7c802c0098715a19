"""Tests of `sparingly.protocols.anthropic.write_ask`."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings

from sparingly.core.chat import Ask, Text, ToolCall, ToolResult, Turn
from sparingly.errors import InvalidRequest
from sparingly.protocols.anthropic.write_ask import write_ask
from sparingly.protocols.openai_chat.read_ask import read_ask
from tests.generators import Body, openai_bodies


def translated(**fields: Any) -> Body:
    """What an OpenAI request with these fields becomes."""
    whole = {"model": "asked", "messages": [{"role": "user", "content": "hi"}]} | fields
    body = json.loads(write_ask(read_ask(json.dumps(whole).encode()), model="claude-sonnet-4-6"))
    assert isinstance(body, dict)
    return body


_WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        "strict": True,
    },
}


def test_an_agents_request_is_translated_as_a_whole() -> None:
    """System prompt, picture, calls and results, tools, limits: the exact body."""
    body = translated(
        messages=[
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Look:"},
                    {"type": "image_url", "image_url": {"url": "https://a/b.png", "detail": "low"}},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBOR"}},
                ],
            },
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
                    },
                    {"id": "c2", "type": "function", "function": {"name": "get_weather", "arguments": ""}},
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "rain"},
            {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "sun"}]},
            {"role": "user", "content": "And?"},
        ],
        tools=[_WEATHER, {"type": "function", "function": {"name": "now"}}],
        tool_choice="required",
        parallel_tool_calls=False,
        temperature=1,
        top_p=0.5,
        stop="###",
        max_completion_tokens=99,
        stream=True,
        stream_options={"include_usage": True},
        user="ann",
    )

    assert body == {
        "model": "claude-sonnet-4-6",
        "max_tokens": 99,
        "system": "Be brief.",
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Look:"},
                    {"type": "image", "source": {"type": "url", "url": "https://a/b.png"}},
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "iVBOR"},
                    },
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "tool_use", "id": "c1", "name": "get_weather", "input": {"city": "Oslo"}},
                    {"type": "tool_use", "id": "c2", "name": "get_weather", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": "rain"},
                    {"type": "tool_result", "tool_use_id": "c2", "content": "sun"},
                    {"type": "text", "text": "And?"},
                ],
            },
        ],
        "tools": [
            {
                "name": "get_weather",
                "description": "Weather of a city",
                "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
                "strict": True,
            },
            {"name": "now", "input_schema": {"type": "object", "properties": {}}},
        ],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
        "temperature": 1.0,
        "top_p": 0.5,
        "stop_sequences": ["###"],
        "stream": True,
    }


def test_the_least_request_gets_what_this_api_needs() -> None:
    """A limit, and one text as text."""
    assert translated() == {
        "model": "claude-sonnet-4-6",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": "hi"}],
    }


def test_neighbors_of_one_role_become_one_message() -> None:
    """This API wants user and assistant to take turns; system prompts go to the top."""
    body = translated(
        messages=[
            {"role": "system", "content": "one"},
            {"role": "user", "content": "a"},
            {"role": "developer", "content": "two"},
            {"role": "user", "content": "b"},
            {"role": "assistant", "content": ""},
            {"role": "user", "content": "c"},
        ]
    )

    assert body["system"] == [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    assert body["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": text} for text in ("a", "b", "c")]}
    ]


@pytest.mark.parametrize(
    ("choice", "parallel", "expected"),
    [
        (None, None, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        ("auto", True, {"type": "auto"}),
        ("none", False, {"type": "none"}),
        ("required", None, {"type": "any"}),
        (
            {"type": "function", "function": {"name": "get_weather"}},
            False,
            {"type": "tool", "name": "get_weather", "disable_parallel_tool_use": True},
        ),
    ],
)
def test_tool_choices_have_their_counterparts(
    choice: object, *, parallel: bool | None, expected: object
) -> None:
    """Parallel calls are part of the choice here."""
    body = translated(tools=[_WEATHER], tool_choice=choice, parallel_tool_calls=parallel)

    assert body.get("tool_choice") == expected


def test_a_mark_for_the_prompt_cache_stays_on_its_tool() -> None:
    """Clients of LiteLLM and OpenRouter set it."""
    marked = {"type": "function", "function": {"name": "now"}, "cache_control": {"type": "ephemeral"}}

    assert translated(tools=[marked])["tools"][0]["cache_control"] == {"type": "ephemeral"}


def test_a_schema_and_an_effort_are_translated() -> None:
    """Structured outputs and effort exist in both APIs."""
    body = translated(
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "n", "strict": True, "schema": {"type": "object"}},
        },
        reasoning_effort="high",
    )

    assert body["output_config"] == {
        "effort": "high",
        "format": {"type": "json_schema", "schema": {"type": "object"}},
    }


def test_fields_of_this_api_pass() -> None:
    """Clients send them through OpenAI's SDK, which lets extra fields through."""
    body = translated(top_k=5, thinking={"type": "enabled", "budget_tokens": 2048})

    assert body["top_k"] == 5
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 2048}


@pytest.mark.parametrize(
    "fields",
    [
        {"n": 1},
        {"logprobs": False, "top_logprobs": 0},
        {"presence_penalty": 0, "frequency_penalty": 0},
        {"logit_bias": {}, "modalities": ["text"], "verbosity": "medium", "reasoning_effort": None},
        {"response_format": {"type": "text"}},
        {"x_new": None, "seed": None},
        {"tools": [], "tool_choice": "auto"},
        {"metadata": {"a": "b"}, "store": True, "service_tier": "flex"},
    ],
)
def test_what_asks_for_nothing_is_no_obstacle(fields: Body) -> None:
    """Defaults that clients spell out mean what leaving them out means."""
    assert translated(**fields) == translated()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"temperature": 1.2}, "temperature"),
        ({"n": 2}, "n"),
        ({"seed": 0}, "seed"),
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"presence_penalty": 0.1}, "presence_penalty"),
        ({"frequency_penalty": -0.1}, "frequency_penalty"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"reasoning_effort": "minimal"}, "reasoning_effort"),
        ({"logit_bias": {"1": 2}}, "logit_bias"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"x_new": 1}, "x_new"),
        ({"tools": [{"type": "custom", "custom": {"name": "g"}}]}, "tools.0.type"),
        ({"tools": [{"type": "function", "function": {"name": "g", "x": 1}}]}, "tools.0.function.x"),
        ({"tools": [{"type": "function", "function": {"name": "g"}, "x": 1}]}, "tools.0.x"),
        ({"tools": [_WEATHER], "tool_choice": {"type": "allowed_tools"}}, "tool_choice"),
        (
            {
                "messages": [
                    {"role": "system", "content": [{"type": "image_url", "image_url": "https://a/b.png"}]}
                ]
            },
            "messages.0.content",
        ),
        ({"messages": [{"role": "system", "content": "only"}]}, "messages"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(fields: Body, field: str) -> None:
    """Dropped in silence, it would be another question."""
    with pytest.raises(InvalidRequest) as caught:
        translated(**fields)

    assert caught.value.field == field


@pytest.mark.slow
@settings(deadline=None)
@given(openai_bodies())
def test_every_request_is_translated_or_refused_by_name(body: Body) -> None:
    """No request crashes, and what is written alternates between the two roles."""
    ask = read_ask(json.dumps(body).encode())

    try:
        written = json.loads(write_ask(ask, model="m"))
    except InvalidRequest as error:
        refused = error.field
        assert refused
    else:
        roles = [message["role"] for message in written["messages"]]
        assert all(one != other for one, other in itertools.pairwise(roles))


def test_ids_of_other_providers_are_put_into_its_letters() -> None:
    """The same for a call and its result, so that they still belong together."""
    call = ToolCall("functions.weather:0", "weather", "{}")
    ask = Ask(
        "m",
        (
            Turn("user", (Text("How is it out there?"),)),
            Turn("assistant", (call,)),
            Turn("tool", (ToolResult(call.id, (Text("Rain."),)),)),
        ),
    )

    messages = json.loads(write_ask(ask, model="claude"))["messages"]

    assert messages[1]["content"][0]["id"] == "functions_weather_0"
    assert messages[2]["content"][0]["tool_use_id"] == "functions_weather_0"
