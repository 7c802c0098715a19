"""The pipeline, put together."""

import pytest

from sparingly.core.policy import CachePolicy, RoutingPolicy
from sparingly.pipeline.assembly import assemble
from tests.pipeline.wire import PARIS, text_of
from tests.pipeline.world import a_world

pytestmark = pytest.mark.anyio


async def test_what_was_written_back_is_found_by_the_next_look_up() -> None:
    """The parts are connected: one store, one clock, one embedder."""
    async with a_world() as world:
        await world.ask()
        gone = await world.pipeline.write_back.sweep(max_entries=0)
        again = await world.ask()

    assert gone == 1
    assert again.entry.verdict == "miss"
    assert text_of(again.body) == PARIS


async def test_realms_share_no_answers() -> None:
    """A model's name means something else at another address: the same store serves each its own."""
    async with a_world() as world:
        await world.ask()
        world.pipeline = assemble(
            world.parts, cache=CachePolicy(), routing=RoutingPolicy(), realm="https://elsewhere.example"
        )
        elsewhere, again = await world.ask(), await world.ask()

    assert (elsewhere.entry.verdict, again.entry.verdict) == ("miss", "exact")
    assert len(world.store.entries) == 2


async def test_vectors_of_another_embedder_are_never_compared() -> None:
    """Its name is part of every scope."""
    async with a_world() as world:
        await world.ask()
        world.embedder.name = "other-weights"
        world.pipeline = assemble(world.parts, cache=CachePolicy(), routing=RoutingPolicy())
        other = await world.ask()

    assert (other.entry.verdict, other.entry.reason) == ("miss", "empty-scope")
