"""An explanation says what serving would do, and does none of it."""

import msgspec
import pytest

from sparingly.core.chat import Tenant
from sparingly.core.directives import Directives
from sparingly.core.guarantee.awaiting import Label
from sparingly.core.policy import CachePolicy, PersonalPolicy, RouteCache, RoutingPolicy, ScopePolicy
from sparingly.core.strategies import Route, RouteMatch
from sparingly.errors import InvalidRequest
from sparingly.pipeline.steering.explaining import Explanation, Needed
from sparingly.pipeline.watching.recalibrating import Recalibrating
from sparingly.protocols.dialects import INBOUND
from tests.asks import TENANT
from tests.core.judging.judges import small_judge, stump
from tests.pipeline.parts import DOWN
from tests.pipeline.wire import request_body
from tests.pipeline.world import PARAPHRASE, QUESTION, World, a_world

pytestmark = pytest.mark.anyio

PATH = "/v1/chat/completions"


async def explained(world: World, question: str, *, tenant: Tenant = TENANT, **fields: object) -> Explanation:
    ask = INBOUND["openai"].read(request_body(question, **fields))
    return await world.pipeline.explainer.explain(ask, tenant=tenant, path=PATH)


@pytest.mark.parametrize("question", [QUESTION, PARAPHRASE, "What is the weather?"])
async def test_the_ruling_is_the_one_that_serving_makes(question: str) -> None:
    """Exact, semantic or a miss, with the same reason and evidence."""
    async with a_world() as world:
        await world.ask()

        ruling = (await explained(world, question)).ruling
        served = await world.ask(question)

        assert (ruling.verdict, ruling.reason) == (served.summary.verdict, served.summary.reason)
        assert ruling.similarity == served.summary.similarity


async def test_explaining_changes_nothing() -> None:
    """No provider is asked, nothing is stored, touched or entered."""
    async with a_world() as world:
        await world.ask()
        entries, asked = dict(world.store.entries), world.one.asked

        await explained(world, PARAPHRASE)
        await explained(world, "Something new?")
        await world.background.settle()

        assert world.store.entries == entries
        assert world.one.asked == asked
        assert len(world.ledger.entries) == 1


async def test_neighbors_are_told_also_where_the_exact_tier_hits() -> None:
    """Closest first, each with its question and similarity."""
    async with a_world(CachePolicy(threshold=0.99)) as world:
        await world.ask(QUESTION)
        await world.ask(PARAPHRASE)

        neighbors = (await explained(world, QUESTION)).neighbors

        assert [one.question for one in neighbors] == [QUESTION, PARAPHRASE]
        assert neighbors[0].similarity == pytest.approx(1.0)
        assert neighbors[1].similarity == pytest.approx(0.98)


async def test_the_fingerprint_says_what_it_covers() -> None:
    async with a_world() as world:
        mark = (await explained(world, QUESTION, temperature=0.5, seed=7)).fingerprint

        assert mark.text == QUESTION
        assert mark.covers["model"] == "gpt-4o"
        assert mark.covers["sampling"] == "temperature=0.5, seed=7"


async def test_what_does_not_hold_is_told_with_its_reason() -> None:
    """The same slugs as in headers and ledger."""
    tools = [{"type": "function", "function": {"name": "f"}}]
    cache = CachePolicy(semantic=False, max_temperature=0.5)
    async with a_world(cache) as world:
        checks = (await explained(world, QUESTION, temperature=0.9, tools=tools)).eligibility

        assert {check.reason for check in checks if not check.holds} == {
            "temperature",
            "semantic-off",
            "tools-offered",
        }


async def test_a_routes_own_policy_counts() -> None:
    async with a_world(CachePolicy(routes={"gpt-4o": RouteCache(mode="off")})) as world:
        found = await explained(world, QUESTION)

        assert (found.mode, found.ruling.verdict, found.ruling.reason) == ("off", "bypass", "cache-off")
        assert found.neighbors == ()


async def test_the_route_is_told_with_its_candidates() -> None:
    async with a_world() as world:
        routing = (await explained(world, QUESTION)).routing

        assert (routing.route, routing.routed, routing.reason) == ("gpt-4o", "gpt-4o", "asked")
        assert [one.provider for one in routing.candidates] == ["one", "two"]
        assert routing.features["text_chars"] == len(QUESTION)


async def test_a_model_that_nobody_serves_is_told_beside_the_rest() -> None:
    async with a_world() as world:
        found = await explained(world, QUESTION, model="unheard-of")

        assert found.routing.trouble == ("unknown-model",)
        assert found.ruling.verdict == "miss"


