"""Some hits are asked upstream all the same, afterwards, and the two answers compared."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from sparingly.core.guarantee.awaiting import Label
from sparingly.core.policy import CachePolicy, RouteCache
from sparingly.pipeline.watching.recalibrating import Recalibrating
from sparingly.pipeline.watching.recheck import PATH
from tests.core.judging.judges import small_judge, stump
from tests.fakes.upstream import Dead, Scripted
from tests.pipeline.parts import DOWN
from tests.pipeline.wire import PARIS, pieces, whole
from tests.pipeline.world import PARAPHRASE, QUESTION, World, a_world

pytestmark = pytest.mark.anyio

DENIAL = "Paris is not the capital of France."

# A judge that likes whatever is as close as the paraphrase.
JUDGE = msgspec.structs.replace(
    small_judge(stump("similarity", 0.97, low=-3.0, high=3.0)), stated=((0.05, 0.8), (0.01, 0.99))
)
ALWAYS = CachePolicy(recheck=1.0)


class Checking:
    """A world whose hits are checked."""

    def __init__(self, world: World, labels: list[Label]) -> None:
        self.world = world
        self.labels = labels

    @property
    def lines(self) -> list[str]:
        return [one.reason for one in self.world.ledger.entries if one.path == PATH]

    async def hit(self, *script: Scripted | Dead, question: str = PARAPHRASE, **fields: object) -> str:
        """Store an answer to the question, then ask the paraphrase while upstream says something."""
        if not self.world.store.entries:
            self.world.script(whole())
            await self.world.ask()
        self.world.script(*script)
        served = await self.world.ask(question, **fields)
        return f"{served.summary.verdict} {served.summary.reason}"

    @property
    def standing(self) -> tuple[int, int]:
        (stored,) = [one for one in self.world.store.entries.values() if one.text == QUESTION]
        return stored.confirmed, stored.denied


@asynccontextmanager
async def checking(cache: CachePolicy = ALWAYS, *, is_sampled: bool = True) -> AsyncIterator[Checking]:
    labels: list[Label] = []
    watch = Recalibrating(model=JUDGE, on_label=labels.append)
    sampling = random.Random(0) if is_sampled else None
    async with a_world(cache, judge=JUDGE, recalibrating=watch, sampling=sampling) as world:
        yield Checking(world, labels)


async def test_the_same_answer_again_confirms_the_entry() -> None:
    """The client has long been served; the label names its request."""
    async with checking() as room:
        verdict = await room.hit(whole(PARIS))

        assert verdict == "semantic judged-same"
        assert room.lines == ["recheck-right"]
        assert room.labels == [Label("gpt-4o", "req-2", "right", "recheck")]
        assert room.standing == (1, 0)


async def test_another_answer_denies_the_entry_and_it_is_served_no_more() -> None:
    """By closeness, that is: its own question still gets it."""
    async with checking() as room:
        await room.hit(whole(DENIAL))

        assert room.lines == ["recheck-wrong"]
        assert room.labels == [Label("gpt-4o", "req-2", "wrong", "recheck")]
        assert room.standing == (0, 1)
        assert await room.hit(whole(), question=QUESTION) == "exact same"
        assert await room.hit(whole()) == "miss veto-denied"


async def test_an_unclear_pair_is_held_against_nobody() -> None:
    """It costs a call all the same."""
    async with checking() as room:
        await room.hit(whole("I'm sorry, but I can't help with that."))

        assert room.lines == ["recheck-unclear"]
        assert room.labels == []
        assert room.standing == (0, 0)


async def test_a_streamed_request_is_checked_as_well() -> None:
    async with checking() as room:
        await room.hit(Scripted(pieces(PARIS), headers=(("content-type", "text/event-stream"),)), stream=True)

        assert room.lines == ["recheck-right"]


async def test_the_call_is_a_line_of_its_own_all_overhead() -> None:
    """12 tokens in and 8 out at the served model's price; the request's own line still says it was free."""
    async with checking() as room:
        await room.hit(whole(PARIS))

        (line,) = [one for one in room.world.ledger.entries if one.path == PATH]
        (request,) = [one for one in room.world.ledger.entries if one.id == "req-2"]
        assert (line.id, line.verdict, line.status) == ("req-2:recheck", "overhead", 200)
        assert line.cost_nano == line.overhead_nano == 12 * 2_500 + 8 * 10_000
        assert line.baseline_nano == 0
        assert request.cost_nano == 0


@pytest.mark.parametrize(
    "script", [Dead(), Scripted((b'{"error": {"message": "no"}}',), status=400), Scripted((b"<",))]
)
async def test_trouble_upstream_is_told_and_changes_nothing(script: Scripted | Dead) -> None:
    async with checking() as room:
        room.world.script(whole())
        await room.world.ask()
        room.world.two._script.clear()
        room.world.two._script.append(script)

        await room.hit(script)

        assert room.lines == ["recheck-failed"]
        assert room.labels == []
        assert room.standing == (0, 0)


async def test_an_entry_that_is_gone_meanwhile_is_not_credited() -> None:
    """The label reaches the watch all the same."""
    async with checking() as room:
        room.world.script(whole())
        await room.world.ask()
        reply = await room.world.reply(room.world.incoming(PARAPHRASE))
        room.world.store.entries.clear()
        room.world.script(whole(PARIS))
        reply.finish(True)
        await room.world.background.settle()

        assert [label.said for label in room.labels] == ["right"]
        assert not room.world.store.entries


async def test_a_store_in_trouble_costs_the_credit_only() -> None:
    async with checking() as room:
        room.world.script(whole())
        await room.world.ask()
        reply = await room.world.reply(room.world.incoming(PARAPHRASE))
        room.world.store.trouble = DOWN
        room.world.script(whole(PARIS))
        reply.finish(True)
        await room.world.background.settle()

        assert [label.said for label in room.labels] == ["right"]


async def test_what_is_no_semantic_hit_is_not_checked() -> None:
    """An exact hit's question was asked upstream already, and a miss is."""
    async with checking() as room:
        await room.hit(whole(), question=QUESTION)
        await room.hit(whole(DENIAL), question="What is the weather?")

        assert room.lines == []


