"""Strategies as clients meet them: through the whole gateway."""

import msgspec
import pytest

from sparingly.core.chat import Ask
from sparingly.core.features import Features
from sparingly.core.policy import CachePolicy, Price, RoutingPolicy, ScopePolicy, Tier
from sparingly.core.pricing import ModelPrice, model_price
from sparingly.core.routing.tiers import Classified
from sparingly.core.strategies import Pair, Route, RouteMatch, Sticky
from sparingly.core.vectors import Vector
from sparingly.errors import UpstreamUnreachable
from sparingly.pipeline.choosing.classify import Classification
from tests.fakes.upstream import Dead
from tests.pipeline.wire import messages, whole
from tests.pipeline.world import World, a_world

pytestmark = pytest.mark.anyio

TIERS = RoutingPolicy(tiers={"simple": Tier(model="gpt-4o-mini"), "complex": Tier(model="gpt-4o")})
LONG = "Please look at all of this, too: " + "lorem ipsum dolor sit amet " * 400


class WithCacheRates:
    """The strong model at twice the price of the weak one, and cached tokens at a tenth, as the houses have it."""

    def price(self, provider: str, model: str, *, now: float) -> ModelPrice | None:
        del provider, now
        usd = 2.5 if model == "gpt-4o" else 1.25
        return model_price(
            Price(input_usd_per_mtok=usd, output_usd_per_mtok=4 * usd, cached_input_usd_per_mtok=usd / 10)
        )


class ByWord:
    """Says `complex` where the text has the word "hard"; every opinion costs 7 nano-dollars."""

    async def classify(
        self, ask: Ask, *, text: str, features: Features, vector: Vector | None, client_key: str | None
    ) -> Classification:
        del ask, features, vector, client_key
        tier = "complex" if "hard" in text.rsplit("\n\n", 1)[-1] else "simple"
        return Classification(Classified(tier, 0.9, {tier: 0.9}), cost_nano=7)


def _turns(*texts: str) -> list[dict[str, str]]:
    """A conversation that ends with the last of its user's texts."""
    turns = []
    for text in texts:
        turns += [{"role": "user", "content": text}, {"role": "assistant", "content": "An answer."}]
    return turns[:-1]


async def _say(world: World, *texts: str) -> tuple[str | None, str | None, str | None]:
    served = await world.ask(model="auto", messages=_turns(*texts))
    routing = served.entry.routing
    assert routing is not None
    return served.entry.routed, routing.move, routing.held


async def test_a_conversation_goes_up_at_once_and_stays() -> None:
    """A long one that is easy again is not worth a new prompt cache."""
    prices = WithCacheRates()
    async with a_world(routing=TIERS, classifier=ByWord(), prices=prices) as world:
        easy, hard = (
            f"An easy question about this. {LONG}",
            "Now something that is really hard to say, I fear.",
        )

        first = await _say(world, easy)
        up = await _say(world, easy, hard)
        after = await _say(world, easy, hard, "And now one more question that is easy to answer.")

    assert first == ("gpt-4o-mini", "first", None)
    assert up == ("gpt-4o", "up", "gpt-4o-mini")
    assert after == ("gpt-4o", "stayed", "gpt-4o")


async def test_a_conversation_goes_down_once_its_cache_has_expired() -> None:
    """Then there is nothing to lose."""
    async with a_world(routing=TIERS, classifier=ByWord()) as world:
        hard = f"This is hard. {LONG} hard"
        await _say(world, hard)
        world.clock.pass_by(301.0)

        down = await _say(world, hard, "And now one more question that is easy to answer.")

    assert down == ("gpt-4o-mini", "down", "gpt-4o")


async def test_who_does_not_want_it_is_routed_anew_every_time() -> None:
    """One switch in the config."""
    routing = RoutingPolicy(tiers=TIERS.tiers, sticky=Sticky(enabled=False))
    async with a_world(routing=routing, classifier=ByWord()) as world:
        hard = f"This is hard. {LONG} hard"
        await _say(world, hard)

        after = await _say(world, hard, "And now one more question that is easy to answer.")

    assert after[0] == "gpt-4o-mini"


