"""Tests of `sparingly.protocols.openai_responses.read_ask`."""

import json

import pytest

from sparingly.core.chat import Ask, Json, Sampling, Text, Tool, Turn
from sparingly.core.fingerprint import Canon, fingerprint
from sparingly.errors import InvalidRequest
from sparingly.protocols.openai_chat.read_ask import read_ask as read_chat
from sparingly.protocols.openai_responses.read_ask import read_ask
from tests.asks import TENANT
from tests.generators import Body


def read(**fields: object) -> Ask:
    return read_ask(json.dumps({"model": "m", "input": "Hi"} | fields).encode())


def test_plain_words_are_a_users_turn() -> None:
    """And nothing is made up that was not said."""
    assert read() == Ask("m", (Turn("user", (Text("Hi"),)),))


def test_a_streamed_request_wants_its_usage() -> None:
    """This API always tells it."""
    assert (read(stream=True).stream, read(stream=True).include_usage) == (True, True)


TOOL = {"type": "object", "properties": {"city": {"type": "string"}}}

CHAT: Body = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "Look:"}, {"type": "image_url", "image_url": {"url": "u"}}],
        },
        {
            "role": "assistant",
            "content": "Wait.",
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c", "content": "rain"},
        {"role": "user", "content": "And now?"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": TOOL, "strict": True}}],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "parallel_tool_calls": False,
    "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": TOOL, "strict": True}},
    "reasoning_effort": "low",
    "verbosity": "low",
    "max_completion_tokens": 100,
    "temperature": 0.5,
    "top_p": 1,
    "logprobs": True,
    "top_logprobs": 2,
    "prompt_cache_key": "x",
}
RESPONSES: Body = {
    "model": "m",
    "instructions": "Be brief.",
    "input": [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Look:"},
                {"type": "input_image", "image_url": "u", "detail": "auto"},
            ],
        },
        {
            "type": "message",
            "id": "msg_1",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Wait.", "annotations": [], "logprobs": []}],
        },
        {
            "type": "function_call",
            "id": "fc_1",
            "call_id": "c",
            "name": "f",
            "arguments": "{}",
            "status": "completed",
        },
        {"type": "function_call_output", "call_id": "c", "output": "rain"},
        {"role": "user", "content": "And now?"},
    ],
    "tools": [{"type": "function", "name": "f", "parameters": TOOL, "strict": True}],
    "tool_choice": {"type": "function", "name": "f"},
    "parallel_tool_calls": False,
    "text": {
        "format": {"type": "json_schema", "name": "a", "schema": TOOL, "strict": True},
        "verbosity": "low",
    },
    "reasoning": {"effort": "low"},
    "max_output_tokens": 100,
    "temperature": 0.5,
    "top_p": 1,
    "include": ["message.output_text.logprobs"],
    "top_logprobs": 2,
    "store": False,
    "truncation": "disabled",
    "metadata": {"a": "b"},
}


def test_what_is_equal_in_meaning_to_a_chat_request_has_its_fingerprint() -> None:
    """One stored answer serves both dialects."""
    ours, theirs = read_ask(json.dumps(RESPONSES).encode()), read_chat(json.dumps(CHAT).encode())

    marks = [fingerprint(one, tenant=TENANT, canon=Canon("minilm")) for one in (ours, theirs)]

    assert ours == theirs.__class__(**{name: getattr(theirs, name) for name in theirs.__struct_fields__})
    assert marks[0] == marks[1]


@pytest.mark.parametrize(
    "fields",
    [
        {"truncation": "auto"},
        {"max_tool_calls": 3},
        {"x_new": 1},
        {"reasoning": {"mode": "pro"}},
        {"reasoning": {"summary": "auto"}},
        {"include": ["reasoning.encrypted_content"]},
        {"text": {"format": {"type": "grammar", "definition": "x"}}},
        {"tools": [{"type": "web_search"}]},
        {"tool_choice": {"type": "web_search"}},
        {"tools": [{"type": "function", "name": "f"}]},
    ],
    ids=str,
)
def test_what_could_change_the_answer_is_part_of_its_scope(fields: Body) -> None:
    """However little this dialect's other clients know of it."""
    plain, other = (
        fingerprint(one, tenant=TENANT, canon=Canon("minilm")) for one in (read(), read(**fields))
    )

    assert plain.scope != other.scope


