"""Tests of `sparingly.protocols.openai_chat.write_answer`."""

import json

import pytest
from hypothesis import given, settings
from openai.types.chat import ChatCompletion

from sparingly.core.answer import Answer, Block, Choice, Usage
from sparingly.core.chat import Json, Opaque, Refusal, Text, Thinking, ToolCall
from sparingly.protocols.dialect import Stamp
from sparingly.protocols.openai_chat.read_answer import read_answer
from sparingly.protocols.openai_chat.write_answer import write_answer
from tests.generators import Body, answers
from tests.protocols.openai_chat import golden

STAMP = Stamp("new", 1_800_000_000)


def written(*blocks: Block, message_extra: str | None = None) -> Body:
    """The message that blocks become."""
    extra = None if message_extra is None else Json(message_extra)
    body = json.loads(write_answer(Answer("m", (Choice(0, blocks, "stop", message_extra=extra),)), STAMP))
    message = body["choices"][0]["message"]
    assert isinstance(message, dict)
    return message


def test_openais_answer_comes_back_with_a_new_id_and_time() -> None:
    """Everything else is what the provider said."""
    assert json.loads(write_answer(read_answer(golden.WHOLE), STAMP)) == json.loads(golden.WHOLE) | {
        "id": "chatcmpl-new",
        "created": 1_800_000_000,
    }


@pytest.mark.parametrize(
    "message",
    [
        {"content": "a", "refusal": None},
        {"content": "", "refusal": None},
        {"content": None, "refusal": "no"},
        {"content": "a", "refusal": None, "reasoning_content": "hm"},
        {"content": "a", "refusal": None, "reasoning": "hm", "reasoning_details": [{"text": "hm"}]},
        {"content": "a", "refusal": None, "reasoning": "long", "reasoning_content": "hm"},
        {
            "content": None,
            "refusal": None,
            "audio": {"id": "a", "data": "AA", "transcript": "t", "expires_at": 1},
        },
        {"content": None, "refusal": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "a"}], "refusal": None},
        {
            "content": None,
            "refusal": None,
            "tool_calls": [
                {
                    "id": "c",
                    "type": "function",
                    "function": {"name": "f", "arguments": "{}"},
                    "extra_content": {"signature": "s"},
                },
            ],
        },
        {
            "content": None,
            "refusal": None,
            "tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "g", "input": "x"}}],
        },
        {"content": "a", "refusal": None, "annotations": [{"type": "url_citation"}], "x_new": {"a": None}},
    ],
)
def test_a_message_comes_back_as_it_was(message: Body) -> None:
    """Whatever a server put into it."""
    choice = {
        "index": 0,
        "message": {"role": "assistant"} | message,
        "logprobs": None,
        "finish_reason": "stop",
    }
    body = {"model": "m", "choices": [choice | {"content_filter_results": {"hate": False}}]}

    back = json.loads(write_answer(read_answer(json.dumps(body).encode()), STAMP))

    assert back["choices"] == body["choices"]


def test_a_stored_answer_says_so_in_its_usage() -> None:
    """openai-python shows the mark as an attribute."""
    answer = Answer("m", (Choice(0, (Text("a"),), "stop"),), Usage(3, 4))

    parsed = ChatCompletion.model_validate_json(write_answer(answer, Stamp("id", 1, cached=True)))

    assert parsed.usage is not None
    assert parsed.usage.total_tokens == 7
    assert parsed.usage.model_extra == {"cached": True}


def test_a_known_field_is_never_overwritten_by_an_unknown_one() -> None:
    """Unknown fields come from a provider; ours are right."""
    answer = Answer(
        "m", (Choice(0, (), "stop", extra=Json('{"index":7}')),), extra=Json('{"id":"old","x":1}')
    )

    body = json.loads(write_answer(answer, STAMP))

    assert body["id"] == "chatcmpl-new"
    assert body["x"] == 1
    assert body["choices"][0]["index"] == 0


def test_nothing_said_is_empty_text_unless_something_else_was() -> None:
    """Clients call methods on `content`: null only where OpenAI says null."""
    assert written()["content"] == ""
    assert written(Thinking("hm"))["content"] == ""
    assert written(ToolCall("c", "f", "{}"))["content"] is None
    assert written(Refusal("no"))["content"] is None


def test_another_providers_own_blocks_are_left_out() -> None:
    """There is no field for redacted reasoning or citations here."""
    block = Opaque(Json('{"anthropic":{"type":"redacted_thinking"}}'))

    message = written(block, Text("a"), message_extra='{"anthropic":{"blocks":{}}}')

    assert message == {"role": "assistant", "content": "a", "refusal": None}


@pytest.mark.slow
@settings(deadline=None)
@given(answers())
def test_every_answer_can_be_written_and_is_what_clients_parse(answer: Answer) -> None:
    """The strictest of parsers, openai-python's own model, takes it, and the words survive."""
    parsed = ChatCompletion.model_validate_json(write_answer(answer, STAMP))

    assert [choice.finish_reason for choice in parsed.choices] == [choice.finish for choice in answer.choices]
    assert parsed.choices[0].message.content in (answer.text, None)
