"""The cache is an optimization: what goes wrong in it costs money, never answers."""

import pytest

from sparingly.errors import EmbedderError
from tests.pipeline.parts import DOWN
from tests.pipeline.wire import PARIS, text_of
from tests.pipeline.world import PARAPHRASE, QUESTION, a_world

pytestmark = pytest.mark.anyio


async def test_requests_flow_while_the_store_fails_and_hits_come_back_by_themselves() -> None:
    """The ledger tells of it as long as it lasts."""
    async with a_world() as world:
        await world.ask()
        world.store.trouble = DOWN
        failed, left_alone = await world.ask(), await world.ask()
        world.store.trouble = None
        world.clock.pass_by(5.0)
        recovered = await world.ask()

    assert [text_of(one.body) for one in (failed, left_alone, recovered)] == [PARIS] * 3
    assert (failed.entry.reason, failed.entry.trouble) == ("store-error", ("store-error",))
    assert (left_alone.entry.reason, left_alone.entry.trouble) == ("store-down", ("store-down",))
    assert (recovered.entry.verdict, recovered.entry.trouble) == ("exact", ())


async def test_requests_flow_while_the_store_hangs() -> None:
    """After a bounded wait."""
    async with a_world(patience_s=0.01) as world:
        await world.ask()
        world.store.hangs = {"exact"}
        slow = await world.ask()
        world.store.hangs = set()
        world.clock.pass_by(5.0)
        recovered = await world.ask()

    assert (text_of(slow.body), slow.entry.trouble) == (PARIS, ("store-slow",))
    assert recovered.entry.verdict == "exact"


async def test_requests_flow_while_the_embedder_fails_and_equal_ones_still_hit() -> None:
    """Answers are kept for the exact tier meanwhile."""
    async with a_world() as world:
        await world.ask()
        world.embedder.trouble = EmbedderError("the model is gone")
        close, other = await world.ask(PARAPHRASE), await world.ask("Who wrote Faust?")
        equal = await world.ask("Who wrote Faust?")
        world.embedder.trouble = None
        world.clock.pass_by(5.0)
        recovered = await world.ask("Another one.")

    assert (close.entry.verdict, close.entry.trouble) == ("miss", ("embedder-error",))
    assert other.entry.trouble == ("embedder-down",)
    assert equal.entry.verdict == "exact"
    assert (recovered.entry.reason, recovered.entry.trouble) == ("too-far", ())


async def test_requests_flow_while_the_embedder_hangs() -> None:
    """It is left alone for a while, and the exact tier goes on."""
    async with a_world(patience_s=0.01) as world:
        await world.ask()
        world.embedder.hangs = True
        reply = await world.reply(world.incoming(PARAPHRASE))
        equal = await world.ask(QUESTION)
        world.embedder.hangs = False
        entry = reply.finish(True)
        await world.background.settle()

    assert entry.trouble == ("embedder-slow",)
    assert equal.entry.verdict == "exact"


async def test_a_write_back_that_fails_is_not_the_clients_business() -> None:
    """The answer was served; the next equal request pays again."""
    async with a_world() as world:
        reply = await world.reply(world.incoming())
        world.store.trouble = DOWN
        first = reply.finish(True)
        await world.background.settle()
        world.store.trouble = None
        second = await world.ask()

    assert (first.complete, first.trouble) == (True, ())
    assert second.entry.verdict == "miss"
    assert world.troubles == [("store-error", "write-back: the disk is full")]


async def test_a_hit_is_served_although_its_use_cannot_be_noted() -> None:
    """Eviction is a little less wise then."""
    async with a_world() as world:
        await world.ask()
        reply = await world.reply(world.incoming())
        world.store.trouble = DOWN
        entry = reply.finish(True)
        await world.background.settle()

    assert entry.verdict == "exact"
    assert world.troubles == [("store-error", "touch: the disk is full")]
