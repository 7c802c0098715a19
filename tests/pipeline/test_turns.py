"""Work that could all be done at once is done one piece a turn of the loop."""

import asyncio

import pytest

from sparingly.pipeline.turns import Turns

pytestmark = pytest.mark.anyio


async def test_who_is_alone_need_not_wait() -> None:
    """A single request must not pay for the crowds of others."""
    taken = Turns().take()

    # Run up to where it would wait: it does not.
    with pytest.raises(StopIteration):
        taken.send(None)


async def test_a_crowd_is_let_through_one_a_turn_in_the_order_it_came() -> None:
    """What the loop has to do beside it is done in between."""
    turns = Turns()
    through: list[tuple[str, int]] = []
    turn = 0

    async def come(name: str) -> None:
        await turns.take()
        through.append((name, turn))

    async with asyncio.TaskGroup() as group:
        for name in "abcd":
            group.create_task(come(name))
        while len(through) < 4:
            await asyncio.sleep(0)
            turn += 1

    assert [name for name, _ in through] == list("abcd")
    assert len({when for _, when in through}) == 4


async def test_who_gives_up_waiting_holds_up_nobody() -> None:
    """A client that leaves while it waits does not take the turn of the next."""
    turns = Turns()
    leaving = asyncio.ensure_future(turns.take())
    staying = asyncio.ensure_future(turns.take())
    await turns.take()
    await asyncio.sleep(0)

    # By now it was told that it is next.
    leaving.cancel()

    async with asyncio.timeout(5):
        await staying
    assert leaving.cancelled()
