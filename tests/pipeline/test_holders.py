"""Tests of `sparingly.pipeline.holders`."""

import json

import pytest

from sparingly.core.answer import Answer, Choice
from sparingly.core.chat import Json, Tenant, Text
from sparingly.core.directives import Directives
from sparingly.core.routing.decide import Candidate
from sparingly.errors import InvalidRequest
from sparingly.pipeline.exchange import Caller, Incoming
from sparingly.pipeline.holders import Holders
from sparingly.protocols.dialects import INBOUND
from tests.ledger_entries import line

ONE, TWO = Candidate("one", "gpt-4o", "gpt-4o"), Candidate("two", "gpt-4o", "gpt-4o")


def incoming(dialect: str = "openai-responses", **fields: object) -> Incoming:
    body = json.dumps({"model": "gpt-4o", "input": "Hi", **fields}).encode()
    return Incoming(
        id="r",
        path="/v1/responses",
        dialect=dialect,
        body=body,
        ask=INBOUND["openai-responses"].read(body),
        caller=Caller(Tenant("t")),
        directives=Directives(),
        time=0.0,
        arrived=0.0,
    )


def answer(given: str | None = "resp_1") -> Answer:
    extra = None if given is None else Json(json.dumps({"openai-responses": {"id": given}}))
    return Answer("m", (Choice(0, (Text("a"),), "stop"),), extra=extra)


def known(**answers: str) -> Holders:
    holders = Holders()
    for given, provider in answers.items():
        holders.settled(incoming(), answer(given), line(provider=provider))
    return holders


@pytest.mark.parametrize("told", ["resp_1", "resp_sp_0a_resp_1"])
def test_who_gave_an_answer_its_id_holds_it(told: str) -> None:
    """Also under the id that an answer from memory has."""
    assert known(resp_1="two").holder(told) == "two"


@pytest.mark.parametrize("told", ["resp_2", "resp_sp_0a"])
def test_of_other_answers_nobody_knows(told: str) -> None:
    """Made before a restart, elsewhere, or by nobody."""
    assert known(resp_1="two").holder(told) is None


def test_nothing_is_noted_of_what_nobody_holds() -> None:
    """Translated, cut, from memory, or of another dialect."""
    holders = Holders()
    holders.settled(incoming(), answer(None), line(provider="one"))
    holders.settled(incoming(), None, line(provider="one"))
    holders.settled(incoming(), answer(), line(provider=None))
    holders.settled(incoming("openai"), answer(), line(provider="one"))

    assert holders.holder("resp_1") is None


def test_the_oldest_is_forgotten_first() -> None:
    """Memory is bounded."""
    holders = Holders(most=2)
    for number in range(3):
        holders.settled(incoming(), answer(f"resp_{number}"), line(provider="one"))

    assert [holders.holder(f"resp_{number}") for number in range(3)] == [None, "one", "one"]


def test_a_conversation_goes_on_where_it_is_held() -> None:
    """No other provider could answer; without a known holder anyone may try."""
    holders = known(resp_1="two")

    assert holders.able(incoming(previous_response_id="resp_1"), (ONE, TWO)) == [TWO]
    assert holders.able(incoming(previous_response_id="resp_9"), (ONE, TWO)) == (ONE, TWO)
    assert holders.able(incoming(store=True), (ONE, TWO)) == (ONE, TWO)


def test_a_model_that_the_holder_does_not_serve_is_refused_by_name() -> None:
    """It would be told of an answer that it never gave."""
    with pytest.raises(
        InvalidRequest, match="'two' holds this answer, and 'gpt-4o' is served by one"
    ) as refused:
        known(resp_1="two").able(incoming(previous_response_id="resp_1"), (ONE,))

    assert refused.value.field == "previous_response_id"
