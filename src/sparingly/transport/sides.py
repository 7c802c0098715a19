"""The synchronous and the asynchronous half of a transport, for any client library shaped like httpx.

What a library adds is in its own module: its base classes, its responses and its
exceptions.  Errors that can be told in the client's dialect are answers, as over
HTTP; a library's own exceptions are for the rest: no answer within the client's
timeout, an answer that was cut, a gateway that cannot be opened.
"""

import asyncio
import concurrent.futures
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeVar

import msgspec

from sparingly.config.embedded import Config
from sparingly.errors import StartupError
from sparingly.ports import Carrier
from sparingly.transport.asked import Asked
from sparingly.transport.local_gateway import LocalGateway
from sparingly.transport.loop_thread import LoopThread
from sparingly.upstreams.asgi_exchange import Broken, Exchange, Head

_T = TypeVar("_T")


class _Url(Protocol):
    @property
    def scheme(self) -> str: ...
    @property
    def netloc(self) -> bytes: ...
    @property
    def raw_path(self) -> bytes: ...


class _Headers(Protocol):
    @property
    def raw(self) -> list[tuple[bytes, bytes]]: ...


class HttpRequest(Protocol):
    """A request of httpx, httpx2, or any library of that shape."""

    method: str
    extensions: Any  # each library types its own mapping

    @property
    def url(self) -> _Url: ...
    @property
    def headers(self) -> _Headers: ...
    @property
    def content(self) -> bytes:
        """The body; raises where it was not read yet."""
        ...


class Faults(msgspec.Struct, frozen=True):
    """A library's exceptions."""

    not_read: type[Exception]
    """Raised by `content` of a request whose body is a stream."""
    timeout: Callable[[str], Exception]
    broken: Callable[[str], Exception]
    unreachable: Callable[[str], Exception]

    def translated(self) -> AbstractContextManager[None]:
        """Raise what happens within as the library's own."""
        return _translated(self)


class Visit:
    """One request on its way, and its answer."""

    def __init__(self, running: LoopThread, exchange: Exchange, head: Head, read_s: float | None) -> None:
        self.head = head
        self._running = running
        self._exchange = exchange
        self._read_s = read_s
        self._is_over = False

    def __del__(self) -> None:
        # Nobody closed it: an answer that was dropped unread, or one that came when its caller was cancelled.
        self.leave()

    async def pieces(self) -> bytes:
        """What has come; in the gateway's loop."""
        async with asyncio.timeout(self._read_s):
            said = await self._exchange.pieces()
        self._is_over = not said
        return said

    def submit(self) -> "concurrent.futures.Future[bytes]":
        """Ask for the next pieces from another thread."""
        return self._running.submit(self.pieces())

    def leave(self) -> None:
        """Close our end, from any thread, without waiting."""
        if not self._is_over:
            self._is_over = True
            self._running.post(self._exchange.leave)


class SyncPieces:
    """The body of an answer, as it comes."""

    def __init__(self, visit: Visit, faults: Faults) -> None:
        self._visit = visit
        self._faults = faults

    def __iter__(self) -> Iterator[bytes]:
        with self._faults.translated():
            while piece := _result(self._visit.submit()):
                yield piece

    def close(self) -> None:
        """Stop reading; the provider's work is stopped where it can be."""
        self._visit.leave()


class AsyncPieces:
    """The body of an answer, as it comes."""

    def __init__(self, visit: Visit, faults: Faults) -> None:
        self._visit = visit
        self._faults = faults

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with self._faults.translated():
            while piece := await _future(self._visit.submit()):
                yield piece

    async def aclose(self) -> None:
        """Stop reading; the provider's work is stopped where it can be."""
        self._visit.leave()


