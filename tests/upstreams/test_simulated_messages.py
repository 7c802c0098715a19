"""Tests of `sparingly.upstreams.simulated_messages`."""

import json
from typing import Any

import pytest
from anthropic.types import Message

from sparingly.upstreams.simulated_chat import completion
from sparingly.upstreams.simulated_chat import read_request as read_chat
from sparingly.upstreams.simulated_messages import (
    error,
    events,
    input_tokens,
    message,
    read_request,
    whole,
)
from sparingly.upstreams.simulated_reply import Refused
from tests.protocols.anthropic.events import checked, events_of

WEATHER = {"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}


def body(*messages: object, **fields: object) -> bytes:
    said = list(messages) or [{"role": "user", "content": "How are you?"}]
    return json.dumps({"model": "m", "max_tokens": 200, "messages": said} | fields).encode()


def answered(*messages: object, **fields: object) -> Message:
    asked = body(*messages, **fields)
    return Message.model_validate_json(whole(message(read_request(asked), asked, seed=0, answer_tokens=20)))


def streamed(*messages: object, **fields: object) -> bytes:
    asked = body(*messages, **fields)
    return b"".join(events(message(read_request(asked), asked, seed=0, answer_tokens=20), chunk_tokens=3))


def script(*turns: object) -> dict[str, str]:
    return {"role": "user", "content": f"Go.\n```simulate\n{json.dumps(turns)}\n```"}


def test_the_words_are_those_of_every_dialect() -> None:
    """So that a translated answer can be told from another one."""
    (block,) = answered().content
    chat = completion(read_chat(body()), seed=0, answer_tokens=20)

    assert block.type == "text"
    assert block.text == chat.choices[0].message.content


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"thinking": {"type": "enabled", "budget_tokens": 1024}},
        {"tools": [WEATHER], "tool_choice": {"type": "any"}},
        {"max_tokens": 2},
        {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
    ],
)
def test_whole_and_streamed_tell_the_same(fields: dict[str, object]) -> None:
    """And every event stands where it belongs."""
    one, other = answered(**fields), checked(streamed(**fields))

    assert other.content == one.content
    assert (other.stop_reason, other.usage.output_tokens) == (one.stop_reason, one.usage.output_tokens)


def test_a_script_is_played_with_its_tools() -> None:
    """A call without arguments begins with an empty piece, as the API's do."""
    goal = script({"text": "I look.", "tools": [{"name": "weather"}]}, {"text": "It is {result}."})
    first = streamed(goal, tools=[WEATHER])
    call: Any = checked(first).content[-1]
    result = {"type": "tool_result", "tool_use_id": call.id, "content": [{"type": "text", "text": "sunny"}]}
    said = {
        "role": "assistant",
        "content": [{"type": "tool_use", "id": call.id, "name": "weather", "input": {}}],
    }
    (last,) = answered(goal, said, {"role": "user", "content": [result]}, tools=[WEATHER]).content

    assert checked(first).stop_reason == "tool_use"
    assert [event["delta"] for event in events_of(first) if event["type"] == "content_block_delta"][-1] == {
        "type": "input_json_delta",
        "partial_json": "",
    }
    assert last.type == "text"
    assert last.text == "It is sunny."


def test_what_is_marked_for_the_prompt_cache_is_counted_apart() -> None:
    """All but the last message is read from it; the sum stays."""
    plain = answered(system="Be brief.").usage
    marked = answered(
        system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    ).usage

    assert plain.cache_read_input_tokens == 0
    assert marked.cache_read_input_tokens is not None
    assert marked.cache_read_input_tokens > 0
    assert marked.input_tokens + marked.cache_read_input_tokens == plain.input_tokens


def test_tokens_are_counted_as_they_are_billed() -> None:
    """The counting endpoint and an answer's usage agree; counting needs no limit."""
    asked = b'{"model":"m","messages":[{"role":"user","content":"How are you?"}]}'

    assert input_tokens(read_request(asked, is_counted=True)) == answered().usage.input_tokens


@pytest.mark.parametrize(
    ("messages", "fields", "words"),
    [
        ([], {"max_tokens": None}, "max_tokens"),
        ([], {"messages": []}, "at least one message"),
        ([{"role": "user"}], {}, "content"),
        (
            [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "x"}]}],
            {},
            "tool_use_id",
        ),
        (
            [{"role": "assistant", "content": [{"type": "thinking", "thinking": "hm", "signature": ""}]}],
            {},
            "signature",
        ),
        ([{"role": "user", "content": [{"type": "text", "text": ""}]}], {}, "non-empty"),
        ([], {"tool_choice": {"type": "any"}}, "tools"),
        ([], {"tools": [WEATHER], "tool_choice": {"type": "tool", "name": "x"}}, "'x'"),
    ],
)
def test_it_is_as_strict_as_the_api(messages: list[object], fields: dict[str, object], words: str) -> None:
    """Where clients and gateways go wrong."""
    with pytest.raises(Refused, match=words):
        answered(*messages, **fields)


def test_the_newest_version_takes_no_sampling_parameters() -> None:
    """Not even at their defaults; the older one does."""
    asked = body(temperature=1.0)

    read_request(asked, version="2023-06-01")
    with pytest.raises(Refused, match="temperature: Extra inputs"):
        read_request(asked, version="2026-10-21")


def test_an_error_has_the_apis_form() -> None:
    """Two types, one within the other."""
    assert json.loads(error("api_error", "no")) == {
        "type": "error",
        "error": {"type": "api_error", "message": "no"},
    }
