"""From what is asked to where it is headed."""

import pytest

from sparingly.core.features import Features
from sparingly.core.policy import RoutingPolicy, Tier
from sparingly.core.routing.rules import Sight
from sparingly.core.routing.target import Target, is_strategy, needs_classification, resolve, strategy_models
from sparingly.core.strategies import Best, BestModel, Learned, Pair, Route, RouteMatch

TWO_TIERS = {"simple": Tier(model="small"), "complex": Tier(model="large")}
POLICY = RoutingPolicy(
    tiers=TWO_TIERS,
    names={"auto": "tiers", "fast": "small"},
    routes={
        "faq": Route(match=RouteMatch(model="faq-*"), to="small"),
        "acme": Route(match=RouteMatch(tenant="acme*", path="/v1/chat/*"), to="tiers"),
        "tagged": Route(match=RouteMatch(model="gpt-*")),
        "late": Route(match=RouteMatch(model="gpt-4o"), to="large"),
    },
)


@pytest.mark.parametrize(
    ("asked", "tenant", "pinned", "target"),
    [
        ("claude", "t", None, Target("claude", "claude", "asked")),
        ("fast", "t", None, Target("fast", "small", "name")),
        ("auto", "t", None, Target("auto", None, "name")),
        ("faq-de", "t", None, Target("faq", "small", "route")),
        ("claude", "acme-1", None, Target("acme", None, "route", is_labelled=True)),
        ("faq-de", "acme-1", None, Target("faq", "small", "route")),
        ("gpt-4o", "t", None, Target("tagged", "gpt-4o", "asked")),
        ("faq-de", "t", "gpt-5", Target("faq", "gpt-5", "pinned")),
        ("claude", "t", "auto", Target("claude", None, "pinned")),
        ("claude", "t", "fast", Target("claude", "fast", "pinned")),
    ],
)
def test_pins_beat_rules_beat_names_beat_the_asked_model(
    asked: str, tenant: str, pinned: str | None, target: Target
) -> None:
    """The first rule that matches also names the route, even when a pin decides."""
    assert resolve(POLICY, asked=asked, tenant=tenant, path="/v1/chat/completions", pinned=pinned) == target


def test_all_patterns_of_a_rule_must_match() -> None:
    """The tenant alone is not enough on another path."""
    target = resolve(POLICY, asked="claude", tenant="acme-1", path="/v1/messages")

    assert target == Target("claude", "claude", "asked")


def test_without_tiers_auto_is_a_name_like_any_other() -> None:
    """An upstream may know an `auto` of its own."""
    target = resolve(RoutingPolicy(), asked="auto", tenant="t", path="/")

    assert target == Target("auto", "auto", "asked")


def test_a_rule_to_tiers_that_are_not_there_leaves_the_asked_model() -> None:
    """`check` refuses such a config; a running gateway still answers."""
    policy = RoutingPolicy(routes={"r": Route(match=RouteMatch(), to="tiers")})

    assert resolve(policy, asked="gpt-4o", tenant="t", path="/") == Target("r", "gpt-4o", "asked")


@pytest.mark.parametrize(
    ("target", "tiers", "needed"),
    [
        (Target("auto", None, "name"), TWO_TIERS, True),
        (Target("auto", None, "name"), {"only": Tier(model="m")}, False),
        (Target("m", "m", "asked"), TWO_TIERS, False),
    ],
)
def test_a_classifier_is_asked_only_when_there_is_a_choice(
    target: Target, tiers: dict[str, Tier], *, needed: bool
) -> None:
    """No embedding for a fixed model or a single tier."""
    assert needs_classification(target, RoutingPolicy(tiers=tiers)) == needed


STRATEGIES = RoutingPolicy(
    names={"auto": "frugal", "smart": "learned", "value": "value"},
    routes={
        "pictures": Route(match=RouteMatch(traffic="images"), to="value"),
        "team": Route(match=RouteMatch(headers={"x-team": "r*"}), to="large"),
    },
    pairs={"frugal": Pair(strong="large", weak="small")},
    best={"value": Best(models={"large": BestModel(quality=0.9), "small": BestModel(quality=0.5)})},
    learned=Learned(file="r.bin", default="large", models={"a": "small"}),
)


@pytest.mark.parametrize(
    ("asked", "sight", "pinned", "target"),
    [
        ("auto", Sight(), None, Target("auto", None, "name", "frugal")),
        ("smart", Sight(), None, Target("smart", None, "name", "learned")),
        ("auto", Sight(Features(images=1)), None, Target("pictures", None, "route", "value")),
        ("auto", Sight(headers={"x-team": "r1"}), None, Target("team", "large", "route", is_labelled=True)),
        ("x", Sight(Features(images=1)), "value", Target("pictures", None, "pinned", "value")),
        ("x", Sight(Features(images=1)), "small", Target("pictures", "small", "pinned")),
    ],
)
def test_names_routes_and_pins_lead_to_strategies(
    asked: str, sight: Sight, pinned: str | None, target: Target
) -> None:
    """A header that led there is told, since an equal request without it goes elsewhere."""
    assert resolve(STRATEGIES, asked=asked, tenant="t", path="/", pinned=pinned, sight=sight) == target


def test_learned_without_a_file_is_a_name_like_any_other() -> None:
    """`check` refuses it; a running gateway still answers."""
    policy = RoutingPolicy(names={"smart": "learned"})

    assert resolve(policy, asked="smart", tenant="t", path="/") == Target("smart", "smart", "asked")


@pytest.mark.parametrize(
    ("strategy", "models"),
    [("frugal", ("small", "large")), ("value", ("small", "large")), ("learned", ("small", "large"))],
)
def test_a_strategys_models_end_with_the_most_capable(strategy: str, models: tuple[str, ...]) -> None:
    """Or with what answers in doubt: that is what a saving is measured against."""
    assert is_strategy(STRATEGIES, strategy)
    assert strategy_models(STRATEGIES, strategy) == models
    assert strategy_models(RoutingPolicy(), "learned") == ()
