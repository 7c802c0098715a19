"""Who answers, in which order, and the record of why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.catalog import Catalog, ProviderInfo
from sparingly.core.features import Features
from sparingly.core.policy import Deployment, Model, RoutingPolicy, Tier
from sparingly.core.routing.decide import Alternative, Candidate, Decision, decide
from sparingly.core.routing.target import Target
from sparingly.core.routing.tiers import Classified
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
        classified=classified,
        down=down,
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
