"""A transport that can only wait, for those who do not want to."""

import asyncio
import threading
from collections.abc import Iterator

import httpx
import pytest

from sparingly.transport.in_threads import InThreads

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]


async def test_an_answer_that_comes_too_late_is_closed() -> None:
    """A synchronous transport cannot be stopped; what nobody waits for any more is let go when it has come."""
    begun, go_on, closed = threading.Event(), threading.Event(), threading.Event()

    class Slow(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            begun.set()
            go_on.wait()
            yield b"late"

        def close(self) -> None:
            closed.set()

    class Transport:
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "POST":
                begun.set()
                go_on.wait()
            return httpx.Response(200, stream=Slow())

    transport = InThreads(Transport())
    for method in ("POST", "GET"):
        for event in (begun, go_on, closed):
            event.clear()
        reading = asyncio.ensure_future(_read(transport, method))
        await asyncio.to_thread(begun.wait)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert not closed.is_set()

        go_on.set()

        assert await asyncio.to_thread(closed.wait, 30)


async def _read(transport: InThreads, method: str) -> None:
    answer = await transport.handle_async_request(httpx.Request(method, "http://x"))
    async for _ in answer:
        pass


async def test_what_it_raises_is_raised_and_leaves_it_to_be_closed() -> None:
    """In the middle of an answer."""
    closed: list[bool] = []

    class Broken(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b"half"
            raise httpx.ReadError("gone")

        def close(self) -> None:
            closed.append(True)

    transport = InThreads(httpx.MockTransport(lambda _: httpx.Response(200, stream=Broken())))
    answer = await transport.handle_async_request(httpx.Request("GET", "http://x"))

    assert await anext(answer) == b"half"
    with pytest.raises(httpx.ReadError):
        await anext(answer)
    await answer.aclose()
    assert closed == [True]
