"""A synchronous transport, waited for in threads, in the shape of an asynchronous one.

A new thread for each wait: none is ever missing, and as daemons none keeps a program
from ending.  What is waited for cannot be stopped: whoever leaves is let go at once,
and the provider is told when its next piece has come.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

_T = TypeVar("_T")


class InThreads:
    """A synchronous transport in the shape of an asynchronous one."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    async def handle_async_request(self, request: object) -> "Threaded":
        """Send it, and return when status and headers have come."""
        return Threaded(
            await _in_thread(
                lambda: self._transport.handle_request(request), late=lambda response: response.close()
            )
        )

    async def aclose(self) -> None:
        """Close its connections."""
        self._transport.close()


class Threaded:
    """A synchronous response in the shape of an asynchronous one, and its own stream."""

    def __init__(self, response: Any) -> None:
        self._response = response
        self._pieces: Iterator[bytes] = iter(response.stream)
        self._is_waiting = False
        self.status_code = response.status_code
        self.headers = response.headers
        self.stream = self

    def __aiter__(self) -> "Threaded":
        return self

    async def __anext__(self) -> bytes:
        self._is_waiting = True
        try:
            piece = await _in_thread(lambda: next(self._pieces, None), late=lambda _: self._response.close())
        except Exception:
            self._is_waiting = False
            raise
        self._is_waiting = False
        if piece is None:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        """Hang up."""
        # A thread that still waits for a piece closes when it has come: no connection is closed under a reader.
        if not self._is_waiting:
            self._response.close()


async def _in_thread(work: Callable[[], _T], *, late: Callable[[_T], object]) -> _T:
    """What `work` returns or raises; `late` takes what it returns once nobody waits for it any more."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def settle(result: _T) -> None:
        if done.cancelled():
            late(result)
        else:
            done.set_result(result)

    def fail(error: BaseException) -> None:
        if not done.cancelled():
            done.set_exception(error)

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(fail, error)
            return
        try:
            loop.call_soon_threadsafe(settle, result)
        except RuntimeError:
            # The gateway's loop has ended.
            late(result)

    threading.Thread(target=run, name="sparingly-inner", daemon=True).start()
    return await done
