"""Resolve what a request asks for: a route name and a model, or the tiers.

Order, first match wins:
 1. pinned: the caller names a model in `x-sparingly-model`;
 2. a route rule of the config whose patterns match and that says `to`;
 3. `routing.names` maps the asked name;
 4. the asked model itself.
The route's name comes from the first rule that matches, with or without `to`,
so that cache settings can hang on it; without one it is the asked name.

A name that maps to the tiers while none are configured is a name like any
other: the default mapping of `auto` must not get in the way of an upstream
that knows an `auto` of its own.

This runs before look-up: it needs no embedding and touches no text.
"""

from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

import msgspec

from sparingly.core.catalog import TIERS
from sparingly.core.policy import Route, RouteMatch, RoutingPolicy

TargetReason: TypeAlias = Literal["pinned", "route", "name", "asked"]


class Target(msgspec.Struct, frozen=True):
    """Where a request is headed; `model` None means that a tier must be chosen."""

    route: str
    model: str | None
    reason: TargetReason


def resolve(
    policy: RoutingPolicy, *, asked: str, tenant: str, path: str, pinned: str | None = None
) -> Target:
    """The target of a request."""
    name, rule = _first_rule(policy, asked, tenant, path)
    if pinned is not None:
        # A pin is taken at its word; only a name for the tiers is no model by itself.
        return Target(name, None if _means_tiers(policy, pinned) else pinned, "pinned")
    if rule is not None and rule.to == TIERS and policy.tiers:
        return Target(name, None, "route")
    if rule is not None and rule.to is not None and rule.to != TIERS:
        return Target(name, rule.to, "route")
    if _means_tiers(policy, asked):
        return Target(name, None, "name")
    mapped = policy.names.get(asked, TIERS)
    return Target(name, asked, "asked") if mapped == TIERS else Target(name, mapped, "name")


def needs_classification(target: Target, policy: RoutingPolicy) -> bool:
    """Whether a tier decision is due, so that embedding or asking a classifier pays."""
    return target.model is None and len(policy.tiers) > 1


def _first_rule(policy: RoutingPolicy, asked: str, tenant: str, path: str) -> tuple[str, Route | None]:
    for name, rule in policy.routes.items():
        if _matches(rule.match, asked, tenant, path):
            return name, rule
    return asked, None


def _matches(match: RouteMatch, asked: str, tenant: str, path: str) -> bool:
    wanted = ((match.model, asked), (match.tenant, tenant), (match.path, path))
    return all(pattern is None or fnmatchcase(value, pattern) for pattern, value in wanted)


def _means_tiers(policy: RoutingPolicy, name: str) -> bool:
    return bool(policy.tiers) and policy.names.get(name) == TIERS