@pytest.mark.parametrize(
    ("cache", "is_sampled"),
    [
        (CachePolicy(recheck=0.0), True),
        (ALWAYS, False),
        (CachePolicy(recheck=1.0, routes={"gpt-4o": RouteCache(recheck=0.0)}), True),
        (CachePolicy(recheck=1.0, recheck_per_minute=0), True),
    ],
)
async def test_nobody_is_asked_who_was_not_meant_to_be(cache: CachePolicy, *, is_sampled: bool) -> None:
    """Off by default, in a replay, on a route, or for want of a budget."""
    async with checking(cache, is_sampled=is_sampled) as room:
        await room.hit(whole(DENIAL))

        assert room.lines == []
        assert room.world.one.asked == 1


async def test_a_spent_budget_checks_nothing_more_this_minute() -> None:
    async with checking(CachePolicy(recheck=1.0, recheck_per_minute=2)) as room:
        for _ in range(4):
            await room.hit(whole(PARIS))
        assert len(room.lines) == 2

        room.world.clock.pass_by(60.0)
        await room.hit(whole(PARIS))

        assert len(room.lines) == 3


async def test_the_share_of_checked_hits_is_the_configs() -> None:
    """By seeded draws, so that the same draws can be seen again."""
    async with checking(CachePolicy(recheck=0.25, recheck_per_minute=1_000)) as room:
        for _ in range(200):
            await room.hit(whole(PARIS))

        rng = random.Random(0)
        draws = [rng.random() < 0.25 for _ in range(201)]
        assert len(room.lines) == sum(draws[1:])


async def test_checks_that_disagree_raise_the_bar_of_the_route() -> None:
    """A whole loop: hits, fresh answers, labels, alarm, and nothing is served that labels spoke against."""
    async with checking(CachePolicy(max_error=0.05, recheck=1.0, recheck_per_minute=10_000)) as room:
        watch = room.world.pipeline.recalibrating
        for number in range(60):
            question = f"Question {number} about the warehouse"
            room.world.embedder.know(f"{question}, please?", like=question, similarity=0.98)
            room.world.script(whole())
            await room.world.ask(question)
            room.world.script(whole(DENIAL))
            await room.world.ask(f"{question}, please?")

        assert watch.bar("gpt-4o", CachePolicy(max_error=0.05, recheck=1.0)) > 0.8
        assert room.world.ledger.entries[-1].reason == "tightened"
