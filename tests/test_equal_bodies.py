"""From the bytes of a request to its fingerprint: what is the same to a reader of JSON is the same to the cache."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import settings as run
from hypothesis import strategies as st

from sparingly.core.fingerprint import Fingerprint
from sparingly.protocols.openai_chat.read_ask import read_ask
from sparingly.protocols.openai_chat.shapes import NOT_THE_ANSWER
from tests.asks import mark
from tests.generators import Body, json_values, openai_bodies

TRAVEL = {"stream": True, "stream_options": {"include_usage": True}}


def _mark(body: Body, *, indent: int | None = None) -> Fingerprint:
    return mark(read_ask(json.dumps(body, indent=indent).encode()))


def _shuffled(value: Any, rng: Random) -> Any:
    """The same JSON value with the fields of every object in another order."""
    if isinstance(value, dict):
        names = list(value)
        rng.shuffle(names)
        return {name: _shuffled(value[name], rng) for name in names}
    return [_shuffled(item, rng) for item in value] if isinstance(value, list) else value


@pytest.mark.slow
@run(max_examples=80)
@given(openai_bodies(), st.randoms(use_true_random=False), st.sampled_from([None, 0, 2]))
def test_the_order_of_fields_and_the_spaces_between_make_no_difference(
    body: Body, rng: Random, indent: int | None
) -> None:
    """A byte-identical or key-reordered request always hits, unknown fields included."""
    assert _mark(_shuffled(body, rng), indent=indent) == _mark(body)


@pytest.mark.slow
@run(max_examples=40)
@given(openai_bodies(), st.sampled_from(sorted(NOT_THE_ANSWER)), st.text(max_size=5) | st.none())
def test_who_asks_and_what_is_paid_make_no_difference(body: Body, field: str, value: str | None) -> None:
    """Fields that cannot change the answer stay out, and so does how it travels."""
    assert _mark(body | {field: value} | TRAVEL) == _mark(body)


@pytest.mark.slow
@run(max_examples=80)
@given(openai_bodies(), st.data())
def test_leaving_out_any_other_field_makes_a_difference(body: Body, data: st.DataObject) -> None:
    """Whether this package knows the field or not."""
    ignored = NOT_THE_ANSWER | TRAVEL.keys() | {"model", "messages"}
    fields = sorted(body.keys() - ignored)
    assume(fields)
    field = data.draw(st.sampled_from(fields))
    less = {name: value for name, value in body.items() if name != field}

    assert _mark(less).scope != _mark(body).scope


@pytest.mark.slow
@run(max_examples=40)
@given(openai_bodies(), json_values)
def test_an_unknown_field_is_part_of_the_question(body: Body, value: object) -> None:
    """And it keeps the request out of the semantic tier."""
    known = _mark(body)
    unknown = _mark(body | {"y_unheard_of": value})

    assert unknown.scope != known.scope
    assert unknown.exact_only is not None


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"temperature": 1}, {"temperature": 1.0}),
        ({"stop": "x"}, {"stop": ["x"]}),
        ({"tools": []}, {}),
        ({"temperature": None}, {}),
    ],
)
def test_two_ways_of_writing_one_request_are_one(one: Body, two: Body) -> None:
    """What no provider tells apart."""
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}

    assert _mark(body | one) == _mark(body | two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"max_tokens": 5}, {"max_completion_tokens": 5}),
        ({"x": 123456789012345678901}, {"x": 123456789012345678902}),
        ({"x": 1}, {"x": 1.0}),
        ({"x": True}, {"x": 1}),
        ({"x": None}, {}),
        ({"stop": []}, {}),
        ({"parallel_tool_calls": False}, {}),
        ({"seed": 0}, {}),
    ],
)
def test_two_requests_that_a_provider_may_tell_apart_are_two(one: Body, two: Body) -> None:
    """In doubt a difference counts: it costs a hit, not a wrong answer."""
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}

    assert _mark(body | one).scope != _mark(body | two).scope


def test_a_text_in_one_part_is_the_text_itself() -> None:
    """SDKs write the same question both ways."""
    plain = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    parts = {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}

    assert _mark(plain) == _mark(parts)
