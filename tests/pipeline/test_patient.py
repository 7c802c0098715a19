"""Waiting for a piece for so long only."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from sparingly.errors import UpstreamBroke
from sparingly.pipeline.patient import PatientPieces

pytestmark = pytest.mark.anyio

NOW = 0.0
"""A deadline that has passed."""


class Source:
    """Gives a piece when it is told to."""

    def __init__(self) -> None:
        self.may_go_on = asyncio.Event()
        self.has_ended = False

    async def pieces(self) -> AsyncIterator[bytes]:
        try:
            yield b"one"
            await self.may_go_on.wait()
            yield b"two"
        finally:
            self.has_ended = True


def _later() -> float:
    return asyncio.get_running_loop().time() + 10


async def test_all_pieces_come_in_order() -> None:
    """As without it."""
    source = Source()
    source.may_go_on.set()

    assert [piece async for piece in PatientPieces(source.pieces())] == [b"one", b"two"]


async def test_who_gives_up_waiting_loses_nothing() -> None:
    """The piece that was waited for is the next one."""
    source = Source()
    pieces = PatientPieces(source.pieces())

    assert await pieces.come_by(_later())
    assert await anext(pieces) == b"one"
    assert not await pieces.come_by(NOW)
    assert not await pieces.come_by(NOW)
    source.may_go_on.set()

    assert await anext(pieces) == b"two"
    with pytest.raises(StopAsyncIteration):
        await anext(pieces)


async def test_the_end_and_a_failure_count_as_come() -> None:
    """They are met where the piece would have been."""

    async def broken() -> AsyncIterator[bytes]:
        raise UpstreamBroke("gone")
        yield b""

    async def empty() -> AsyncIterator[bytes]:
        return
        yield b""

    for source, end in ((broken(), UpstreamBroke), (empty(), StopAsyncIteration)):
        pieces = PatientPieces(source)

        assert await pieces.come_by(_later())
        with pytest.raises(end):
            await anext(pieces)


async def test_closing_stops_the_waiting() -> None:
    """No task is left behind."""
    source, before = Source(), asyncio.all_tasks()
    pieces = PatientPieces(source.pieces())
    await anext(pieces)
    await pieces.come_by(NOW)

    await pieces.aclose()

    assert source.has_ended
    assert asyncio.all_tasks() == before


async def test_closing_can_itself_be_cancelled() -> None:
    """A source that is slow to let go must not swallow the cancelling of whoever closes."""
    let_go = asyncio.Event()

    async def stubborn() -> AsyncIterator[bytes]:
        try:
            await asyncio.Event().wait()
        finally:
            await let_go.wait()
        yield b""

    pieces = PatientPieces(stubborn())
    await pieces.come_by(NOW)
    closing = asyncio.ensure_future(pieces.aclose())
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    closing.cancel()
    await asyncio.wait({closing})
    let_go.set()

    assert closing.cancelled()


async def test_what_was_met_after_the_last_look_is_dropped_by_closing() -> None:
    """Neither raised nor reported as a failure that nobody saw."""

    async def broken() -> AsyncIterator[bytes]:
        raise UpstreamBroke("gone")
        yield b""

    pieces = PatientPieces(broken())
    assert await pieces.come_by(_later())

    await pieces.aclose()
