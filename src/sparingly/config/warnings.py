"""What is allowed in a config and still deserves a second look before serving."""

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
from typing import TypeAlias

from sparingly.config.catalog import catalog_of, is_official
from sparingly.config.loading import missing_secrets
from sparingly.core.catalog import known_models, places
from sparingly.core.evidence.guards import PROFILES, guards_of
from sparingly.core.policy import CachePolicy, for_route
from sparingly.settings import Settings

IsPriced: TypeAlias = Callable[[str, str], bool]
"""Whether a price is known for a provider's model."""

# On trap questions a bare cosine of 0.90 served a third to a half of what it should not have,
# 0.95 an eighth to a fifth: thresholds below that are for replays, or for texts without traps.
_CAREFUL_THRESHOLD = 0.95


def warnings_of(
    settings: Settings, environ: Mapping[str, str], *, is_priced: IsPriced | None = None
) -> list[str]:
    """Everything to look at again, each in a sentence."""
    return [
        *_secrets(settings, environ),
        *_access(settings),
        *_models(settings, is_priced),
        *_cache(settings),
        *_scope(settings),
        *_storage(settings),
    ]


def is_public(host: str) -> bool:
    """Whether others than this machine may reach an address."""
    if host == "localhost":
        return False
    try:
        return not ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return True


def _secrets(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    for problem in missing_secrets(settings, environ):
        yield f"{problem.path}: {problem.message}; `serve` will refuse to start."


def _access(settings: Settings) -> Iterator[str]:
    server = settings.server
    if is_public(server.host) and server.keys_env is None:
        yield (
            f"server.host {server.host} can be reached from other machines and server.keys_env is not set: "
            "whoever reaches it is served, with your provider keys where they are configured."
        )


def _models(settings: Settings, is_priced: IsPriced | None) -> Iterator[str]:
    if settings.default_provider is None and len(settings.providers) > 1:
        yield (
            "default_provider is not set: model names that fit no provider's patterns are refused, and paths "
            f"that are only relayed go to {next(iter(settings.providers))}."
        )
    for name, provider in settings.providers.items():
        if provider.kind == "simulated":
            yield f"providers.{name} is simulated: its answers are made up."
    catalog = catalog_of(settings)
    unpriced: list[str] = []
    for known in known_models(catalog, settings.routing):
        for place in places(catalog, known.name) if known.provider is not None else ():
            yield from _foreign(settings, place.provider, place.model)
            is_configured = settings.models.get(known.name) is not None and settings.models[known.name].price
            if is_priced is not None and not is_configured and not is_priced(place.provider, place.model):
                unpriced.append(known.name)
    if unpriced:
        yield (
            f"no price is known for {', '.join(dict.fromkeys(unpriced))}: check the spelling, or set "
            "models.<name>.price; without one, costs and savings leave it out."
        )


def _foreign(settings: Settings, provider: str, model: str) -> Iterator[str]:
    """A model of one house that would be asked at the other's own address."""
    at = settings.providers[provider]
    if is_official(at) and (at.kind == "anthropic") != model.startswith("claude-"):
        if at.kind == "openai":
            yield f"{model} would be asked at {provider}, which is OpenAI's own address and does not serve it."
        else:
            yield f"{model} would be asked at {provider}, which is Anthropic's own address and does not serve it."


def _cache(settings: Settings) -> Iterator[str]:
    cache = settings.cache
    for name in ("", *cache.routes):
        policy = for_route(cache, name)
        here = f"cache.routes.{name}" if name else "cache"
        if policy.mode == "off":
            continue
        if policy.semantic and policy.judge == "threshold" and policy.threshold < _CAREFUL_THRESHOLD:
            yield (
                f"{here}.threshold is {policy.threshold:g}: below {_CAREFUL_THRESHOLD} a bare cosine takes many "
                "different questions for the same; replay your own log before you rely on it."
            )
        yield from _bounds(policy, here)
        if policy.ttl_s == 0:
            yield f"{here}.ttl_s is 0: answers expire at once and are never served again."
    known = {
        *settings.routing.routes,
        *(one.name for one in known_models(catalog_of(settings), settings.routing)),
    }
    for name in cache.routes:
        if name not in known:
            yield (
                f"cache.routes.{name}: no rule in routing.routes has that name; "
                "it applies to requests that ask for a model of that name."
            )


def _bounds(policy: CachePolicy, here: str) -> Iterator[str]:
    if policy.max_error is not None and policy.semantic:
        off = PROFILES["general"] - guards_of(policy.domain, policy.guards)
        if off:
            yield (
                f"{here}.max_error is stated with the guards of the general domain, and {', '.join(sorted(off))} "
                "is off: measure your own with `sparingly tune`."
            )
        if policy.grey_zone.judge == "llm":
            yield (
                f"{here}.max_error says nothing of hits that cache.grey_zone serves on a model's word; they are only "
                "watched, by labels."
            )
    if policy.recheck > 0.0 and policy.mode == "observe":
        yield f"{here}.recheck has no effect in observe mode, where every hit is compared with a fresh answer."
    if policy.recheck > 0.2:
        yield f"{here}.recheck is {policy.recheck:g}: that share of the semantic hits is paid for all the same."


def _scope(settings: Settings) -> Iterator[str]:
    scope = settings.cache.scope
    for pattern in scope.ignore:
        what = "everything" if re.search(pattern, "") else "what it matches"
        yield (
            f"cache.scope.ignore `{pattern}`: {what} in system prompts no longer tells two requests apart; "
            "be sure that no answer depends on it."
        )
    for group in scope.shared:
        yield (
            f"cache.scope.shared: {', '.join(group)} are answered from each other's entries; "
            "one may read what was answered to another."
        )
    yield from _sharing(settings.cache)


def _sharing(cache: CachePolicy) -> Iterator[str]:
    if not cache.scope.shared:
        return
    if cache.shared_write == "any":
        yield (
            "cache.shared_write is any: a tenant of a group can write questions whose answers are given to "
            "the others before anybody confirmed them."
        )
    personal = cache.personal
    if personal.action == "ignore":
        yield "cache.personal.action is ignore: answers to requests with personal data are shared in groups."
    for tenant, action in personal.tenants.items():
        if action == "ignore" and any(tenant in group for group in cache.scope.shared):
            yield f"cache.personal.tenants.{tenant} is ignore: its personal data may reach the others of its group."


def _storage(settings: Settings) -> Iterator[str]:
    if settings.store.kind == "edge" and settings.store.url is not None:
        yield "store.url has no effect while store.kind is edge."
    log = settings.traffic_log
    if log.enabled:
        care = f"but for {', '.join(log.redact)}" if log.redact else "unredacted"
        yield f"traffic_log is on: it keeps what users wrote and were answered, {care}, in the data folder."
    if not settings.ledger.enabled:
        yield "ledger is off: `sparingly stats` will have nothing to show."
