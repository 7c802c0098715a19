"""Asking routing who should answer."""

import random

import msgspec
import pytest

from sparingly.core.catalog import Catalog, ProviderInfo
from sparingly.core.chat import Ask, Tenant
from sparingly.core.features import Features
from sparingly.core.policy import Deployment, Model, RoutingPolicy, Tier
from sparingly.core.routing.conversation import Conversation
from sparingly.core.routing.decide import Candidate
from sparingly.core.routing.target import Target
from sparingly.core.routing.tiers import Classified
from sparingly.core.vectors import Vector
from sparingly.errors import UnknownModel
from sparingly.pipeline.choosing.classify import Classification
from sparingly.pipeline.choosing.route import Chosen, Router
from tests.asks import ask
from tests.fakes.clock import FakeClock
from tests.pipeline.parts import MeaningEmbedder
from tests.pipeline.world import TablePrices

pytestmark = pytest.mark.anyio

CATALOG = Catalog(
    providers=(ProviderInfo("one"), ProviderInfo("two")),
    models={
        "small": Model(deployments=(Deployment(provider="one"),)),
        "big": Model(deployments=(Deployment(provider="one"), Deployment(provider="two", weight=0.0))),
    },
)
TIERS = RoutingPolicy(tiers={"simple": Tier(model="small"), "complex": Tier(model="big")})
CONVERSATION = Conversation(Tenant("acme"), "c-1")
ONE, TWO = Candidate("one", "big", "big"), Candidate("two", "big", "big")


class RecordingClassifier:
    """Says `simple`; remembers what it was given; takes a second."""

    def __init__(self, clock: FakeClock) -> None:
        self.given: list[tuple[str, Vector | None, str | None]] = []
        self._clock = clock

    async def classify(
        self, ask: Ask, *, text: str, features: Features, vector: Vector | None, client_key: str | None
    ) -> Classification:
        assert features.turns == len(ask.turns)
        self.given.append((text, vector, client_key))
        self._clock.pass_by(1.0)
        return Classification(Classified("simple", 0.9))


class World:
    """A router and what it asks."""

    def __init__(self, policy: RoutingPolicy = TIERS, *, classifies: bool = True) -> None:
        self.clock = FakeClock()
        self.classifier = RecordingClassifier(self.clock)
        self.router = Router(
            policy=policy,
            catalog=CATALOG,
            classifier=self.classifier if classifies else None,
            clock=self.clock,
            rng=random.Random(0),
            prices=TablePrices(),
        )

    def target(self, asked: str) -> Target:
        return self.router.target(
            msgspec.structs.replace(ask("Hi"), model=asked),
            path="/v1/chat/completions",
            conversation=CONVERSATION,
        )

    async def choose(self, asked: str, *, vector: Vector | None = None) -> Chosen:
        return await self.router.choose(
            ask("Hi"), self.target(asked), conversation=CONVERSATION, vector=vector, client_key="sk-1"
        )


async def test_tiers_are_chosen_by_the_classifier() -> None:
    """It is given the look-up's vector and the client's key; what it took is timed."""
    world = World()
    vector = await MeaningEmbedder().embed("Hi")

    chosen = await world.choose("auto", vector=vector)

    assert chosen.decision.routed == "small"
    assert chosen.classification.classified == Classified("simple", 0.9)
    assert world.classifier.given == [("Hi", vector, "sk-1")]
    assert chosen.route_s == 1.0


@pytest.mark.parametrize(
    ("policy", "asked"), [(TIERS, "big"), (RoutingPolicy(tiers={"only": Tier(model="big")}), "auto")]
)
async def test_where_there_is_nothing_to_choose_nobody_is_asked(policy: RoutingPolicy, asked: str) -> None:
    """A concrete model, or a single tier."""
    world = World(policy)

    chosen = await world.choose(asked)

    assert chosen.decision.routed == "big"
    assert world.classifier.given == []


async def test_tiers_without_a_classifier_lead_to_the_most_capable_one() -> None:
    """Nothing speaks for a cheaper one."""
    chosen = await World(classifies=False).choose("auto")

    assert (chosen.decision.routed, chosen.decision.escalated) == ("big", True)


async def test_a_model_that_nobody_serves_is_unknown() -> None:
    """The error comes before anybody is asked."""
    with pytest.raises(UnknownModel, match="'huge'"):
        await World().choose("huge")


async def test_a_deployment_that_fails_three_times_is_asked_last_for_a_while() -> None:
    """After its rest it is first again."""
    world = World()
    for _ in range(3):
        world.router.failed(ONE)

    resting = await world.choose("big")
    world.clock.pass_by(5.0)
    rested = await world.choose("big")

    assert resting.decision.candidates == (TWO, ONE)
    assert rested.decision.candidates == (ONE, TWO)


async def test_a_success_forgets_the_failures_before_it() -> None:
    """Two and two are not four."""
    world = World()
    world.router.failed(ONE)
    world.router.failed(ONE)
    world.router.succeeded(ONE)
    world.router.failed(ONE)
    world.router.failed(ONE)

    chosen = await world.choose("big")

    assert chosen.decision.candidates == (ONE, TWO)


async def test_a_success_of_another_deployment_forgets_nothing() -> None:
    """Each for itself."""
    world = World()
    for _ in range(3):
        world.router.failed(ONE)
    world.router.succeeded(TWO)

    chosen = await world.choose("big")

    assert chosen.decision.candidates == (TWO, ONE)


async def test_a_provider_that_says_when_to_come_back_rests_until_then() -> None:
    """At its first failure."""
    world = World()
    world.router.failed(ONE, retry_after_s=30.0)

    resting = await world.choose("big")
    world.clock.pass_by(30.0)
    rested = await world.choose("big")

    assert resting.decision.candidates[0] == TWO
    assert rested.decision.candidates[0] == ONE
