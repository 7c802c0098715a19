"""Looking up what is already known, and doing without when that fails."""

import asyncio

import msgspec
import pytest

from sparingly.core.chat import Ask
from sparingly.core.directives import Directives
from sparingly.core.entry import unread_mark
from sparingly.core.policy import CachePolicy
from sparingly.core.verdict import Bypass, Evidence, Hit, Miss
from sparingly.errors import EmbedderError, TextTooLong, TextUnreadable
from tests.asks import WEATHER, ask
from tests.core.judging.judges import small_judge, stump
from tests.pipeline.looking import CLOSE, FAR, KNOWN, POLICY, World
from tests.pipeline.parts import MeaningEmbedder

pytestmark = pytest.mark.anyio


async def test_an_equal_request_is_an_exact_hit_without_embedding() -> None:
    """One read of the store."""
    world = World()
    kept = await world.learn(ask(KNOWN))

    found = await world.find(ask(KNOWN))

    assert found.verdict == Hit(kept, "exact", "same", Evidence(1.0, "req-1", 1.0, "req-1"))
    assert world.store.calls == {"exact": 1}
    assert world.embedder.embedded == []


async def test_a_close_question_is_a_semantic_hit_and_leaves_its_vector() -> None:
    """The write-back and the router use it again."""
    world = World()
    kept = await world.learn(ask(KNOWN))

    found = await world.find(ask(CLOSE))

    assert isinstance(found.verdict, Hit)
    assert (found.verdict.entry, found.verdict.tier, found.verdict.reason) == (kept, "semantic", "close")
    assert found.verdict.evidence.similarity == pytest.approx(0.95, abs=1e-6)
    assert found.vector is not None
    assert found.trouble == ()


async def test_an_equal_request_that_is_kept_during_the_look_up_is_an_exact_hit() -> None:
    """Its answer is written back after the first read and before the search."""
    world = World()
    kept = await world.learn(ask(KNOWN))
    world.store.late.add(kept.digest)

    found = await world.find(ask(KNOWN))

    assert found.verdict == Hit(kept, "exact", "same", Evidence(1.0, "req-1", 1.0, "req-1"))
    assert world.store.calls["neighbors"] == 1


async def test_look_ups_whose_neighbors_come_together_are_judged_one_a_turn() -> None:
    """Questions are embedded together; whoever else has something to do waits for one judgement, not for all."""
    world = World()
    await world.learn(ask(KNOWN))
    found_in: list[int] = []
    turn = 0

    async def look() -> None:
        assert isinstance((await world.find(ask(CLOSE))).verdict, Hit)
        found_in.append(turn)

    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(look())
        while len(found_in) < 5:
            await asyncio.sleep(0)
            turn += 1

    assert len(set(found_in)) == 5


async def test_a_question_that_is_not_close_enough_is_a_miss_and_leaves_its_vector() -> None:
    """With the evidence for it."""
    world = World()
    await world.learn(ask(KNOWN))

    found = await world.find(ask(CLOSE), policy=msgspec.structs.replace(POLICY, threshold=0.96))

    assert isinstance(found.verdict, Miss)
    assert found.verdict.reason == "too-far"
    assert found.verdict.evidence.nearest == "req-1"
    assert found.vector is not None


async def test_an_empty_scope_costs_no_embedding_and_no_search() -> None:
    """There is nothing to be close to: an entry of another scope does not count."""
    world = World()
    await world.learn(ask(KNOWN, system="Another prompt."))

    found = await world.find(ask(CLOSE))

    assert found.verdict == Miss("empty-scope")
    assert world.store.calls == {"exact": 1, "is_empty": 1}
    assert world.embedder.embedded == []


