"""A context that outlives the tasks that use it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sparingly.long_lived import LongLived

pytestmark = pytest.mark.anyio


class Counted:
    """A context that must be left by the task that entered it."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.fails = False

    @asynccontextmanager
    async def context(self) -> AsyncIterator[int]:
        if self.fails:
            raise OSError("cannot be opened")
        self.log.append("open")
        try:
            async with asyncio.TaskGroup():
                yield len(self.log)
        finally:
            self.log.append("closed")


async def test_it_is_opened_once_and_closed_by_its_own_task() -> None:
    """However many tasks use it."""
    counted = Counted()
    kept = LongLived(counted.context)

    values = await asyncio.gather(*(kept.value() for _ in range(5)))
    await kept.aclose()
    await kept.aclose()

    assert values == [1] * 5
    assert counted.log == ["open", "closed"]


async def test_a_user_that_is_cancelled_harms_no_other() -> None:
    """It only stops waiting."""
    kept = LongLived(Counted().context)
    first = asyncio.ensure_future(kept.value())
    await asyncio.sleep(0)
    first.cancel()

    assert await kept.value() == 1
    await kept.aclose()


async def test_a_failed_opening_is_raised_and_tried_again() -> None:
    """By whoever needs it next."""
    counted = Counted()
    kept = LongLived(counted.context)
    counted.fails = True

    with pytest.raises(OSError, match="cannot be opened"):
        await kept.value()
    counted.fails = False

    assert await kept.value() == 1
    await kept.aclose()


def test_a_loop_that_ends_takes_it_along() -> None:
    """The next one opens it anew."""
    counted = Counted()
    kept = LongLived(counted.context)

    for _ in range(2):
        asyncio.run(kept.value())

    assert counted.log == ["open", "closed", "open", "closed"]


async def test_closing_what_was_never_used_does_nothing() -> None:
    """An app that gets no request opens nothing."""
    counted = Counted()

    await LongLived(counted.context).aclose()

    assert counted.log == []
