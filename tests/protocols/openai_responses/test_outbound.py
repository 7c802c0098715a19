"""Tests of `sparingly.protocols.openai_responses.outbound`."""

import json

import pytest

from sparingly.core.chat import Thinking
from sparingly.errors import InvalidRequest
from sparingly.protocols.openai_responses.items import items_of, thinking_of
from sparingly.protocols.openai_responses.outbound import OpenAIResponsesOutbound
from tests.asks import ask
from tests.generators import Body
from tests.protocols.openai_responses import golden

OUTBOUND = OpenAIResponsesOutbound()


def patched(body: Body) -> Body:
    told: Body = json.loads(OUTBOUND.patch(json.dumps({"model": "gpt-5.2"} | body).encode(), model="gpt-5.2"))
    return told


def test_only_the_model_is_changed() -> None:
    """Everything else goes on byte for byte, so that the provider's prompt cache finds its prefix."""
    raw = b'{"input": [ {"x_new":1e3} ],\n "model":"auto", "model_":1, "store":false}'

    assert (
        OUTBOUND.patch(raw, model="gpt-5.2")
        == b'{"input":[ {"x_new":1e3} ],"model":"gpt-5.2","model_":1,"store":false}'
    )
    assert OUTBOUND.patch(raw, model="auto", inject_usage=True) is raw


def test_an_id_of_ours_becomes_the_providers() -> None:
    """A hit can be continued where its answer is held."""
    assert patched({"previous_response_id": "resp_sp_1_resp_9"})["previous_response_id"] == "resp_9"
    assert patched({"previous_response_id": "resp_9"})["previous_response_id"] == "resp_9"


def test_reasoning_of_another_provider_stays_out() -> None:
    """It would be looked for, and the request refused."""
    (item,) = items_of([Thinking("Hm.", "ErUB")], {}, tells_all=True)
    user = {"role": "user", "content": "Hi"}

    assert patched({"input": [user, {"id": "rs_sp_1", **item}, user]})["input"] == [user, user]


def test_reasoning_of_its_own_gets_its_id_back() -> None:
    """A streamed hit tells it under an id of ours."""
    own = golden.REQUEST["input"][2]
    thought = thinking_of(own)
    assert thought is not None
    told = {
        "id": "rs_sp_100",
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": thought.text}],
        "encrypted_content": thought.signature,
    }

    assert patched({"input": [told]})["input"] == [own]


def test_a_provider_is_asked_read_and_quoted() -> None:
    """The other ways through this dialect."""
    assert json.loads(OUTBOUND.write(ask("Hi"), model="m"))["input"] == [
        {"type": "message", "role": "user", "content": "Hi"}
    ]
    assert OUTBOUND.read(golden.WHOLE) == golden.ANSWER
    assert OUTBOUND.reader().feed(golden.STREAM) != []
    assert OUTBOUND.error_message(b'{"error":{"message":"No."}}') == "No."


def test_a_body_that_is_no_object_is_refused() -> None:
    """It never gets here otherwise."""
    with pytest.raises(InvalidRequest):
        OUTBOUND.patch(b"[]", model="m")
