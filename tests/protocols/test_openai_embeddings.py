"""Tests of `sparingly.protocols.openai_embeddings`."""

import json

import pytest

from sparingly.core.answer import Usage
from sparingly.core.directives import Directives
from sparingly.core.fingerprint import Fingerprint
from sparingly.core.keeping.admission import admit
from sparingly.core.policy import CachePolicy
from sparingly.errors import InvalidRequest, UpstreamNonsense
from sparingly.protocols.dialect import Failure, Stamp
from sparingly.protocols.openai_embeddings import EmbeddingsInbound, EmbeddingsOutbound
from tests.asks import ask, mark
from tests.generators import Body

INBOUND, OUTBOUND = EmbeddingsInbound(), EmbeddingsOutbound()

BODY: Body = {"model": "text-embedding-3-small", "input": ["a fjord", "What is new today?"]}
ANSWER = (
    b'{"object":"list","model":"text-embedding-3-small","data":[{"object":"embedding","index":0,'
    b'"embedding":[1e-05,-0.50]}],"usage":{"prompt_tokens":5,"total_tokens":5},"x_new":1}'
)


def marked(**fields: object) -> Fingerprint:
    return mark(INBOUND.read(json.dumps(BODY | fields).encode()))


@pytest.mark.parametrize(
    "fields",
    [
        {"model": "text-embedding-3-large"},
        {"input": ["a fjord"]},
        {"input": ["What is new today?", "a fjord"]},
        {"input": [[1, 2], [3]]},
        {"dimensions": 8},
        {"encoding_format": "base64"},
        {"x_new": 1},
    ],
    ids=str,
)
def test_whatever_shapes_the_vectors_is_part_of_the_digest(fields: Body) -> None:
    """The model, the texts and their order, the dimensions, the form."""
    assert marked(**fields).digest != marked().digest


def test_who_asks_is_not() -> None:
    """Nor the order of keys, nor a list around one text."""
    assert marked(user="ann").digest == marked().digest
    assert marked(input="x").digest == marked(input=["x"]).digest


def test_nothing_of_it_is_ever_compared_by_closeness_or_judged_by_time() -> None:
    """The texts are no question."""
    assert (marked().text, marked().exact_only is not None) == (None, True)
    assert INBOUND.read(json.dumps(BODY).encode()).last_user_text == ""


def test_the_reason_that_is_told_is_what_they_are() -> None:
    """Nothing of it is a turn of a conversation."""
    assert {marked().exact_only, marked(input=[1, 2]).exact_only, marked(user="u").exact_only} == {
        "embeddings"
    }


def test_vectors_are_told_again_as_they_came() -> None:
    """Digit by digit, with the usage marked."""
    told = INBOUND.whole(OUTBOUND.read(ANSWER), Stamp("new", 0, cached=True))

    assert b'"embedding":[1e-05,-0.50]' in told
    assert json.loads(told) == json.loads(ANSWER) | {
        "usage": {"prompt_tokens": 5, "total_tokens": 5, "cached": True}
    }


def test_vectors_are_kept_for_the_exact_tier() -> None:
    """Though they have no words."""
    request = INBOUND.read(json.dumps(BODY).encode())

    admission = admit(
        request,
        OUTBOUND.read(ANSWER),
        mark(request),
        directives=Directives(),
        policy=CachePolicy(),
        answer_bytes=100,
    )

    assert (admission.tier, OUTBOUND.read(ANSWER).usage) == ("exact", Usage(5))


def test_only_the_model_is_patched() -> None:
    """The provider reads what the client wrote."""
    raw = b'{"input":"x", "model":"auto","dimensions":8}'

    assert OUTBOUND.patch(raw, model="m") == b'{"input":"x","model":"m","dimensions":8}'


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"input": "x"}, "model"),
        ({"model": "", "input": "x"}, "model"),
        ({"model": "m"}, "input"),
        ({"model": "m", "input": []}, "input"),
        ({"model": "m", "input": {}}, "input"),
        ({"model": "m", "input": ["x", 5.5]}, "input.1"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named(body: Body, field: str) -> None:
    """As everywhere."""
    with pytest.raises(InvalidRequest) as refused:
        INBOUND.read(json.dumps(body).encode())

    assert refused.value.field == field


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"<html>", "not JSON"), (b'{"error":{"message":"Oh."}}', r"Oh\."), (b'{"data":5}', "no `data`")],
)
def test_what_is_no_answer_is_refused(body: bytes, said: str) -> None:
    """With the provider's reason, where it gave one."""
    with pytest.raises(UpstreamNonsense, match=said):
        OUTBOUND.read(body)


def test_nothing_is_translated_or_streamed() -> None:
    """There is nothing to translate into."""
    with pytest.raises(InvalidRequest):
        OUTBOUND.write(ask(), model="m")
    with pytest.raises(InvalidRequest):
        INBOUND.stream(ask(), Stamp("new", 0))
    with pytest.raises(InvalidRequest):
        OUTBOUND.reader()


def test_errors_are_openais() -> None:
    """Ours and the provider's."""
    failure = Failure(400, "slug", "No.")

    assert json.loads(INBOUND.error(failure))["error"]["message"] == "No."
    assert INBOUND.error_event(failure) == INBOUND.error(failure)
    assert OUTBOUND.error_message(b'{"error":{"message":"Oh."}}') == "Oh."
