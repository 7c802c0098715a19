"""Requests that cannot be answered: a clear error in OpenAI's shape, nobody asked, one line in the ledger."""

import asyncio

import pytest

from sparingly.core.chat import Tenant
from sparingly.ports import UpstreamReply, UpstreamRequest
from tests.pipeline.parts import GatedUpstream
from tests.pipeline.wire import request_body
from tests.pipeline.world import QUESTION
from tests.web.front import a_front
from tests.web.harness import eventually, fetch, visiting

pytestmark = pytest.mark.anyio

ACME = Tenant("acme")

ASK = request_body(QUESTION)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_the_wrong_method_is_told_the_right_one(method: str) -> None:
    """RFC 9110, section 15.5.6; nobody is asked."""
    async with a_front() as front:
        got = await fetch(front.app, method, body=ASK)

    assert (got.status, got.headers["allow"]) == (405, "POST")
    assert got.error["code"] == got.headers["x-sparingly-reason"] == "method-not-allowed"
    assert "takes POST" in got.error["message"]
    assert (front.line.status, front.line.reason) == (405, "method-not-allowed")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", None),
        (b"{", None),
        (b"\xff\xfe", None),
        (b"[]", None),
        (b'"text"', None),
        (b"null", None),
        (b"[" * 900, None),
        (b'{"messages": []}', "model"),
        (b'{"model": 7, "messages": []}', "model"),
        (b'{"model": "", "messages": []}', "model"),
        (b'{"model": "m"}', "messages"),
        (b'{"model": "m", "messages": null}', "messages"),
        (b'{"model": "m", "messages": {}}', "messages"),
        (b'{"model": "m", "messages": []}', "messages"),
        (b'{"model": "m", "messages": ["hi"]}', "messages.0"),
        (b'{"model": "m", "messages": [{"content": "hi"}]}', "messages.0.role"),
        (b'{"model": "m", "messages": [{"role": "king", "content": "hi"}]}', "messages.0.role"),
        (b'{"model": "m", "messages": [{"role": "user", "content": 7}]}', "messages.0.content"),
        (b'{"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": "yes"}', "stream"),
        (b'{"model": "m", "messages": [{"role": "user", "content": "hi"}], "n": 0}', "n"),
        (b'{"model": "\\ud800", "messages": [{"role": "user", "content": "hi"}]}', None),
    ],
)
async def test_a_wrong_body_is_a_bad_request_that_names_the_field(body: bytes, field: str | None) -> None:
    """In OpenAI's shape, marked as the gateway's own; nobody is asked."""
    async with a_front() as front:
        got = await fetch(front.app, body=body)

    assert got.status == 400
    assert got.headers["content-type"] == "application/json"
    assert got.error["type"] == "invalid_request_error"
    assert got.error["code"] == got.headers["x-sparingly-reason"] == "invalid-request"
    assert got.error["param"] == field
    assert got.error["message"]
    assert front.world.one.asked == 0
    assert (front.line.status, front.line.reason, front.line.complete) == (400, "invalid-request", False)


async def test_a_model_nobody_serves_is_not_found_and_told_what_is() -> None:
    """The way OpenAI answers, with names to choose from."""
    async with a_front() as front:
        got = await fetch(front.app, body=request_body(QUESTION, model="claude-9"))

    assert got.status == 404
    assert got.error["code"] == got.headers["x-sparingly-reason"] == "unknown-model"
    assert got.error["param"] == "model"
    assert "claude-9" in got.error["message"]
    assert "gpt-4o" in got.error["message"]
    assert (front.line.status, front.line.asked) == (404, "claude-9")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cache-control", "max-age=soon"),
        ("cache-control", "max-age"),
        ("cache-control", "max-age=-1"),
        ("cache-control", "min-fresh=1.5"),
        ("cache-control", "only-if-cached, no-cache"),
        ("x-sparingly-max-error", "nan"),
        ("x-sparingly-max-error", "2"),
        ("x-sparingly-max-error", ""),
        ("x-sparingly-tags", ",".join(str(number) for number in range(17))),
        ("x-sparingly-tags", "t" * 65),
    ],
)
async def test_a_wrong_header_is_a_bad_request_that_names_it(name: str, value: str) -> None:
    """A caller who asks for care gets it or an error, never less."""
    async with a_front() as front:
        got = await fetch(front.app, headers=[(name, value)], body=ASK)

    assert got.status == 400
    assert got.error["param"].lower() == name
    assert front.line.reason == "invalid-request"


