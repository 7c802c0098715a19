"""Which path is whose, and whether the gateway is ready."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import pytest
from litestar.types import HTTPScope, Receive, Scope, Send

from sparingly.errors import LedgerError, StoreError, UpstreamUnreachable
from sparingly.web.app import App, Port, build_app
from tests.web.harness import fetch

pytestmark = pytest.mark.anyio


async def _llm(scope: HTTPScope, receive: Receive, send: Send) -> None:
    """Stands for the LLM endpoints."""
    del receive
    body = scope["path"].encode()
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def an_app(*ports: Port) -> App:
    return build_app(llm=_llm, ports=ports, metrics=lambda: b"sparingly_up 1\n")


async def well() -> None:
    """A part that works."""


def ill(error: Exception) -> Callable[[], Awaitable[None]]:
    async def ping() -> None:
        raise error

    return ping


@pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/v1/models", "/v1/x/y", "/v1/", "/v1/%2e%2e/healthz"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_whatever_begins_with_v1_is_llm_traffic(path: str, method: str) -> None:
    """Whatever its method."""
    assert (await fetch(an_app(), method, path)).status == 299


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/x", "/V1/x", "/healthz/x", "//v1/x"])
async def test_any_other_path_is_not_found(path: str) -> None:
    """The error has OpenAI's shape."""
    got = await fetch(an_app(), "GET", path)

    assert got.status == 404
    assert got.error == {
        "message": "Not Found",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_the_wrong_method_is_told_the_right_one(path: str) -> None:
    """RFC 9110, section 15.5.6."""
    got = await fetch(an_app(), "POST", path)

    assert got.status == 405
    assert "GET" in got.headers["allow"]
    assert got.error["type"] == "invalid_request_error"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_a_probe_may_ask_for_the_head_alone(path: str) -> None:
    """As many do; the server leaves the body out."""
    assert (await fetch(an_app(), "HEAD", path)).status == 200


async def test_it_is_alive_whatever_its_parts_are() -> None:
    """A restart would not mend them."""
    got = await fetch(an_app(Port("store", ill(StoreError("no")), "provider")), "GET", "/healthz")

    assert (got.status, got.json()) == (200, {"status": "alive"})


async def test_metrics_are_in_prometheus_own_format() -> None:
    """The type names its version."""
    got = await fetch(an_app(), "GET", "/metrics")

    assert (got.status, got.body) == (200, b"sparingly_up 1\n")
    assert got.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_ready_when_all_parts_work() -> None:
    """Each is named."""
    got = await fetch(an_app(Port("store", well), Port("provider a", well, "provider")), "GET", "/readyz")

    assert got.status == 200
    assert got.json() == {"status": "ready", "ports": {"store": "ok", "provider a": "ok"}}


async def test_degraded_is_ready_all_the_same() -> None:
    """A lost saving must not become an outage."""
    ports = (
        Port("store", ill(StoreError("the disk is full"))),
        Port("ledger", ill(LedgerError("no room"))),
        Port("provider a", ill(UpstreamUnreachable("down")), "provider"),
        Port("provider b", well, "provider"),
    )

    got = await fetch(an_app(*ports), "GET", "/readyz")

    assert got.status == 200
    assert got.json() == {
        "status": "degraded",
        "ports": {
            "store": "the disk is full",
            "ledger": "no room",
            "provider a": "down",
            "provider b": "ok",
        },
    }


async def test_not_ready_when_nobody_can_answer() -> None:
    """A load balancer should ask another gateway."""
    ports = [Port(f"provider {name}", ill(UpstreamUnreachable("down")), "provider") for name in "ab"]

    got = await fetch(an_app(Port("store", well), *ports), "GET", "/readyz")

    assert (got.status, got.json()["status"]) == (503, "not ready")


async def test_a_part_that_hangs_is_no_reason_to_hang() -> None:
    """Parts are pinged at the same time and each within its bound."""

    async def hang() -> None:
        await asyncio.Event().wait()

    ports = (Port("store", hang), Port("ledger", hang), Port("provider a", well, "provider"))
    app = build_app(llm=_llm, ports=ports, metrics=bytes, ping_patience_s=0.01)

    got = await fetch(app, "GET", "/readyz")

    assert got.json()["status"] == "degraded"
    assert got.json()["ports"]["store"] == "no answer within 0.01 s"


async def test_other_kinds_of_connections_are_litestars() -> None:
    """Such as the server's word that it begins."""
    told: list[str] = []

    async def send(message: dict[str, str]) -> None:
        told.append(message["type"])

    words = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> dict[str, str]:
        return next(words)

    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    await an_app()(cast("Scope", scope), cast("Receive", receive), cast("Send", send))

    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