async def test_another_conversation_that_begins_alike_starts_anew() -> None:
    """Only an answer in the request says that it goes on."""
    async with a_world(CachePolicy(mode="off"), TIERS, classifier=ByWord()) as world:
        await _say(world, "This is hard.")

        again = await _say(world, "This is hard.")

    assert again == ("gpt-4o", "first", None)


@pytest.mark.parametrize("strong", ["gpt-4o", "claude-haiku-4-5"])
async def test_whoever_is_chosen_gets_the_whole_conversation(strong: str) -> None:
    """Also when the route changes, and when it changes to another house."""
    routing = RoutingPolicy(tiers={"simple": Tier(model="gpt-4o-mini"), "complex": Tier(model=strong)})
    texts = ["An easy one, to begin with.", "Now one that is really hard to say, I fear."]
    async with a_world(routing=routing, classifier=ByWord()) as world:
        await _say(world, texts[0])
        world.claude._script[0] = messages()
        await world.pipeline.gateway.answer(
            world.incoming(fields={"model": "auto", "messages": _turns(*texts)})
        )
        sent = (world.one if strong == "gpt-4o" else world.claude).sent(-1)

    assert sent["messages"] == _turns(*texts)


async def test_a_pair_is_decided_by_the_classifier() -> None:
    """And the ledger says who, why, and what else there was."""
    routing = RoutingPolicy(
        names={"auto": "frugal"},
        pairs={"frugal": Pair(strong="gpt-4o", weak="gpt-4o-mini", threshold=0.5)},
    )
    async with a_world(routing=routing, classifier=ByWord()) as world:
        served = await world.ask("This is hard.", model="auto")

    routed = served.entry.routing
    assert routed is not None
    assert (served.entry.routed, routed.reason, routed.strategy) == ("gpt-4o", "needs-strong", "frugal")
    assert routed.alternatives == ("gpt-4o-mini",)
    assert served.entry.scores == {"need": 0.9, "threshold": 0.5}
    assert served.entry.propensity == 1.0
    assert served.summary.route_reason == "needs-strong"


async def test_what_a_header_leads_to_is_not_answered_from_what_led_elsewhere() -> None:
    """The requests are equal but for it, and yet another model's."""
    routing = RoutingPolicy(
        routes={"cheap": Route(match=RouteMatch(headers={"x-team": "r*"}), to="gpt-4o-mini")}
    )
    async with a_world(routing=routing) as world:
        world.script(whole("From the large one."), whole("From the small one."))
        plain = await world.ask()
        incoming = world.incoming()
        labelled = await world.serve(msgspec.structs.replace(incoming, headers=(("x-team", "research"),)))

    assert plain.entry.verdict == labelled.entry.verdict == "miss"
    assert (labelled.entry.route, labelled.entry.routed) == ("cheap", "gpt-4o-mini")
    assert labelled.entry.routing is not None
    assert labelled.entry.routing.reason == "rule:cheap"


async def test_what_a_path_leads_to_is_not_answered_from_what_led_elsewhere() -> None:
    """One dialect's clients may have another model under the same name."""
    routing = RoutingPolicy(
        names={"auto": "gpt-4o"},
        routes={"agents": Route(match=RouteMatch(path="/v1/messages"), to="gpt-4o-mini")},
    )
    async with a_world(routing=routing) as world:
        world.script(whole("From the large one."), whole("From the small one."))
        chat = await world.ask(model="auto")
        messages = await world.serve(world.incoming(path="/v1/messages", fields={"model": "auto"}))

    assert (chat.entry.routed, messages.entry.routed) == ("gpt-4o", "gpt-4o-mini")
    assert messages.entry.verdict == "miss"