class Side:
    """What both halves share: a lease, and how a request is read."""

    def __init__(self, gateway: LocalGateway | Config = None, *, carrier: Carrier | None = None) -> None:
        """Take a gateway, or a config: a path, a mapping or nothing.

        Raises:
            ConfigError: something is wrong with the config.
        """
        if isinstance(gateway, LocalGateway):
            if carrier is not None:
                raise ValueError(
                    "an inner transport belongs to its LocalGateway, as `carrier=carried(inner)`"
                )
            self._lease = gateway.lease()
        elif carrier is not None:
            self._lease = LocalGateway(gateway, carrier=carrier).lease()
        else:
            self._lease = LocalGateway.like(gateway).lease()

    def visit(self, request: HttpRequest, stream: Iterable[bytes], faults: Faults) -> Visit:
        """Send a request and wait for the beginning of its answer."""
        gateway = self._lease.gateway
        origin, asked = _origin(request.url), _asked(request, faults)
        with faults.translated():
            running = gateway.opened(origin, asked)
            if asked.body is not None:
                return _result(running.submit(_visit(running, origin, asked, request)))
            exchange = _result(running.submit(running.exchange(origin, asked)))
            try:
                for piece in stream:
                    if not _result(running.submit(exchange.upload(piece, more=True))):
                        break
                else:
                    _result(running.submit(exchange.upload(b"", more=False)))
                return _result(running.submit(_begun(running, exchange, request)))
            except BaseException:
                running.post(exchange.leave)
                raise

    async def async_visit(self, request: HttpRequest, stream: AsyncIterator[bytes], faults: Faults) -> Visit:
        """As `visit`, without holding up the caller's event loop."""
        if not _has_loop():
            raise RuntimeError(
                "an AsyncSparinglyTransport needs asyncio; elsewhere, use the synchronous one in a thread"
            )
        gateway = self._lease.gateway
        origin, asked = _origin(request.url), _asked(request, faults)
        with faults.translated():
            if gateway.is_open:
                running = gateway.opened(origin, asked)
            else:
                running = await asyncio.to_thread(gateway.opened, origin, asked)
            if asked.body is not None:
                return await _awaited(running, _visit(running, origin, asked, request))
            exchange = await _awaited(running, running.exchange(origin, asked))
            try:
                async for piece in stream:
                    if not await _awaited(running, exchange.upload(piece, more=True)):
                        break
                else:
                    await _awaited(running, exchange.upload(b"", more=False))
                return await _awaited(running, _begun(running, exchange, request))
            except BaseException:
                running.post(exchange.leave)
                raise

    async def async_end(self) -> None:
        """As `end`, without holding up the caller's event loop."""
        if _has_loop():
            await asyncio.to_thread(self.end)
        else:
            self.end()

    def end(self) -> None:
        """Give the lease back; waits until what was answered is written down, if it was the last."""
        self._lease.close()


def _has_loop() -> bool:
    """Whether asyncio runs here; Trio, for one, has loops of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def _visit(running: LoopThread, origin: str, asked: Asked, request: HttpRequest) -> Visit:
    return await _begun(running, await running.exchange(origin, asked), request)


async def _begun(running: LoopThread, exchange: Exchange, request: HttpRequest) -> Visit:
    read_s = _read_s(request)
    async with asyncio.timeout(read_s):
        head = await exchange.head()
    return Visit(running, exchange, head, read_s)


def _result(future: "concurrent.futures.Future[_T]") -> _T:
    try:
        return future.result()
    except BaseException:
        # Ctrl-C while waiting: what we waited for is to stop as well.
        future.cancel()
        raise


async def _awaited(running: LoopThread, work: Coroutine[object, object, _T]) -> _T:
    return await _future(running.submit(work))


async def _future(future: "concurrent.futures.Future[_T]") -> _T:
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if future.cancelled() and task is not None and not task.cancelling():
            # The gateway's loop has ended; nobody cancelled the caller.
            raise Broken("the gateway was closed") from None
        raise


def _asked(request: HttpRequest, faults: Faults) -> Asked:
    path, _, query = request.url.raw_path.partition(b"?")
    try:
        body: bytes | None = request.content
    except faults.not_read:
        body = None
    return Asked(request.method, path.decode("ascii"), query, tuple(request.headers.raw), body)


def _origin(url: _Url) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _read_s(request: HttpRequest) -> float | None:
    """How long the client waits for anything to come."""
    timeouts = request.extensions.get("timeout", {})
    read_s = timeouts.get("read") if isinstance(timeouts, Mapping) else None
    return float(read_s) if read_s is not None else None


@contextmanager
def _translated(faults: Faults) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise faults.timeout("nothing came within the read timeout") from error
    except Broken as error:
        raise faults.broken(str(error)) from error
    except concurrent.futures.CancelledError as error:
        # The gateway's loop has ended.
        raise faults.broken("the gateway was closed") from error
    except StartupError as error:
        raise faults.unreachable(error.message) from error
