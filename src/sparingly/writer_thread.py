"""One thread that writes what many requests hand it: in order, in batches, never making them wait.

The ledger and the traffic log are built on it.  What is handed over is kept in
a bounded queue; when that is full, new items are dropped and counted, because
a slow disk must cost lines, never answers.

Rule for `write`: it writes a whole batch or nothing.  A ServiceError keeps the
batch, to be tried again after `retry_s` until the thread is closed; then it gets
one last try, and if that fails the rest is lost at once: shutting down must not
take longer than a write.  `write` runs in the thread and never in a request.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from sparingly.errors import ServiceError

Item = TypeVar("Item")

# A write of more holds a transaction and the interpreter's lock too long at a time.
_MAX_BATCH = 512


class WriterThread(Generic[Item]):
    """Hands items to `write` in a thread of its own; `linger_s` gathers items into a batch first."""

    def __init__(
        self,
        write: Callable[[list[Item]], None],
        *,
        name: str,
        max_weight: int,
        linger_s: float = 0.05,
        retry_s: float = 1.0,
    ) -> None:
        self._write = write
        self._max_weight = max_weight
        self._linger_s = linger_s
        self._retry_s = retry_s
        self._queue: deque[tuple[Item, int]] = deque()
        self._weight = 0
        self._taken = self._settled = 0
        self._dropped = 0
        self._trouble: str | None = None
        self._is_idle = False
        self._changed = threading.Condition()
        self._closing = threading.Event()
        # A daemon: an interpreter that ends without `aclose` must not hang.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """How many items were lost since the start."""
        return self._dropped

    @property
    def trouble(self) -> str | None:
        """Why nothing is written at the moment; None when all is well."""
        if not self._thread.is_alive():
            return "closed" if self._closing.is_set() else "the writer thread has died"
        return self._trouble

    def offer(self, item: Item, weight: int = 1) -> bool:
        """Hand over an item; False says that it was dropped.  Never waits, never raises."""
        with self._changed:
            if self._closing.is_set() or self._weight + weight > self._max_weight:
                self._dropped += 1
                return False
            self._queue.append((item, weight))
            self._weight += weight
            self._taken += 1
            if self._is_idle:
                self._is_idle = False
                self._changed.notify_all()
        return True

    async def flush(self) -> None:
        """Wait until everything handed over so far is written or lost."""
        await asyncio.to_thread(self._wait_for, self._taken)

    async def aclose(self) -> None:
        """Write what is left and end the thread; safe to call twice."""
        self._closing.set()
        with self._changed:
            self._changed.notify_all()
        await asyncio.to_thread(self._thread.join)

    def _wait_for(self, target: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._settled >= target or not self._thread.is_alive())

    def _run(self) -> None:
        while self._has_work():
            self._closing.wait(self._linger_s)
            batch = self._next_batch()
            is_written = self._is_written([item for item, _ in batch])
            self._settle(batch, is_written=is_written)
            if not is_written and self._closing.is_set():
                self._settle(self._everything(), is_written=False)

    def _has_work(self) -> bool:
        """Wait for an item; False when there will be none any more."""
        with self._changed:
            while not self._queue:
                if self._closing.is_set():
                    return False
                self._is_idle = True
                self._changed.wait()
            self._is_idle = False
            return True

    def _next_batch(self) -> list[tuple[Item, int]]:
        with self._changed:
            return [self._queue.popleft() for _ in range(min(len(self._queue), _MAX_BATCH))]

    def _everything(self) -> list[tuple[Item, int]]:
        with self._changed:
            rest = list(self._queue)
            self._queue.clear()
            return rest

    def _settle(self, batch: list[tuple[Item, int]], *, is_written: bool) -> None:
        with self._changed:
            self._weight -= sum(weight for _, weight in batch)
            self._settled += len(batch)
            if not is_written:
                self._dropped += len(batch)
            self._changed.notify_all()

    def _is_written(self, items: list[Item]) -> bool:
        while True:
            is_last_try = self._closing.is_set()
            try:
                self._write(items)
            except ServiceError as error:
                # Told by `trouble`: the disk may be full, or the folder gone, and come back.
                self._trouble = error.message
                if is_last_try:
                    return False
                self._closing.wait(self._retry_s)
            except Exception as error:  # noqa: BLE001 - the outermost edge of a thread: a bug must not end it
                self._trouble = f"{type(error).__name__}: {error}"
                return False
            else:
                self._trouble = None
                return True
