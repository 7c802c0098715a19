"""For httpx2, which the SDKs of OpenAI and Anthropic are built on.

`OpenAI(http_client=httpx2.Client(transport=SparinglyTransport("gateway.yaml")))` is cached and routed.
A client's own address stays its provider, with the client's own key; so do its read
timeout and its streaming.  Providers are called with an HTTP client of the gateway's
own, or over a transport that you give: `SparinglyTransport(inner=httpx2.HTTPTransport(proxy=...))`.
"""

from collections.abc import Iterable
from typing import TypeAlias, cast

import httpx2

from sparingly.config.embedded import Config
from sparingly.transport.inner import Carried
from sparingly.transport.local_gateway import LocalGateway
from sparingly.transport.sides import AsyncPieces, Faults, Side, SyncPieces

_FAULTS = Faults(
    not_read=httpx2.RequestNotRead,
    timeout=httpx2.ReadTimeout,
    broken=httpx2.RemoteProtocolError,
    unreachable=httpx2.ConnectError,
)
_EXTENSIONS = {"http_version": b"HTTP/1.1"}


Inner: TypeAlias = httpx2.BaseTransport | httpx2.AsyncBaseTransport


def carried(inner: Inner) -> Carried:
    """A transport as the `carrier` of a LocalGateway; an asynchronous one must be used nowhere else."""
    return Carried(httpx2, inner)


class _Pieces(SyncPieces, httpx2.SyncByteStream):
    """A body that httpx2 reads."""


class _AsyncPieces(AsyncPieces, httpx2.AsyncByteStream):
    """A body that httpx2 reads."""


class SparinglyTransport(Side, httpx2.BaseTransport):
    """For `httpx2.Client`; takes a config, or a LocalGateway that several clients share."""

    def __init__(self, gateway: LocalGateway | Config = None, *, inner: Inner | None = None) -> None:
        """Take a gateway, or a config; providers are called over `inner`, of either half, if it is given.

        Raises:
            ConfigError: something is wrong with the config.
        """
        super().__init__(gateway, carrier=None if inner is None else carried(inner))

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

    def __init__(self, gateway: LocalGateway | Config = None, *, inner: Inner | None = None) -> None:
        """As that of SparinglyTransport."""
        super().__init__(gateway, carrier=None if inner is None else carried(inner))

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
        await self.async_end()
