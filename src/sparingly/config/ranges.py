"""The numbers of a config and the ranges they must be in, as one table."""

import math
from collections.abc import Iterator, Mapping
from operator import attrgetter

import msgspec

from sparingly.config.problems import Problem, joined
from sparingly.core.policy import RoutingPolicy
from sparingly.settings import Settings

# Far above any sensible setting, far below what overflows a store or a clock.
_MOST = 1e15


class Range(msgspec.Struct, frozen=True):
    """What a number may be, ends included; `is_open` leaves the least out."""

    least: float = 0
    most: float = _MOST
    is_open: bool = False

    def admits(self, value: float) -> bool:
        if not math.isfinite(value) or value > self.most:
            return False
        return value > self.least if self.is_open else value >= self.least

    def __str__(self) -> str:
        if self.is_open:
            return f"more than {self.least:g}"
        return f"at least {self.least:g}" if self.most == _MOST else f"{self.least:g} to {self.most:g}"


_SHARE = Range(0, 1)
_COUNT = Range(1)
_AMOUNT = Range(0)
_POSITIVE = Range(0, is_open=True)

_SETTINGS = {
    "server.port": Range(0, 65_535),
    "server.max_body_bytes": _COUNT,
    "server.drain_s": _AMOUNT,
    "routing.classifier.max_tokens": _COUNT,
    "routing.classifier.timeout_s": _POSITIVE,
    "routing.fallback.min_confidence": _SHARE,
    "routing.classifier.least_support": _SHARE,
    "routing.traffic.long_context_tokens": _COUNT,
    "routing.traffic.background_max_tokens": _AMOUNT,
    "routing.sticky.memory": _SHARE,
    "routing.sticky.margin": _AMOUNT,
    "routing.sticky.cache_ttl_s": _AMOUNT,
    "routing.sticky.ttl_s": _POSITIVE,
    "routing.sticky.max_conversations": Range(1, 10_000_000),
    "routing.retry.attempts": _COUNT,
    "routing.retry.base_wait_s": _AMOUNT,
    "routing.retry.max_wait_s": _AMOUNT,
    "routing.retry.hold_s": _AMOUNT,
    # Cosine similarity of texts; nothing below 0 is near anything.
    "cache.threshold": _SHARE,
    "cache.max_error": _SHARE,
    "cache.probability": _SHARE,
    "cache.tuned_error": _SHARE,
    "cache.recheck": _SHARE,
    "cache.recheck_per_minute": _AMOUNT,
    "cache.floor": _SHARE,
    "cache.k": Range(1, 1_000),
    "cache.revoke_similarity": _SHARE,
    "cache.grey_zone.low": _SHARE,
    "cache.grey_zone.high": _SHARE,
    "cache.grey_zone.timeout_s": _POSITIVE,
    "cache.grey_zone.max_tokens": _COUNT,
    "cache.grey_zone.max_per_minute": _AMOUNT,
    "cache.ttl_s": _AMOUNT,
    "cache.ttl_classes.live": _AMOUNT,
    "cache.ttl_classes.current": _AMOUNT,
    "cache.ttl_classes.seasonal": _AMOUNT,
    "cache.ttl_classes.live_from": _SHARE,
    "cache.ttl_classes.dependent_from": _SHARE,
    "cache.max_entries": _COUNT,
    "cache.max_answer_bytes": _COUNT,
    "cache.max_temperature": _AMOUNT,
    "cache.pace_tokens_per_s": _AMOUNT,
    "embedder.threads": Range(1, 1_024),
    "embedder.max_batch": Range(1, 1_024),
    "store.grpc_port": Range(1, 65_535),
    "store.replicas": Range(1, 1_000),
    "store.sweep_every_s": _POSITIVE,
    "traffic_log.max_bytes": _COUNT,
    "traffic_log.keep_files": _COUNT,
}
_ROUTE_CACHE = {
    "threshold": _SHARE,
    "max_error": _SHARE,
    "probability": _SHARE,
    "tuned_error": _SHARE,
    "recheck": _SHARE,
    "ttl_s": _AMOUNT,
}
_PROVIDER = {
    "connect_timeout_s": _POSITIVE,
    "read_timeout_s": _POSITIVE,
    "simulation.latency_s": _AMOUNT,
    "simulation.first_token_s": _AMOUNT,
    "simulation.chunk_s": _AMOUNT,
    "simulation.chunk_tokens": _COUNT,
    "simulation.answer_tokens": _COUNT,
    "simulation.error_rate": _SHARE,
    "simulation.rate_limit_rate": _SHARE,
    "simulation.cut_rate": _SHARE,
}
_PRICE = {
    "input_usd_per_mtok": _AMOUNT,
    "output_usd_per_mtok": _AMOUNT,
    "cached_input_usd_per_mtok": _AMOUNT,
    "cache_write_usd_per_mtok": _AMOUNT,
}
_DEPLOYMENT = {"weight": _AMOUNT}
_LEARNED = {"tolerance": _SHARE, "cost_weight": _AMOUNT, "least_support": _SHARE}
_BEST = {"tolerance": _SHARE, "max_latency_s": _POSITIVE, "max_cost_usd": _AMOUNT}
_BEST_MODEL = {"quality": _SHARE, "latency_s": _AMOUNT}


def range_problems(settings: Settings) -> Iterator[Problem]:
    """Every number that is out of its range."""
    yield from _out_of_range(settings, _SETTINGS, "")
    for name, override in settings.cache.routes.items():
        yield from _out_of_range(override, _ROUTE_CACHE, joined("cache.routes", name))
    yield from _routing(settings.routing)
    for name, provider in settings.providers.items():
        yield from _out_of_range(provider, _PROVIDER, joined("providers", name))
    for name, model in settings.models.items():
        here = joined("models", name)
        if model.price is not None:
            yield from _out_of_range(model.price, _PRICE, joined(here, "price"))
        for index, deployment in enumerate(model.deployments):
            yield from _out_of_range(deployment, _DEPLOYMENT, joined(joined(here, "deployments"), index))


def _routing(routing: RoutingPolicy) -> Iterator[Problem]:
    for name, tier in routing.tiers.items():
        yield from _out_of_range(tier, {"min_confidence": _SHARE}, joined("routing.tiers", name))
    for name, pair in routing.pairs.items():
        yield from _out_of_range(pair, {"threshold": _SHARE}, joined("routing.pairs", name))
    for name, best in routing.best.items():
        here = joined("routing.best", name)
        yield from _out_of_range(best, _BEST, here)
        for model, one in best.models.items():
            yield from _out_of_range(one, _BEST_MODEL, joined(joined(here, "models"), model))
    if routing.learned is not None:
        yield from _out_of_range(routing.learned, _LEARNED, "routing.learned")


def _out_of_range(section: msgspec.Struct, ranges: Mapping[str, Range], path: str) -> Iterator[Problem]:
    for field, allowed in ranges.items():
        value: float | None = attrgetter(field)(section)
        if value is not None and not allowed.admits(value):
            yield Problem(joined(path, field), f"expected {allowed}, got {_plain(value)}")


def _plain(value: float) -> str:
    """A number as it was most likely written: 2, not the 2.0 that the struct made of it."""
    return str(int(value)) if math.isfinite(value) and value == int(value) else str(value)
