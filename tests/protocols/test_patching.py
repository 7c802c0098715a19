"""Tests of `sparingly.protocols.patching`."""

import pytest

from sparingly.errors import InvalidRequest
from sparingly.protocols.patching import replaced, top_level

_BODY = b'{"zeta": [1.50, {"b":1, "a":2}], "model" : "old", "n": 1e2}'


def test_nested_values_and_order_stay_as_they_are() -> None:
    """A number's spelling, spaces and the order of keys are the client's."""
    patched = replaced(_BODY, top_level(_BODY), {"model": "new"})

    assert patched == b'{"zeta":[1.50, {"b":1, "a":2}],"model":"new","n":1e2}'


def test_no_change_gives_the_same_bytes() -> None:
    """The very object, not a copy."""
    assert replaced(_BODY, top_level(_BODY), {"model": "old"}) is _BODY


def test_a_new_field_goes_to_the_end() -> None:
    """Whatever it is."""
    patched = replaced(b'{"a":1}', top_level(b'{"a":1}'), {"b": {"c": True}})

    assert patched == b'{"a":1,"b":{"c":true}}'


@pytest.mark.parametrize("body", [b"", b"[]", b'{"a":', b'{"\xff":1}', b'{"a":' + b"[" * 100_000])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    """Also where it is nested too deeply to be looked through."""
    with pytest.raises(InvalidRequest):
        top_level(body)
