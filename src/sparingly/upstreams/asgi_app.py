"""An ASGI app of this process as a provider: the upstream of a middleware that wraps it.

The app sees the request as its server got it, credentials and cookies included, but
for the body, which routing may have given another model, and for what would
encode the answer.  It is asked once: trying again is its own business.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import cast

from litestar.types import HTTPScope

from sparingly.errors import UpstreamBroke, UpstreamUnreachable
from sparingly.ports import UpstreamReply, UpstreamRequest
from sparingly.upstreams.asgi_exchange import Broken, Endpoint, Exchange, Head

# The body is ours; an answer must come as it can be read.
_REPLACED = frozenset({b"content-length", b"transfer-encoding", b"accept-encoding", b"expect"})

_log = logging.getLogger("sparingly")


class AppVisit:
    """A request that came to the app, and what its answer left beside the body."""

    def __init__(self, scope: HTTPScope) -> None:
        self.scope = scope
        self.head: Head | None = None
        self.error: BaseException | None = None
        """What the app raised instead of answering, or in the middle of its answer."""


class AppReply:
    """The app's answer."""

    def __init__(self, exchange: Exchange, head: Head, visit: AppVisit) -> None:
        self._exchange = exchange
        self._head = head
        self._visit = visit

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._head.status

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        """The headers, with names in lower case."""
        return [
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in self._head.headers
        ]

    async def body(self) -> AsyncIterator[bytes]:
        """Yield what has come, as it comes; raises UpstreamBroke when the app ends early."""
        while True:
            try:
                piece = await self._exchange.pieces()
            except Broken as error:
                self._visit.error = error.__cause__
                raise UpstreamBroke("the app ended before its answer did") from error
            if not piece:
                return
            yield piece

    async def read(self) -> bytes:
        """The whole body; closes the reply."""
        try:
            return b"".join([piece async for piece in self.body()])
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Hang up.  As under a server, the app is told, and may still finish what it does."""
        self._exchange.leave()


class AsgiAppUpstream:
    """Satisfies `Upstream`; `visit` says whose request is being answered."""

    def __init__(
        self, app: Endpoint, *, name: str, dialects: frozenset[str], visit: Callable[[], AppVisit]
    ) -> None:
        self._app = app
        self._name = name
        self._dialects = dialects
        self._visit = visit
        self._works: set[asyncio.Future[None]] = set()

    @property
    def name(self) -> str:
        """The provider's name."""
        return self._name

    @property
    def dialect(self) -> str:
        """The wire form that others are translated into."""
        return min(self._dialects)

    @property
    def dialects(self) -> frozenset[str]:
        """The wire forms it speaks."""
        return self._dialects

    async def send(self, request: UpstreamRequest) -> UpstreamReply:
        """Pass the visitor's request on, with the body that it is to have."""
        body = request.body
        if not isinstance(body, bytes):
            body = b"".join([piece async for piece in body])
        visit = self._visit()
        exchange = Exchange(self._app, _scope(visit.scope, body), body)
        # An app may work on when its answer is sent; until it is done somebody must hold it.
        self._works.add(exchange.work)
        exchange.work.add_done_callback(lambda work: self._done(work, visit))
        try:
            visit.head = await exchange.head()
        except Broken as error:
            visit.error = error.__cause__
            raise UpstreamUnreachable("the app gave no answer") from error
        return AppReply(exchange, visit.head, visit)

    async def ping(self) -> None:
        """It is always there."""

    async def aclose(self) -> None:
        """Wait for what the app still does."""
        if self._works:
            await asyncio.wait(self._works)

    def _done(self, work: "asyncio.Future[None]", visit: AppVisit) -> None:
        self._works.discard(work)
        error = None if work.cancelled() else work.exception()
        if error is not None and visit.head is not None:
            # After its answer; before it, the error is the visitor's.
            _log.error("the app failed after it began to answer", exc_info=error)


def _scope(scope: HTTPScope, body: bytes) -> HTTPScope:
    headers = [pair for pair in scope["headers"] if pair[0].lower() not in _REPLACED]
    headers.append((b"content-length", str(len(body)).encode()))
    return cast("HTTPScope", {**scope, "headers": headers})
