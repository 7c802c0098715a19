"""Equal requests that are under way at the same time."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from sparingly.core.entry import Digest, Entry
from sparingly.pipeline.in_flight import InFlight, Lead
from tests.asks import entry

pytestmark = pytest.mark.anyio

ONE, OTHER = Digest("1" * 32), Digest("2" * 32)


async def _lead(in_flight: InFlight, digest: Digest = ONE) -> Lead:
    got = await in_flight.lead_or_wait(digest)
    assert isinstance(got, Lead)
    return got


async def _followers(
    in_flight: InFlight, number: int, act: Callable[[], Awaitable[None] | None]
) -> list[Lead | Entry | None]:
    """What `number` followers get when `act` is done while they wait."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(in_flight.lead_or_wait(ONE)) for _ in range(number)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not any(task.done() for task in tasks)
        done = act()
        if done is not None:
            await done
    return [task.result() for task in tasks]


async def test_the_first_of_its_kind_leads() -> None:
    """It has nobody to wait for."""
    in_flight = InFlight()

    await _lead(in_flight)

    assert len(in_flight) == 1


async def test_followers_take_what_the_leader_got() -> None:
    """One call pays for all of them."""
    in_flight = InFlight()
    lead = await _lead(in_flight)
    kept = entry()

    got = await _followers(in_flight, 3, lambda: lead.end(kept))

    assert got == [kept, kept, kept]
    assert len(in_flight) == 0


async def test_other_requests_do_not_wait() -> None:
    """Only equal ones do."""
    in_flight = InFlight()
    await _lead(in_flight, ONE)

    await _lead(in_flight, OTHER)

    assert len(in_flight) == 2


async def test_when_the_leader_ends_with_nothing_its_followers_go_on_at_once() -> None:
    """One leads those that come later, the rest ask for themselves: nobody waits in line for a second failure."""
    in_flight = InFlight()
    lead = await _lead(in_flight)

    got = await _followers(in_flight, 3, lambda: lead.end(None))

    assert sum(isinstance(one, Lead) for one in got) == 1
    assert got.count(None) == 2
    assert len(in_flight) == 1


async def test_a_new_leader_takes_over_after_one_has_ended() -> None:
    """An ended flight is forgotten."""
    in_flight = InFlight()
    (await _lead(in_flight)).end(entry())

    await _lead(in_flight)

    assert len(in_flight) == 1


async def test_a_shared_answer_is_there_for_whoever_comes_before_the_end() -> None:
    """Those who wait and those who come later; after the end the store has it."""
    in_flight = InFlight()
    lead = await _lead(in_flight)
    kept = entry()

    waited = await _followers(in_flight, 2, lambda: lead.share(kept))
    came = await in_flight.lead_or_wait(ONE)
    lead.end(kept)

    assert [*waited, came] == [kept, kept, kept]
    assert len(in_flight) == 0


async def test_ending_twice_harms_nobody() -> None:
    """Neither those who have taken the first entry nor the leader that came after."""
    in_flight = InFlight()
    first = await _lead(in_flight)
    first.end(None)
    second = await _lead(in_flight)
    kept = entry()

    first.end(entry(source="late"))
    got = await _followers(in_flight, 1, lambda: second.end(kept))

    assert got == [kept]


async def test_a_follower_that_leaves_takes_nobody_with_it() -> None:
    """Its cancellation is its own."""
    in_flight = InFlight()
    lead = await _lead(in_flight)
    kept = entry()
    async with asyncio.TaskGroup() as group:
        stays = group.create_task(in_flight.lead_or_wait(ONE))
        leaves = group.create_task(in_flight.lead_or_wait(ONE))
        await asyncio.sleep(0)
        leaves.cancel()
        await asyncio.wait({leaves})

        lead.end(kept)

    assert leaves.cancelled()
    assert stays.result() == kept


async def test_nobody_waits_for_a_leader_whose_client_has_stopped_reading() -> None:
    """Past its patience a follower asks for itself."""
    in_flight = InFlight(patience_s=0.0)
    await _lead(in_flight)

    got = await in_flight.lead_or_wait(ONE)

    assert got is None
    assert len(in_flight) == 1
