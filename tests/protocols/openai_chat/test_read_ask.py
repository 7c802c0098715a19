"""Tests of `sparingly.protocols.openai_chat.read_ask`."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparingly.core.chat import (
    Ask,
    Sampling,
    Text,
    Tool,
    Turn,
)
from sparingly.errors import InvalidRequest
from sparingly.protocols.openai_chat.read_ask import read_ask
from tests.generators import Body, openai_bodies
from tests.protocols.openai_chat.reading import json_text, read


def test_a_request_becomes_an_ask() -> None:
    """Every known field finds its place."""
    ask = read(
        messages=[
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": [{"type": "text", "text": "hi"}], "name": "ann"},
        ],
        temperature=1,
        top_p=0.5,
        n=2,
        seed=7,
        stop=["a", "b"],
        logprobs=True,
        top_logprobs=3,
        max_tokens=10,
        presence_penalty=0.5,
        frequency_penalty=-0.5,
        tools=[
            {
                "type": "function",
                "function": {"name": "f", "description": "d", "parameters": {"z": 1, "a": 2}, "strict": True},
            }
        ],
        tool_choice="auto",
        parallel_tool_calls=False,
        response_format={"type": "json_object"},
        stream=True,
        stream_options={"include_usage": True},
    )

    assert ask == Ask(
        model="gpt-4o",
        turns=(Turn("system", (Text("be brief"),)), Turn("user", (Text("hi"),), "ann")),
        sampling=Sampling(1.0, 0.5, 2, 7, ("a", "b"), True, 3, 10, 0.5, -0.5),
        tools=(Tool("f", "d", json_text({"a": 2, "z": 1}), json_text({"function": {"strict": True}})),),
        tool_choice=json_text("auto"),
        parallel_tool_calls=False,
        response_format=json_text({"type": "json_object"}),
        stream=True,
        include_usage=True,
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            {"messages": [{"role": "user", "content": "hi"}]},
            {"messages": [{"content": [{"text": "hi", "type": "text"}], "role": "user"}]},
        ),
        ({"stop": "x"}, {"stop": ["x"]}),
        ({"temperature": 1}, {"temperature": 1.0}),
        ({"temperature": None}, {}),
        ({"response_format": {"type": "x", "a": 1}}, {"response_format": {"a": 1, "type": "x"}}),
        ({"x_new": {"a": 1, "b": 2}}, {"x_new": {"b": 2, "a": 1}}),
        ({"tools": []}, {}),
        ({"user": "ann", "metadata": {"a": "b"}, "store": True, "service_tier": "flex"}, {}),
        ({"prompt_cache_key": "k", "prompt_cache_retention": "24h", "safety_identifier": "s"}, {}),
        ({"stream_options": {"include_obfuscation": False}}, {}),
        ({"reasoning_effort": None, "verbosity": None, "logit_bias": None, "audio": None}, {}),
    ],
)
def test_what_means_the_same_reads_the_same(one: Body, other: Body) -> None:
    """Else the same question would be asked and paid twice."""
    assert read(**one) == read(**other)


@pytest.mark.parametrize(
    "fields",
    [
        {"x_new": 1},
        {"x_new": None},
        {"logit_bias": {"1": 2}},
        {"reasoning_effort": "low"},
        {"functions": [{"name": "f"}]},
        {"modalities": ["audio"]},
        {"max_tokens": 5},
        {"max_completion_tokens": 5},
        {"messages": [{"role": "user", "content": "hi", "x_new": 1}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi", "x_new": 1}]}]},
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "h"}, {"type": "text", "text": "i"}]}
            ]
        },
        {"messages": [{"role": "user", "content": "hi", "name": "ann"}]},
        {"messages": [{"role": "developer", "content": "hi"}]},
    ],
)
def test_what_could_change_the_answer_reads_differently(fields: Body) -> None:
    """A field that is lost here would let one caller's answer serve another's question."""
    assert read(**fields) != read()


@pytest.mark.parametrize("count", [0, 1, 5])
def test_log_probabilities_may_be_asked_for_by_number(count: int) -> None:
    """Some servers want it so; each number is another request."""
    ask = read(logprobs=count)

    assert ask.extra == json_text({"logprobs": count})
    assert ask.sampling.logprobs is None


def test_the_two_names_of_the_token_limit_stay_apart() -> None:
    """The newer one counts hidden reasoning; both together are a third thing."""
    asks = [
        read(max_tokens=5),
        read(max_completion_tokens=5),
        read(max_tokens=5, max_completion_tokens=5),
        read(max_tokens=6, max_completion_tokens=5),
    ]

    assert [ask.sampling.max_tokens for ask in asks] == [5, 5, 5, 5]
    assert asks[1].extra == '{"max_tokens_field":"max_completion_tokens"}'
    assert len({msgspec.json.encode(ask) for ask in asks}) == 4


@settings(deadline=None)
@given(openai_bodies(), st.randoms(use_true_random=False))
@pytest.mark.slow
def test_the_order_of_keys_does_not_matter(request_body: Body, rng: Any) -> None:
    """At no level of the body."""

    def shuffled(value: object) -> object:
        if isinstance(value, dict):
            items = [(key, shuffled(inner)) for key, inner in value.items()]
            rng.shuffle(items)
            return dict(items)
        return [shuffled(inner) for inner in value] if isinstance(value, list) else value

    assert read_ask(json.dumps(shuffled(request_body)).encode()) == read_ask(
        json.dumps(request_body).encode()
    )


_CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"model": ...}, "model"),
        ({"model": ""}, "model"),
        ({"model": 4}, "model"),
        ({"messages": ...}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": {"role": "user"}}, "messages"),
        ({"messages": [{"role": "user", "content": "hi"}, "hi"]}, "messages.1"),
        ({"messages": [{"content": "hi"}]}, "messages.0.role"),
        ({"messages": [{"role": 1, "content": "hi"}]}, "messages.0.role"),
        ({"messages": [{"role": "narrator", "content": "hi"}]}, "messages.0.role"),
        ({"messages": [{"role": "user"}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": None}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": 4}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": {"type": "text"}}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": ["hi"]}]}, "messages.0.content.0"),
        ({"messages": [{"role": "user", "content": [{"text": "hi"}]}]}, "messages.0.content.0.type"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages.0.content.0.text"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages.0.content.0.image_url.url",
        ),
        ({"messages": [{"role": "user", "content": "hi", "name": 1}]}, "messages.0.name"),
        ({"messages": [{"role": "assistant"}]}, "messages.0.content"),
        ({"messages": [{"role": "assistant", "content": "x", "refusal": 1}]}, "messages.0.refusal"),
        ({"messages": [{"role": "assistant", "tool_calls": {}}]}, "messages.0.tool_calls"),
        ({"messages": [{"role": "assistant", "tool_calls": [1]}]}, "messages.0.tool_calls.0"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [_CALL | {"id": None}]}]},
            "messages.0.tool_calls.0.id",
        ),
        (
            {
                "messages": [
                    {
                        "role": "assistant",
                        "tool_calls": [_CALL | {"function": {"name": "f", "arguments": {}}}],
                    }
                ]
            },
            "messages.0.tool_calls.0.function.arguments",
        ),
        ({"messages": [{"role": "tool", "content": "42"}]}, "messages.0.tool_call_id"),
        ({"messages": [{"role": "tool", "tool_call_id": "c"}]}, "messages.0.content"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": -1}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"top_p": 1.5}, "top_p"),
        ({"n": 0}, "n"),
        ({"n": 1.5}, "n"),
        ({"n": 10**9}, "n"),
        ({"seed": 10**30}, "seed"),
        ({"max_tokens": -2}, "max_tokens"),
        ({"max_tokens": "10"}, "max_tokens"),
        ({"reasoning_effort": {}}, "reasoning_effort"),
        ({"max_completion_tokens": 0}, "max_completion_tokens"),
        ({"logprobs": -1}, "logprobs"),
        ({"logprobs": "yes"}, "logprobs"),
        ({"top_logprobs": -1}, "top_logprobs"),
        ({"stop": 1}, "stop"),
        ({"stop": ["a", 1]}, "stop.1"),
        ({"stream": "true"}, "stream"),
        ({"stream_options": True}, "stream_options"),
        ({"stream_options": {"include_usage": "yes"}}, "stream_options.include_usage"),
        ({"parallel_tool_calls": 1}, "parallel_tool_calls"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {}}, "response_format.type"),
        ({"tool_choice": 1}, "tool_choice"),
        ({"tools": {}}, "tools"),
        ({"tools": ["f"]}, "tools.0"),
        ({"tools": [{"function": {"name": "f"}}]}, "tools.0.type"),
        ({"tools": [{"type": "function"}]}, "tools.0.function"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools.0.function.name"),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": "{}"}}]},
            "tools.0.function.parameters",
        ),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "description": 1}}]},
            "tools.0.function.description",
        ),
    ],
)
def test_a_wrong_field_is_named(fields: Body, field: str) -> None:
    """The path counts lists from 0, as the client's own code does."""
    with pytest.raises(InvalidRequest) as caught:
        read(**fields)

    assert caught.value.field == field
    assert f"`{field}`" in caught.value.message


