"""Tests of `sparingly.protocols.openai_chat.inbound`."""

import json

import pytest

from sparingly.core.answer import Answer, Choice
from sparingly.core.chat import Ask, Text, Turn
from sparingly.core.transcript import unfold
from sparingly.protocols.dialect import Failure, Inbound, Stamp
from sparingly.protocols.openai_chat.inbound import OpenAIChatInbound

_INBOUND: Inbound = OpenAIChatInbound()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "invalid_request_error"),
        (413, "invalid_request_error"),
        (429, "rate_limit_error"),
        (502, "server_error"),
    ],
)
def test_errors_have_openais_shape(status: int, kind: str) -> None:
    """Clients read message, type, param and code."""
    failure = Failure(status, "some-code", "what was wrong", field="messages.0")

    assert json.loads(_INBOUND.error(failure)) == {
        "error": {"message": "what was wrong", "type": kind, "param": "messages.0", "code": "some-code"}
    }


def test_an_error_in_a_stream_is_an_event_without_an_end() -> None:
    """openai-python raises on it; `[DONE]` would call the answer whole."""
    event = _INBOUND.error_event(Failure(502, "upstream-broke", "cut"))

    assert event == (
        b'data: {"error":{"message":"cut","type":"server_error","param":null,"code":"upstream-broke"}}\n\n'
    )


def test_requests_are_read_and_answers_written_both_ways() -> None:
    """The parts of the dialect in one place."""
    ask = _INBOUND.read(b'{"model":"m","messages":[{"role":"user","content":"hi"}]}')
    answer = Answer("m", (Choice(0, (Text("a"),), "stop"),))
    writer = _INBOUND.stream(ask, Stamp("id", 1))

    assert ask == Ask("m", (Turn("user", (Text("hi"),)),))
    assert json.loads(_INBOUND.whole(answer, Stamp("id", 1)))["choices"][0]["message"]["content"] == "a"
    assert b'"content":"a"' in writer.write(unfold(answer, piece_chars=None))
    assert writer.close() == b"data: [DONE]\n\n"
