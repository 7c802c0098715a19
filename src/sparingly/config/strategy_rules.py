"""What pairs, constraints, estimates, conditions and conversations in a config must keep."""

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import TypeAlias

from sparingly.config.problems import Problem, joined
from sparingly.core.catalog import LEARNED, TIERS
from sparingly.core.routing.rules import FEATURES
from sparingly.core.strategies import Best, RouteMatch
from sparingly.settings import Settings

Servable: TypeAlias = Callable[[Settings, str, str], Iterator[Problem]]
"""Says why a model is none that a provider serves."""

# RFC 9110, section 5.6.2: a field name is a token.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# A condition on a key would put it into the config.
_CREDENTIALS = frozenset({"authorization", "x-api-key", "api-key", "cookie", "proxy-authorization"})


def strategy_problems(settings: Settings, servable: Servable) -> Iterator[Problem]:
    """Everything that is wrong with them."""
    yield from _names(settings)
    yield from _pairs(settings, servable)
    yield from _best(settings, servable)
    yield from _learned(settings, servable)
    for name, route in settings.routing.routes.items():
        yield from _conditions(joined(joined("routing.routes", name), "match"), route.match)
    yield from _header("routing.sticky.header", settings.routing.sticky.header)
    if not settings.routing.sticky.metadata:
        yield Problem("routing.sticky.metadata", "expected the name of a key, got an empty text")


def _names(settings: Settings) -> Iterator[Problem]:
    """Strategies, tiers and models share one name space: a name in `to` must mean one thing."""
    routing = settings.routing
    for section, names in (("pairs", list(routing.pairs)), ("best", list(routing.best))):
        for name in names:
            here = joined(f"routing.{section}", name)
            if name in (TIERS, LEARNED):
                yield Problem(here, f'"{name}" is a strategy of its own; choose another name')
            elif name in routing.tiers:
                yield Problem(here, f'"{name}" is a tier, too; choose another name')
            elif section == "best" and name in routing.pairs:
                yield Problem(here, f'"{name}" is one of routing.pairs, too; choose another name')


def _pairs(settings: Settings, servable: Servable) -> Iterator[Problem]:
    for name, pair in settings.routing.pairs.items():
        here = joined("routing.pairs", name)
        yield from servable(settings, joined(here, "strong"), pair.strong)
        yield from servable(settings, joined(here, "weak"), pair.weak)
        if pair.strong == pair.weak:
            yield Problem(
                joined(here, "weak"), "the same model as strong, so that there is nothing to choose"
            )
        if pair.score == "learned" and settings.routing.learned is None:
            yield Problem(joined(here, "score"), "learned, but routing.learned is not set")


def _best(settings: Settings, servable: Servable) -> Iterator[Problem]:
    for name, best in settings.routing.best.items():
        here = joined(joined("routing.best", name), "models")
        if len(best.models) < 2:
            yield Problem(here, "expected two models or more to choose among")
        for model in best.models:
            yield from servable(settings, joined(here, model), model)
        yield from _qualities(here, best, is_learned=settings.routing.learned is not None)


def _qualities(here: str, best: Best, *, is_learned: bool) -> Iterator[Problem]:
    for model, one in best.models.items():
        if one.quality is None and not is_learned:
            where = joined(joined(here, model), "quality")
            yield Problem(where, "missing; without routing.learned nothing else says how good it is")


def _learned(settings: Settings, servable: Servable) -> Iterator[Problem]:
    learned = settings.routing.learned
    if learned is None:
        return
    yield from servable(settings, "routing.learned.default", learned.default)
    for name, model in learned.models.items():
        yield from servable(settings, joined("routing.learned.models", name), model)
    if learned.models and len(set(learned.models.values())) < 2:
        yield Problem("routing.learned.models", "expected two models or more to choose among")
    if learned.tolerance is not None and learned.cost_weight is not None:
        yield Problem("routing.learned.cost_weight", "set beside tolerance; leave one of the two out")


def _conditions(here: str, match: RouteMatch) -> Iterator[Problem]:
    for name, bounds in match.features.items():
        where = joined(joined(here, "features"), name)
        if name not in FEATURES:
            close = get_close_matches(name, FEATURES, n=1)
            hint = f'did you mean "{close[0]}"?' if close else f"there are {', '.join(FEATURES)}"
            yield Problem(where, f"no feature is called so; {hint}")
        elif bounds.least is None and bounds.most is None:
            yield Problem(where, "expected least, most or both")
        elif bounds.least is not None and bounds.most is not None and bounds.least > bounds.most:
            yield Problem(joined(where, "least"), f"more than most, which is {bounds.most:g}")
    for name in match.headers:
        yield from _header(joined(joined(here, "headers"), name), name)


def _header(where: str, name: str) -> Iterator[Problem]:
    if not _TOKEN.fullmatch(name):
        yield Problem(where, "not the name of an HTTP header")
    elif name.lower() in _CREDENTIALS:
        yield Problem(where, "a header that carries keys is not looked at")
