"""Who answers, in which order, and the record of why."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.catalog import Catalog, ProviderInfo
from sparingly.core.features import Features
from sparingly.core.policy import Deployment, Model, RoutingPolicy, Tier
from sparingly.core.pricing import NanoDollars
from sparingly.core.routing.balance import Load
from sparingly.core.routing.decide import Alternative, Candidate, Decision, State, decide
from sparingly.core.routing.estimates import Estimate, Estimates
from sparingly.core.routing.selecting import Evidence
from sparingly.core.routing.sticking import Held
from sparingly.core.routing.target import Target
from sparingly.core.routing.tiers import Classified
from sparingly.core.strategies import Learned, Pair, Sticky
from sparingly.errors import UnknownModel

CATALOG = Catalog(
    (
        ProviderInfo("one", "openai"),
        ProviderInfo("two", "openai"),
        ProviderInfo("house", "anthropic", is_official=True),
    ),
    {
        "large": Model(
            deployments=(
                Deployment(provider="one", model="L1"),
                Deployment(provider="two", model="L2", weight=3),
            )
        ),
        "small": Model(deployments=(Deployment(provider="one"),)),
    },
)
POLICY = RoutingPolicy(
    tiers={
        "simple": Tier(model="small"),
        "standard": Tier(model="claude-sonnet-4-6"),
        "complex": Tier(model="large"),
    },
    names={"auto": "tiers", "fast": "small"},
    fallbacks={"small": ("claude-haiku-4-5", "small")},
)
AUTO = Target("auto", None, "name")
FEATURES = Features(turns=1)
SURE = Classified("simple", 0.9, {"simple": 0.9, "standard": 0.06, "complex": 0.04})


def _decide(
    target: Target,
    *,
    classified: Classified | None = None,
    down: frozenset[tuple[str, str]] = frozenset(),
    draw: float = 0.0,
) -> Decision:
    return decide(
        target,
        policy=POLICY,
        catalog=CATALOG,
        features=FEATURES,
        evidence=Evidence(classified),
        state=State(down=down),
        draw=draw,
    )


def _addresses(decision: Decision) -> list[str]:
    return [f"{c.provider}/{c.model}" for c in decision.candidates]


def test_a_concrete_model_goes_to_its_deployments() -> None:
    """No tier, no score, and the draw's own probability."""
    decision = _decide(Target("large", "large", "asked"), draw=0.25)

    assert decision == Decision(
        route="large",
        routed="large",
        candidates=(Candidate("two", "L2", "large"), Candidate("one", "L1", "large")),
        reason="asked",
        propensity=0.75,
        features=FEATURES,
    )


def test_a_tier_is_followed_by_fallbacks_and_the_tiers_above() -> None:
    """Nearest tier first, nothing below, nothing twice."""
    decision = _decide(AUTO, classified=SURE)

    assert _addresses(decision) == [
        "one/small",
        "house/claude-haiku-4-5",
        "house/claude-sonnet-4-6",
        "one/L1",
        "two/L2",
    ]


def test_a_tier_decision_explains_itself() -> None:
    """Scores, confidence, and what else there was."""
    decision = _decide(AUTO, classified=SURE)

    assert (decision.routed, decision.tier, decision.reason) == ("small", "simple", "classified")
    assert (decision.confidence, decision.scores, decision.escalated) == (0.9, SURE.scores, False)
    assert decision.alternatives == (
        Alternative("claude-sonnet-4-6", "standard", 0.06),
        Alternative("large", "complex", 0.04),
    )


def test_a_failed_classifier_goes_to_the_top_and_nowhere_below() -> None:
    """Nothing speaks for a cheaper tier."""
    decision = _decide(AUTO)

    assert (decision.tier, decision.reason, decision.escalated) == ("complex", "unclassified", True)
    assert (decision.confidence, decision.scores) == (None, {})
    assert _addresses(decision) == ["one/L1", "two/L2"]


@pytest.mark.parametrize(
    ("down", "order"),
    [
        ({("one", "L1")}, ["two/L2", "one/L1"]),
        ({("two", "L2")}, ["one/L1", "two/L2"]),
        ({("one", "L1"), ("two", "L2")}, ["one/L1", "two/L2"]),
    ],
)
def test_resting_deployments_come_last_and_stay_listed(down: set[tuple[str, str]], order: list[str]) -> None:
    """When everything rests, something must still be tried."""
    decision = _decide(Target("large", "large", "asked"), down=frozenset(down))

    assert _addresses(decision) == order


def test_the_propensity_is_that_among_the_deployments_that_are_up() -> None:
    """With one of two resting, the other is certain."""
    decision = _decide(Target("large", "large", "asked"), down=frozenset({("one", "L1")}), draw=0.9)

    assert decision.propensity == 1.0


def test_a_resting_model_yields_to_its_fallbacks() -> None:
    """Another model that is up comes before a deployment that just failed."""
    decision = _decide(Target("small", "small", "asked"), down=frozenset({("one", "small")}))

    assert _addresses(decision) == ["house/claude-haiku-4-5", "one/small"]
    assert decision.routed == "small"


@pytest.mark.parametrize("model", ["nobody", "gpt-4o"])
def test_an_unknown_model_is_the_clients_error(model: str) -> None:
    """With providers that take no other names, the message lists what is known."""
    with pytest.raises(UnknownModel, match=rf"'{model}'.*'small'") as caught:
        _decide(Target(model, model, "asked"))

    assert caught.value.field == "model"


