import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sparingly.core.entry import Digest
from sparingly.errors import StoreError
from sparingly.stores.edge_process import EdgeProcess
from sparingly.stores.edge_wire import Count, Exact, Put, Reply
from sparingly.stores.qdrant_points import payload_of
from tests.asks import NOW, entry

pytestmark = pytest.mark.anyio

ENTRY = entry()
PUT = Put(ENTRY.digest, payload_of(ENTRY, comparable=False), None)


@pytest.fixture
def seen() -> list[Reply]:
    return []


@pytest.fixture
async def process(tmp_path: Path, seen: list[Reply]) -> AsyncIterator[EdgeProcess]:
    started = await EdgeProcess.start(tmp_path, dimensions=2, on_reply=seen.append)
    yield started
    await started.aclose()


async def test_many_asks_may_be_under_way(process: EdgeProcess) -> None:
    """Each gets its own reply."""
    put = process.ask(PUT, timeout_s=10.0)
    asks = [process.ask(Exact(ENTRY.digest, NOW), timeout_s=10.0) for _ in range(20)]
    counts = [process.ask(Count(), timeout_s=10.0) for _ in range(20)]

    _, *replies = await asyncio.gather(put, *asks, *counts)

    assert all(reply.found[0].payload == PUT.payload for reply in replies[:20])
    assert [reply.number for reply in replies[20:]] == [1] * 20


async def test_a_caller_that_leaves_harms_no_other(process: EdgeProcess, seen: list[Reply]) -> None:
    """Its command is carried out, and its reply goes to nobody else."""
    leaving = asyncio.ensure_future(process.ask(PUT, timeout_s=10.0))
    await asyncio.sleep(0)  # lets it send
    leaving.cancel()

    reply = await process.ask(Count(), timeout_s=10.0)

    assert reply.number == 1
    assert len(seen) == 3  # greeting, put, count


async def test_trouble_in_a_reply_is_raised(process: EdgeProcess) -> None:
    with pytest.raises(StoreError, match="cannot read"):
        await process.ask(Exact(Digest("nonsense"), NOW), timeout_s=10.0)


async def test_a_process_that_hangs_is_not_waited_for(process: EdgeProcess) -> None:
    """The first caller waits as long as it said, the next not at all; afterwards all is well."""
    os.kill(process.pid, signal.SIGSTOP)
    try:
        with pytest.raises(StoreError, match="did not answer within"):
            await process.ask(Count(), timeout_s=0.05)
        with pytest.raises(StoreError, match="has been busy for more than"):
            await process.ask(Count(), timeout_s=0.05)
    finally:
        os.kill(process.pid, signal.SIGCONT)

    reply = await process.ask(PUT, timeout_s=10.0)

    assert reply == Reply()


async def test_a_process_that_dies_is_noticed(process: EdgeProcess) -> None:
    """By those who wait, and by those who come later."""
    os.kill(process.pid, signal.SIGSTOP)
    waiting = asyncio.ensure_future(process.ask(Count(), timeout_s=10.0))
    await asyncio.sleep(0)  # lets it send

    os.kill(process.pid, signal.SIGKILL)

    with pytest.raises(StoreError, match="has ended"):
        await waiting
    assert not process.is_alive
    with pytest.raises(StoreError, match="has ended"):
        await process.ask(Count(), timeout_s=10.0)


async def test_what_was_sent_is_done_before_the_end(tmp_path: Path) -> None:
    """Closing waits for the commands that are under way."""
    first = await EdgeProcess.start(tmp_path, dimensions=2, on_reply=lambda _: None)
    put = asyncio.ensure_future(first.ask(PUT, timeout_s=10.0))
    await asyncio.sleep(0)  # lets it send

    await first.aclose()

    assert await put == Reply()
    second = await EdgeProcess.start(tmp_path, dimensions=2, on_reply=lambda _: None)
    assert (await second.ask(Count(), timeout_s=10.0)).number == 1
    await second.aclose()


async def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    """And leaves no process behind: pytest would complain of one that was not waited for."""
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreError, match="file cannot be made: File exists"):
        await EdgeProcess.start(tmp_path / "file", dimensions=2, on_reply=lambda _: None)


async def test_a_start_may_be_cancelled(tmp_path: Path) -> None:
    """The folder is free again at once."""
    starting = asyncio.ensure_future(EdgeProcess.start(tmp_path, dimensions=2, on_reply=lambda _: None))
    for _ in range(10):
        await asyncio.sleep(0)  # until it waits for the greeting

    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting

    again = await EdgeProcess.start(tmp_path, dimensions=2, on_reply=lambda _: None)
    assert again.is_alive
    await again.aclose()
