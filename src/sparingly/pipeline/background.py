"""Work that goes on after an answer is served, in one task group owned by the app.

A task that fails is reported and forgotten: nobody waits for it.  Bare
`asyncio.create_task` is banned because such tasks outlive shutdown and lose
their errors.
"""

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Self

from sparingly.errors import SparinglyError

# Past this many, new work is refused rather than queued: the queue would only grow.
_MAX_TASKS = 2_000


class Background:
    """An async context manager; leaving it waits for what is under way, up to `drain_s` seconds."""

    def __init__(self, *, on_trouble: Callable[[str, str], None], drain_s: float = 10.0) -> None:
        self._on_trouble = on_trouble
        self._drain_s = drain_s
        self._group = asyncio.TaskGroup()
        self._is_open = True
        self._tasks: set[asyncio.Task[None]] = set()
        self._endless: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_open = False
        for task in self._endless:
            task.cancel()
        try:
            if self._tasks:
                await asyncio.wait(set(self._tasks), timeout=self._drain_s)
        finally:
            for task in set(self._tasks):
                task.cancel()
            # The group is not told of the block's own error, which it would wrap: a StartupError stays one.
            await self._group.__aexit__(None, None, None)

    def spawn(
        self, name: str, work: Coroutine[object, object, None], *, on_end: Callable[[], None] | None = None
    ) -> None:
        """Start `work`; refuse it, and say so, when too much is under way or the app has stopped.

        `on_end` is called when it has ended, however: done, failed, cancelled or refused.
        """
        if not self._is_open or len(self._tasks) >= _MAX_TASKS:
            work.close()
            self._on_trouble("background-full" if self._is_open else "background-closed", name)
            if on_end is not None:
                on_end()
            return
        self._start(self._tasks, name, work, on_end)

    def keep_running(self, name: str, work: Coroutine[object, object, None]) -> None:
        """Start a loop that runs until the app stops."""
        self._start(self._endless, name, work)

    async def settle(self) -> None:
        """Wait until nothing is under way; loops aside."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def _start(
        self,
        tasks: set[asyncio.Task[None]],
        name: str,
        work: Coroutine[object, object, None],
        on_end: Callable[[], None] | None = None,
    ) -> None:
        task = self._group.create_task(self._guarded(name, work))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        # A task that is cancelled before its first step never gets to its work.
        task.add_done_callback(lambda _: work.close())
        if on_end is not None:
            task.add_done_callback(lambda _: on_end())

    async def _guarded(self, name: str, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except SparinglyError as error:
            # Nobody waits for this task: telling is all that can be done.
            self._on_trouble(error.code, f"{name}: {error.message}")
        except Exception as error:  # noqa: BLE001 - the outermost edge of a task: one bug must not end the app
            self._on_trouble("background-bug", f"{name}: {type(error).__name__}")
