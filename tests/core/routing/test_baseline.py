"""The model that a saving is measured against."""

import pytest

from sparingly.core.catalog import Catalog, ProviderInfo
from sparingly.core.policy import Model, RoutingPolicy, Tier
from sparingly.core.routing.baseline import baseline_model
from sparingly.core.routing.target import Target

CATALOG = Catalog(
    (ProviderInfo("house", "openai", is_official=True), ProviderInfo("any", "simulated")),
    {"ours": Model()},
    default_provider="any",
)
POLICY = RoutingPolicy(
    tiers={"simple": Tier(model="small"), "complex": Tier(model="large")},
    names={"auto": "tiers", "gpt-5": "tiers", "fast": "small", "gpt-4": "small", "ours": "small"},
)


@pytest.mark.parametrize(
    ("target", "asked", "baseline"),
    [
        (Target("auto", None, "name"), "auto", "large"),
        (Target("gpt-5", None, "name"), "gpt-5", "gpt-5"),
        (Target("acme", None, "route"), "claude", "claude"),
        (Target("acme", None, "route"), "fast", "large"),
        (Target("gpt-4", "small", "pinned"), "gpt-4", "small"),
        (Target("fast", "small", "name"), "fast", "small"),
        (Target("gpt-4", "small", "name"), "gpt-4", "gpt-4"),
        (Target("ours", "small", "name"), "ours", "ours"),
        (Target("rule", "small", "route"), "gpt-4o", "gpt-4o"),
        (Target("llama", "llama", "asked"), "llama", "llama"),
    ],
)
def test_the_saving_is_measured_against_what_the_caller_would_have_paid(
    target: Target, asked: str, baseline: str
) -> None:
    """Real names count as themselves, made-up names as what they stand for, the tiers as their top."""
    assert baseline_model(target, asked=asked, policy=POLICY, catalog=CATALOG) == baseline