@pytest.mark.parametrize(
    "fields",
    [
        {"metadata": {"a": "b"}},
        {"prompt_cache_key": "x"},
        {"client_metadata": {"a": "b"}},
        {"safety_identifier": "u"},
        {"service_tier": "flex"},
        {"stream": True},
        {"store": False},
        {"text": {"format": {"type": "text"}}},
        {"include": []},
    ],
    ids=str,
)
def test_what_cannot_change_the_answer_is_not(fields: Body) -> None:
    """Who asks, how it travels, what is kept."""
    plain, other = (
        fingerprint(one, tenant=TENANT, canon=Canon("minilm")) for one in (read(), read(**fields))
    )

    assert plain.digest == other.digest


def test_what_is_only_told_besides_does_not_keep_closeness_out() -> None:
    """Reasoning models' clients always ask for a summary."""
    ask = read(include=["reasoning.encrypted_content"], reasoning={"effort": "low", "summary": "auto"})

    assert fingerprint(ask, tenant=TENANT, canon=Canon("minilm")).exact_only is None


@pytest.mark.parametrize(
    ("fields", "held"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"previous_response_id": "resp_sp_1_resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"background": True}, "background"),
        ({"store": True}, "store"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "item_reference"),
        ({"input": [{"id": "msg_1"}]}, "item_reference"),
        ({"store": False, "background": False}, None),
    ],
)
def test_what_its_provider_holds_is_named(fields: Body, held: str | None) -> None:
    """No stored answer may stand in for it."""
    assert read(**fields).held == held


def test_what_is_continued_need_not_be_said_again() -> None:
    """The provider has the conversation."""
    body = {"model": "m", "previous_response_id": "resp_1", "instructions": "Be brief."}

    assert read_ask(json.dumps(body).encode()).turns == (Turn("system", (Text("Be brief."),)),)


def test_an_answer_that_nobody_holds_cannot_be_continued() -> None:
    """The client learns what to do instead."""
    with pytest.raises(InvalidRequest, match="`store: true`") as refused:
        read(previous_response_id="resp_sp_1a2b")

    assert refused.value.field == "previous_response_id"


def test_tools_of_the_providers_own_are_kept_as_they_are() -> None:
    """Only their provider understands them."""
    (tool,) = read(tools=[{"type": "web_search", "filters": None}]).tools

    assert tool == Tool("web_search", extra=Json('{"openai-responses":{"filters":null,"type":"web_search"}}'))


def test_functions_are_strict_unless_told_otherwise() -> None:
    """In Chat Completions it is the other way round, so false here is silence there."""
    tools = read(
        tools=[
            {"type": "function", "name": "f"} | strict for strict in ({"strict": True}, {"strict": False}, {})
        ]
    ).tools

    assert [tool.extra for tool in tools] == [
        Json('{"function":{"strict":true}}'),
        None,
        Json('{"function":{"strict":null}}'),
    ]


def test_a_limit_counts_hidden_reasoning() -> None:
    """As Chat Completions' newer name of it does."""
    ask = read(max_output_tokens=100)

    assert (ask.sampling, ask.extra) == (
        Sampling(max_tokens=100),
        Json('{"max_tokens_field":"max_completion_tokens"}'),
    )


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"model": None}, "model"),
        ({"model": ""}, "model"),
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"input": 5}, "input"),
        ({"input": ["x"]}, "input.0"),
        ({"instructions": 5}, "instructions"),
        ({"include": "x"}, "include"),
        ({"include": [1]}, "include.0"),
        ({"tools": [{"name": "f"}]}, "tools.0.type"),
        ({"tools": [{"type": "function"}]}, "tools.0.name"),
        ({"tools": [{"type": "function", "name": "f", "parameters": 1}]}, "tools.0.parameters"),
        ({"tool_choice": 1}, "tool_choice"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format.name"),
        ({"text": {"format": 1}}, "text.format"),
        ({"reasoning": "low"}, "reasoning"),
        ({"reasoning": {"effort": 1}}, "reasoning.effort"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"temperature": "hot"}, "temperature"),
        ({"stream": "yes"}, "stream"),
        ({"previous_response_id": 1}, "previous_response_id"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named(fields: Body, field: str) -> None:
    """With its place in the body."""
    with pytest.raises(InvalidRequest) as refused:
        read(**fields)

    assert refused.value.field == field


def test_nesting_without_end_is_refused() -> None:
    """Not answered with a crash."""
    with pytest.raises(InvalidRequest, match="nested too deeply"):
        read_ask(b'{"model":"m","input":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
