"""Equal requests at the same time, through the whole gateway."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from sparingly.core.directives import Directives
from sparingly.core.policy import CachePolicy
from sparingly.errors import UpstreamNonsense, UpstreamUnreachable
from sparingly.pipeline.exchange import Incoming
from tests.fakes.upstream import Dead
from tests.pipeline.parts import DOWN
from tests.pipeline.wire import PARIS, pieces, refusal, stream, text_of, whole
from tests.pipeline.world import QUESTION, Served, World, a_world

pytestmark = pytest.mark.anyio


async def _turns() -> None:
    """Let every task run as far as it gets."""
    for _ in range(20):
        await asyncio.sleep(0)


@asynccontextmanager
async def _under_way(
    world: World, incoming: Sequence[Incoming]
) -> AsyncIterator[list[asyncio.Task[Served | BaseException]]]:
    """The requests, begun one after the other; upstream answers nobody until its gate is opened."""

    async def serve(one: Incoming) -> Served | BaseException:
        try:
            return await world.serve(one)
        except UpstreamUnreachable as error:
            return error

    world.one.gate.clear()
    async with asyncio.TaskGroup() as group:
        tasks = []
        for one in incoming:
            tasks.append(group.create_task(serve(one)))
            await _turns()
        yield tasks
        world.one.gate.set()


async def _asked(world: World) -> Served:
    """One request that is answered, whose write-back is not waited for."""
    reply = await world.reply(world.incoming())
    assert isinstance(reply.body, bytes)
    entry = reply.finish(True)
    return Served(reply.status, reply.body, reply.content_type, {}, reply.summary, entry)


def _served(tasks: Sequence[asyncio.Task[Served | BaseException]]) -> list[Served]:
    return [result for task in tasks if isinstance(result := task.result(), Served)]


async def test_equal_requests_under_way_pay_for_one_call() -> None:
    """The followers are hits, and cost nothing."""
    async with a_world() as world:
        async with _under_way(world, [world.incoming() for _ in range(3)]) as tasks:
            asked = world.one.asked

        leader, *followers = _served(tasks)

    assert asked == world.one.asked == 1
    assert leader.entry.verdict == "miss"
    for follower in followers:
        assert (follower.entry.verdict, follower.entry.reason) == ("exact", "same-in-flight")
        assert (follower.entry.cost_nano, follower.entry.saved_nano) == (0, leader.entry.cost_nano)
        assert text_of(follower.body) == PARIS


async def test_a_follower_gets_its_answer_the_way_it_asked_for_it() -> None:
    """Streamed, though the leader's was whole."""
    async with a_world() as world:
        async with _under_way(world, [world.incoming(), world.incoming(fields={"stream": True})]) as tasks:
            pass

        _, follower = _served(tasks)

    assert follower.body.endswith(b"data: [DONE]\n\n")
    assert text_of(follower.body) == PARIS


@pytest.mark.parametrize(
    ("cache", "fields", "directives"),
    [
        (CachePolicy(wait_for_same=False), {}, Directives()),
        (CachePolicy(mode="observe"), {}, Directives()),
        (CachePolicy(mode="off"), {}, Directives()),
        (CachePolicy(), {}, Directives(look=False)),
        (CachePolicy(), {}, Directives(look=False, keep=False)),
        (CachePolicy(), {"temperature": 1.5}, Directives()),
    ],
)
async def test_whoever_wants_an_answer_of_its_own_waits_for_nobody(
    cache: CachePolicy, fields: dict[str, object], directives: Directives
) -> None:
    """All calls are made at once, not one after the other."""
    async with a_world(cache) as world:
        incoming = [world.incoming(fields=fields, directives=directives) for _ in range(3)]
        async with _under_way(world, incoming):
            asked = world.one.asked

    assert asked == 3


async def test_other_tenants_are_not_waited_for() -> None:
    """Equal is what has one digest."""
    async with (
        a_world() as world,
        _under_way(world, [world.incoming(tenant="a"), world.incoming(tenant="b")]),
    ):
        asked = world.one.asked

    assert asked == 2


