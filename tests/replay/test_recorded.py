import json

import msgspec
import pytest

from sparingly.core.transcript import fold
from sparingly.ports import UpstreamRequest
from sparingly.protocols.dialects import OUTBOUND
from sparingly.replay.logged import Logged
from sparingly.replay.recorded import (
    STAND_IN,
    RecordedUpstream,
    Recording,
    has_answer,
    is_the_logged_one,
    recorded_model,
)
from tests.replay.log_files import chat, completion

pytestmark = pytest.mark.anyio

ANSWER = completion("Yes, it is.", model="gpt-5-2025-08-07", tokens=(3, 4))


def _logged(request: object = None, response: object = ANSWER) -> Logged:
    return Logged(
        id="a",
        time=0.0,
        request=msgspec.json.encode(request or chat("Is it?")),
        response=None if response is None else msgspec.json.encode(response),
    )


async def _sent(logged: Logged, body: object = None, *, model: str = "gpt-5") -> tuple[int, bytes]:
    recording = Recording()
    recording.play(logged, dialect="openai")
    request = UpstreamRequest(
        "POST",
        "/v1/chat/completions",
        body=logged.request if body is None else msgspec.json.encode(body),
        model=model,
    )
    reply = await RecordedUpstream("any", recording).send(request)
    whole = await reply.read()
    await reply.aclose()
    return reply.status, whole


async def test_the_recorded_answer_comes_back_byte_for_byte() -> None:
    """A dated name is the same model and stays."""
    status, body = await _sent(_logged())

    assert (status, body) == (200, msgspec.json.encode(ANSWER))


async def test_a_routed_model_signs_the_answer() -> None:
    """Else its tokens would be priced as the recorded model's."""
    _, body = await _sent(_logged(), chat("Is it?", model="small"), model="small")

    assert json.loads(body) == {**ANSWER, "model": "small"}


async def test_the_asked_name_may_differ_from_the_recorded_one() -> None:
    """An alias that was asked for then and is asked for now is no routing."""
    logged = _logged(chat("Is it?", model="our-alias"))

    _, body = await _sent(logged, model="our-alias")

    assert json.loads(body) == ANSWER


async def test_a_streamed_request_gets_the_answer_as_a_stream() -> None:
    """The events fold to the recorded answer, token counts included."""
    recording = Recording()
    logged = _logged(chat("Is it?", stream=True))
    recording.play(logged, dialect="openai")
    upstream = RecordedUpstream("any", recording)
    outbound = OUTBOUND["openai"]

    reply = await upstream.send(UpstreamRequest("POST", outbound.path, body=logged.request, model="gpt-5"))
    reader = outbound.reader()
    deltas = [delta async for piece in reply.body() for delta in reader.feed(piece)]

    assert dict(reply.headers)["content-type"].startswith("text/event-stream")
    assert reader.is_complete
    folded, whole = fold(deltas), outbound.read(msgspec.json.encode(ANSWER))
    assert (folded.text, folded.usage) == (whole.text, whole.usage)


async def test_a_request_without_answer_gets_a_stand_in() -> None:
    """It names the model that was asked and claims no tokens."""
    status, body = await _sent(_logged(response=None))

    answer = OUTBOUND["openai"].read(body)
    assert status == 200
    assert (answer.text, answer.model, answer.usage) == (STAND_IN, "gpt-5", None)


async def test_a_recorded_error_is_refused_again() -> None:
    """With a status that nobody tries again."""
    error = {"error": {"message": "too long", "type": "invalid_request_error"}}

    status, body = await _sent(_logged(response=error))

    assert (status, json.loads(body)) == (400, error)


async def test_another_request_has_no_answer_in_the_log() -> None:
    """A classifier's question to a model, for one."""
    status, body = await _sent(_logged(), chat("Which tier is this?"))

    assert status == 404
    assert b"holds no answer" in body


async def test_nothing_is_answered_before_something_is_played() -> None:
    """A recording that stands still has nothing to say."""
    request = UpstreamRequest("POST", "/v1/chat/completions", body=b"{}")

    reply = await RecordedUpstream("any", Recording()).send(request)

    assert reply.status == 404


async def test_an_upstream_has_its_providers_name_and_the_askers_dialect() -> None:
    """So routing finds it, and no answer is ever translated."""
    recording = Recording()
    recording.play(_logged(), dialect="openai")
    upstream = RecordedUpstream("azure-west", recording)

    await upstream.ping()
    await upstream.aclose()

    assert (upstream.name, upstream.dialect) == ("azure-west", "openai")


@pytest.mark.parametrize(
    ("body", "is_same"),
    [
        (chat("Is it?"), True),
        (chat("Is it?", model="other"), True),
        (chat("Is it?", stream_options={"include_usage": True}), True),
        (chat("Is it not?"), False),
        (chat("Is it?", temperature=0), False),
    ],
)
async def test_a_request_is_the_logged_one_but_for_what_the_gateway_sets(
    body: object, *, is_same: bool
) -> None:
    """Model and token counts on streams; anything else is another request."""
    assert is_the_logged_one(msgspec.json.encode(body), _logged()) == is_same


@pytest.mark.parametrize(
    ("response", "has", "model"),
    [
        (ANSWER, True, "gpt-5-2025-08-07"),
        ({**ANSWER, "error": None}, True, "gpt-5-2025-08-07"),
        ({"error": {"message": "no"}}, False, None),
        ({"model": 7}, True, None),
        (None, False, None),
    ],
)
async def test_answers_and_their_models_are_recognized(
    response: object, *, has: bool, model: str | None
) -> None:
    """An error body is no answer; a model must be a name."""
    logged = _logged(response=response)

    assert (has_answer(logged), recorded_model(logged)) == (has, model)


async def test_nonsense_in_the_log_is_passed_on_as_it_is() -> None:
    """The gateway finds the fault in it, as it would have in the provider's answer."""
    logged = _logged(chat("Is it?", stream=True), {"model": "gpt-5", "choices": "none"})

    status, body = await _sent(logged)

    assert (status, json.loads(body)) == (200, {"model": "gpt-5", "choices": "none"})
