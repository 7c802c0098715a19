"""Providers and tiers for a config that names none: from the environment, or from one base URL.

Question: what should a gateway without a config do?  Choice: what the keys in
the environment say, as every SDK does; without a key it simulates, so that the
first run works anywhere.  Rejected: reading OPENAI_BASE_URL, which a user of
this gateway points at the gateway itself.
"""

from collections.abc import Mapping

import msgspec

from sparingly.config.catalog import catalog_of, is_official
from sparingly.core.catalog import TIERS, ProviderKind, places
from sparingly.core.policy import Model, RoutingPolicy, Tier
from sparingly.settings import Dialect, Provider, Settings

OPENAI_KEY = "OPENAI_API_KEY"
ANTHROPIC_KEY = "ANTHROPIC_API_KEY"

CLIENT = "client"
"""The name of the provider that a program in this process would ask without us."""

# An address says nothing of what is spoken there: each request goes on as its client wrote it.
_ALL: tuple[Dialect, ...] = ("openai", "openai-responses", "anthropic")

_OPENAI = Provider(
    kind="openai", base_url="https://api.openai.com/v1", key_env=OPENAI_KEY, stream_usage="inject"
)
_ANTHROPIC = Provider(
    kind="anthropic", base_url="https://api.anthropic.com", key_env=ANTHROPIC_KEY, models=("claude-*",)
)

# All have list prices in genai-prices 0.2.3.  OpenAI: the ones its model page recommends by size in
# November 2026; Anthropic: the generation that the documentation's examples use.
_TIER_MODELS: dict[ProviderKind, tuple[str, str, str]] = {
    "openai": ("gpt-6-luna", "gpt-6.1-terra", "gpt-6.1-sol"),
    "anthropic": ("claude-haiku-4-5", "claude-sonnet-4-6", "claude-opus-4-6"),
    "simulated": ("gpt-4o-mini", "gpt-4o", "claude-opus-4-6"),
}


def with_defaults(
    settings: Settings, environ: Mapping[str, str], *, has_names: bool, client: Provider | None = None
) -> Settings:
    """Fill in the providers and tiers that the config leaves out.

    `has_names` says that the config maps names itself; if it does not and there
    are no tiers to be had, the name `auto` leads nowhere and is dropped.
    `client` is who would be asked without us, where that is known: it takes what
    no other provider does, unless the config says who shall.
    """
    if client is not None and settings.default_provider is None:
        providers = {**settings.providers, CLIENT: client}
        settings = msgspec.structs.replace(settings, providers=providers, default_provider=CLIENT)
    if not settings.providers:
        settings = _with_providers(settings, environ)
    if not settings.routing.tiers and _leads_to_tiers(settings.routing):
        settings = _with_tiers(settings)
    if not settings.routing.tiers and not has_names:
        settings = _with_routing(settings, names={})
    return settings


def with_upstream(settings: Settings, base_url: str) -> Settings:
    """One server for every model name as asked, in the client's own dialect and with its own key.

    The cache stays as configured.
    """
    routing = RoutingPolicy(names={}, retry=settings.routing.retry)
    return msgspec.structs.replace(
        settings,
        providers={"upstream": Provider(kind="openai", base_url=base_url, dialects=_ALL)},
        default_provider="upstream",
        models={name: Model(price=model.price) for name, model in settings.models.items()},
        routing=routing,
    )


def is_set(environ: Mapping[str, str], name: str) -> bool:
    """Whether a variable holds anything: an empty one is how compose files pass a missing one."""
    return bool(environ.get(name, "").strip())


def _with_providers(settings: Settings, environ: Mapping[str, str]) -> Settings:
    providers: dict[str, Provider] = {}
    if is_set(environ, OPENAI_KEY):
        providers["openai"] = _OPENAI
    if is_set(environ, ANTHROPIC_KEY):
        providers["anthropic"] = _ANTHROPIC
    if not providers:
        providers["simulated"] = Provider(kind="simulated")
    default = settings.default_provider or next(iter(providers))
    return msgspec.structs.replace(settings, providers=providers, default_provider=default)


def _with_tiers(settings: Settings) -> Settings:
    default = settings.default_provider
    if default is None and len(settings.providers) == 1:
        default = next(iter(settings.providers))
    provider = settings.providers.get(default or "")
    if provider is None or not (is_official(provider) or provider.kind == "simulated"):
        # Some other server's models are not known to us.
        return settings
    models = _TIER_MODELS[provider.kind]
    if not all(places(catalog_of(settings), model) for model in models):
        # The provider's own patterns leave some of them out.
        return settings
    simple, standard, strong = models
    tiers = {"simple": Tier(model=simple), "standard": Tier(model=standard), "complex": Tier(model=strong)}
    return _with_routing(settings, tiers=tiers)


def _leads_to_tiers(routing: RoutingPolicy) -> bool:
    return TIERS in routing.names.values() or any(route.to == TIERS for route in routing.routes.values())


def _with_routing(
    settings: Settings, *, tiers: dict[str, Tier] | None = None, names: dict[str, str] | None = None
) -> Settings:
    old = settings.routing
    routing = msgspec.structs.replace(
        old,
        tiers=old.tiers if tiers is None else tiers,
        names=old.names if names is None else names,
    )
    return msgspec.structs.replace(settings, routing=routing)
