"""What a request cost and saved, to the nano-dollar."""

import pytest

from sparingly.core.answer import Usage
from sparingly.core.chat import Ask, Tenant
from sparingly.core.features import Features
from sparingly.core.policy import CachePolicy, RoutingPolicy, Tier
from sparingly.core.routing.conversation import Conversation
from sparingly.core.routing.tiers import Classified
from sparingly.core.vectors import Vector
from sparingly.pipeline.accounts import Accounts, Ended, Notes, ended
from sparingly.pipeline.choosing.classify import Classification
from tests.asks import NOW
from tests.fakes.upstream import Scripted
from tests.pipeline.parts import DOWN
from tests.pipeline.wire import pieces, refusal, stream, whole
from tests.pipeline.world import PARAPHRASE, a_world

pytestmark = pytest.mark.anyio

# 12 tokens in and 8 out: gpt-4o takes 2,500 and 10,000 nano-dollars a token, gpt-4o-mini 150 and 600.
BIG, SMALL = 12 * 2_500 + 8 * 10_000, 12 * 150 + 8 * 600

TIERS = RoutingPolicy(tiers={"simple": Tier(model="gpt-4o-mini"), "complex": Tier(model="gpt-4o")})


class Sure:
    """A classifier that is sure of one tier and charges for saying so."""

    def __init__(self, tier: str | None, *, confidence: float = 0.9, cost_nano: int = 777) -> None:
        self._tier = tier
        self._confidence = confidence
        self._cost_nano = cost_nano

    async def classify(
        self, ask: Ask, *, text: str, features: Features, vector: Vector | None, client_key: str | None
    ) -> Classification:
        del ask, text, features, vector, client_key
        if self._tier is None:
            return Classification(None, cost_nano=self._cost_nano, trouble=("classifier-slow",))
        classified = Classified(self._tier, self._confidence, {self._tier: self._confidence})
        return Classification(classified, cost_nano=self._cost_nano)


async def test_a_miss_costs_what_the_provider_takes_and_saves_nothing() -> None:
    """Asked and served model are the same."""
    async with a_world() as world:
        served = await world.ask()

    assert (served.entry.cost_nano, served.entry.baseline_nano, served.entry.saved_nano) == (BIG, BIG, 0)
    assert (served.summary.cost_nano, served.summary.saved_nano) == (BIG, 0)


@pytest.mark.parametrize("question", ["What is the capital of France?", PARAPHRASE])
async def test_a_hit_costs_nothing_and_saves_what_the_answer_would_have_cost(question: str) -> None:
    """Exact or semantic."""
    async with a_world() as world:
        await world.ask()
        served = await world.ask(question)

    assert (served.entry.cost_nano, served.entry.saved_nano) == (0, BIG)
    assert (served.summary.cost_nano, served.summary.saved_nano) == (0, BIG)
    assert served.entry.served == "gpt-4o"


async def test_a_streamed_answer_costs_the_same() -> None:
    """The client cannot be told in a header: the count comes last."""
    async with a_world() as world:
        world.script(stream())
        served = await world.ask(stream=True)

    assert (served.entry.cost_nano, served.entry.saved_nano) == (BIG, 0)
    assert (served.summary.cost_nano, served.summary.saved_nano) == (None, None)


async def test_a_cheaper_tier_saves_the_difference_to_the_most_capable_one() -> None:
    """Less what the classifier took."""
    async with a_world(routing=TIERS, classifier=Sure("simple")) as world:
        served = await world.ask(model="auto")

    assert served.entry.overhead_nano == 777
    assert served.entry.cost_nano == SMALL + 777
    assert served.entry.saved_nano == BIG - SMALL - 777
    assert served.entry.confidence == 0.9
    assert served.entry.scores == {"simple": 0.9}
    assert (served.summary.route, served.summary.tier) == ("auto", "simple")


async def test_the_most_capable_tier_saves_nothing_and_still_costs_its_classifier() -> None:
    """A loss is a loss."""
    async with a_world(routing=TIERS, classifier=Sure("complex")) as world:
        served = await world.ask(model="auto")

    assert (served.entry.cost_nano, served.entry.saved_nano) == (BIG + 777, -777)


async def test_a_classifier_that_fails_leads_to_the_most_capable_tier() -> None:
    """What it cost is counted, what went wrong is told."""
    async with a_world(routing=TIERS, classifier=Sure(None)) as world:
        served = await world.ask(model="auto")

    assert (served.entry.routed, served.entry.escalated) == ("gpt-4o", True)
    assert served.entry.trouble == ("classifier-slow",)
    assert served.entry.cost_nano == BIG + 777


async def test_a_hit_needs_no_classifier() -> None:
    """It saves all that the most capable tier would have taken."""
    async with a_world(routing=TIERS, classifier=Sure("simple")) as world:
        await world.ask(model="auto")
        served = await world.ask(model="auto")

    assert (served.entry.cost_nano, served.entry.saved_nano, served.entry.overhead_nano) == (0, BIG, 0)
    assert served.entry.served == "gpt-4o-mini"


