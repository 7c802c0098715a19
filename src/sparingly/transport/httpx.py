"""For httpx, and the clients that are built on it.

`httpx.Client(transport=SparinglyTransport("gateway.yaml"))` is cached and routed.
A client's own address stays its provider, with the client's own key; so do its read
timeout and its streaming.  Providers are called with an HTTP client of the gateway's
own, or over a transport that you give: `SparinglyTransport(inner=httpx.HTTPTransport(proxy=...))`.
"""

from collections.abc import Iterable
from typing import TypeAlias, cast

import httpx

from sparingly.config.embedded import Config
from sparingly.transport.inner import Carried
from sparingly.transport.local_gateway import LocalGateway
from sparingly.transport.sides import AsyncPieces, Faults, Side, SyncPieces

_FAULTS = Faults(
    not_read=httpx.RequestNotRead,
    timeout=httpx.ReadTimeout,
    broken=httpx.RemoteProtocolError,
    unreachable=httpx.ConnectError,
)
_EXTENSIONS = {"http_version": b"HTTP/1.1"}


Inner: TypeAlias = httpx.BaseTransport | httpx.AsyncBaseTransport


def carried(inner: Inner) -> Carried:
    """A transport as the `carrier` of a LocalGateway; an asynchronous one must be used nowhere else."""
    return Carried(httpx, inner)


class _Pieces(SyncPieces, httpx.SyncByteStream):
    """A body that httpx reads."""


class _AsyncPieces(AsyncPieces, httpx.AsyncByteStream):
    """A body that httpx reads."""


class SparinglyTransport(Side, httpx.BaseTransport):
    """For `httpx.Client`; takes a config, or a LocalGateway that several clients share."""

    def __init__(self, gateway: LocalGateway | Config = None, *, inner: Inner | None = None) -> None:
        """Take a gateway, or a config; providers are called over `inner`, of either half, if it is given.

        Raises:
            ConfigError: something is wrong with the config.
        """
        super().__init__(gateway, carrier=None if inner is None else carried(inner))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer from memory, or from whoever will do."""
        visit = self.visit(request, cast("Iterable[bytes]", request.stream), _FAULTS)
        return httpx.Response(
            visit.head.status,
            headers=visit.head.headers,
            stream=_Pieces(visit, _FAULTS),
            extensions=_EXTENSIONS,
        )

    def close(self) -> None:
        """Called by the client that is closed."""
        self.end()


class AsyncSparinglyTransport(Side, httpx.AsyncBaseTransport):
    """For `httpx.AsyncClient` on asyncio; takes a config, or a LocalGateway that several clients share."""

    def __init__(self, gateway: LocalGateway | Config = None, *, inner: Inner | None = None) -> None:
        """As that of SparinglyTransport."""
        super().__init__(gateway, carrier=None if inner is None else carried(inner))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer from memory, or from whoever will do."""
        visit = await self.async_visit(request, aiter(cast("httpx.AsyncByteStream", request.stream)), _FAULTS)
        return httpx.Response(
            visit.head.status,
            headers=visit.head.headers,
            stream=_AsyncPieces(visit, _FAULTS),
            extensions=_EXTENSIONS,
        )

    async def aclose(self) -> None:
        """Called by the client that is closed."""
        await self.async_end()
