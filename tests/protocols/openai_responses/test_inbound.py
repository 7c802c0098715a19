"""Tests of `sparingly.protocols.openai_responses.inbound`."""

import json

import pytest

from sparingly.core.answer import Answer, Choice
from sparingly.core.chat import Text
from sparingly.core.transcript import unfold
from sparingly.errors import UpstreamBroke
from sparingly.protocols.dialect import Failure, Reached, Stamp
from sparingly.protocols.openai_responses.inbound import OpenAIResponsesInbound
from sparingly.protocols.openai_responses.read_stream import ResponsesReader
from sparingly.protocols.sse import SseParser
from tests.generators import Body

INBOUND = OpenAIResponsesInbound()
CUT = Failure(502, "upstream-broke", "it was cut", reached=Reached("resp_1", "m", 7))


def events(data: bytes) -> list[Body]:
    return [json.loads(event.data) for event in SseParser().feed(data)]


def test_whole_and_streamed_answers_come_from_one_request() -> None:
    """The four ways through this dialect."""
    ask = INBOUND.read(b'{"model":"m","input":"Hi","stream":true}')
    answer, stamp = Answer("m", (Choice(0, (Text("Ho"),), "stop"),)), Stamp("1", 0)
    writer = INBOUND.stream(ask, stamp)

    streamed = events(writer.write(unfold(answer, piece_chars=None)) + writer.close())[-1]["response"]

    assert (
        streamed["output"][0]["content"] == json.loads(INBOUND.whole(answer, stamp))["output"][0]["content"]
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (429, "rate_limit_error"),
        (502, "server_error"),
    ],
)
def test_an_error_is_told_in_openais_words(status: int, kind: str) -> None:
    """So that clients try again what may be tried again."""
    error = json.loads(INBOUND.error(Failure(status, "slug", "No.", "input")))["error"]

    assert error == {"message": "No.", "type": kind, "param": "input", "code": "slug"}


def test_a_cut_stream_says_that_it_may_be_tried_again() -> None:
    """`server_error`, in the form that libraries raise at and in the form that agents retry at; never a 400's."""
    error, failed = events(INBOUND.error_event(CUT))

    assert (error["type"], error["error"]["type"]) == ("error", "server_error")
    assert (failed["type"], failed["response"]["status"]) == ("response.failed", "failed")
    assert failed["response"]["error"] == {"code": "server_error", "message": "it was cut"}


def test_an_error_takes_its_place_in_the_stream() -> None:
    """It goes on counting, and is about the answer that had begun."""
    error, failed = events(INBOUND.error_event(CUT))

    assert [error["sequence_number"], failed["sequence_number"]] == [7, 8]
    assert (failed["response"]["id"], failed["response"]["model"]) == ("resp_1", "m")


def test_our_own_reader_takes_it_for_a_broken_stream() -> None:
    """A gateway behind another one tries again, too."""
    with pytest.raises(UpstreamBroke, match="it was cut"):
        ResponsesReader().feed(INBOUND.error_event(CUT))