async def test_followers_go_on_when_the_leaders_client_leaves() -> None:
    """They do not share its fate."""
    async with a_world() as world:
        async with _under_way(world, [world.incoming() for _ in range(3)]) as tasks:
            tasks[0].cancel()
            await _turns()
            asked = world.one.asked

        followers = _served(tasks[1:])

    assert tasks[0].cancelled()
    assert asked == 3
    assert [text_of(follower.body) for follower in followers] == [PARIS, PARIS]


async def test_followers_go_on_when_the_leaders_call_fails() -> None:
    """Each asks for itself, all at once."""
    async with a_world() as world:
        world.script(Dead(), Dead(), whole())
        world.two._script[0] = Dead()
        async with _under_way(world, [world.incoming() for _ in range(3)]) as tasks:
            pass

        followers = _served(tasks)

    assert isinstance(tasks[0].result(), UpstreamUnreachable)
    assert [text_of(follower.body) for follower in followers] == [PARIS, PARIS]


@pytest.mark.parametrize("unkept", [refusal(400), whole("I'm sorry, but I can't help with that."), whole("")])
async def test_an_answer_that_is_not_kept_is_the_leaders_alone(unkept: object) -> None:
    """The followers ask for themselves, side by side: three calls in a row would cost the last one triple."""
    async with a_world() as world:
        world.script(unkept)  # type: ignore[arg-type]  # pytest's parameters are objects
        async with _under_way(world, [world.incoming() for _ in range(4)]) as tasks:
            world.one.gate.set()
            await asyncio.wait({tasks[0]})
            world.one.gate.clear()
            await _turns()
            asked = world.one.asked

        answers = _served(tasks)

    assert asked == 4
    assert [answer.entry.verdict for answer in answers] == ["miss"] * 4


async def test_whoever_asks_the_same_while_the_answer_is_written_back_has_it() -> None:
    """A script that repeats itself is faster than a store; when the store fails, the next one asks anew."""
    async with a_world() as world:
        reasons = [(await _asked(world)).entry.reason for _ in range(3)]
        kept = dict(world.store.entries)

    assert reasons == ["empty-scope", "same-in-flight", "same-in-flight"]
    assert world.one.asked == 1
    assert kept == {}


async def test_an_answer_that_the_store_does_not_take_is_not_handed_on_forever() -> None:
    """Its flight ends with the attempt."""
    async with a_world() as world:
        for _ in range(2):
            world.store.trouble = None
            reply = await world.reply(world.incoming())
            world.store.trouble = DOWN
            reply.finish(True)
            await world.background.settle()

        assert world.one.asked == 2


async def test_nobody_waits_for_a_stream_whose_client_has_left() -> None:
    """Its lead is released when the reply is finished."""
    async with a_world() as world:
        world.script(stream())
        incoming = world.incoming(fields={"stream": True})
        reply = await world.reply(incoming)
        async with asyncio.TaskGroup() as group:
            follower = group.create_task(world.ask())
            await _turns()
            waits = not follower.done()

            reply.finish(False)

    assert waits
    assert follower.result().entry.verdict == "miss"


async def test_a_cut_stream_is_no_answer_for_its_followers() -> None:
    """Nothing partial is passed on."""
    async with a_world() as world:
        world.script(stream(*pieces()[:3], is_cut=True), whole())
        incoming = world.incoming(fields={"stream": True})
        reply = await world.reply(incoming)
        async with asyncio.TaskGroup() as group:
            follower = group.create_task(world.ask())
            await _turns()
            assert not isinstance(reply.body, bytes)
            _ = [piece async for piece in reply.body]
            reply.finish(True)

    assert text_of(follower.result().body) == PARIS
    assert follower.result().entry.verdict == "miss"


async def test_an_answer_that_cannot_be_translated_releases_its_followers() -> None:
    """Whatever goes wrong after the provider has answered."""
    async with a_world() as world:
        world.claude._script.clear()
        world.claude._script.append(whole())
        for _ in range(2):
            with pytest.raises(UpstreamNonsense):
                await world.ask(model="claude-haiku-4-5")


async def test_followers_look_before_they_wait() -> None:
    """What they ask for may be there by now; only the leader's question is embedded."""
    async with a_world() as world, _under_way(world, [world.incoming() for _ in range(2)]):
        looked = world.store.calls["exact"]

    assert looked == 2
    assert world.embedder.embedded == [QUESTION]
