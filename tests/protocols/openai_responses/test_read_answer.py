"""Tests of `sparingly.protocols.openai_responses.read_answer`."""

import json

import pytest

from sparingly.core.answer import Choice
from sparingly.core.chat import Json, Refusal, Text
from sparingly.errors import UpstreamNonsense
from sparingly.protocols.openai_responses.read_answer import read_answer
from tests.generators import Body
from tests.protocols.openai_responses import golden


def choice(*output: Body, **fields: object) -> Choice:
    """The choice of an answer with these items."""
    body = {"model": "m", "status": "completed", "output": list(output)} | fields
    return read_answer(json.dumps(body).encode()).choices[0]


def message(*content: Body, **fields: object) -> Body:
    return {"type": "message", "role": "assistant", "content": list(content), **fields}


def test_openais_answer_is_read_whole() -> None:
    """Reasoning, words, citations, a tool of the provider's own, a call, counts, unknown fields."""
    assert read_answer(golden.WHOLE) == golden.ANSWER


@pytest.mark.parametrize(
    ("fields", "finish"),
    [
        ({"status": "completed"}, "stop"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "length"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "content_filter"),
        ({"status": "incomplete", "incomplete_details": {"reason": "x_new"}}, "length"),
        ({"status": "in_progress"}, None),
        ({"status": "queued"}, None),
    ],
)
def test_how_an_answer_ended_is_told_in_our_words(fields: Body, finish: str | None) -> None:
    """An unknown reason is no whole answer, and one that goes on in the background has none."""
    assert choice(message({"type": "output_text", "text": "Hi"}), **fields).finish == finish


def test_a_refusal_is_no_text() -> None:
    """So that it is not kept as an answer."""
    assert choice(message({"type": "refusal", "refusal": "No."})).blocks == (Refusal("No."),)


def test_two_messages_in_a_row_stay_two() -> None:
    """The second is noted as one of its own; parts of one are not."""
    text = {"type": "output_text", "text": "Hi"}

    two, one = choice(message(text), message(text)), choice(message(text, text))

    assert two.blocks == one.blocks == (Text("Hi"), Text("Hi"))
    assert (two.message_extra, one.message_extra) == (Json('{"openai-responses":{"1":{}}}'), None)


@pytest.mark.parametrize("store", [{"store": True}, {}], ids=["held", "not-said"])
def test_the_id_of_an_answer_that_is_held_is_kept(store: Body) -> None:
    """It can be continued there."""
    body = {"id": "resp_1", "model": "m", "status": "completed", "output": [], **store}

    assert read_answer(json.dumps(body).encode()).extra == Json('{"openai-responses":{"id":"resp_1"}}')


@pytest.mark.parametrize(
    "fields", [{"id": "resp_1", "store": False}, {"id": "resp_sp_1"}], ids=["not-held", "ours"]
)
def test_the_id_of_an_answer_that_nobody_holds_is_not(fields: Body) -> None:
    """It leads nowhere."""
    body = {"model": "m", "status": "completed", "output": [], **fields}

    assert read_answer(json.dumps(body).encode()).extra is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"status":"failed","error":{"code":"server_error","message":"Oh."},"output":[]}', "Oh."),
        (b'{"error":{"message":"No such model"}}', "No such model"),
        (b"{}", "no `output`"),
        (b'{"status":"completed","output":["x"]}', "text as an item"),
        (b"<html>", "not JSON"),
    ],
)
def test_what_is_no_answer_is_refused(body: bytes, said: str) -> None:
    """With the provider's reason, where it gave one."""
    with pytest.raises(UpstreamNonsense, match=said):
        read_answer(body)