async def test_a_store_in_trouble_is_told() -> None:
    async with a_world() as world:
        world.store.trouble = DOWN

        found = await explained(world, QUESTION)

        assert found.ruling.trouble == ("store-error",)
        assert found.neighbors == ()


@pytest.mark.parametrize(("policy", "reason"), [("no_store", "personal-data"), ("own_scope", "own-scope")])
async def test_personal_data_is_told(policy: str, reason: str) -> None:
    """As the gateway treats it, where the tenant shares its answers."""
    cache = CachePolicy(
        personal=PersonalPolicy(tenants={TENANT: policy}),  # type: ignore[dict-item]  # parametrized
        scope=ScopePolicy(shared=((TENANT, "globex"),)),
    )
    async with a_world(cache) as world:
        question = "My card is 4111 1111 1111 1111, what is my balance?"

        found = await explained(world, question)
        served = await world.ask(question)

        assert reason in {check.reason for check in found.eligibility if not check.holds}
        assert found.ruling.verdict == served.summary.verdict


JUDGE = msgspec.structs.replace(
    small_judge(stump("similarity", 0.97, low=-3.0, high=3.0)), stated=((0.05, 0.9), (0.01, 0.99))
)


@pytest.mark.parametrize(
    ("cache", "needed"),
    [
        (CachePolicy(judge="threshold", threshold=0.9), Needed(similarity=0.9)),
        (CachePolicy(), Needed(probability=0.8)),
        (CachePolicy(max_error=0.05), Needed(probability=0.9, max_error=0.05)),
        (CachePolicy(max_error=0.001), Needed(max_error=0.001, is_closed=True)),
    ],
)
async def test_what_a_hit_needs_is_told(cache: CachePolicy, needed: Needed) -> None:
    """By the kind of judge, and for the error that was named."""
    async with a_world(cache, judge=JUDGE) as world:
        assert (await explained(world, QUESTION)).needed == needed


async def test_a_bar_that_labels_have_raised_is_told() -> None:
    """And the ruling is the one that serving makes."""
    cache = CachePolicy(max_error=0.05)
    watch = Recalibrating(model=JUDGE)
    async with a_world(cache, judge=JUDGE, recalibrating=watch) as world:
        await world.ask()
        for number in range(60):
            served = await world.serve(world.incoming(PARAPHRASE, directives=Directives(keep=False)))
            assert number > 0 or served.summary.reason == "judged-same"
            watch.judged(Label("gpt-4o", served.entry.id, "wrong", "feedback"))

        found = await explained(world, PARAPHRASE)

    assert found.ruling.reason == "tightened"
    assert found.needed.live is None
    assert found.needed.is_closed


async def test_headers_are_looked_at_as_in_serving() -> None:
    """They choose the route, pin a model, name the conversation and say what the cache may do."""
    routes = {"team": Route(match=RouteMatch(headers={"x-team": "r*"}), to="gpt-4o-mini")}
    ask = INBOUND["openai"].read(request_body(QUESTION))

    async with a_world(routing=RoutingPolicy(routes=routes)) as world:
        await world.ask()

        async def with_headers(**headers: str) -> Explanation:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await world.pipeline.explainer.explain(ask, tenant=TENANT, path=PATH, headers=named)

        plain, by_team = await with_headers(), await with_headers(x_team="research")
        pinned = await with_headers(x_sparingly_model="gpt-4o-mini")
        past = await with_headers(cache_control="no-cache")
        in_trial = await with_headers(openai_beta="b1")
        told = await with_headers(x_sparingly_conversation="abc")

    assert (plain.ruling.verdict, plain.routing.routed) == ("exact", "gpt-4o")
    assert (by_team.routing.route, by_team.routing.routed) == ("team", "gpt-4o-mini")
    assert pinned.routing.routed == "gpt-4o-mini"
    assert (past.ruling.verdict, past.ruling.reason) == ("bypass", "no-cache")
    assert in_trial.ruling.verdict == "miss"
    assert told.routing.conversation == "abc"
    assert len({one.fingerprint.scope for one in (plain, by_team, pinned, in_trial)}) == 4


async def test_a_header_that_makes_no_sense_is_the_callers_error() -> None:
    """As in serving."""
    ask = INBOUND["openai"].read(request_body(QUESTION))
    async with a_world() as world:
        with pytest.raises(InvalidRequest, match="x-sparingly-max-error"):
            await world.pipeline.explainer.explain(
                ask, tenant=TENANT, path=PATH, headers={"x-sparingly-max-error": "much"}
            )
