"""Short ways to send a request and to say what a raw server does with it."""

import asyncio
from collections.abc import AsyncIterator

from sparingly.upstreams.http_client import HttpClient, HttpReply
from tests.fakes.raw_server import Line, Script

# Generous: only a test that would hang anyway reaches it.
SOON_S = 5.0

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


async def send(
    client: HttpClient,
    url: str,
    *,
    method: str = "POST",
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes | AsyncIterator[bytes] = b"{}",
    read_timeout_s: float = SOON_S,
) -> HttpReply:
    return await client.send(
        method, url, headers, body, connect_timeout_s=SOON_S, read_timeout_s=read_timeout_s
    )


def answering(*pieces: bytes) -> Script:
    """A script that reads one request, sends the pieces and closes."""

    async def script(line: Line) -> None:
        await line.request()
        for piece in pieces:
            await line.write(piece)

    return script


def resetting(piece: bytes, may_go: asyncio.Event) -> Script:
    """A script that answers in part and resets the connection when told to."""

    async def script(line: Line) -> None:
        await line.request()
        await line.write(piece)
        await may_go.wait()
        line.reset()

    return script
