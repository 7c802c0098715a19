"""A transport of the caller's own, as what carries the gateway's requests to providers.

So its proxy, its certificates and its limits hold, or a test's `MockTransport`
answers.  An asynchronous one lives in the gateway's event loop, and may be used in
no other; a synchronous one is waited for in threads (`in_threads.py`).

Messages name the kind of an error and no more: its words may hold a header.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Protocol

from sparingly.errors import UpstreamBroke, UpstreamUnreachable
from sparingly.transport.in_threads import InThreads
from sparingly.upstreams.http_client import origin


class Library(Protocol):
    """What is used of httpx, httpx2, or any library of that shape."""

    @property
    def Request(self) -> Callable[..., Any]: ...  # noqa: N802 - their names
    @property
    def TransportError(self) -> type[Exception]: ...  # noqa: N802
    @property
    def AsyncBaseTransport(self) -> type[Any]: ...  # noqa: N802


class Carried:
    """Satisfies `Carrier` with a transport; closed with the gateway, and open again with its next request."""

    def __init__(self, library: Library, transport: object) -> None:
        """Take a transport of this library, of either half."""
        self._library = library
        self._is_sync = not isinstance(transport, library.AsyncBaseTransport)
        self._transport: Any = InThreads(transport) if self._is_sync else transport

    async def send(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes | AsyncIterator[bytes] = b"",
        *,
        connect_timeout_s: float,
        read_timeout_s: float,
        total_timeout_s: float | None = None,
    ) -> "CarriedReply":
        """As `HttpClient.send`, whose contract it keeps."""
        loop = asyncio.get_running_loop()
        deadline = None if total_timeout_s is None else loop.time() + total_timeout_s
        if self._is_sync and not isinstance(body, bytes):
            body = b"".join([piece async for piece in body])
        timeouts = {"connect": connect_timeout_s, "read": read_timeout_s}
        timeouts |= {"write": read_timeout_s, "pool": connect_timeout_s}
        place = f"{method} {origin(url)}"
        try:
            request = self._library.Request(
                method,
                url,
                headers=[
                    (name.encode("latin-1"), text.encode("latin-1", "replace")) for name, text in headers
                ],
                content=body,
                extensions={"timeout": timeouts},
            )
            async with asyncio.timeout_at(deadline):
                response = await self._transport.handle_async_request(request)
        except (self._library.TransportError, TimeoutError) as error:
            raise UpstreamUnreachable(f"{place} failed: {type(error).__name__}") from None
        return CarriedReply(response, self._library.TransportError, place=place, deadline=deadline)

    async def aclose(self) -> None:
        """Close its connections."""
        await self._transport.aclose()


class CarriedReply:
    """An answer whose status and headers have come."""

    def __init__(
        self, response: Any, trouble: type[Exception], *, place: str, deadline: float | None
    ) -> None:
        self._response = response
        self._trouble = trouble
        self._place = place
        self._deadline = deadline
        self._is_closed = False

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(self._response.status_code)

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        """The headers, repeated ones included, with names in lower case."""
        raw = self._response.headers.raw
        return [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw]

    async def body(self) -> AsyncIterator[bytes]:
        """Yield what arrives; raises UpstreamBroke when the body was cut, by the other side or by `aclose`."""
        pieces = aiter(self._response.stream)
        while not self._is_closed:
            try:
                async with asyncio.timeout_at(self._deadline):
                    piece = await anext(pieces, None)
            except (self._trouble, TimeoutError) as error:
                raise UpstreamBroke(f"{self._place} broke off: {type(error).__name__}") from None
            if piece is None:
                return
            if piece:
                yield piece
        raise UpstreamBroke(f"{self._place} broke off: it was closed")

    async def read(self) -> bytes:
        """The whole body; closes the reply."""
        try:
            return b"".join([piece async for piece in self.body()])
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Hang up, unless the body was read to its end."""
        if not self._is_closed:
            self._is_closed = True
            await self._response.aclose()
