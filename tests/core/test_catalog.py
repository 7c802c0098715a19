"""Where a model is served, and what a client is told when it is not."""

import pytest

from sparingly.core.catalog import (
    Catalog,
    KnownModel,
    Place,
    ProviderInfo,
    known_models,
    places,
    unknown_model,
)
from sparingly.core.policy import Deployment, Model, RoutingPolicy, Tier
from sparingly.core.strategies import Route, RouteMatch

OPENAI = ProviderInfo("openai", "openai", is_official=True)
ANTHROPIC = ProviderInfo("anthropic", "anthropic", is_official=True)
LOCAL = ProviderInfo("local", "openai")
SIMULATED = ProviderInfo("sim", "simulated")
FINE_TUNES = ProviderInfo("tunes", "openai", ("gpt-4o-acme-*", "acme-*"))


@pytest.mark.parametrize(
    ("providers", "default", "model", "expected"),
    [
        ((OPENAI, ANTHROPIC), None, "gpt-4o-mini", "openai"),
        ((OPENAI, ANTHROPIC), None, "o3-mini", "openai"),
        ((OPENAI, ANTHROPIC), None, "o3", "openai"),
        ((OPENAI, ANTHROPIC), None, "claude-opus-4-6", "anthropic"),
        ((OPENAI, ANTHROPIC), None, "llama-3", None),
        ((OPENAI, ANTHROPIC), "openai", "llama-3", "openai"),
        ((OPENAI, ANTHROPIC), "anthropic", "llama-3", None),
        ((OPENAI, FINE_TUNES), None, "gpt-4o-acme-7", "tunes"),
        ((OPENAI, FINE_TUNES), None, "gpt-4o", "openai"),
        ((LOCAL,), None, "anything", "local"),
        ((LOCAL, OPENAI), None, "gpt-4o", "openai"),
        ((LOCAL, OPENAI), "local", "anything", "local"),
        ((SIMULATED,), None, "claude-haiku-4-5", "sim"),
        ((FINE_TUNES,), None, "gpt-4o", None),
        ((FINE_TUNES,), "tunes", "gpt-4o", "tunes"),
        ((ANTHROPIC,), None, "gpt-4o", None),
        ((ProviderInfo("proxy", "anthropic"),), None, "kimi-k2", "proxy"),
        ((OPENAI,), "gone", "llama-3", None),
        ((), None, "gpt-4o", None),
    ],
)
def test_a_model_without_deployments_goes_by_patterns_then_default(
    providers: tuple[ProviderInfo, ...], default: str | None, model: str, expected: str | None
) -> None:
    """Own patterns, then the house's names, then the default provider."""
    found = places(Catalog(providers, default_provider=default), model)

    assert found == (() if expected is None else (Place(expected, model),))


def test_configured_deployments_beat_every_pattern() -> None:
    """The name at the provider defaults to the model's own."""
    model = Model(
        deployments=(Deployment(provider="local", model="gpt4-east", weight=3), Deployment(provider="x"))
    )
    catalog = Catalog((OPENAI,), {"gpt-4o": model})

    assert places(catalog, "gpt-4o") == (Place("local", "gpt4-east", 3.0), Place("x", "gpt-4o", 1.0))


def test_a_model_entry_without_deployments_only_adds_a_price() -> None:
    """It is still found by pattern."""
    assert places(Catalog((OPENAI,), {"gpt-4o": Model()}), "gpt-4o") == (Place("openai", "gpt-4o"),)


def test_the_model_list_has_every_name_that_the_config_can_serve() -> None:
    """Models, tiers, targets of names and routes, fallbacks; sorted, and nothing that nobody serves."""
    policy = RoutingPolicy(
        tiers={"simple": Tier(model="claude-haiku-4-5"), "complex": Tier(model="nobody")},
        names={"auto": "tiers", "fast": "gpt-4o-mini"},
        routes={"faq": Route(match=RouteMatch(), to="gpt-4.1"), "plain": Route(match=RouteMatch())},
        fallbacks={"gpt-4.1": ("gpt-4o",)},
    )
    catalog = Catalog((OPENAI, ANTHROPIC), {"gpt-5": Model()})

    assert known_models(catalog, policy) == (
        KnownModel("auto", None),
        KnownModel("claude-haiku-4-5", "anthropic"),
        KnownModel("fast", None),
        KnownModel("gpt-4.1", "openai"),
        KnownModel("gpt-4o", "openai"),
        KnownModel("gpt-4o-mini", "openai"),
        KnownModel("gpt-5", "openai"),
    )


def test_without_tiers_auto_is_not_a_model() -> None:
    """The default mapping of `auto` means nothing until tiers are configured."""
    assert known_models(Catalog((OPENAI,)), RoutingPolicy()) == ()


def test_the_unknown_model_error_says_what_is_known() -> None:
    """It names the model, the field, the configured names and the patterns."""
    error = unknown_model(Catalog((OPENAI, FINE_TUNES), {"gpt-5": Model()}), RoutingPolicy(), "gtp-4")

    assert error.field == "model"
    assert "'gtp-4'" in error.message
    assert "'gpt-5'" in error.message
    assert "names like 'gpt-*'" in error.message


def test_a_long_list_of_known_models_is_cut() -> None:
    """An error message is not a catalog."""
    models = {f"m{i:02}": Model(deployments=(Deployment(provider="local"),)) for i in range(40)}

    message = unknown_model(Catalog((LOCAL,), models), RoutingPolicy(), "x").message

    assert "'m11' and 28 more" in message


def test_without_providers_the_error_says_so() -> None:
    """An empty list would read like a bug."""
    assert "no provider is configured" in unknown_model(Catalog(()), RoutingPolicy(), "x").message