async def test_what_a_session_leads_to_is_not_answered_from_what_led_elsewhere() -> None:
    """What runs beside an agent's work takes the small model; the same words by themselves do not."""
    routing = RoutingPolicy(
        routes={"beside": Route(match=RouteMatch(traffic="background"), to="gpt-4o-mini")}
    )
    session = (("x-claude-code-session-id", "s1"),)
    tool = {"type": "function", "function": {"name": "f"}}
    async with a_world(routing=routing) as world:
        world.script(whole("Working."), whole("From the small one."), whole("From the large one."))
        working = world.incoming("Fix it.", fields={"tools": [tool]})
        await world.serve(msgspec.structs.replace(working, headers=session))
        beside = await world.serve(msgspec.structs.replace(world.incoming(), headers=session))
        alone = await world.ask()

    assert (beside.entry.routed, alone.entry.routed) == ("gpt-4o-mini", "gpt-4o")
    assert alone.entry.verdict == "miss"


async def test_a_group_does_not_share_what_its_members_have_other_models_for() -> None:
    """A route of one tenant's is no route of the others'."""
    routing = RoutingPolicy(routes={"paying": Route(match=RouteMatch(tenant="b"), to="gpt-4o-mini")})
    cache = CachePolicy(scope=ScopePolicy(shared=(("a", "b"),)))
    async with a_world(routing=routing, cache=cache) as world:
        world.script(whole("From the large one."), whole("From the small one."))
        one = await world.serve(world.incoming(tenant="a"))
        other = await world.serve(world.incoming(tenant="b"))

    assert (one.entry.routed, other.entry.routed) == ("gpt-4o", "gpt-4o-mini")
    assert other.entry.verdict == "miss"


async def test_metadata_leads_to_a_route() -> None:
    """As the client wrote it into the body."""
    routing = RoutingPolicy(
        routes={"evals": Route(match=RouteMatch(metadata={"purpose": "eval*"}), to="gpt-4o-mini")}
    )
    async with a_world(routing=routing) as world:
        served = await world.ask(metadata={"purpose": "eval-nightly"})

    assert (served.entry.route, served.entry.routed) == ("evals", "gpt-4o-mini")


async def test_requests_beside_an_agents_work_are_background_and_its_helpers_sub_agents() -> None:
    """Told by the session that they share, in whatever order they come after its first."""
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    routing = RoutingPolicy(
        routes={
            "side": Route(match=RouteMatch(traffic="background")),
            "helper": Route(match=RouteMatch(traffic="sub_agent")),
        }
    )
    session = {"user_id": "user_x_account_y_session_s1"}
    async with a_world(routing=routing) as world:
        world.script(*(whole() for _ in range(4)))
        work = await world.ask("Mend the tests.", tools=[tool], metadata=session)
        title = await world.ask("Name this conversation.", metadata=session)
        helper = await world.ask("Find all callers of f.", tools=[tool], metadata=session)
        stranger = await world.ask("Find all callers of g.", tools=[tool])

    assert [one.entry.route for one in (work, title, helper, stranger)] == [
        "gpt-4o",
        "side",
        "helper",
        "gpt-4o",
    ]


async def test_what_a_classifier_cost_is_entered_when_nobody_answers() -> None:
    """A line of its own: the request's is written where the client is told."""
    routing = RoutingPolicy(tiers={"simple": Tier(model="gpt-4o-mini"), "complex": Tier(model="gpt-4o-mini")})
    async with a_world(routing=routing, classifier=ByWord()) as world:
        world.script(Dead("gone"))
        with pytest.raises(UpstreamUnreachable):
            await world.ask("Hi", model="auto")

    (entry,) = world.ledger.entries
    assert (entry.verdict, entry.reason, entry.cost_nano, entry.overhead_nano) == (
        "overhead",
        "unanswered",
        7,
        7,
    )


async def test_a_deployment_is_busy_until_the_client_has_its_answer() -> None:
    """However the request ends."""
    async with a_world() as world:
        router = world.pipeline.gateway._router
        place = ("one", "gpt-4o")

        reply = await world.reply(world.incoming())
        during = router._loads.load(place, now=world.clock.tick()).busy
        reply.finish(True)
        after = router._loads.load(place, now=world.clock.tick())

    assert (during, after.busy) == (1, 0)
    assert after.latency_s is not None
