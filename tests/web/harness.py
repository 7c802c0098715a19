"""One HTTP exchange with an ASGI app, in process: a test is its client and its server, and may leave at any moment.

The server's half is as strict as a server may be: it checks what it is given to
send, and that only one task reads the request at a time.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import unquote

import msgspec
from litestar.types import HTTPScope, Receive, Send

from sparingly.web.app import App

Pairs = Iterable[tuple[str, str]]

# RFC 9110, section 5.6.2 and 5.5.
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")


class Got(msgspec.Struct, frozen=True):
    """What the client got; `is_whole` says that it was told of the end."""

    status: int
    pairs: tuple[tuple[str, str], ...]
    body: bytes
    is_whole: bool

    @property
    def headers(self) -> dict[str, str]:
        """The headers by name; for repeated ones see `pairs`."""
        return dict(self.pairs)

    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The error object of an OpenAI-shaped error."""
        error: dict[str, Any] = self.json()["error"]
        return error


class Visit:
    """An exchange under way."""

    def __init__(
        self, method: str, path: str, headers: Pairs, body: bytes | Iterable[bytes] | None, *, query: str
    ) -> None:
        """`path` is as on the wire; `body` is whole, in pieces (chunked), or None to be sent by hand."""
        pairs = list(headers)
        if isinstance(body, bytes):
            self._pieces = deque([body])
            pairs += [("content-length", str(len(body)))] if body else []
        else:
            self._pieces = deque(body or ())
            pairs.append(("transfer-encoding", "chunked"))
        self._is_open = body is None
        self._is_read = False
        self._is_waiting = False
        self._news = asyncio.Event()
        self.has_left = False
        self.status: int | None = None
        self.pairs: tuple[tuple[str, str], ...] = ()
        self.pieces: list[bytes] = []
        self.is_whole = False
        self.scope = _scope(method, path, pairs, query=query)

    async def receive(self) -> dict[str, object]:
        """What the app reads."""
        assert not self._is_waiting, "two tasks read the request"
        self._is_waiting = True
        try:
            while True:
                if self.has_left or self.is_whole:
                    return {"type": "http.disconnect"}
                if self._pieces or (not self._is_open and not self._is_read):
                    piece = self._pieces.popleft() if self._pieces else b""
                    more = bool(self._pieces) or self._is_open
                    self._is_read = not more
                    return {"type": "http.request", "body": piece, "more_body": more}
                await self._change()
        finally:
            self._is_waiting = False

    async def send(self, message: dict[str, Any]) -> None:
        """What the app answers; who has left hears nothing, as servers have it."""
        if self.has_left:
            return
        if message["type"] == "http.response.start":
            assert self.status is None, "an answer begins once"
            self.status = message["status"]
            self.pairs = tuple(_checked(name, value) for name, value in message["headers"])
        else:
            assert message["type"] == "http.response.body"
            assert self.status is not None, "a body follows a status"
            assert not self.is_whole, "an answer ends once"
            if self.scope["method"] != "HEAD":
                self.pieces.append(message.get("body", b""))
            if not message.get("more_body", False):
                self._check_length()
                self.is_whole = True
        self._changed()

    def upload(self, piece: bytes, *, more: bool = True) -> None:
        """Send a piece of the request body."""
        self._pieces.append(piece)
        self._is_open = more
        self._changed()

    def leave(self) -> None:
        """Close the connection."""
        self.has_left = True
        self._changed()

    async def until(self, holds: Callable[[Self], bool]) -> None:
        """Wait until something is true of this visit."""
        while not holds(self):
            await self._change()

    async def begun(self) -> None:
        """Wait for status and headers."""
        await self.until(lambda visit: visit.status is not None)

    async def heard(self, words: bytes) -> None:
        """Wait until the body so far holds some words."""
        await self.until(lambda visit: words in b"".join(visit.pieces))

    def got(self) -> Got:
        """What came so far."""
        assert self.status is not None, "no answer came"
        return Got(self.status, self.pairs, b"".join(self.pieces), self.is_whole)

    def _check_length(self) -> None:
        length = dict(self.pairs).get("content-length")
        if length is not None and self.scope["method"] != "HEAD":
            assert int(length) == sum(map(len, self.pieces)), "the length is not the body's"

    def _changed(self) -> None:
        # Everyone who waits looks again; a set event would stay set for who comes later.
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _change(self) -> None:
        await self._news.wait()


class Visiting:
    """Runs the app for one visit; leaving the block waits until the app is done with it."""

    def __init__(self, app: App, visit: Visit) -> None:
        self._app = app
        self._visit = visit
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Visit:
        await self._group.__aenter__()
        visit = self._visit
        self._group.create_task(
            self._app(visit.scope, cast("Receive", visit.receive), cast("Send", visit.send))
        )
        return visit

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._group.__aexit__(kind, error, trace)


def visiting(
    app: App,
    method: str = "POST",
    path: str = "/v1/chat/completions",
    *,
    headers: Pairs = (),
    body: bytes | Iterable[bytes] | None = b"",
    query: str = "",
) -> Visiting:
    """A visit in which the test takes part."""
    return Visiting(app, Visit(method, path, headers, body, query=query))


async def fetch(
    app: App,
    method: str = "POST",
    path: str = "/v1/chat/completions",
    *,
    headers: Pairs = (),
    body: bytes | Iterable[bytes] = b"",
    query: str = "",
) -> Got:
    """A visit from beginning to end."""
    async with visiting(app, method, path, headers=headers, body=body, query=query) as visit:
        pass
    return visit.got()


async def eventually(holds: Callable[[], object]) -> None:
    """Let all tasks run until something is true."""
    while not holds():  # noqa: ASYNC110 - what is waited for need not know of it
        await asyncio.sleep(0)


def _scope(method: str, path: str, pairs: Pairs, *, query: str) -> HTTPScope:
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs],
        "client": ("127.0.0.1", 5000),
        "server": ("127.0.0.1", 8787),
        "state": {},
        "extensions": {},
    }
    return cast("HTTPScope", scope)


def _checked(name: bytes, value: bytes) -> tuple[str, str]:
    assert _NAME.fullmatch(name), f"no header name: {name!r}"
    assert _VALUE.fullmatch(value), f"no header value: {value!r}"
    return name.decode(), value.decode("latin-1")
