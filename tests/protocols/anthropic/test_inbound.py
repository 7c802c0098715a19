"""Tests of `sparingly.protocols.anthropic.inbound`."""

import json

import pytest

from sparingly.core.answer import Answer, Choice, Usage
from sparingly.core.chat import Text
from sparingly.core.transcript import unfold
from sparingly.protocols.anthropic.inbound import AnthropicInbound
from sparingly.protocols.dialect import Failure, Inbound, Stamp
from tests.protocols.anthropic.events import checked

INBOUND: Inbound = AnthropicInbound()
ANSWER = Answer("m", (Choice(0, (Text("a"),), "stop"),), Usage(1, 1))


def test_it_reads_and_writes_its_dialect() -> None:
    """The parts of the dialect in one place."""
    ask = INBOUND.read(b'{"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}')
    stamp = Stamp("1", 2)
    writer = INBOUND.stream(ask, stamp)

    assert ask.last_user_text == "Hi"
    assert json.loads(INBOUND.whole(ANSWER, stamp))["id"] == "msg_1"
    assert checked(writer.write(unfold(ANSWER, piece_chars=None)) + writer.close()).id == "msg_1"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "billing_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (405, "invalid_request_error"),
        (413, "request_too_large"),
        (422, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (502, "api_error"),
        (503, "api_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ],
)
def test_an_error_has_the_type_of_its_status(status: int, kind: str) -> None:
    """Clients choose by it whether to ask again."""
    failure = Failure(status, "some-code", "what went wrong")

    error = {"type": kind, "message": "what went wrong"}
    assert json.loads(INBOUND.error(failure)) == {"type": "error", "error": error}


def test_an_error_within_a_stream_is_an_event_of_that_name() -> None:
    """And nothing says that the message has ended."""
    event = INBOUND.error_event(Failure(502, "upstream-broke", "cut"))

    assert event.startswith(b"event: error\ndata: {")
    assert event.endswith(b"}\n\n")
    assert b"message_stop" not in event