@given(
    st.sampled_from([AUTO, Target("small", "small", "asked"), Target("large", "large", "asked")]),
    st.one_of(st.none(), st.builds(Classified, st.sampled_from(list(POLICY.tiers)), st.floats(0, 1))),
    st.frozensets(
        st.sampled_from([("one", "L1"), ("two", "L2"), ("one", "small"), ("house", "claude-haiku-4-5")])
    ),
    st.floats(0, 1, exclude_max=True),
)
def test_no_candidate_is_listed_twice(
    target: Target, classified: Classified | None, down: frozenset[tuple[str, str]], draw: float
) -> None:
    """And health only changes the order, never who is listed."""
    decision = _decide(target, classified=classified, down=down, draw=draw)

    addresses = _addresses(decision)
    assert len(set(addresses)) == len(addresses)
    assert set(addresses) == set(_addresses(_decide(target, classified=classified)))


WARM = Held("large", at=1_000.0, turns=3, tokens=50_000, deployment=("one", "L1"))


def _in_conversation(
    target: Target, held: Held, *, now: float = 1_010.0, down: frozenset[tuple[str, str]] = frozenset()
) -> Decision:
    return decide(
        target,
        policy=msgspec.structs.replace(POLICY, sticky=Sticky(ttl_s=9_999)),
        catalog=CATALOG,
        features=Features(turns=7, answers=3, estimated_tokens=50_100),
        evidence=Evidence(SURE),
        state=State(held=held, now=now, down=down),
        # Alone, it would draw the other deployment.
        draw=0.9,
    )


def test_a_conversation_stays_with_its_tier_and_what_is_above_it() -> None:
    """The classifier's opinion is written down all the same."""
    held = msgspec.structs.replace(WARM, model="claude-sonnet-4-6", deployment=("house", "claude-sonnet-4-6"))

    decision = _in_conversation(AUTO, held)

    assert (decision.routed, decision.tier, decision.reason) == (
        "claude-sonnet-4-6",
        "standard",
        "conversation-stays",
    )
    assert (decision.held, decision.move, decision.scores) == ("claude-sonnet-4-6", "stayed", SURE.scores)
    assert [one.routed for one in decision.candidates] == ["claude-sonnet-4-6", "large", "large"]


def test_a_conversation_comes_back_to_the_deployment_that_has_it_cached() -> None:
    """For sure, unless it rests or the cache has expired."""
    target = Target("large", "large", "asked")

    assert _addresses(_in_conversation(target, WARM)) == ["one/L1", "two/L2"]
    assert _in_conversation(target, WARM).propensity == 1.0
    assert _addresses(_in_conversation(target, WARM, down=frozenset({("one", "L1")})))[0] == "two/L2"
    assert _addresses(_in_conversation(target, WARM, now=2_000.0))[0] == "two/L2"


def test_a_conversation_is_estimated_by_all_its_turns() -> None:
    """The last one alone would have asked for the small model; the decision shows what it went by."""
    policy = RoutingPolicy(learned=Learned(file="", default="large", cost_weight=0.0))
    said = (Estimate("large", 0.5, NanoDollars(2)), Estimate("small", 0.6, NanoDollars(1)))
    held = msgspec.structs.replace(WARM, turns=1, quality={"large": 0.9, "small": 0.2})

    decision = decide(
        Target("auto", None, "name", "learned"),
        policy=policy,
        catalog=CATALOG,
        features=FEATURES,
        evidence=Evidence(estimates=Estimates(said, support=1.0)),
        state=State(held=held, now=WARM.at),
    )

    assert decision.routed == "large"
    assert [one.quality for one in decision.estimates] == pytest.approx([0.7, 0.4])


def test_a_model_that_left_the_config_holds_nobody() -> None:
    """The conversation begins anew."""
    decision = _in_conversation(AUTO, msgspec.structs.replace(WARM, model="retired"))

    assert (decision.routed, decision.held, decision.move) == ("small", None, "first")


def test_a_rule_that_names_a_model_is_the_reason() -> None:
    """By its name; whoever pins or asks needs none."""
    assert _decide(Target("faq", "small", "route")).reason == "rule:faq"
    assert _decide(Target("faq", "small", "pinned")).reason == "pinned"


def test_a_pair_is_explained_with_its_score_and_the_other_model() -> None:
    """The strong one comes after the weak one when that fails."""
    policy = RoutingPolicy(pairs={"frugal": Pair(strong="large", weak="small", threshold=0.6)})
    classified = Classified("simple", 0.8, {"simple": 0.8, "standard": 0.2})

    decision = decide(
        Target("auto", None, "name", "frugal"),
        policy=policy,
        catalog=CATALOG,
        features=FEATURES,
        evidence=Evidence(classified, cost_weight=0.0),
    )

    assert (decision.routed, decision.strategy, decision.tier) == ("small", "frugal", None)
    assert decision.scores == {"need": 0.1, "threshold": 0.6}
    assert [one.model for one in decision.alternatives] == ["large"]
    assert [one.routed for one in decision.candidates] == ["small", "large", "large"]
    assert decision.cost_weight == 0.0


def test_a_model_says_who_of_its_deployments_is_asked_first() -> None:
    """By how they are doing, where the config wants it so."""
    busy = CATALOG.models["large"]
    catalog = msgspec.structs.replace(
        CATALOG, models={"large": msgspec.structs.replace(busy, balance="least_busy")}
    )

    decision = decide(
        Target("large", "large", "asked"),
        policy=POLICY,
        catalog=catalog,
        features=FEATURES,
        state=State(loads={("two", "L2"): Load(busy=5), ("one", "L1"): Load(busy=1)}),
        draw=0.9,
    )

    assert _addresses(decision) == ["one/L1", "two/L2"]
