"""Tests of `sparingly.protocols.anthropic.write_answer`."""

import json
from typing import Any

import pytest
from anthropic.types import Message
from hypothesis import given, settings

from sparingly.core.answer import Answer, Block, Choice, Usage
from sparingly.core.chat import Json, Opaque, Refusal, Text, Thinking, ToolCall
from sparingly.errors import UpstreamNonsense
from sparingly.protocols.anthropic.read_answer import read_answer
from sparingly.protocols.anthropic.write_answer import write_answer
from sparingly.protocols.dialect import Stamp
from tests.protocols.anthropic import golden
from tests.protocols.anthropic.bodies import answers
from tests.protocols.openai_chat import golden as golden_chat

STAMP = Stamp("new", 1_800_000_000)


def written(
    *blocks: Block, finish: str | None = "stop", usage: Usage | None = None, cached: bool = False
) -> Any:
    answer = Answer("m", (Choice(0, blocks, finish),), usage)
    return json.loads(write_answer(answer, Stamp("new", 1, cached)))


def test_an_answer_of_the_provider_is_written_as_it_came() -> None:
    """All but the id: blocks, citations, unknown fields, every count."""
    ours, theirs = json.loads(write_answer(golden.ANSWER, STAMP)), json.loads(golden.WHOLE)

    assert ours["id"] == "msg_new"
    assert without_nulls(ours | {"id": theirs["id"]}) == without_nulls(theirs)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(answers())
def test_every_answer_of_this_dialect_survives_being_written(answer: Answer) -> None:
    """The law, and what anthropic-python makes of it."""
    body = write_answer(answer, STAMP)

    assert read_answer(body) == answer
    assert Message.model_validate_json(body).usage.output_tokens == (answer.usage or Usage()).output_tokens


def test_an_answer_of_another_house_is_told_in_this_dialect() -> None:
    """Words, reasoning, calls and counts; log probabilities have no place here."""
    message = Message.model_validate_json(write_answer(golden_chat.ANSWER, STAMP))

    kinds = [block.type for block in message.content]
    assert set(kinds) <= {"text", "thinking", "tool_use"}
    assert golden_chat.ANSWER.usage is not None
    assert message.usage.output_tokens == golden_chat.ANSWER.usage.output_tokens


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("stop", "end_turn"),
        ("tool_calls", "tool_use"),
        ("function_call", "tool_use"),
        ("length", "max_tokens"),
        ("content_filter", "refusal"),
        ("some_new_reason", "end_turn"),
        (None, None),
    ],
)
def test_every_end_has_its_reason(finish: str | None, reason: str | None) -> None:
    """In the words of this API; an end nobody knows is an end."""
    assert written(Text("a"), finish=finish)["stop_reason"] == reason


def test_an_answer_that_calls_a_tool_ends_for_it() -> None:
    """Chat Completions says `stop` where it was told which one to call, and some servers always do."""
    assert written(ToolCall("c", "f", "{}"), finish="stop")["stop_reason"] == "tool_use"
    assert written(ToolCall("c", "f", "{}"), finish="length")["stop_reason"] == "max_tokens"


def test_the_providers_own_reason_is_told_again() -> None:
    """Ours is coarser."""
    answer = Answer(
        "m",
        (Choice(0, (Text("a"),), "stop"),),
        extra=Json('{"anthropic":{"stop_reason":"stop_sequence","stop_sequence":"END"}}'),
    )

    body = json.loads(write_answer(answer, STAMP))

    assert (body["stop_reason"], body["stop_sequence"]) == ("stop_sequence", "END")


def test_a_stored_answer_tells_its_input_as_read_from_a_cache() -> None:
    """Not nothing: budgets are built on it; and marked, so that nobody takes it for a fresh one."""
    usage = written(Text("a"), usage=Usage(12, 8, 3, 2), cached=True)["usage"]

    assert usage == {
        "input_tokens": 0,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 12,
        "output_tokens": 8,
        "cached": True,
    }


def test_a_fresh_answer_tells_every_kind_of_input_once() -> None:
    """What was read from and written to the cache is not among `input_tokens`."""
    usage = written(Text("a"), usage=Usage(12, 8, 3, 2, 5))["usage"]

    assert usage == {
        "input_tokens": 7,
        "cache_creation_input_tokens": 2,
        "cache_read_input_tokens": 3,
        "output_tokens": 8,
        "output_tokens_details": {"thinking_tokens": 5},
    }


def test_an_answer_nobody_counted_has_a_usage_all_the_same() -> None:
    """Clients of this dialect look into it unasked."""
    assert written(Text("a"))["usage"] == {"input_tokens": 0, "output_tokens": 0}


def test_a_call_without_arguments_has_an_empty_input() -> None:
    """Whether the other house writes nothing or an empty object."""
    content = written(ToolCall("a", "f", ""), ToolCall("b", "f", "{}"), finish="tool_calls")["content"]

    assert [block["input"] for block in content] == [{}, {}]


@pytest.mark.parametrize("arguments", ['{"a":', "[1]", '"a"', "a"])
def test_arguments_that_are_no_object_are_not_passed_off_as_one(arguments: str) -> None:
    """A tool that is called with something else must not be called."""
    with pytest.raises(UpstreamNonsense, match="'f'"):
        written(ToolCall("a", "f", arguments))


def test_reasoning_without_a_signature_has_an_empty_one() -> None:
    """The field must be there; it comes back as none."""
    assert written(Thinking("hm"))["content"] == [{"type": "thinking", "thinking": "hm", "signature": ""}]


def test_a_refusal_is_words_here() -> None:
    """The reason to stop says what they are."""
    body = written(Refusal("No."), finish="content_filter")

    assert body["content"] == [{"type": "text", "text": "No."}]


def test_what_only_another_dialect_knows_is_left_out() -> None:
    """Its clients get it from their own."""
    body = written(Text("a"), Opaque(Json('{"type":"audio","audio":{}}')), Text("b"))

    assert [block["text"] for block in body["content"]] == ["a", "b"]


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(one) for name, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value
