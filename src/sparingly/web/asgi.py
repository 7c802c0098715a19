"""ASGI by hand where it matters: bodies with a limit, clients that leave, streams piece by piece.

The LLM endpoints speak raw ASGI beneath Litestar's router: a plain handler that
awaits its answer is not told that its client left, and a gateway must stop
paying at that moment, before the first byte as much as after it.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence

from litestar.types import Receive, Send

from sparingly.errors import BodyTooLarge

Headers = Sequence[tuple[str, str]]


class ClientGone(Exception):
    """The client closed its connection."""


async def read_body(receive: Receive, *, limit: int) -> bytes:
    """The whole request body.

    Raises:
        BodyTooLarge: it is longer than `limit` bytes.
        ClientGone: the client left before it was sent.
    """
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    if message["type"] == "http.request" and not message.get("more_body", False):
        body = message.get("body", b"")
        if len(body) > limit:
            raise _too_large(limit)
        return body
    pieces: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        if message["type"] == "http.request":
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            if size > limit:
                raise _too_large(limit)
            if not message.get("more_body", False):
                return b"".join(pieces)
        message = await receive()


async def body_pieces(receive: Receive, *, limit: int, read: asyncio.Event) -> AsyncIterator[bytes]:
    """The request body as it arrives; sets `read` at its end, however it ends; raises as `read_body`."""
    size = 0
    try:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            if message["type"] == "http.request":
                piece = message.get("body", b"")
                size += len(piece)
                if size > limit:
                    raise _too_large(limit)
                if piece:
                    yield piece
                if not message.get("more_body", False):
                    return
    finally:
        read.set()


async def while_connected(
    receive: Receive, work: Coroutine[object, object, None], *, read: asyncio.Event | None = None
) -> bool:
    """Do `work` until it is done or the client has left; say whether it was done.

    `work` is cancelled when the client leaves.  The request body must have been
    read, unless `work` reads it and sets `read` at its end.
    """
    stayed = True
    try:
        async with asyncio.TaskGroup() as group:
            watcher = group.create_task(_raise_when_gone(receive, read))
            await work
            watcher.cancel()
    except* ClientGone:
        stayed = False
    return stayed


async def send_whole(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """Send a complete answer."""
    fields = [*headers, ("content-length", str(len(body)))]
    await send({"type": "http.response.start", "status": status, "headers": _encoded(fields)})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def send_stream(send: Send, status: int, headers: Headers, pieces: AsyncIterator[bytes]) -> None:
    """Send an answer piece by piece; the iterator is always closed."""
    try:
        await send({"type": "http.response.start", "status": status, "headers": _encoded(headers)})
        async for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        close = getattr(pieces, "aclose", None)
        if close is not None:
            await close()


async def _raise_when_gone(receive: Receive, read: asyncio.Event | None) -> None:
    if read is not None:
        await read.wait()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone


def _encoded(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"the request body is larger than {limit} bytes (server.max_body_bytes)")
