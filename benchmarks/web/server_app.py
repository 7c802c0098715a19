"""The app that `servers.py` puts on each server: answers, streams, and a note of when clients leave."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

from litestar import Litestar, asgi
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send

CHUNKS = 64
PACE_S = 0.02
ANSWER = json.dumps({"choices": [{"message": {"content": "a" * 900}}]}).encode()
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"four words or so"}}]}\n\n'

_left: dict[str, float] = {}


@asgi("/v1", is_mount=True)
async def app_v1(scope: Scope, receive: Receive, send: Send) -> None:
    """Raw ASGI beneath Litestar's router, as the gateway's own endpoints are."""
    if scope["type"] != ScopeType.HTTP:
        return
    body = await _body(receive)
    match scope["path"].strip("/").rpartition("/")[2]:
        case "whole":
            json.loads(body)
            await _whole(send, ANSWER)
        case "stream":
            await _stream(send, pace_s=0)
        case "paced":
            await _stream(send, pace_s=PACE_S)
        case "size":
            await _whole(send, str(len(body)).encode())
        case "wait":
            await _unless_left("wait", receive, lambda: _answer_late(send))
        case "drip":
            await _unless_left("drip", receive, lambda: _stream(send, pace_s=1 / CHUNKS))
        case _:
            await _whole(send, json.dumps(_left).encode())


async def _body(receive: Receive) -> bytes:
    pieces = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        pieces.append(message["body"])
        if not message["more_body"]:
            return b"".join(pieces)


async def _whole(send: Send, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _stream(send: Send, *, pace_s: float) -> None:
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}
    )
    for _ in range(CHUNKS):
        if pace_s:
            await asyncio.sleep(pace_s)
        await send({"type": "http.response.body", "body": EVENT, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _answer_late(send: Send) -> None:
    await asyncio.sleep(1)
    await _whole(send, ANSWER)


async def _unless_left(name: str, receive: Receive, work: Callable[[], Awaitable[None]]) -> None:
    """Work, and note when `receive` tells that the client has left."""

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        _left[name] = time.monotonic()

    async with asyncio.TaskGroup() as group:
        watcher = group.create_task(watch())
        await work()
        watcher.cancel()


app = Litestar([app_v1], openapi_config=None, logging_config=None)
