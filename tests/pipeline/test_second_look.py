"""A second look: off the request's way, remembered for the next time, and never more than a no in doubt."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from sparingly.core.directives import Directives
from sparingly.core.guarantee.awaiting import Label
from sparingly.core.policy import CachePolicy, GreyZone, RoutingPolicy
from sparingly.pipeline.assembly import assemble
from sparingly.pipeline.choosing.small_model import SmallModel
from sparingly.pipeline.second_look import PATH
from sparingly.pipeline.watching.recalibrating import Recalibrating
from sparingly.protocols.dialects import OUTBOUND
from tests.fakes.upstream import Dead, Scripted
from tests.pipeline.parts import DOWN, GatedUpstream
from tests.pipeline.wire import whole
from tests.pipeline.world import PARAPHRASE, QUESTION, TablePrices, World, a_world

pytestmark = pytest.mark.anyio

SAME = whole('{"same": true}')
DIFFERENT = whole('{"same": false}')

# The paraphrase has a similarity of 0.98: near, and not near enough.
STRICT = CachePolicy(threshold=0.99, wait_for_same=False)


class Looking:
    """A world whose doubtful misses are looked at again by `judge`."""

    def __init__(self, world: World, judge: GatedUpstream, cache: CachePolicy) -> None:
        self.world = world
        self.judge = judge
        self.learned: list[Label] = []
        parts = msgspec.structs.replace(
            world.parts,
            small_judge=SmallModel(
                upstream=judge,
                outbound=OUTBOUND["openai"],
                name="gpt-4o-mini",
                timeout_s=cache.grey_zone.timeout_s,
                prices=TablePrices(),
                clock=world.clock,
            ),
            recalibrating=Recalibrating(model=None, on_label=self.learned.append),
        )
        world.pipeline = assemble(parts, cache=cache, routing=parts_routing(world))

    @property
    def stored(self) -> int:
        """How often the answer to the first question was confirmed."""
        return next(one.confirmed for one in self.world.store.entries.values() if one.text == QUESTION)

    async def ask(self, question: str, **changes: object) -> str:
        """Ask; the verdict and its reason.  Nothing is kept, so that the same miss can be met again."""
        directives = msgspec.structs.replace(Directives(keep=question == QUESTION), **changes)
        served = await self.world.serve(self.world.incoming(question, directives=directives))
        return f"{served.summary.verdict} {served.summary.reason}"


def parts_routing(world: World) -> RoutingPolicy:
    return world.pipeline.gateway._router.policy


@asynccontextmanager
async def looking(
    *script: Scripted | Dead, cache: CachePolicy = STRICT, **zone: Any
) -> AsyncIterator[Looking]:
    grey = msgspec.structs.replace(GreyZone(judge="llm", model="gpt-4o-mini", timeout_s=0.05), **zone)
    cache = msgspec.structs.replace(cache, grey_zone=grey)
    judge = GatedUpstream(*script, name="judge")
    async with a_world(cache) as world:
        yield Looking(world, judge, cache)


async def test_a_yes_serves_the_next_time() -> None:
    """The request that met the doubt is a miss; the pair is confirmed for whoever asks again."""
    async with looking(SAME) as room:
        await room.ask(QUESTION)

        first = await room.ask(PARAPHRASE)
        second = await room.ask(PARAPHRASE)

        assert first == "miss too-far"
        assert second == "semantic second-look-same"
        assert room.judge.asked == 1
        assert room.stored == 1


async def test_a_no_is_remembered_and_held_against_nobody() -> None:
    """The model is not asked again, and the stored answer was never given: it is as good as before."""
    async with looking(DIFFERENT) as room:
        await room.ask(QUESTION)

        verdicts = [await room.ask(PARAPHRASE) for _ in range(3)]

        assert verdicts == ["miss too-far"] * 3
        assert room.judge.asked == 1
        assert all(one.denied == 0 for one in room.world.store.entries.values())


@pytest.mark.parametrize(
    "script", [whole("Yes, they are the same."), Dead(), Scripted((b"{}",), status=500), Scripted((b"<",))]
)
async def test_trouble_and_nonsense_mean_no_for_now(script: Scripted | Dead) -> None:
    """The model may do better the next time, so it is asked again."""
    async with looking(script) as room:
        await room.ask(QUESTION)

        verdicts = [await room.ask(PARAPHRASE) for _ in range(2)]

        assert verdicts == ["miss too-far"] * 2
        assert room.judge.asked == 2
        assert room.stored == 0


async def test_a_look_that_hangs_ends_and_means_no() -> None:
    async with looking(SAME, timeout_s=0.01) as room:
        room.judge.gate.clear()
        await room.ask(QUESTION)

        assert await room.ask(PARAPHRASE) == "miss too-far"

        (line,) = [one for one in room.world.ledger.entries if one.path == PATH]
        assert (line.reason, line.trouble) == ("second-look-unclear", ("second-look-slow",))


async def test_whoever_waits_for_the_look_is_served_by_it() -> None:
    """With `sync`, the model's yes is this request's answer."""
    async with looking(SAME, sync=True) as room:
        await room.ask(QUESTION)

        assert await room.ask(PARAPHRASE) == "semantic second-look-same"


async def test_a_look_costs_and_the_ledger_says_what() -> None:
    """A line of its own, all overhead: 12 tokens in, 8 out."""
    async with looking(SAME) as room:
        await room.ask(QUESTION)
        await room.ask(PARAPHRASE)

        (line,) = [one for one in room.world.ledger.entries if one.path == PATH]
        assert (line.verdict, line.reason) == ("overhead", "second-look-same")
        assert line.cost_nano == line.overhead_nano == 12 * 150 + 8 * 600
        assert line.baseline_nano == 0
        assert line.id == "req-2:second-look"


async def test_a_spent_budget_asks_nobody() -> None:
    """The next minute has its own."""
    async with looking(whole("?"), max_per_minute=1) as room:
        await room.ask(QUESTION)
        for _ in range(3):
            await room.ask(PARAPHRASE)
        assert room.judge.asked == 1

        room.world.clock.pass_by(60.0)
        await room.ask(PARAPHRASE)

        assert room.judge.asked == 2


@pytest.mark.parametrize(("field", "value"), [("judge", "none"), ("low", 0.985), ("high", 0.97)])
async def test_outside_the_zone_nobody_is_asked(field: str, value: object) -> None:
    async with looking(SAME, cache=STRICT, **{field: value}) as room:
        await room.ask(QUESTION)
        await room.ask(PARAPHRASE)

        assert room.judge.asked == 0


async def test_a_caller_who_names_a_bound_is_not_served_by_a_look() -> None:
    """Nobody knows how often the model is wrong."""
    async with looking(SAME) as room:
        await room.ask(QUESTION)
        await room.ask(PARAPHRASE)

        assert (await room.ask(PARAPHRASE, max_error=0.01)).startswith("miss")


async def test_an_entry_that_was_forgotten_is_not_served() -> None:
    """The pair is remembered, the answer is the store's."""
    async with looking(SAME) as room:
        await room.ask(QUESTION)
        await room.ask(PARAPHRASE)
        room.world.store.entries.clear()
        room.world.store.vectors.clear()

        assert (await room.ask(PARAPHRASE)).startswith("miss")