@pytest.mark.parametrize(
    ("asked", "directives", "policy", "reason"),
    [
        (ask(CLOSE, tools=(WEATHER,)), Directives(), POLICY, "tools-offered"),
        (ask(CLOSE, earlier=ask("Hi").turns), Directives(), POLICY, "later-turn"),
        (Ask("m", ()), Directives(), POLICY, "no-user-text"),
        (ask(CLOSE), Directives(), msgspec.structs.replace(POLICY, semantic=False), "semantic-off"),
        (ask(CLOSE), Directives(max_error=0.01), POLICY, "no-stated-error"),
    ],
)
async def test_where_closeness_must_not_be_tried_only_the_exact_tier_is_read(
    asked: Ask, directives: Directives, policy: CachePolicy, reason: str
) -> None:
    """One read, no embedding."""
    world = World()

    found = await world.find(asked, directives=directives, policy=policy)

    assert found.verdict == Miss(reason)
    assert world.store.calls == {"exact": 1}
    assert world.embedder.embedded == []


STATING = msgspec.structs.replace(
    small_judge(stump("similarity", 0.9, low=-3.0, high=3.0)), stated=((0.05, 0.5), (0.01, 0.99))
)


@pytest.mark.parametrize(
    ("policy", "directives", "reason"),
    [
        (CachePolicy(), Directives(), "judged-same"),
        (CachePolicy(), Directives(max_error=0.05), "judged-same"),
        (CachePolicy(), Directives(max_error=0.01), "unsure"),
        (CachePolicy(), Directives(max_error=0.001), "no-stated-error"),
        (CachePolicy(), Directives(max_error=0.0), "no-stated-error"),
        (CachePolicy(max_error=0.05), Directives(), "judged-same"),
        (CachePolicy(max_error=0.02), Directives(), "unsure"),
        (CachePolicy(max_error=0.001), Directives(), "no-stated-error"),
        (CachePolicy(max_error=0.01), Directives(max_error=0.05), "unsure"),
        (CachePolicy(max_error=0.05, probability=0.99), Directives(), "unsure"),
        (
            CachePolicy(judge="threshold", threshold=0.9),
            Directives(max_error=0.05),
            "no-stated-error",
        ),
    ],
)
async def test_an_error_that_can_be_borne_decides_how_sure_the_judge_must_be(
    policy: CachePolicy, directives: Directives, reason: str
) -> None:
    """The operator's and the caller's together; the caller's only tightens."""
    world = World(model=STATING)
    await world.learn(ask(KNOWN))

    found = await world.find(ask(CLOSE), policy=policy, directives=directives)

    assert found.verdict.reason == reason


async def test_an_error_without_a_point_costs_no_embedding() -> None:
    """Equal requests still hit."""
    world = World(model=STATING)
    await world.learn(ask(KNOWN))

    await world.find(ask(CLOSE), policy=CachePolicy(max_error=0.001))
    same = await world.find(ask(KNOWN), policy=CachePolicy(max_error=0.001))

    assert world.embedder.embedded == []
    assert same.verdict.reason == "same"


@pytest.mark.parametrize(
    ("asked", "directives", "policy", "reason"),
    [
        (ask(KNOWN), Directives(look=False), POLICY, "no-cache"),
        (ask(KNOWN), Directives(look=False, keep=False), POLICY, "no-store"),
        (ask(KNOWN, temperature=1.5), Directives(), POLICY, "temperature"),
        (ask(KNOWN), Directives(), msgspec.structs.replace(POLICY, mode="off"), "cache-off"),
    ],
)
async def test_a_bypass_touches_neither_store_nor_embedder(
    asked: Ask, directives: Directives, policy: CachePolicy, reason: str
) -> None:
    """The cache was not to be asked."""
    world = World()
    await world.learn(asked)

    found = await world.find(asked, directives=directives, policy=policy)

    assert found.verdict == Bypass(reason)
    assert world.store.calls == {}


async def test_an_exact_answer_that_is_too_old_for_the_caller_is_not_served() -> None:
    """Nor as the closest neighbor of itself."""
    world = World()
    await world.learn(ask(KNOWN))

    found = await world.find(ask(KNOWN), directives=Directives(max_age_s=59.0))

    assert isinstance(found.verdict, Miss)
    assert found.verdict.reason == "too-old"


