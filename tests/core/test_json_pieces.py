"""Tests of `sparingly.core.json_pieces`."""

import pytest

from sparingly.core.chat import Json
from sparingly.core.json_pieces import join, overlay


def test_one_piece_stays_byte_for_byte() -> None:
    """Nothing is decoded that need not be."""
    odd = Json('{"b": 1, "a": 1.0}')

    assert join([odd], appends_text=True) == odd
    assert overlay([odd]) == odd


def test_no_piece_is_nothing() -> None:
    """No field came: there is no value, not an empty one."""
    assert join([], appends_text=True) is None
    assert overlay([]) is None


@pytest.mark.parametrize(
    ("pieces", "appends_text", "expected"),
    [
        (['{"a":"x"}', '{"a":"y"}'], True, '{"a":"xy"}'),
        (['{"a":"x"}', '{"a":"y"}'], False, '{"a":"y"}'),
        (['{"id":"x"}', '{"id":"x"}'], True, '{"id":"x"}'),
        (['{"a":[1]}', '{"a":[2]}'], True, '{"a":[1,2]}'),
        (['{"a":{"b":"x"}}', '{"a":{"c":1}}'], True, '{"a":{"b":"x","c":1}}'),
        (['{"a":1}', '{"a":null}'], True, '{"a":1}'),
        (['{"a":1}', '{"a":2}'], True, '{"a":2}'),
        (["null", "[1]"], True, "[1]"),
    ],
)
def test_pieces_join_by_their_kind(pieces: list[str], *, appends_text: bool, expected: str) -> None:
    """Objects by key, lists by appending, text as told, names and numbers by the last word."""
    assert join([Json(piece) for piece in pieces], appends_text=appends_text) == expected


def test_a_later_field_replaces_an_earlier_one_whole() -> None:
    """Top-level fields are told anew, not grown."""
    assert overlay([Json('{"a":{"x":1},"b":1}'), Json('{"a":{"y":2}}')]) == '{"a":{"y":2},"b":1}'