async def test_a_look_never_crosses_a_scope() -> None:
    """Another tenant's equal pair is another pair."""
    async with looking(SAME) as room:
        await room.ask(QUESTION)
        await room.ask(PARAPHRASE)

        served = await room.world.serve(room.world.incoming(PARAPHRASE, tenant="globex"))

        assert served.summary.verdict == "miss"


async def test_a_store_in_trouble_costs_the_look_only() -> None:
    async with looking(SAME, sync=True) as room:
        await room.ask(QUESTION)
        room.world.store.trouble = DOWN

        assert (await room.ask(PARAPHRASE)).startswith("miss")
        assert room.judge.asked == 0


async def test_the_pairs_texts_reach_the_model() -> None:
    """Both questions and the stored answer, asked with the caller's own key."""
    async with looking(SAME) as room:
        await room.ask(QUESTION)
        await room.world.serve(room.world.incoming(PARAPHRASE, key="sk-caller"))

        body = room.judge.requests[0].body
        assert isinstance(body, bytes)
        for words in (QUESTION, PARAPHRASE, "Paris is the capital of France."):
            assert words.encode() in body


@pytest.mark.parametrize(("script", "said"), [(SAME, "right"), (DIFFERENT, "wrong")])
async def test_a_look_is_a_label_for_the_request_that_met_the_doubt(script: Scripted, said: str) -> None:
    """Once: what is remembered afterwards is nothing new."""
    async with looking(script) as room:
        await room.ask(QUESTION)
        await room.ask(PARAPHRASE)
        await room.ask(PARAPHRASE)

        assert [(one.route, one.request_id, one.said, one.source) for one in room.learned] == [
            ("gpt-4o", "req-2", said, "second-look")
        ]


async def test_no_look_promotes_what_was_denied() -> None:
    """The model's yes is older than the callers' no."""
    async with looking(SAME) as room:
        await room.ask(QUESTION)
        await room.ask(PARAPHRASE)
        (stored,) = [one for one in room.world.store.entries.values() if one.text == QUESTION]
        await room.world.store.credit(stored.digest, confirmed=1, denied=1)

        assert (await room.ask(PARAPHRASE)).startswith("miss")