@pytest.mark.parametrize("depth", [300, 600, 900, 990, 100_000])
def test_a_deeply_nested_body_is_refused_or_read_but_never_crashes(depth: int) -> None:
    """Whether the stack is used up by reading or by writing the canonical form."""
    nested = b"[" * depth + b"]" * depth

    outcome = _outcome(b'{"model":"m","messages":[{"role":"user","content":"hi"}],"x_new":' + nested + b"}")

    assert outcome in ('{"x_new":' + nested.decode() + "}", "the body is nested too deeply")


def _outcome(raw: bytes) -> str | None:
    """What was kept, or what was said."""
    try:
        return read_ask(raw).extra
    except InvalidRequest as error:
        return error.message


def test_numbers_too_large_for_machine_words_are_kept() -> None:
    """A schema may hold them; they are text to us."""
    assert read(x_new=10**30).extra == '{"x_new":1000000000000000000000000000000}'


@pytest.mark.slow
@settings(deadline=None)
@given(openai_bodies())
def test_every_valid_request_is_read(request_body: Body) -> None:
    """And an `Ask` can be stored and read back."""
    ask = read_ask(json.dumps(request_body).encode())

    assert len(ask.turns) == len(request_body["messages"])
    assert msgspec.json.decode(msgspec.json.encode(ask), type=Ask) == ask
