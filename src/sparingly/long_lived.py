"""Keep an async context open while many tasks use what it opened.

A context that owns a task group must be left by the task that entered it, and the
tasks that use it come and go.  So it gets a task of its own, in the loop of its
first user.  A loop that ends takes it along; the next loop's first user opens it anew.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Generic, TypeVar

_T = TypeVar("_T")


class LongLived(Generic[_T]):
    """Opens `context` with its first use, once."""

    def __init__(self, context: Callable[[], AbstractAsyncContextManager[_T]]) -> None:
        self._context = context
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._value: asyncio.Future[_T] | None = None
        self._stop = asyncio.Event()

    async def value(self) -> _T:
        """What the context opens; raises what opening it raises, and tries again the next time."""
        loop = asyncio.get_running_loop()
        if self._task is None or self._value is None or self._loop is not loop or self._task.done():
            self._loop, self._stop, self._value = loop, asyncio.Event(), loop.create_future()
            self._task = loop.create_task(self._keep(self._value, self._stop))
        # Shielded: who stops waiting must not take it from the others.
        return await asyncio.shield(self._value)

    async def aclose(self) -> None:
        """Leave the context; safe to call twice, and where it was never entered."""
        task, self._task = self._task, None
        if task is not None and self._loop is asyncio.get_running_loop():
            self._stop.set()
            await task

    async def _keep(self, value: "asyncio.Future[_T]", stop: asyncio.Event) -> None:
        try:
            async with self._context() as opened:
                value.set_result(opened)
                await stop.wait()
        except BaseException as error:
            if value.done():
                raise
            if isinstance(error, asyncio.CancelledError):
                value.cancel()
                raise
            # Raised again by `value`, where somebody waits.
            value.set_exception(error)
