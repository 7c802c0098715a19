"""Clients whose provider speaks another dialect: what it has no words for is refused by name, or said in others."""

import json
from typing import Any

import pytest

from tests.pipeline.wire import messages, whole
from tests.web.front import Front, a_front
from tests.web.harness import Got, fetch

pytestmark = pytest.mark.anyio


def body(*, model: str = "gpt-4o", **fields: object) -> bytes:
    return json.dumps({"model": model, "max_tokens": 99, **fields}).encode()


async def ask(front: Front, asked: bytes, *, path: str = "/v1/messages") -> Got:
    got = await fetch(front.app, path=path, body=asked)
    await front.world.background.settle()
    return got


def sent(front: Front) -> Any:
    request = front.world.one.requests[-1]
    assert isinstance(request.body, bytes)
    return json.loads(request.body)


PREFILL = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "It is"}]


async def test_the_beginning_of_an_answer_is_refused_where_nobody_goes_on_with_it() -> None:
    """Before anyone is asked, and by its place in the client's own body, which a system prompt does not shift."""
    async with a_front() as front:
        got = await ask(front, body(model="gpt-4o", messages=PREFILL, system="s"))

    assert (got.status, got.json()["error"]["type"]) == (400, "invalid_request_error")
    assert "`messages.1.role`" in got.json()["error"]["message"]
    assert front.world.one.asked == 0


async def test_the_beginning_of_an_answer_goes_on_to_who_knows_it() -> None:
    """As it came."""
    asked = body(model="claude-haiku-4-5", messages=PREFILL)
    async with a_front() as front:
        front.world.claude._script.clear()
        front.world.claude._script.append(messages())
        got = await ask(front, asked)

    assert got.status == 200
    assert front.world.claude.requests[-1].body == asked


async def test_a_tool_that_failed_has_failed_for_another_house_too() -> None:
    """Its API has no mark for it, so the words say it."""
    call = {"type": "tool_use", "id": "c", "name": "f", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "c", "content": "no such file", "is_error": True}
    conversation = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    async with a_front() as front:
        front.world.script(whole())
        got = await ask(front, body(model="gpt-4o", messages=conversation))

    assert got.status == 200
    told = {"role": "tool", "content": "[tool error] no such file", "tool_call_id": "c"}
    assert sent(front)["messages"][-1] == told


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/responses"])
async def test_a_provider_that_does_not_stream_is_streamed_for(path: str) -> None:
    """A client that reads events would find none in its whole answer, and take that for an empty one."""
    asked = {"model": "gpt-4o", "stream": True, "input": "Hi"}
    if path == "/v1/messages":
        asked = json.loads(body(stream=True, messages=[{"role": "user", "content": "Hi"}]))
    async with a_front() as front:
        front.world.script(whole("All of it."))
        got = await ask(front, json.dumps(asked).encode(), path=path)

    assert (got.status, got.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert got.body.startswith(b"event: ")
    assert b"All of it." in got.body
    assert got.body.rpartition(b"event: ")[2].split(b"\n")[0] in {b"message_stop", b"response.completed"}


async def test_what_cannot_be_said_is_named_where_its_client_wrote_it() -> None:
    """Instructions are no item; the provider would count them as a message."""
    items = [{"role": "user", "content": "Hi"}, {"role": "user", "content": [{"type": "input_audio"}]}]
    asked = json.dumps({"model": "claude-haiku-4-5", "instructions": "s", "input": items}).encode()
    async with a_front() as front:
        got = await ask(front, asked, path="/v1/responses")

    assert (got.status, got.error["param"]) == (400, "input.1.content")
    assert front.world.claude.asked == 0
