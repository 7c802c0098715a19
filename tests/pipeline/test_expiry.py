"""How long answers live, through the whole gateway."""

import msgspec
import pytest

from sparingly.core.directives import Directives
from sparingly.core.policy import CachePolicy, TtlClasses
from sparingly.learning.judge.train_freshness import shipped_freshness
from tests.asks import NOW
from tests.pipeline.world import PARAPHRASE, QUESTION, a_world

pytestmark = pytest.mark.anyio

MODEL = shipped_freshness()
LIVE = "What is the weather like in Paris right now?"
CURRENT = "Who is the current president of France?"
SEASONAL = "who has won the most world cups of all time"


@pytest.mark.parametrize(
    ("question", "ttl_s", "kept"),
    [(CURRENT, 3_600, "current"), (SEASONAL, 86_400, "seasonal"), (QUESTION, 604_800, "admitted")],
)
async def test_an_answer_expires_by_the_class_of_its_question(question: str, ttl_s: int, kept: str) -> None:
    """The ledger says which it was."""
    async with a_world(freshness=MODEL) as world:
        served = await world.ask(question)
        entry = next(iter(world.store.entries.values()))

    assert entry.expires_at - entry.created_at == ttl_s
    assert served.entry.kept == kept


@pytest.mark.parametrize("directives", [Directives(), Directives(look=False)])
async def test_what_is_stale_at_once_is_neither_looked_up_nor_kept(directives: Directives) -> None:
    """Not even for a caller who only wants it written."""
    async with a_world(freshness=MODEL) as world:
        served = await world.serve(world.incoming(LIVE, directives=directives))

        assert world.store.entries == {}
        assert world.store.calls["exact"] == 0
        assert served.entry.verdict == "bypass"
        assert served.entry.reason == ("time-dependent" if directives.look else "no-cache")
        assert served.entry.kept == "time-dependent"


async def test_equal_questions_of_the_moment_do_not_wait_for_each_other() -> None:
    """They may be two people's."""
    async with a_world(freshness=MODEL) as world:
        first = await world.reply(world.incoming(LIVE))
        second = await world.reply(world.incoming(LIVE))
        first.finish(True)
        second.finish(True)

    assert world.one.asked == 2


async def test_an_operator_may_turn_classes_off() -> None:
    """Then everything is kept for `ttl_s`."""
    async with a_world(CachePolicy(ttl_classes=TtlClasses(enabled=False)), freshness=MODEL) as world:
        served = await world.ask(LIVE)

        assert served.entry.kept == "admitted"
        assert len(world.store.entries) == 1


async def test_serving_an_answer_never_prolongs_its_life() -> None:
    """Ages are absolute: a thousand hits later it expires when it was to."""
    async with a_world(freshness=MODEL) as world:
        await world.ask()
        made = next(iter(world.store.entries.values()))
        for _ in range(20):
            world.clock.pass_by(1_000.0)
            assert (await world.ask()).entry.verdict == "exact"
            assert (await world.ask(PARAPHRASE)).entry.verdict == "semantic"
        kept = world.store.entries[made.digest]

        assert kept.hits == 40
        assert (kept.created_at, kept.expires_at) == (made.created_at, NOW + 604_800)


async def test_a_question_about_now_takes_no_older_answer_than_its_class_allows() -> None:
    """Also of entries that were kept for longer, by another config or a calmer wording."""
    async with a_world(freshness=MODEL) as world:
        await world.ask(CURRENT)
        made = next(iter(world.store.entries.values()))
        world.store.entries[made.digest] = msgspec.structs.replace(made, expires_at=NOW + 604_800)
        world.clock.pass_by(3_599.0)
        young = await world.ask(CURRENT)
        world.clock.pass_by(2.0)
        old = await world.ask(CURRENT)

    assert young.entry.verdict == "exact"
    assert old.entry.verdict == "miss"