async def test_only_if_cached_without_a_stored_answer_is_a_time_out() -> None:
    """RFC 9111, section 5.2.1.7; nobody is asked."""
    async with a_front() as front:
        got = await fetch(front.app, headers=[("cache-control", "only-if-cached")], body=ASK)

    assert (got.status, got.headers["x-sparingly-reason"]) == (504, "not-cached")
    assert front.world.one.asked == 0
    assert front.line.status == 504


@pytest.mark.parametrize(("size", "status"), [(0, 200), (1, 413)])
@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_body_at_the_limit_is_taken_and_one_byte_more_is_not(
    size: int,
    status: int,
    is_chunked: bool,  # noqa: FBT001
) -> None:
    """However it is sent."""
    limit = len(ASK) - size
    async with a_front(max_body_bytes=limit) as front:
        got = await fetch(front.app, body=[ASK[:50], ASK[50:]] if is_chunked else ASK)

    assert got.status == status
    assert front.line.status == status
    if status == 413:
        assert got.error["code"] == got.headers["x-sparingly-reason"] == "body-too-large"
        assert str(limit) in got.error["message"]


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("authorization", "Bearer wrong-key")],
        [("x-api-key", "wrong-key")],
        [("authorization", "Basic d3Jvbmcta2V5")],
        [("authorization", "Bearer wrong-key"), ("x-api-key", "right-key")],
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/chat/completions"), ("GET", "/v1/models"), ("GET", "/v1/files")]
)
async def test_without_the_right_key_nothing_is_done(
    headers: list[tuple[str, str]], method: str, path: str
) -> None:
    """401 and how to do better; no key is quoted in the answer or in the ledger."""
    async with a_front(keys={"right-key": ACME}) as front:
        got = await fetch(front.app, method, path, headers=headers, body=ASK)

    assert (got.status, got.headers["www-authenticate"]) == (401, "Bearer")
    assert got.error["type"] == "authentication_error"
    assert got.headers["x-sparingly-reason"] == "not-authorized"
    assert b"wrong-key" not in got.body
    assert b"right-key" not in got.body
    assert front.world.one.asked == 0
    assert front.line.status == 401
    assert "-key" not in repr(front.line).replace("x-api-key", "")


async def test_a_bug_of_ours_is_told_in_the_clients_dialect() -> None:
    """The server, which logs it, gets it next; the client hears no detail, and the ledger has its line."""

    class Buggy(GatedUpstream):
        async def send(self, request: UpstreamRequest) -> UpstreamReply:
            raise ZeroDivisionError(f"some detail of {request.path}")

    async with a_front(one=Buggy(name="one")) as front:
        visiting_it = visiting(front.app, body=ASK)
        with pytest.raises(ExceptionGroup) as caught:
            async with visiting_it as visit:
                pass

    assert caught.group_contains(ZeroDivisionError)
    got = visit.got()
    assert (got.status, got.error["type"], got.error["code"]) == (500, "server_error", "internal")
    assert b"some detail" not in got.body
    assert (front.line.status, front.line.reason) == (500, "internal")


async def test_a_server_that_stops_enters_what_it_could_not_answer() -> None:
    """Every request has its line."""
    async with a_front() as front:
        front.world.one.gate.clear()
        task = asyncio.ensure_future(fetch(front.app, body=ASK))
        await eventually(lambda: front.world.one.asked)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert (front.line.status, front.line.reason) == (503, "stopped")
