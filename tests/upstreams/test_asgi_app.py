"""An app of this process as a provider."""

import asyncio
from typing import Any, cast

import pytest
from litestar.types import HTTPScope

from sparingly.errors import UpstreamBroke, UpstreamUnreachable
from sparingly.ports import UpstreamRequest
from sparingly.upstreams.asgi_app import AppVisit, AsgiAppUpstream

pytestmark = pytest.mark.anyio

SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/api/chat",
    "query_string": b"v=2",
    "headers": [(b"cookie", b"a=1"), (b"content-length", b"999"), (b"accept-encoding", b"gzip")],
}


class App:
    """Answers with what it saw; `bug` is raised before the answer or after half of it."""

    def __init__(self, bug: str = "") -> None:
        self.bug = bug
        self.seen: dict[str, Any] = {}
        self.was_left = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        self.seen = {**scope, "body": message["body"]}
        if self.bug == "before":
            raise ValueError("a bug")
        headers = [(b"Content-Type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        if self.bug == "within":
            raise ValueError("a bug")
        if self.bug == "hangs":
            assert (await receive())["type"] == "http.disconnect"
            self.was_left.set()
        await send({"type": "http.response.body", "body": b" and half", "more_body": False})


def upstream_of(app: App) -> tuple[AsgiAppUpstream, AppVisit]:
    visit = AppVisit(cast("HTTPScope", SCOPE))
    return AsgiAppUpstream(app, name="app", dialects=frozenset({"openai"}), visit=lambda: visit), visit


ASKED = UpstreamRequest("POST", "/v1/chat/completions", body=b"new body")


async def test_the_app_sees_its_visitors_request_with_the_body_it_is_to_have() -> None:
    """Path, query and cookies are the visitor's; the length is the body's, and no encoding is asked for."""
    app = App()
    upstream, visit = upstream_of(app)

    reply = await upstream.send(ASKED)

    assert (reply.status, list(reply.headers)) == (200, [("content-type", "text/plain")])
    assert await reply.read() == b"half and half"
    assert (app.seen["path"], app.seen["query_string"], app.seen["body"]) == (
        "/api/chat",
        b"v=2",
        b"new body",
    )
    assert app.seen["headers"] == [(b"cookie", b"a=1"), (b"content-length", b"8")]
    assert (visit.head is not None, visit.error) == (True, None)
    assert (upstream.name, upstream.dialect, upstream.dialects) == ("app", "openai", frozenset({"openai"}))


async def test_a_streamed_body_is_gathered() -> None:
    """Apps get whole bodies here."""

    async def pieces() -> Any:
        yield b"new "
        yield b"body"

    app = App()
    upstream, _ = upstream_of(app)
    reply = await upstream.send(UpstreamRequest("POST", "/", body=pieces()))
    await reply.read()

    assert app.seen["body"] == b"new body"


async def test_what_the_app_raises_is_kept_for_its_server() -> None:
    """Before an answer, and within it."""
    silent, first = upstream_of(App("before"))
    with pytest.raises(UpstreamUnreachable):
        await silent.send(ASKED)
    half, second = upstream_of(App("within"))
    reply = await half.send(ASKED)
    with pytest.raises(UpstreamBroke):
        await reply.read()

    assert isinstance(first.error, ValueError)
    assert isinstance(second.error, ValueError)


async def test_an_app_whose_visitor_leaves_is_told() -> None:
    """And may finish what it does; closing waits for that."""
    app = App("hangs")
    upstream, _ = upstream_of(app)
    reply = await upstream.send(ASKED)
    async for piece in reply.body():
        assert piece == b"half"
        break
    await reply.aclose()
    await reply.aclose()
    await upstream.aclose()

    assert app.was_left.is_set()
    await upstream.ping()
