"""Work that goes on after an answer is served."""

import asyncio
import inspect

import pytest

from sparingly.errors import StartupError, StoreError
from sparingly.pipeline import background as module
from sparingly.pipeline.background import Background

pytestmark = pytest.mark.anyio


class Troubles:
    """What was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def __call__(self, code: str, message: str) -> None:
        self.told.append((code, message))


async def _never() -> None:
    await asyncio.Event().wait()


async def test_leaving_waits_for_what_is_under_way() -> None:
    """An answer that was served is kept, even when the app stops right after."""
    done: list[str] = []

    async def work() -> None:
        for _ in range(5):
            await asyncio.sleep(0)
        done.append("kept")

    async with Background(on_trouble=Troubles()) as background:
        background.spawn("write-back", work())

    assert done == ["kept"]


async def test_leaving_does_not_wait_longer_than_the_drain() -> None:
    """Nor for loops, which have no end."""
    cancelled: list[str] = []

    async def work(name: str) -> None:
        try:
            await _never()
        finally:
            cancelled.append(name)

    async with Background(on_trouble=Troubles(), drain_s=0.01) as background:
        background.spawn("stuck", work("stuck"))
        background.keep_running("sweep", work("sweep"))
        await asyncio.sleep(0)

    assert sorted(cancelled) == ["stuck", "sweep"]


async def test_work_that_never_began_is_put_away() -> None:
    """A loop that is stopped before its first step leaves nothing behind, not even a warning."""
    async with Background(on_trouble=Troubles()) as background:
        background.keep_running("sweep", work := _never())

    assert inspect.getcoroutinestate(work) == inspect.CORO_CLOSED


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StoreError("the disk is full"), ("store-error", "write-back: the disk is full")),
        (KeyError("secret"), ("background-bug", "write-back: KeyError")),
    ],
)
async def test_a_failure_is_told_and_stops_nothing_else(error: Exception, told: tuple[str, str]) -> None:
    """Of a bug only the kind is told: its words may hold what a user wrote."""
    troubles = Troubles()
    done: list[str] = []

    async def fail() -> None:
        raise error

    async def work() -> None:
        await asyncio.sleep(0)
        done.append("kept")

    async with Background(on_trouble=troubles) as background:
        background.spawn("write-back", fail())
        background.spawn("write-back", work())
        await background.settle()

    assert troubles.told == [told]
    assert done == ["kept"]


async def test_too_much_work_is_refused_and_told() -> None:
    """A queue without end would only grow."""
    troubles = Troubles()

    async with Background(on_trouble=troubles, drain_s=0.0) as background:
        for _ in range(module._MAX_TASKS):
            background.spawn("write-back", _never())
        background.spawn("touch", refused := _never())

    assert troubles.told == [("background-full", "touch")]
    assert inspect.getcoroutinestate(refused) == inspect.CORO_CLOSED


async def test_work_that_comes_after_the_end_is_refused_and_told() -> None:
    """The last answers of a stopping app must not end in an error."""
    troubles = Troubles()
    async with Background(on_trouble=troubles) as background:
        pass

    background.spawn("write-back", refused := _never())

    assert troubles.told == [("background-closed", "write-back")]
    assert inspect.getcoroutinestate(refused) == inspect.CORO_CLOSED


async def test_whoever_wants_to_know_is_told_of_the_end_however_it_comes() -> None:
    """Done, failed, cancelled before its first step, refused."""
    ends: list[str] = []

    async def done() -> None:
        pass

    async def failed() -> None:
        raise StoreError("the disk is full")

    async with Background(on_trouble=Troubles(), drain_s=0.0) as background:
        background.spawn("done", done(), on_end=lambda: ends.append("done"))
        background.spawn("failed", failed(), on_end=lambda: ends.append("failed"))
        await background.settle()
        background.spawn("cancelled", _never(), on_end=lambda: ends.append("cancelled"))
    background.spawn("refused", _never(), on_end=lambda: ends.append("refused"))

    assert ends == ["done", "failed", "cancelled", "refused"]


async def test_settling_waits_for_work_that_work_has_started_but_not_for_loops() -> None:
    """Replays settle after every request."""
    done: list[str] = []

    async with Background(on_trouble=Troubles()) as background:

        async def last() -> None:
            done.append("last")

        async def first() -> None:
            await asyncio.sleep(0)
            background.spawn("last", last())
            done.append("first")

        background.keep_running("sweep", _never())
        background.spawn("first", first())

        await background.settle()

        assert done == ["first", "last"]


async def test_settling_without_work_returns_at_once() -> None:
    """Most requests leave nothing to do."""
    async with Background(on_trouble=Troubles()) as background:
        await background.settle()


async def test_an_error_of_the_block_comes_out_as_it_was() -> None:
    """A start-up error in an ExceptionGroup would be a traceback instead of one clear line."""

    async def start() -> None:
        async with Background(on_trouble=Troubles()) as background:
            background.keep_running("sweep", _never())
            raise StartupError("port 80 is busy")

    with pytest.raises(StartupError, match="port 80 is busy"):
        await start()


async def test_an_app_that_is_cancelled_while_it_drains_leaves_no_task() -> None:
    """The second Ctrl-C."""
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await _never()
        finally:
            cancelled.set()

    async def app() -> None:
        async with Background(on_trouble=Troubles(), drain_s=60.0) as background:
            background.spawn("stuck", work())
            await begun.wait()

    async with asyncio.TaskGroup() as group:
        running = group.create_task(app())
        await begun.wait()
        await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait({running})

        assert running.cancelled()
        assert cancelled.is_set()
