"""What the routing part of a config must keep: every name in it leads to a model that somebody serves."""

from collections.abc import Iterator
from difflib import get_close_matches

from sparingly.config.catalog import catalog_of
from sparingly.config.problems import Problem, joined
from sparingly.config.strategy_rules import strategy_problems
from sparingly.core.catalog import LEARNED, TIERS, places
from sparingly.core.routing.target import is_strategy
from sparingly.settings import Settings


def routing_problems(settings: Settings) -> list[Problem]:
    """Everything that is wrong with models, tiers, names, routes and fallbacks."""
    return [
        *_deployments(settings),
        *_classifier(settings),
        *_tiers(settings),
        *_names(settings),
        *_routes(settings),
        *strategy_problems(settings, servable),
        *_fallbacks(settings),
        *_retry(settings),
        *_grey_zone(settings),
    ]


def _deployments(settings: Settings) -> Iterator[Problem]:
    for name, model in settings.models.items():
        here = joined(joined("models", name), "deployments")
        if name == TIERS:
            yield Problem(joined("models", name), f'"{TIERS}" means the classifier and cannot be a model')
        elif name == LEARNED or is_strategy(settings.routing, name):
            yield Problem(
                joined("models", name), f'"{name}" names a strategy of routing and cannot be a model'
            )
        for index, deployment in enumerate(model.deployments):
            if deployment.provider not in settings.providers:
                unknown = _unknown("provider", deployment.provider, list(settings.providers))
                yield Problem(joined(joined(here, index), "provider"), unknown)
        if model.deployments and not any(deployment.weight > 0 for deployment in model.deployments):
            yield Problem(here, "all weights are 0, so that no deployment would ever be asked")


def _classifier(settings: Settings) -> Iterator[Problem]:
    classifier = settings.routing.classifier
    here = "routing.classifier.model"
    if classifier.model is not None and classifier.kind == "embedding":
        yield Problem(here, "a classifier of the kind embedding asks no model; leave one of the two out")
    elif classifier.model is not None:
        yield from servable(settings, here, classifier.model)
    elif classifier.kind == "llm":
        yield Problem(here, "missing; a classifier of the kind llm needs a model")
    if classifier.examples is not None and (classifier.kind == "llm" or classifier.model is not None):
        yield Problem("routing.classifier.examples", "only a classifier of the kind embedding reads examples")


def _grey_zone(settings: Settings) -> Iterator[Problem]:
    zone = settings.cache.grey_zone
    here = "cache.grey_zone.model"
    if zone.model is not None:
        yield from servable(settings, here, zone.model)
    elif zone.judge == "llm":
        yield Problem(here, "missing; a judge of the kind llm needs a model")


def _tiers(settings: Settings) -> Iterator[Problem]:
    for name, tier in settings.routing.tiers.items():
        yield from servable(settings, joined(joined("routing.tiers", name), "model"), tier.model)


def _names(settings: Settings) -> Iterator[Problem]:
    for asked, target in settings.routing.names.items():
        here = joined("routing.names", asked)
        if target in (TIERS, LEARNED):
            yield from _is_there(settings, here, target)
        elif target != asked and not is_strategy(settings.routing, target):
            yield from servable(settings, here, target)


def _routes(settings: Settings) -> Iterator[Problem]:
    for name, route in settings.routing.routes.items():
        here = joined(joined("routing.routes", name), "to")
        # A route's name travels in a response header.
        if not name.isascii() or not name.isprintable() or " " in name:
            yield Problem(
                joined("routing.routes", name), "a route's name must be printable ASCII without spaces"
            )
        if route.to in (TIERS, LEARNED):
            yield from _is_there(settings, here, route.to)
        elif route.to is not None and not is_strategy(settings.routing, route.to):
            yield from servable(settings, here, route.to)


def _fallbacks(settings: Settings) -> Iterator[Problem]:
    fallbacks = settings.routing.fallbacks
    for model, others in fallbacks.items():
        here = joined("routing.fallbacks", model)
        for index, other in enumerate(others):
            yield from servable(settings, joined(here, index), other)
        loop = _loop(fallbacks, model)
        # Reported once, at the member that comes first in the file.
        if loop and model == next(one for one in fallbacks if one in loop):
            yield Problem(here, f"falls back to itself: {' > '.join(loop)}")


def _loop(fallbacks: dict[str, tuple[str, ...]], start: str) -> list[str]:
    """A way from `start` back to it; empty when there is none."""
    ways = [[start]]
    reached: set[str] = set()
    while ways:
        way = ways.pop()
        for other in fallbacks.get(way[-1], ()):
            if other == start:
                return [*way, start]
            if other not in reached:
                reached.add(other)
                ways.append([*way, other])
    return []


def _retry(settings: Settings) -> Iterator[Problem]:
    retry = settings.routing.retry
    if retry.base_wait_s > retry.max_wait_s:
        yield Problem("routing.retry.base_wait_s", f"more than max_wait_s, which is {retry.max_wait_s!r}")


def _is_there(settings: Settings, path: str, strategy: str) -> Iterator[Problem]:
    if not is_strategy(settings.routing, strategy):
        what = "empty" if strategy == TIERS else "not set"
        yield Problem(path, f'leads to "{strategy}", but routing.{strategy} is {what}')


def servable(settings: Settings, path: str, model: str) -> Iterator[Problem]:
    """Why a model is none that a provider serves, if so.

    A name that `routing.names` maps may still be a model here: `names` is about
    what clients ask for, and `gpt-4o: tiers` with gpt-4o in a tier is sound.
    """
    routing = settings.routing
    if not model:
        yield Problem(path, "expected the name of a model, got an empty text")
    elif model in settings.models:
        yield from _deployed(settings, path, model)
    elif model in {TIERS, LEARNED, "auto"} or is_strategy(settings.routing, model):
        yield Problem(path, f'expected a model, got "{model}"')
    elif model in routing.tiers and routing.tiers[model].model != model:
        yield Problem(path, f'"{model}" is a tier; name its model, "{routing.tiers[model].model}"')
    else:
        yield from _deployed(settings, path, model)


def _deployed(settings: Settings, path: str, model: str) -> Iterator[Problem]:
    if not places(catalog_of(settings), model):
        yield Problem(path, f'no provider serves "{model}"; its name fits none of their patterns')


def _unknown(what: str, name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    if close:
        return f'no {what} is called "{name}"; did you mean "{close[0]}"?'
    return f'no {what} is called "{name}"; known: {", ".join(known) or "none"}'
