"""Tests of `sparingly.protocols.openai_responses.write_ask`."""

import json

import pytest
from hypothesis import given, settings

from sparingly.core.chat import Ask
from sparingly.errors import InvalidRequest
from sparingly.protocols.anthropic.read_ask import read_ask as read_messages
from sparingly.protocols.openai_chat.read_ask import read_ask as read_chat
from sparingly.protocols.openai_responses.read_ask import read_ask
from sparingly.protocols.openai_responses.write_ask import write_ask
from tests.generators import Body
from tests.protocols.openai_responses import golden
from tests.protocols.openai_responses.drawn import requests
from tests.protocols.openai_responses.test_read_ask import CHAT, RESPONSES


def written(ask: Ask) -> Body:
    body: Body = json.loads(write_ask(ask, model="gpt-5.2"))
    return body


def of_chat(**fields: object) -> Ask:
    """What a Chat Completions client asks."""
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]} | fields
    return read_chat(json.dumps(body).encode())


def test_a_chat_request_is_written_as_this_apis_clients_write_it() -> None:
    """Instructions, items, flat tools, the format beneath `text`."""
    body = written(read_chat(json.dumps(CHAT).encode()))

    theirs = {
        name: value for name, value in RESPONSES.items() if name not in ("truncation", "metadata", "input")
    }
    assert {name: body[name] for name in theirs if name not in ("model", "include")} == {
        name: value for name, value in theirs.items() if name not in ("model", "include")
    }
    assert [item.get("type") for item in body["input"]] == [
        "message",
        "message",
        "function_call",
        "function_call_output",
        "message",
    ]
    assert body["model"] == "gpt-5.2"


def test_the_provider_is_told_not_to_hold_it_and_asked_for_its_reasoning() -> None:
    """Chat's clients do not expect their conversations to be kept."""
    body = written(of_chat(reasoning_effort="low"))

    assert (body["store"], body["include"]) == (False, ["reasoning.encrypted_content"])
    assert "include" not in written(of_chat())


def test_a_functions_strictness_is_said_in_any_case() -> None:
    """What is left out there means the opposite here."""
    tool = {"type": "function", "function": {"name": "f"}}

    (sent,) = written(of_chat(tools=[tool]))["tools"]

    assert sent == {"type": "function", "name": "f", "parameters": None, "strict": False}


def test_a_system_prompt_that_is_all_there_is_is_the_input() -> None:
    """Chat Completions takes such a request; without any input this API would not."""
    ask = read_ask(b'{"model": "m", "input": [{"role": "system", "content": "Say hi."}]}')

    sent = json.loads(write_ask(ask, model="m"))

    assert sent["input"] == [{"type": "message", "role": "system", "content": "Say hi."}]
    assert "instructions" not in sent


@pytest.mark.slow
@settings(deadline=None)
@given(requests)
def test_what_was_read_is_written_so_that_it_reads_the_same(body: Body) -> None:
    """The law: no field of any level is lost, moved or changed in meaning."""
    ask = read_ask(json.dumps(body).encode())

    assert read_ask(write_ask(ask, model=ask.model)) == ask


def test_a_whole_conversation_is_written_so_that_it_reads_the_same() -> None:
    """With reasoning, pictures and calls."""
    ask = read_ask(json.dumps(golden.REQUEST).encode())

    assert read_ask(write_ask(ask, model=ask.model)) == ask


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"n": 2}, "n"),
        ({"seed": 7}, "seed"),
        ({"stop": ["x"]}, "stop"),
        ({"presence_penalty": 1}, "presence_penalty"),
        ({"frequency_penalty": 1}, "frequency_penalty"),
        ({"logit_bias": {"1": 5}}, "logit_bias"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"web_search_options": {}}, "web_search_options"),
        ({"x_new": 1}, "x_new"),
        ({"tools": [{"type": "custom", "custom": {"name": "f"}}]}, "tools.0.type"),
        ({"tools": [{"type": "function", "x_new": 1, "function": {"name": "f"}}]}, "tools.0.x_new"),
        ({"tools": [{"type": "function", "function": {"name": "f", "x": 1}}]}, "tools.0.function.x"),
        ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice"),
        ({"response_format": {"type": "grammar"}}, "response_format"),
    ],
    ids=str,
)
def test_what_cannot_be_expressed_is_refused_by_name(fields: Body, field: str) -> None:
    """Rather than left out in silence."""
    with pytest.raises(InvalidRequest, match="Responses API cannot express") as refused:
        written(of_chat(**fields))

    assert refused.value.field == field


@pytest.mark.parametrize(
    "fields",
    [
        {"n": 1},
        {"stop": []},
        {"logit_bias": {}},
        {"modalities": ["text"]},
        {"presence_penalty": 0},
        {"response_format": {"type": "text"}},
        {"user": "u"},
        {"max_tokens": 20},
    ],
    ids=str,
)
def test_what_asks_for_nothing_is_no_hindrance(fields: Body) -> None:
    """Clients send their defaults."""
    assert written(of_chat(**fields))["input"] == [{"type": "message", "role": "user", "content": "Hi"}]


def test_a_client_of_the_messages_api_is_understood() -> None:
    """System blocks, calls and their results, effort."""
    body = {
        "model": "m",
        "max_tokens": 100,
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": "Hi"},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Hm.", "signature": "Er"},
                    {"type": "tool_use", "id": "c", "name": "f", "input": {}},
                ],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "rain"}]},
        ],
        "tools": [{"name": "f", "input_schema": {"type": "object"}}],
        "output_config": {"effort": "low"},
        "thinking": {"type": "adaptive"},
    }

    sent = written(read_messages(json.dumps(body).encode()))

    assert (sent["instructions"], sent["reasoning"]) == ("Be brief.", {"effort": "low"})
    assert [item["type"] for item in sent["input"]] == ["message", "function_call", "function_call_output"]


@pytest.mark.parametrize(("budget", "effort"), [(1_024, "low"), (32_000, "high")])
def test_a_budget_for_thinking_is_an_effort(budget: int, effort: str) -> None:
    """There is no other word here for how long to think."""
    body = {
        "model": "m",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "Hi"}],
        "thinking": {"type": "enabled", "budget_tokens": budget},
    }

    assert written(read_messages(json.dumps(body).encode()))["reasoning"] == {"effort": effort}


@pytest.mark.parametrize(
    "fields", [{"context_management": {"edits": [{"type": "x"}]}}, {"mcp_servers": [{}]}], ids=str
)
def test_what_only_the_messages_api_knows_is_refused_by_name(fields: Body) -> None:
    """Its fields are kept under its name."""
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]} | fields

    with pytest.raises(InvalidRequest) as refused:
        written(read_messages(json.dumps(body).encode()))

    assert refused.value.field in fields
