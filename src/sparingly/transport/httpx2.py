"""For httpx2, which the SDKs of OpenAI and Anthropic are built on.

`OpenAI(http_client=httpx2.Client(transport=SparinglyTransport("gateway.yaml")))` is cached and routed.
A client's own address stays its provider, with the client's own key; so do its read
timeout and its streaming.  The gateway calls providers with an HTTP client of its
own: proxies, certificates and limits of the client's transport do not apply.
"""

import asyncio
from collections.abc import Iterable
from typing import cast

import httpx2

from sparingly.transport.sides import AsyncPieces, Faults, Side, SyncPieces

_FAULTS = Faults(
    not_read=httpx2.RequestNotRead,
    timeout=httpx2.ReadTimeout,
    broken=httpx2.RemoteProtocolError,
    unreachable=httpx2.ConnectError,
)
_EXTENSIONS = {"http_version": b"HTTP/1.1"}


class _Pieces(SyncPieces, httpx2.SyncByteStream):
    """A body that httpx2 reads."""


class _AsyncPieces(AsyncPieces, httpx2.AsyncByteStream):
    """A body that httpx2 reads."""


class SparinglyTransport(Side, httpx2.BaseTransport):
    """For `httpx2.Client`; takes a config, or a LocalGateway that several clients share."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer from memory, or from whoever will do."""
        visit = self.visit(request, cast("Iterable[bytes]", request.stream), _FAULTS)
        return httpx2.Response(
            visit.head.status,
            headers=visit.head.headers,
            stream=_Pieces(visit, _FAULTS),
            extensions=_EXTENSIONS,
        )

    def close(self) -> None:
        """Called by the client that is closed."""
        self.end()


class AsyncSparinglyTransport(Side, httpx2.AsyncBaseTransport):
    """For `httpx2.AsyncClient` on asyncio; takes a config, or a LocalGateway that several clients share."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer from memory, or from whoever will do."""
        visit = await self.async_visit(
            request, aiter(cast("httpx2.AsyncByteStream", request.stream)), _FAULTS
        )
        return httpx2.Response(
            visit.head.status,
            headers=visit.head.headers,
            stream=_AsyncPieces(visit, _FAULTS),
            extensions=_EXTENSIONS,
        )

    async def aclose(self) -> None:
        """Called by the client that is closed."""
        await asyncio.to_thread(self.end)