async def test_a_providers_error_costs_nothing_but_the_classifier() -> None:
    """And claims no saving."""
    async with a_world(routing=TIERS, classifier=Sure("simple")) as world:
        world.script(refusal(400))
        served = await world.ask(model="auto")

    assert (served.entry.cost_nano, served.entry.saved_nano) == (777, -777)


async def test_an_unknown_price_claims_no_saving() -> None:
    """Neither as a miss nor as a hit; unknown is not free, so it is told."""
    async with a_world() as world:
        miss, hit = await world.ask(model="gpt-unheard-of"), await world.ask(model="gpt-unheard-of")

    for served in (miss, hit):
        assert (served.entry.cost_nano, served.entry.saved_nano) == (0, 0)
        assert served.entry.trouble == ("price-unknown",)
    assert hit.entry.verdict == "exact"


async def test_a_known_price_counts_although_the_baseline_is_unknown() -> None:
    """What was paid is paid; a saving against nobody knows what is none."""
    routing = RoutingPolicy(names={"gpt-unheard-of": "gpt-4o"})
    async with a_world(routing=routing) as world:
        served = await world.ask(model="gpt-unheard-of")

    assert (served.entry.cost_nano, served.entry.saved_nano) == (BIG, 0)


async def test_cached_input_is_paid_at_its_own_price() -> None:
    """Where the price list has none, like any other input."""
    usage = {"prompt_tokens": 12, "completion_tokens": 8, "prompt_tokens_details": {"cached_tokens": 10}}
    async with a_world() as world:
        world.script(whole(usage=usage))
        served = await world.ask()

    assert served.entry.usage.cached_input_tokens == 10
    assert served.entry.cost_nano == BIG


async def test_a_client_that_left_is_charged_for_what_had_come() -> None:
    """As far as it can be estimated."""
    async with a_world() as world:
        world.script(stream(*pieces("word " * 100)[:41]))
        reply = await world.reply(world.incoming(fields={"stream": True}))
        assert not isinstance(reply.body, bytes)
        for _ in range(41):
            await anext(reply.body)
        entry = reply.finish(False)

    assert entry.usage.output_tokens == 40 * len("word ") // 4
    assert entry.cost_nano == entry.usage.input_tokens * 2_500 + 50 * 10_000


async def test_an_observed_hit_is_paid_for() -> None:
    """It was served from upstream."""
    async with a_world(CachePolicy(mode="observe")) as world:
        await world.ask()
        served = await world.ask()

    assert (served.entry.verdict, served.entry.cost_nano, served.entry.saved_nano) == ("miss", BIG, 0)


async def test_the_entry_says_who_was_asked_routed_and_served() -> None:
    """Three names, and the way."""
    async with a_world(routing=RoutingPolicy(names={"gpt-fast": "gpt-4o-mini"})) as world:
        served = await world.ask(model="gpt-fast")

    entry = served.entry
    assert (entry.asked, entry.routed, entry.served, entry.provider) == (
        "gpt-fast",
        "gpt-4o-mini",
        "gpt-4o-mini",
        "one",
    )
    assert (entry.route, entry.tenant, entry.path) == ("gpt-fast", "acme", "/v1/chat/completions")
    assert (entry.time, entry.status, entry.streamed, entry.propensity) == (NOW, 200, False, 1.0)
    assert entry.features["turns"] == 1.0


async def test_troubles_of_the_cache_are_told() -> None:
    """In the order in which they came."""
    async with a_world() as world:
        world.store.trouble = DOWN
        world.script(refusal(400))
        served = await world.ask()

    assert served.entry.trouble == ("store-error", "provider-400")


def test_a_request_that_ended_without_an_answer_has_its_line_too() -> None:
    """It cost nothing and saved nothing."""
    entry = ended(
        Ended(
            id="req-1",
            time=NOW,
            tenant=Tenant("acme"),
            path="/v1/embeddings",
            status=499,
            reason="client-left",
            total_s=1.5,
            asked="gpt-4o",
            streamed=True,
            provider="one",
        )
    )

    assert (entry.verdict, entry.reason, entry.status) == ("bypass", "client-left", 499)
    assert (entry.cost_nano, entry.saved_nano, entry.complete) == (0, 0, False)
    assert (entry.route, entry.provider, entry.streamed) == ("gpt-4o", "one", True)
    assert entry.timings.total_s == 1.5


async def test_before_anybody_was_asked_nothing_was_paid() -> None:
    """Known, not unknown."""
    async with a_world() as world:
        accounts = Accounts(prices=world.parts.prices, catalog=world.parts.catalog)
        notes = Notes(
            incoming=world.incoming(),
            route="gpt-4o",
            baseline_model="gpt-4o",
            conversation=Conversation(Tenant("t"), "c"),
        )

    assert accounts.paid_nano(notes, Usage(input_tokens=1_000)) == 0


async def test_arguments_of_calls_count_as_output() -> None:
    """Where the provider does not tell the tokens."""
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "x" * 400}}
    said: Scripted = whole(None, finish="tool_calls", usage=None, tool_calls=[call])
    async with a_world() as world:
        world.script(said)
        served = await world.ask()

    assert (served.entry.usage.output_tokens, served.entry.usage.estimated) == (100, True)
