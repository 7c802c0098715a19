"""Which tier a classifier's word leads to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.policy import Classifier, Escalation, RoutingPolicy, Tier
from sparingly.core.routing.tiers import (
    Classified,
    TierChoice,
    choose_tier,
    classifier_kind,
    tiers_above,
)

NAMES = ("simple", "standard", "complex")


def _policy(min_confidence: float = 0.7, *, escalate: bool = True, count: int = 3) -> RoutingPolicy:
    return RoutingPolicy(
        tiers={name: Tier(model=f"m-{name}") for name in NAMES[:count]},
        fallback=Escalation(strategy="escalate" if escalate else "none", min_confidence=min_confidence),
    )


@pytest.mark.parametrize(
    ("classified", "escalate", "choice"),
    [
        (Classified("simple", 0.9), True, TierChoice("simple", "classified")),
        (Classified("simple", 0.7), True, TierChoice("simple", "classified")),
        (Classified("simple", 0.69), True, TierChoice("standard", "low-confidence", escalated=True)),
        (Classified("standard", 0.1), True, TierChoice("complex", "low-confidence", escalated=True)),
        (Classified("complex", 0.1), True, TierChoice("complex", "low-confidence")),
        (Classified("simple", 0.1), False, TierChoice("simple", "classified")),
        (None, True, TierChoice("complex", "unclassified", escalated=True)),
        (None, False, TierChoice("complex", "unclassified", escalated=True)),
        (Classified("medium", 0.9), True, TierChoice("complex", "unclassified", escalated=True)),
    ],
)
def test_doubt_goes_up(classified: Classified | None, choice: TierChoice, *, escalate: bool) -> None:
    """At the bar itself the classifier is believed; without a word from it only the top will do."""
    assert choose_tier(_policy(escalate=escalate), classified) == choice


def test_a_single_tier_needs_no_classifier() -> None:
    """And is no escalation."""
    assert choose_tier(_policy(count=1), None) == TierChoice("simple", "only-tier")


@given(
    st.sampled_from([*NAMES, "unknown"]),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 1),
    st.booleans(),
)
def test_raising_min_confidence_never_lowers_the_tier(
    tier: str,
    confidence: float,
    one_bar: float,
    other_bar: float,
    escalate: bool,  # noqa: FBT001  # drawn
) -> None:
    """Whatever the classifier says and however the bars lie."""
    lower, higher = sorted((one_bar, other_bar))
    classified = Classified(tier, confidence)

    cautious = choose_tier(_policy(higher, escalate=escalate), classified).tier
    bold = choose_tier(_policy(lower, escalate=escalate), classified).tier

    assert NAMES.index(cautious) >= NAMES.index(bold)


@given(st.sampled_from(NAMES), st.floats(0, 1), st.floats(0, 1))
def test_the_choice_is_never_below_the_classifiers(tier: str, confidence: float, bar: float) -> None:
    """Escalation only goes up."""
    choice = choose_tier(_policy(bar), Classified(tier, confidence))

    assert NAMES.index(choice.tier) >= NAMES.index(tier)


@pytest.mark.parametrize(
    ("tier", "above"), [("simple", ("standard", "complex")), ("standard", ("complex",)), ("complex", ())]
)
def test_the_tiers_above_come_nearest_first(tier: str, above: tuple[str, ...]) -> None:
    """They are what a request falls back to."""
    assert tiers_above(_policy(), tier) == above


@pytest.mark.parametrize(
    ("classifier", "kind"),
    [
        (Classifier(), "embedding"),
        (Classifier(model="gpt-4o-mini"), "llm"),
        (Classifier(kind="embedding", examples="f"), "embedding"),
        (Classifier(kind="llm", model="m"), "llm"),
    ],
)
def test_naming_a_model_means_to_ask_it(classifier: Classifier, kind: str) -> None:
    """So the config people know works as they write it."""
    assert classifier_kind(RoutingPolicy(classifier=classifier)) == kind


def test_a_tier_may_have_a_bar_of_its_own() -> None:
    """Between it and the next one up; the others keep the common one."""
    policy = RoutingPolicy(
        tiers={
            "simple": Tier(model="a", min_confidence=0.95),
            "standard": Tier(model="b"),
            "complex": Tier(model="c"),
        }
    )

    assert choose_tier(policy, Classified("simple", 0.9)) == TierChoice(
        "standard", "low-confidence", escalated=True
    )
    assert choose_tier(policy, Classified("standard", 0.9)) == TierChoice("standard", "classified")


def test_a_discount_lowers_the_bar_of_its_tier() -> None:
    """What a budget saves by staying below."""
    policy = _policy(0.7)

    assert choose_tier(policy, Classified("simple", 0.6), discount={"simple": 0.1}).tier == "simple"
    assert choose_tier(policy, Classified("simple", 0.6), discount={"standard": 0.1}).tier == "standard"
