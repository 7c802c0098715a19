"""One HTTP exchange with an ASGI app of this process, piece by piece in both directions.

It is to the app what a server is, and lives in the app's event loop.  A piece is
handed on as soon as it is there; an app that is ahead of its reader by `_AHEAD_BYTES`
waits, as it would for a full socket.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import cast

import msgspec
from litestar.types import HTTPScope, Receive, Send

Endpoint = Callable[[HTTPScope, Receive, Send], Awaitable[None]]

# What the kernel would hold for a slow reader on loopback, by order of magnitude.
_AHEAD_BYTES = 256 * 1024


class Head(msgspec.Struct, frozen=True):
    """How an answer begins."""

    status: int
    headers: list[tuple[bytes, bytes]]


class Broken(Exception):
    """The exchange ended before its answer did."""


class Exchange:
    """Begins when it is made; `head`, then `pieces` until they are empty, or `leave` at any time."""

    def __init__(self, endpoint: Endpoint, scope: HTTPScope, body: bytes | None) -> None:
        """`body` is None where it follows in pieces."""
        self._head: Head | None = None
        self._pieces: list[bytes] = []
        self._ahead = 0
        self._is_whole = False
        self._has_left = False
        self._uploads: deque[bytes] = deque([body] if body is not None else ())
        self._is_uploaded = body is not None
        self._changed = asyncio.Event()
        self._work = asyncio.ensure_future(
            endpoint(scope, cast("Receive", self._receive), cast("Send", self._send))
        )
        self._work.add_done_callback(lambda _: self._news())

    @property
    def work(self) -> "asyncio.Future[None]":
        """The endpoint at work; it may have something to write down when its answer is whole."""
        return self._work

    async def upload(self, piece: bytes, *, more: bool) -> bool:
        """Hand over a piece of the request body; False says that nobody wants it any more."""
        await self._until(lambda: not self._uploads or self._work.done() or self._is_whole)
        if self._work.done() or self._is_whole:
            return False
        self._uploads.append(piece)
        self._is_uploaded = not more
        self._news()
        return True

    async def head(self) -> Head:
        """Wait for status and headers; raises Broken, and what the endpoint raised instead of answering."""
        try:
            await self._until(lambda: self._head is not None or self._work.done())
        except BaseException:
            self.leave()
            raise
        if self._head is None:
            raise Broken("there was no answer") from self._trouble()
        return self._head

    async def pieces(self) -> bytes:
        """All that has come since the last time, at least something; empty at the end; raises Broken."""
        await self._until(lambda: bool(self._pieces) or self._is_whole or self._work.done())
        if self._pieces:
            said, self._pieces, self._ahead = b"".join(self._pieces), [], 0
            self._news()
            return said
        if not self._is_whole:
            raise Broken("the answer was cut before its end") from self._trouble()
        return b""

    def leave(self) -> None:
        """Close the client's end: the endpoint is told, and stops."""
        self._has_left = True
        self._news()

    async def _receive(self) -> dict[str, object]:
        await self._until(lambda: bool(self._uploads) or self._has_left or self._is_whole)
        if self._has_left or self._is_whole:
            return {"type": "http.disconnect"}
        piece = self._uploads.popleft()
        self._news()
        return {
            "type": "http.request",
            "body": piece,
            "more_body": bool(self._uploads) or not self._is_uploaded,
        }

    async def _send(self, message: dict[str, object]) -> None:
        if self._has_left:
            return
        if message["type"] == "http.response.start":
            self._head = Head(
                cast("int", message["status"]), list(cast("list[tuple[bytes, bytes]]", message["headers"]))
            )
        else:
            piece = cast("bytes", message.get("body", b""))
            if piece:
                self._pieces.append(piece)
                self._ahead += len(piece)
            self._is_whole = not message.get("more_body", False)
        self._news()
        await self._until(lambda: self._ahead < _AHEAD_BYTES or self._has_left)

    def _trouble(self) -> BaseException | None:
        return self._work.exception() if self._work.done() and not self._work.cancelled() else None

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            await self._changed.wait()

    def _news(self) -> None:
        # Whoever waits looks again; a set event would stay set for who comes later.
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
