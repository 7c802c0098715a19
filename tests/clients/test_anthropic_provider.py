"""OpenAI's client, Anthropic's API: what api.anthropic.com answers, in the words of the other house."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.clients.conftest import KEY
from tests.clients.golden_claude import GoldenClaude
from tests.gateway_process import GatewayProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

MODEL = "claude-sonnet-4-6"
SAID = "I'll check the weather."
CALLS = [("toolu_01", "get_weather", {"city": "Paris", "days": 2}), ("toolu_02", "now", {})]

TOOLS: Any = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("get_weather", "now")
]


@pytest.fixture
def client(gateway: GatewayProcess) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{gateway.url}/v1", api_key=KEY, max_retries=0) as made:
        yield made


def user(text: str) -> Any:
    return [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]


def test_a_whole_answer_with_tools_is_translated(client: OpenAI, claude: GoldenClaude) -> None:
    """Words, calls, end and tokens; the request as Anthropic wants it, with the operator's key."""
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=user("Weather, whole?"), tools=TOOLS, max_tokens=500
    )

    answer = raw.parse()
    (choice,) = answer.choices
    assert (choice.message.role, choice.message.content) == ("assistant", SAID)
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls is not None
    assert [
        (call.id, call.function.name, json.loads(call.function.arguments))
        for call in choice.message.tool_calls
        if call.type == "function"
    ] == CALLS
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (1233, 305)
    assert raw.headers["x-sparingly-model"] == MODEL
    sent, headers = claude.asked[-1], claude.headers[-1]
    assert (sent["model"], sent["max_tokens"]) == (MODEL, 500)
    assert [turn["role"] for turn in sent["messages"]] == ["user"]  # type: ignore[attr-defined]
    assert (headers["x-api-key"], headers["anthropic-version"]) == ("sk-claude", "2023-06-01")
    assert KEY not in repr(headers)


def test_a_streamed_answer_with_tools_is_translated(client: OpenAI) -> None:
    """Piece by piece, under one id, with the usage that was asked for."""
    chunks = list(
        client.chat.completions.create(
            model=MODEL,
            messages=user("Weather, streamed?"),
            tools=TOOLS,
            stream=True,
            stream_options={"include_usage": True},
        )
    )

    text, calls = "", dict[int, list[str]]()
    for chunk in chunks:
        for choice in chunk.choices:
            text += choice.delta.content or ""
            for delta in choice.delta.tool_calls or ():
                call = calls.setdefault(delta.index, ["", "", ""])
                assert delta.function is not None
                for place, piece in enumerate((delta.id, delta.function.name, delta.function.arguments)):
                    call[place] += piece or ""
    assert text == SAID
    assert [(one[0], one[1], json.loads(one[2])) for _, one in sorted(calls.items())] == CALLS
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "tool_calls"
    assert chunks[-1].usage is not None
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (1233, 305)
    assert len({chunk.id for chunk in chunks}) == 1


def test_the_next_turn_takes_the_results_along(client: OpenAI, claude: GoldenClaude) -> None:
    """Anthropic wants them in a user's turn, beside each other."""
    calls: Any = [
        {"id": identity, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        for identity, name, arguments in CALLS
    ]
    results: Any = [
        {"role": "tool", "tool_call_id": identity, "content": f"result {identity}"}
        for identity, _, _ in CALLS
    ]
    client.chat.completions.create(
        model=MODEL,
        tools=TOOLS,
        messages=[
            *user("Weather, next turn?"),
            {"role": "assistant", "content": SAID, "tool_calls": calls},
            *results,
        ],
    )

    turns: Any = claude.asked[-1]["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert [block["tool_use_id"] for block in turns[2]["content"]] == ["toolu_01", "toolu_02"]


def test_anthropics_error_is_told_in_openais_shape(client: OpenAI) -> None:
    """Its status and its words."""
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model="claude-overloaded", messages=user("Hi"))

    assert caught.value.status_code == 529
    assert "Overloaded" in str(caught.value)
    assert caught.value.response.headers["x-sparingly-reason"] == "provider-error"


def test_what_anthropic_cannot_express_is_refused_by_name(client: OpenAI) -> None:
    """Dropping it would answer another question."""
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=MODEL, messages=user("Hi"), n=2)

    assert caught.value.param == "n"
