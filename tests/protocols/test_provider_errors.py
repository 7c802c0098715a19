"""Tests of `sparingly.protocols.provider_errors`."""

import pytest

from sparingly.errors import UpstreamNonsense
from sparingly.protocols.provider_errors import error_message, parse


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error":{"message":"no such model","type":"invalid_request_error"}}', "no such model"),
        (b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', "Overloaded"),
        (b'{"error":{"type":"overloaded_error"}}', "overloaded_error"),
        (b'{"error":"model not found"}', "model not found"),
        (b'{"object":"error","message":"too long"}', "too long"),
        (b'{"detail":"Not Found"}', "Not Found"),
        (b"{}", "the provider gave no reason"),
        (b"<html>Bad Gateway</html>", "<html>Bad Gateway</html>"),
        (b"\xff", "\ufffd"),
        (b"", "the provider gave no reason"),
        (b"x" * 9_000, "x" * 500),
    ],
)
def test_the_providers_own_words_are_found(body: bytes, said: str) -> None:
    """In every form that providers use, and never with an error of our own."""
    assert error_message(body) == said


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"a":"\xff"}', b"[" * 100_000])
def test_what_is_no_object_is_nonsense(body: bytes) -> None:
    """It is the provider's fault, not the client's."""
    with pytest.raises(UpstreamNonsense):
        parse(body)
