"""Requests that offer another protocol are read as if they did not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from sparingly.connections import Connection

pytestmark = pytest.mark.anyio

H2C = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"


async def _echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with what came: method, path, query, header names and body."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    names = b",".join(name for name, _ in scope["headers"])
    first = f"{scope['method']} {scope['raw_path'].decode()} {scope['query_string'].decode()} ".encode()
    said = first + names + b" " + body
    length = str(len(said)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": said})


class Line:
    """A client's end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def say(self, *pieces: bytes) -> None:
        """Send pieces, each by itself."""
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()
            await asyncio.sleep(0)

    async def answer(self) -> tuple[bytes, bytes]:
        """The status line and the body of the next answer."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:-2])
        body = await self._reader.readexactly(int(fields[b"content-length"]))
        return head.split(b"\r\n")[0], body

    async def hung_up(self) -> bool:
        return await self._reader.read() == b""


@asynccontextmanager
async def a_line() -> AsyncIterator[Line]:
    config = uvicorn.Config(_echo, lifespan="off", ws="none", log_config=None)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    try:
        yield Line(reader, writer)
    finally:
        writer.close()
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        await server.wait_closed()


async def test_an_offer_costs_no_body() -> None:
    """Time after time on one connection; what belongs to the offer is gone."""
    request = b"POST /v1/a%2Fb?x=1 HTTP/1.1\r\nhost: x\r\n" + H2C + b"content-length: 5\r\n\r\nhello"
    async with a_line() as line:
        for _ in range(2):
            await line.say(request)

            assert await line.answer() == (
                b"HTTP/1.1 200 OK",
                b"POST /v1/a%2Fb x=1 host,content-length hello",
            )


@pytest.mark.parametrize("cut", [10, 60, 120, 140])
async def test_an_offer_may_come_in_pieces(cut: int) -> None:
    """Head and body cut anywhere, the body chunked."""
    request = b"POST /v1/x HTTP/1.1\r\nhost: x\r\n" + H2C + b"transfer-encoding: chunked\r\n\r\n"
    request += b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    async with a_line() as line:
        await line.say(request[:cut], request[cut:])

        assert (await line.answer())[1].endswith(b" hello world")


async def test_an_offer_without_a_body_is_a_plain_request() -> None:
    """A websocket's, for instance; the next request on the connection is read as ever."""
    offer = b"GET /v1/realtime HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
    async with a_line() as line:
        await line.say(offer)
        first = await line.answer()
        await line.say(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        second = await line.answer()

    assert first == (b"HTTP/1.1 200 OK", b"GET /v1/realtime  host ")
    assert second == (b"HTTP/1.1 200 OK", b"GET /healthz  host ")


async def test_whoever_wants_to_close_afterwards_may() -> None:
    """The offer is declined, the rest of its header is not."""
    offer = b"GET /v1/x HTTP/1.1\r\nhost: x\r\nconnection: upgrade, close\r\nupgrade: h2c\r\n\r\n"
    async with a_line() as line:
        await line.say(offer)

        assert (await line.answer())[0] == b"HTTP/1.1 200 OK"
        assert await line.hung_up()


@pytest.mark.parametrize("noise", [b"CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n", b"\x16\x03\x01\x00\r\n\r\n"])
async def test_what_is_no_request_to_this_server_is_refused(noise: bytes) -> None:
    """A proxy's work, or no HTTP at all."""
    async with a_line() as line:
        await line.say(noise)

        assert (await line.answer())[0] == b"HTTP/1.1 400 Bad Request"
        assert await line.hung_up()
