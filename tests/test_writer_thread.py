"""The writer thread: order, bounds, retries, and an end."""

import threading
from collections.abc import Callable

import pytest

from sparingly.errors import LedgerError
from sparingly.writer_thread import WriterThread

pytestmark = pytest.mark.anyio


class Disk:
    """A place to write to that can fail and be slow on demand."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.errors: list[Exception] = []
        self.may_write = threading.Event()
        self.may_write.set()
        self.is_writing = threading.Event()

    def write(self, items: list[int]) -> None:
        self.is_writing.set()
        assert self.may_write.wait(10)
        if self.errors:
            raise self.errors.pop(0)
        self.batches.append(items)

    @property
    def items(self) -> list[int]:
        return [item for batch in self.batches for item in batch]


def writer(
    write: Callable[[list[int]], None], *, max_weight: int = 1_000, retry_s: float = 0.0
) -> WriterThread[int]:
    return WriterThread(write, name="test", max_weight=max_weight, linger_s=0.0, retry_s=retry_s)


async def test_what_is_offered_is_written_in_order() -> None:
    """However it falls into batches."""
    disk = Disk()
    thread = writer(disk.write, max_weight=5_000)

    for item in range(2_000):
        thread.offer(item)
    await thread.aclose()

    assert disk.items == list(range(2_000))
    assert thread.dropped == 0


async def test_what_waits_is_written_together_in_bounded_batches() -> None:
    """One transaction for many, and none for too many."""
    disk = Disk()
    disk.may_write.clear()
    thread = writer(disk.write, max_weight=5_000)
    thread.offer(-1)
    assert disk.is_writing.wait(10)

    for item in range(600):
        thread.offer(item)
    disk.may_write.set()
    await thread.aclose()

    assert [len(batch) for batch in disk.batches] == [1, 512, 88]


async def test_beyond_the_bound_items_are_dropped_and_counted() -> None:
    """A slow disk costs lines, never memory without end."""
    disk = Disk()
    disk.may_write.clear()
    thread = writer(disk.write, max_weight=10)

    taken = [thread.offer(item, weight=4) for item in range(4)]
    disk.may_write.set()
    await thread.aclose()

    assert taken == [True, True, False, False]
    assert disk.items == [0, 1]
    assert thread.dropped == 2


async def test_what_was_written_makes_room() -> None:
    """The bound is on what waits."""
    disk = Disk()
    thread = writer(disk.write, max_weight=1)

    for item in range(3):
        assert thread.offer(item)
        await thread.flush()

    assert disk.items == [0, 1, 2]
    await thread.aclose()


async def test_flush_returns_when_everything_so_far_is_written() -> None:
    """Not before: tests and commands rely on it."""
    disk = Disk()
    thread = writer(disk.write)

    thread.offer(1)
    await thread.flush()

    assert disk.items == [1]
    await thread.aclose()
    await thread.flush()


async def test_a_batch_that_failed_is_tried_again_before_the_next() -> None:
    """A full disk may be emptied; order is kept."""
    disk = Disk()
    disk.errors = [LedgerError("full"), LedgerError("full")]
    thread = writer(disk.write)

    thread.offer(1)
    thread.offer(2)
    await thread.flush()

    assert disk.items == [1, 2]
    assert thread.dropped == 0
    assert thread.trouble is None
    await thread.aclose()


async def test_while_it_fails_the_trouble_is_told() -> None:
    """Readiness and metrics ask for it."""
    failed = threading.Event()

    def write(_items: list[int]) -> None:
        failed.set()
        raise LedgerError("the disk is full")

    thread = writer(write, retry_s=60.0)
    assert thread.trouble is None

    thread.offer(1)
    assert failed.wait(10)
    while thread.trouble is None:
        failed.wait(0.001)

    assert thread.trouble == "the disk is full"
    await thread.aclose()
    assert thread.trouble == "closed"
    assert thread.dropped == 1


async def test_closing_tries_once_more_and_then_gives_everything_up() -> None:
    """Shutting down takes no longer than a write, however much waits."""
    tries = []
    first = threading.Event()

    def write(items: list[int]) -> None:
        tries.append(len(items))
        first.set()
        raise LedgerError("gone")

    thread = writer(write, retry_s=60.0, max_weight=5_000)
    thread.offer(0)
    assert first.wait(10)
    for item in range(2_000):
        thread.offer(item)
    await thread.aclose()

    assert tries == [1, 1]
    assert thread.dropped == 2_001


async def test_a_bug_in_write_loses_its_batch_and_not_the_thread() -> None:
    """The next batch is written."""
    disk = Disk()
    disk.errors = [RuntimeError("a bug")]
    thread = writer(disk.write)

    thread.offer(1)
    await thread.flush()
    trouble = thread.trouble
    thread.offer(2)
    await thread.flush()

    assert trouble == "RuntimeError: a bug"
    assert thread.trouble is None
    assert disk.items == [2]
    assert thread.dropped == 1
    await thread.aclose()


async def test_after_closing_nothing_is_taken() -> None:
    """And closing twice is safe."""
    disk = Disk()
    thread = writer(disk.write)
    await thread.aclose()
    await thread.aclose()

    assert thread.offer(1) is False
    assert thread.dropped == 1
    assert disk.items == []
