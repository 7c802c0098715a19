"""Say which route a request takes: the first whose conditions all hold.

Patterns are the shell's.  A feature that a request does not have counts as 0; a
header or a metadata key that it does not have matches nothing, not even `*`.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase

import msgspec

from sparingly.core.features import Features
from sparingly.core.policy import RoutingPolicy
from sparingly.core.routing.traffic import kinds_of
from sparingly.core.strategies import Bounds, Route, RouteMatch, TrafficRules

# `text_*` and word counts describe words, which `model: auto` weighs better; any number may bound a rule.
FEATURES = Features.__struct_fields__
"""The names that `features` of a condition may use."""

# What no request says of itself; `plain` is what is neither of the other two, among others.
_FEATURES_OF_SESSIONS = frozenset({"agent_session", "sub_agent"})
_TRAFFIC_OF_SESSIONS = frozenset({"background", "sub_agent", "plain"})


class Sight(msgspec.Struct, frozen=True):
    """What conditions look at, besides names; header names in lower case."""

    features: Features = Features()
    headers: Mapping[str, str] = {}
    metadata: Mapping[str, str] = {}


UNSEEN = Sight()


def first_route(
    policy: RoutingPolicy, *, asked: str, tenant: str, path: str, sight: Sight = UNSEEN
) -> tuple[str, Route] | None:
    """The name and the rule of the first route that matches."""
    for name, route in policy.routes.items():
        match = route.match
        names = ((match.model, asked), (match.tenant, tenant), (match.path, path))
        if all(pattern is None or fnmatchcase(value, pattern) for pattern, value in names) and _holds(
            match, sight, policy.traffic
        ):
            return name, route
    return None


def looks_at_features(policy: RoutingPolicy) -> bool:
    """Whether any route needs them: they cost a pass over the request."""
    return any(route.match.features or route.match.traffic for route in policy.routes.values())


def looks_at_labels(policy: RoutingPolicy) -> bool:
    """Whether any route needs headers or metadata."""
    return any(_is_by_labels(route.match) for route in policy.routes.values())


def tells_equals_apart(match: RouteMatch) -> bool:
    """Whether it may tell requests apart that say the same.

    By their labels, their dialect's path, who of a group asks, or what their session did before.
    """
    return (
        _is_by_labels(match)
        or match.path is not None
        or match.tenant is not None
        or match.traffic in _TRAFFIC_OF_SESSIONS
        or not _FEATURES_OF_SESSIONS.isdisjoint(match.features)
    )


def _is_by_labels(match: RouteMatch) -> bool:
    return bool(match.headers or match.metadata)


def _holds(match: RouteMatch, sight: Sight, traffic: TrafficRules) -> bool:
    if match.traffic is not None and match.traffic not in kinds_of(sight.features, traffic):
        return False
    return (
        all(_within(bounds, getattr(sight.features, name, 0)) for name, bounds in match.features.items())
        and _labelled({name.lower(): pattern for name, pattern in match.headers.items()}, sight.headers)
        and _labelled(match.metadata, sight.metadata)
    )


def _within(bounds: Bounds, value: float) -> bool:
    return (bounds.least is None or value >= bounds.least) and (bounds.most is None or value <= bounds.most)


def _labelled(wanted: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(name in labels and fnmatchcase(labels[name], pattern) for name, pattern in wanted.items())
