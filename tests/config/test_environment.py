"""What a gateway serves that nobody told what to serve."""

import msgspec
import pytest

from sparingly.config.environment import is_set, with_defaults, with_upstream
from sparingly.core.policy import Deployment, Model, Price, RoutingPolicy
from sparingly.prices import PriceSource, PriceTable
from sparingly.settings import Provider, Settings
from tests.asks import NOW
from tests.config.configs import BOTH_KEYS


def filled(environ: dict[str, str], settings: Settings | None = None, *, has_names: bool = False) -> Settings:
    return with_defaults(settings or Settings(), environ, has_names=has_names)


@pytest.mark.parametrize(
    ("environ", "providers", "default"),
    [
        ({}, ["simulated"], "simulated"),
        ({"OPENAI_API_KEY": "x"}, ["openai"], "openai"),
        ({"ANTHROPIC_API_KEY": "x"}, ["anthropic"], "anthropic"),
        (BOTH_KEYS, ["openai", "anthropic"], "openai"),
        ({"OPENAI_API_KEY": "", "ANTHROPIC_API_KEY": " "}, ["simulated"], "simulated"),
    ],
)
def test_the_keys_that_are_there_decide(environ: dict[str, str], providers: list[str], default: str) -> None:
    """An empty variable is how compose files pass a missing one."""
    settings = filled(environ)

    assert list(settings.providers) == providers
    assert settings.default_provider == default


def test_a_key_is_named_and_never_kept() -> None:
    """Settings may be printed."""
    settings = filled(BOTH_KEYS)

    assert settings.providers["openai"].key_env == "OPENAI_API_KEY"
    assert not any(key in repr(settings) for key in BOTH_KEYS.values())


@pytest.mark.parametrize("environ", [{}, {"OPENAI_API_KEY": "x"}, {"ANTHROPIC_API_KEY": "x"}, BOTH_KEYS])
def test_the_default_tiers_have_list_prices_and_grow_dearer(environ: dict[str, str]) -> None:
    """Without prices routing would claim savings that nobody can check."""
    settings = filled(environ)
    sources = {name: PriceSource(one.kind, one.base_url) for name, one in settings.providers.items()}
    prices = PriceTable(models={}, providers=sources)

    found = [
        prices.price(settings.default_provider or "", tier.model, now=NOW)
        for tier in settings.routing.tiers.values()
    ]

    dollars = [price.rates.output for price in found if price is not None]
    assert len(dollars) == 3
    assert dollars == sorted(dollars)
    assert len(set(dollars)) == 3


def test_configured_providers_are_left_alone() -> None:
    """The environment only fills what the config leaves empty."""
    own = Settings(providers={"own": Provider(base_url="http://localhost:11434/v1")})

    settings = filled(BOTH_KEYS, own)

    assert settings.providers == own.providers


def test_a_server_whose_models_are_unknown_gets_no_tiers_and_no_auto() -> None:
    """`auto` would lead nowhere."""
    own = Settings(providers={"own": Provider(base_url="http://localhost:11434/v1")})

    settings = filled({}, own)

    assert settings.routing.tiers == {}
    assert settings.routing.names == {}


def test_tiers_that_the_providers_patterns_leave_out_are_not_added() -> None:
    """Defaults must never be what is wrong with a config."""
    own = Settings(providers={"own": Provider(kind="simulated", models=("sim-*",))})

    settings = filled({}, own)

    assert settings.routing.tiers == {}
    assert settings.routing.names == {}


def test_names_that_the_config_maps_are_kept_even_if_they_lead_nowhere() -> None:
    """The rules then say so; dropping them would hide a mistake."""
    own = Settings(providers={"own": Provider(base_url="http://localhost:11434/v1")})

    settings = filled({}, own, has_names=True)

    assert settings.routing.names == {"auto": "tiers"}


def test_tiers_are_only_added_where_something_leads_to_them() -> None:
    """Names of the operator's own need none."""
    own = Settings(routing=RoutingPolicy(names={"fast": "gpt-4o-mini"}))

    assert filled({}, own, has_names=True).routing.tiers == {}


def test_an_upstream_takes_every_name_with_the_clients_own_key() -> None:
    """The one-line setup routes nothing and keeps the cache as it is."""
    price = Price(input_usd_per_mtok=1, output_usd_per_mtok=2)
    own = Settings(models={"m": Model(deployments=(Deployment(provider="gone"),), price=price)})

    settings = with_upstream(own, "http://localhost:8000/v1")

    provider = settings.providers["upstream"]
    assert (provider.kind, provider.base_url) == ("openai", "http://localhost:8000/v1")
    # In the dialect that the client chose.
    assert set(provider.dialects) == {"openai", "openai-responses", "anthropic"}
    assert settings.default_provider == "upstream"
    assert settings.routing.names == {}
    assert settings.routing.tiers == {}
    assert settings.models == {"m": Model(price=price)}
    assert settings.cache == own.cache


def test_filling_in_twice_changes_nothing_more() -> None:
    """Settings may be filled in again, as by a command that loads a written config."""
    once = filled(BOTH_KEYS)

    assert filled(BOTH_KEYS, once) == once
    assert msgspec.json.decode(msgspec.json.encode(once), type=Settings) == once


def test_a_variable_of_blanks_is_not_set() -> None:
    """Nobody's key is made of spaces."""
    assert not is_set({"A": "  "}, "A")
    assert is_set({"A": "x"}, "A")
