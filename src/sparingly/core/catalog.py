"""Who serves which model: the operator's providers and models as one plain table.

Routing asks it where a model can be had, `GET /v1/models` what there is.  It
knows names only; addresses and keys belong to the upstreams.

Rules for where a model is served, first match wins:
 1. `models` in the config lists its deployments;
 2. a provider's own patterns match the name, in the order of the config;
 3. an official OpenAI or Anthropic provider without patterns takes the names of its house;
 4. the default provider takes any name, except Anthropic's own address, which is
    known to serve nothing else: "unknown model" from us is clearer than its 404.
Several providers that match one pattern are not balanced: that wants `deployments`.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

import msgspec

from sparingly.core.policy import Model, RoutingPolicy
from sparingly.errors import UnknownModel

ProviderKind: TypeAlias = Literal["openai", "anthropic", "simulated"]

TIERS = "tiers"
"""In `routing.names` and a route's `to`: let the classifier choose."""

LEARNED = "learned"
"""There, too: choose by the estimates of `routing.learned`."""

# Name patterns of the two houses as their model lists read in November 2026.
_HOUSE_PATTERNS: dict[ProviderKind, tuple[str, ...]] = {
    "openai": (
        *("gpt-*", "chatgpt-*", "codex-*", "ft:*", "o[0-9]", "o[0-9]-*", "computer-use-*"),
        *("text-embedding-*", "omni-moderation-*", "dall-e-*", "whisper-*", "tts-*", "sora-*"),
    ),
    "anthropic": ("claude-*",),
    "simulated": (),
}


class ProviderInfo(msgspec.Struct, frozen=True):
    """A provider as routing sees it; `is_official` says that it is at its house's own address."""

    name: str
    kind: ProviderKind = "openai"
    patterns: tuple[str, ...] = ()
    is_official: bool = False


class Catalog(msgspec.Struct, frozen=True):
    """All providers, in the order of the config, and all models that the config names."""

    providers: tuple[ProviderInfo, ...]
    models: dict[str, Model] = {}
    default_provider: str | None = None


class Place(msgspec.Struct, frozen=True):
    """One deployment: the provider and the name the model has there."""

    provider: str
    model: str
    weight: float = 1.0


class KnownModel(msgspec.Struct, frozen=True):
    """A line of the model list; `provider` is None for a name that routing resolves."""

    name: str
    provider: str | None


def places(catalog: Catalog, model: str) -> tuple[Place, ...]:
    """The deployments of a model; empty when nobody serves it."""
    configured = catalog.models.get(model)
    if configured is not None and configured.deployments:
        return tuple(Place(d.provider, d.model or model, d.weight) for d in configured.deployments)
    provider = _provider_by_pattern(catalog, model) or _default_for_any_name(catalog)
    return () if provider is None else (Place(provider.name, model),)


def is_claimed(catalog: Catalog, model: str) -> bool:
    """Whether the config or a provider's patterns know the name, rather than the default taking all."""
    return model in catalog.models or _provider_by_pattern(catalog, model) is not None


def known_models(catalog: Catalog, policy: RoutingPolicy) -> tuple[KnownModel, ...]:
    """Every name a client may ask for that the config spells out, sorted."""
    strategies = {LEARNED, *policy.pairs, *policy.best}
    virtual = {name for name, target in policy.names.items() if target != TIERS or policy.tiers}
    concrete = {
        *catalog.models,
        *(tier.model for tier in policy.tiers.values()),
        *(target for target in policy.names.values() if target != TIERS),
        *(rule.to for rule in policy.routes.values() if rule.to not in {None, TIERS}),
        *(model for models in policy.fallbacks.values() for model in models),
        *(model for pair in policy.pairs.values() for model in (pair.weak, pair.strong)),
        *(model for best in policy.best.values() for model in best.models),
        *(() if policy.learned is None else (policy.learned.default,)),
    } - strategies
    found = {name: KnownModel(name, None) for name in virtual}
    for name in concrete:
        served = places(catalog, name) if name is not None else ()
        if served and name is not None and name not in found:
            found[name] = KnownModel(name, served[0].provider)
    return tuple(found[name] for name in sorted(found))


def unknown_model(catalog: Catalog, policy: RoutingPolicy, model: str) -> UnknownModel:
    """The error that names the model and what is known instead."""
    known = [f"'{entry.name}'" for entry in known_models(catalog, policy)]
    known += [f"names like '{p}'" for provider in catalog.providers for p in patterns_of(provider)]
    what = _listed(known) if known else "none: no provider is configured"
    return UnknownModel(f"no provider serves the model '{model}'; known are {what}", field="model")


def patterns_of(provider: ProviderInfo) -> tuple[str, ...]:
    """The shell patterns of the names a provider takes."""
    if provider.patterns:
        return provider.patterns
    return _HOUSE_PATTERNS[provider.kind] if provider.is_official else ()


def _provider_by_pattern(catalog: Catalog, model: str) -> ProviderInfo | None:
    # The operator's own patterns come before the ones we assume of a house.
    for provider in catalog.providers:
        if provider.patterns and _is_named_by(provider.patterns, model):
            return provider
    for provider in catalog.providers:
        if not provider.patterns and _is_named_by(patterns_of(provider), model):
            return provider
    return None


def _is_named_by(patterns: tuple[str, ...], model: str) -> bool:
    return any(fnmatchcase(model, pattern) for pattern in patterns)


def _default_for_any_name(catalog: Catalog) -> ProviderInfo | None:
    if catalog.default_provider is not None:
        found = next((p for p in catalog.providers if p.name == catalog.default_provider), None)
    else:
        # A lone provider is the default unless its patterns say what it is for.
        found = catalog.providers[0] if len(catalog.providers) == 1 else None
        if found is not None and found.patterns:
            return None
    if found is None or (found.kind == "anthropic" and found.is_official):
        return None
    return found


def _listed(items: Iterable[str], *, limit: int = 12) -> str:
    all_items = list(items)
    shown = ", ".join(all_items[:limit])
    return shown if len(all_items) <= limit else f"{shown} and {len(all_items) - limit} more"
