"""A transport of the caller's own carries what the gateway asks."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest

import sparingly.transport.httpx
import sparingly.transport.httpx2
from sparingly.errors import UpstreamBroke, UpstreamUnreachable
from sparingly.transport.inner import Carried
from sparingly.transport.local_gateway import LocalGateway
from tests.fakes.provider_server import ProviderServer
from tests.fakes.raw_server import Line, RawServer
from tests.pipeline.wire import request_body, whole

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(60)]

OURS: dict[str, tuple[Any, ModuleType]] = {
    "httpx": (httpx, sparingly.transport.httpx),
    "httpx2": (httpx2, sparingly.transport.httpx2),
}
CHAT = "/v1/chat/completions"


@pytest.fixture(params=sorted(OURS))
def library(request: pytest.FixtureRequest) -> Any:
    """The library, and our module for it."""
    return OURS[request.param]


@pytest.fixture(params=["HTTPTransport", "AsyncHTTPTransport"])
def inner(request: pytest.FixtureRequest, library: Any) -> Any:
    """A transport of either half."""
    return getattr(library[0], request.param)()


async def send(carried: Carried, url: str, body: Any = b"{}", **options: Any) -> Any:
    limits = {"connect_timeout_s": 5.0, "read_timeout_s": 5.0} | options
    return await carried.send("POST", url, [("authorization", "Bearer sk-1")], body, **limits)


def test_what_memory_does_not_know_is_asked_over_it(library: Any, tmp_path: Path) -> None:
    """A `MockTransport` answers without any network, once; the config's own providers are asked over it, too."""
    theirs, ours = library
    asked: list[tuple[str, str | None]] = []

    def answer(request: Any) -> Any:
        asked.append((str(request.url), request.headers.get("authorization")))
        return theirs.Response(200, json=json.loads(whole("Carried.").pieces[0]))

    config = {
        "data_dir": str(tmp_path),
        "providers": {"other": {"base_url": "https://other.example/v1", "models": ["other-*"]}},
    }
    transport = ours.SparinglyTransport(config, inner=theirs.MockTransport(answer))
    key = {"authorization": "Bearer sk-1"}
    with theirs.Client(transport=transport, base_url="https://api.example", headers=key) as client:
        first = client.post(CHAT, content=request_body("Why?"))
        other = client.post(CHAT, content=request_body("Why?", model="other-1"))
        while client.post(CHAT, content=request_body("Why?")).headers["x-sparingly-cache"] != "exact":
            pass

    assert first.json()["choices"][0]["message"]["content"] == "Carried."
    assert (first.status_code, other.status_code) == (200, 200)
    assert asked[0] == (f"https://api.example{CHAT}", "Bearer sk-1")
    assert (f"https://other.example{CHAT}", None) in asked


async def test_both_halves_carry_whole_and_streamed_answers(inner: Any, library: Any) -> None:
    """And an upload in pieces; closed, it opens again."""

    async def upload() -> AsyncIterator[bytes]:
        yield b'{"model": "m", '
        yield b'"messages": [{"role": "user", "content": "Hi"}]}'

    carried = Carried(library[0], inner)
    with ProviderServer() as server:
        reply = await send(carried, server.url + CHAT, upload())
        body = await reply.read()
        await carried.aclose()
        streamed = await send(carried, server.url + CHAT, request_body("Why?", stream=True))
        pieces = [piece async for piece in streamed.body()]
        await streamed.aclose()
        await carried.aclose()

    assert (reply.status, dict(reply.headers)["content-type"]) == (200, "application/json")
    assert json.loads(body)["object"] == "chat.completion"
    assert b"".join(pieces).endswith(b"data: [DONE]\n\n")


async def test_its_troubles_are_the_gateways_and_hold_no_key(inner: Any, library: Any) -> None:
    """Nobody there, a silence, a cut; read on after the close is a cut, too."""

    async def cut(line: Line) -> None:
        await line.request()
        await line.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")

    async def silent(line: Line) -> None:
        await line.hung_up()

    carried = Carried(library[0], inner)
    with ProviderServer() as server:
        gone = server.url
        left = await send(carried, server.url + CHAT, request_body("Why?", stream=True))
        await left.aclose()
        await left.aclose()
        with pytest.raises(UpstreamBroke):
            await left.read()
    with pytest.raises(UpstreamUnreachable, match=f"^POST {gone} failed: ConnectError$"):
        await send(carried, gone + CHAT)
    async with RawServer(silent) as quiet:
        with pytest.raises(UpstreamUnreachable, match="failed: ReadTimeout"):
            await send(carried, quiet.url, read_timeout_s=0.05)
        with pytest.raises(UpstreamUnreachable, match="failed: TimeoutError"):
            await send(carried, quiet.url, total_timeout_s=0.05)
    async with RawServer(cut) as half:
        reply = await send(carried, half.url)
        with pytest.raises(UpstreamBroke, match="broke off: RemoteProtocolError"):
            await reply.read()
    await carried.aclose()


def test_a_gateway_that_is_shared_has_its_own(library: Any, tmp_path: Path) -> None:
    """What belongs to one client cannot be forced on the others."""
    theirs, ours = library
    mock = theirs.MockTransport(lambda _: theirs.Response(204))

    with LocalGateway({"data_dir": str(tmp_path)}, environ={}, carrier=ours.carried(mock)) as gateway:
        with pytest.raises(ValueError, match=r"carrier=carried\(inner\)"):
            ours.AsyncSparinglyTransport(gateway, inner=mock)
        with theirs.Client(transport=ours.SparinglyTransport(gateway), base_url="http://x") as client:
            assert client.get("/v1/files").status_code == 204
