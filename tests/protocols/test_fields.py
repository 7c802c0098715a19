"""Tests of `sparingly.protocols.fields`."""

import pytest

from sparingly.core.chat import Json
from sparingly.errors import InvalidRequest
from sparingly.protocols import fields


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "ends too early, after 0 bytes"),
        (b'{"a":1', "ends too early, after 6 bytes"),
        (b'{"a":tru}', r"not valid JSON: invalid character \(byte 9\)"),
        (b'{"a":1}x', "byte"),
        (b"nan", "not valid JSON"),
        (b"[1]", "must be a JSON object, not a list"),
        (b"null", "must be a JSON object, not null"),
        (b'{"a":"\xff"}', "not UTF-8: invalid start byte at byte 6"),
        (b'{"a":"\xed\xa0\x80"}', "not UTF-8"),
        (b'{"a":"\\ud800 alone"}', "surrogate"),
        (b'{"a":"\\udc00 alone"}', "surrogate"),
        (b'{"a":1e999}', "out of range"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    ],
)
def test_a_bad_body_is_refused_with_the_place(body: bytes, said: str) -> None:
    """Whoever sends it must be able to find the byte."""
    with pytest.raises(InvalidRequest, match=said):
        fields.parse_object(body)


def test_a_good_body_is_its_object() -> None:
    """Escaped characters and pairs of surrogates are text like any other."""
    assert fields.parse_object(b' {"a": "\\ud83d\\ude00\\u0000"} ') == {"a": "\N{GRINNING FACE}\x00"}


def test_a_wrong_value_is_named_with_what_it_should_be() -> None:
    """The message can be read without the documentation."""
    error = fields.wrong("messages.3.content", "text or a list of parts", 7)

    assert error.field == "messages.3.content"
    assert error.message == "`messages.3.content` must be text or a list of parts, not the number 7"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "null"),
        (True, "a boolean"),
        (1.5, "the number 1.5"),
        (10**40, "a very large number"),
        ("secret", "text"),
        ("", "empty text"),
        ([], "a list"),
        ({}, "an object"),
    ],
)
def test_values_are_described_and_never_quoted(value: object, said: str) -> None:
    """What a client wrote stays out of messages, and so out of logs."""
    assert fields.kind(value) == said


@pytest.mark.parametrize("value", [True, "1", 1.0, 0, 11])
def test_whole_numbers_are_whole_and_within_bounds(value: object) -> None:
    """A boolean is no number, though Python takes it for one."""
    with pytest.raises(InvalidRequest, match="`n` must be a whole number from 1 to 10"):
        fields.optional_int({"n": value}, "n", least=1, most=10)


def test_a_whole_number_is_a_number() -> None:
    """1 and 1.0 must not be two different requests."""
    assert fields.optional_number({"t": 1}, "t", least=0, most=2) == 1.0
    assert isinstance(fields.optional_number({"t": 1}, "t", least=0, most=2), float)


@pytest.mark.parametrize("value", [True, "0.5", -0.1, 2.1, 10**400])
def test_numbers_are_numbers_within_bounds(value: object) -> None:
    """Even one too large for a float gives a clear error."""
    with pytest.raises(InvalidRequest, match="`t` must be a number from 0 to 2"):
        fields.optional_number({"t": value}, "t", least=0, most=2)


def test_what_must_be_there_is_called_missing() -> None:
    """Null and absent are the same to a required field."""
    for body in ({}, {"a": None}):
        with pytest.raises(InvalidRequest, match="`x_a` is missing"):
            fields.text(body, "a", "x_")
        with pytest.raises(InvalidRequest, match="`x_a` is missing"):
            fields.an_object(body, "a", "x_")


def test_items_of_a_list_are_named_by_place() -> None:
    """The first wrong one, counted from 0 as in the client's code."""
    with pytest.raises(InvalidRequest) as caught:
        fields.objects([{}, "x"], "messages")

    assert caught.value.field == "messages.1"


@pytest.mark.parametrize("value", [1, "true"])
def test_booleans_are_booleans(value: object) -> None:
    """`1` is not `true`."""
    with pytest.raises(InvalidRequest, match="`stream` must be true or false"):
        fields.optional_bool({"stream": value}, "stream")


def test_unknown_fields_are_kept_in_one_form() -> None:
    """Order does not matter, and none is not an empty object."""
    left = fields.leftover({"b": 1, "known": 2, "a": 3}, frozenset({"known"}))

    assert fields.kept(left) == '{"a":3,"b":1}'
    assert fields.kept(fields.leftover({"known": 2}, frozenset({"known"}))) is None


def test_kept_fields_can_be_opened_one_level() -> None:
    """What is inside stays as it was written."""
    opened = fields.opened(Json('{"a":{"z": 1.0},"b":[2]}'))

    assert {name: bytes(raw) for name, raw in opened.items()} == {"a": b'{"z": 1.0}', "b": b"[2]"}
    assert fields.opened(None) == {}