async def test_an_answer_must_stay_fresh_as_long_as_the_caller_wants() -> None:
    """min-fresh, for both tiers."""
    world = World()
    await world.learn(ask(KNOWN))

    assert isinstance(
        (await world.find(ask(KNOWN), directives=Directives(min_fresh_s=3_600.0))).verdict, Miss
    )
    assert isinstance(
        (await world.find(ask(CLOSE), directives=Directives(min_fresh_s=3_600.0))).verdict, Miss
    )
    assert isinstance((await world.find(ask(CLOSE), directives=Directives(min_fresh_s=3_599.0))).verdict, Hit)


async def test_a_text_that_has_no_vector_is_a_miss_and_no_trouble() -> None:
    """Long texts use the exact tier only, and are no reason to give up the embedder."""
    world = World()
    await world.learn(ask(KNOWN))
    world.embedder.trouble = TextTooLong("300 word pieces")

    found = await world.find(ask(CLOSE))
    world.embedder.trouble = None

    assert (found.verdict, found.trouble) == (Miss("text-too-long"), ())
    assert isinstance((await world.find(ask(CLOSE))).verdict, Hit)


async def test_a_text_with_unreadable_words_finds_those_with_the_same_ones() -> None:
    """By the rest of its words; its vector, which does not stand for all of it, is for nobody else."""
    world = World()
    kept = await world.learn(ask(KNOWN))
    world.store.entries[kept.digest] = msgspec.structs.replace(kept, unread=unread_mark(["\u4f60"]))
    world.store.vectors[kept.digest] = await MeaningEmbedder().head(CLOSE)
    world.embedder.trouble = TextUnreadable("no such word", words=["\u4f60"])

    same = await world.find(ask(CLOSE))
    world.embedder.trouble = TextUnreadable("no such word", words=["\u597d"])
    other = await world.find(ask(CLOSE))

    assert isinstance(same.verdict, Hit)
    assert same.vector is None
    assert isinstance(other.verdict, Miss)
    assert other.verdict.reason == "other-words"


async def test_a_text_that_has_no_vector_shows_that_the_embedder_is_well() -> None:
    """It may be the one that tries the embedder after its cooldown; the next text need not wait for another."""
    world = World()
    await world.learn(ask(KNOWN))
    world.embedder.trouble = EmbedderError("the model is gone")
    await world.find(ask(CLOSE))
    world.embedder.trouble = TextTooLong("300 word pieces")
    world.clock.pass_by(5.0)
    await world.find(ask(FAR))
    world.embedder.trouble = None

    found = await world.find(ask(CLOSE))

    assert isinstance(found.verdict, Hit)


async def test_each_step_that_was_taken_is_timed() -> None:
    """None says that a step was not taken."""
    world = World()
    await world.learn(ask(KNOWN))

    exact, close, bypass = (
        await world.find(ask(KNOWN)),
        await world.find(ask(CLOSE)),
        await world.find(ask(KNOWN), directives=Directives(look=False)),
    )

    assert (exact.search_s, exact.embed_s, exact.judge_s) == (0.0, None, None)
    assert (close.search_s, close.embed_s, close.judge_s) == (0.0, 0.0, 0.0)
    assert (bypass.search_s, bypass.embed_s, bypass.judge_s) == (None, None, None)


async def test_a_fitted_judge_decides_where_there_is_one() -> None:
    """A route may still ask for the threshold; an exact hit needs neither."""
    world = World(model=small_judge())
    await world.learn(ask(KNOWN))
    by_judge = msgspec.structs.replace(POLICY, threshold=1.0, probability=0.5)
    by_threshold = msgspec.structs.replace(by_judge, judge="threshold")

    fitted = await world.find(ask(CLOSE), policy=by_judge)
    bare = await world.find(ask(CLOSE), policy=by_threshold)

    assert fitted.verdict.reason == "judged-same"
    assert bare.verdict.reason == "too-far"
