"""Looking up while a part fails: a miss, and the part is left alone for a while."""

import msgspec
import pytest

from sparingly.core.verdict import Hit, Miss
from sparingly.errors import EmbedderError
from tests.asks import ask
from tests.core.judging.judges import small_judge, stump
from tests.pipeline.looking import CLOSE, KNOWN, World
from tests.pipeline.parts import DOWN

pytestmark = pytest.mark.anyio


async def test_a_store_that_fails_is_a_miss_and_is_left_alone_for_a_while() -> None:
    """Losing the cache costs money, never answers; after the cooldown it is tried again."""
    world = World()
    await world.learn(ask(KNOWN))
    world.store.trouble = DOWN

    first, second = await world.find(ask(KNOWN)), await world.find(ask(KNOWN))
    world.store.trouble = None
    world.clock.pass_by(5.0)
    third, fourth = await world.find(ask(KNOWN)), await world.find(ask(KNOWN))

    assert (first.verdict, first.trouble) == (Miss("store-error"), ("store-error",))
    assert (second.verdict, second.trouble) == (Miss("store-down"), ("store-down",))
    assert isinstance(third.verdict, Hit)
    assert isinstance(fourth.verdict, Hit)
    assert world.store.calls["exact"] == 3


@pytest.mark.parametrize("call", ["exact", "is_empty", "neighbors"])
async def test_a_store_that_hangs_is_given_up_and_left_alone(call: str) -> None:
    """Whichever of its calls hangs: upstream answers sooner."""
    world = World(patience_s=0.01)
    await world.learn(ask(KNOWN))
    world.store.hangs = {call}

    first, second = await world.find(ask(CLOSE)), await world.find(ask(CLOSE))
    world.store.hangs = set()
    world.clock.pass_by(5.0)
    third = await world.find(ask(CLOSE))

    assert (first.verdict, first.trouble) == (Miss("store-slow"), ("store-slow",))
    assert (second.verdict, second.trouble) == (Miss("store-down"), ("store-down",))
    assert isinstance(third.verdict, Hit)


async def test_an_embedder_that_fails_leaves_the_exact_tier_alone() -> None:
    """It is tried again after its cooldown."""
    world = World()
    await world.learn(ask(KNOWN))
    world.embedder.trouble = EmbedderError("the model is gone")

    first, second = await world.find(ask(CLOSE)), await world.find(ask(CLOSE))
    exact = await world.find(ask(KNOWN))
    world.embedder.trouble = None
    world.clock.pass_by(5.0)
    third = await world.find(ask(CLOSE))

    assert (first.verdict, first.trouble) == (Miss("embedder-error"), ("embedder-error",))
    assert (second.verdict, second.trouble) == (Miss("embedder-down"), ("embedder-down",))
    assert isinstance(exact.verdict, Hit)
    assert isinstance(third.verdict, Hit)


async def test_an_embedder_that_hangs_leaves_the_exact_tier_alone() -> None:
    """Its slowness is not the store's."""
    world = World(patience_s=0.01)
    await world.learn(ask(KNOWN))
    world.embedder.hangs = True

    first, second = await world.find(ask(CLOSE)), await world.find(ask(CLOSE))
    exact = await world.find(ask(KNOWN))
    world.embedder.hangs = False
    world.clock.pass_by(5.0)
    third = await world.find(ask(CLOSE))

    assert (first.verdict, first.trouble) == (Miss("embedder-slow"), ("embedder-slow",))
    assert (second.verdict, second.trouble) == (Miss("embedder-down"), ("embedder-down",))
    assert isinstance(exact.verdict, Hit)
    assert isinstance(third.verdict, Hit)


async def test_a_judge_that_throws_is_a_miss_that_is_counted() -> None:
    """A fault in what reads any text a user can write costs a call, never an answer."""
    broken = small_judge(stump("overlap", 0.5, low=0.0, high=1.0))
    world = World(model=msgspec.structs.replace(broken, learned=None))
    await world.learn(ask(KNOWN))

    found = await world.find(ask(CLOSE))

    assert found.verdict == Miss("judge-error")
    assert found.trouble == ("judge-error",)
