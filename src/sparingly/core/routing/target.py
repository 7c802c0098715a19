"""Resolve what a request asks for: a route name, and a model or the strategy that chooses one.

Order, first match wins:
 1. pinned: the caller names a model in `x-sparingly-model`;
 2. a route rule of the config whose conditions hold and that says `to`;
 3. `routing.names` maps the asked name;
 4. the asked model itself.
The route's name comes from the first rule that matches, with or without `to`,
so that cache settings can hang on it; without one it is the asked name.

A name that maps to a strategy while there is none of that name is a name like
any other: the default mapping of `auto` must not get in the way of an upstream
that knows an `auto` of its own.

This runs before look-up: it needs no embedding and touches no text.
"""

from typing import Literal, TypeAlias

import msgspec

from sparingly.core.catalog import LEARNED, TIERS
from sparingly.core.policy import RoutingPolicy
from sparingly.core.routing.rules import UNSEEN, Sight, first_route, tells_equals_apart

TargetReason: TypeAlias = Literal["pinned", "route", "name", "asked"]


class Target(msgspec.Struct, frozen=True):
    """Where a request is headed; `model` None means that `strategy` must choose one.

    `is_labelled` says that something led here which the request does not say
    (see `rules.tells_equals_apart`): an equal one may be headed elsewhere.
    """

    route: str
    model: str | None
    reason: TargetReason
    strategy: str = TIERS
    is_labelled: bool = False


def resolve(
    policy: RoutingPolicy,
    *,
    asked: str,
    tenant: str,
    path: str,
    pinned: str | None = None,
    sight: Sight = UNSEEN,
) -> Target:
    """The target of a request."""
    found = first_route(policy, asked=asked, tenant=tenant, path=path, sight=sight)
    name = asked if found is None else found[0]
    to = None if found is None else found[1].to
    is_labelled = found is not None and tells_equals_apart(found[1].match)
    if pinned is not None:
        # A pin is taken at its word; only a name for a strategy is no model by itself.
        return _headed(policy, name, pinned, "pinned", policy.names.get(pinned), is_labelled=is_labelled)
    if to is not None and (to not in _RESERVED or is_strategy(policy, to)):
        return _headed(policy, name, to, "route", to, is_labelled=is_labelled)
    mapped = policy.names.get(asked)
    if mapped is None or (mapped in _RESERVED and not is_strategy(policy, mapped)):
        return Target(name, asked, "asked", is_labelled=is_labelled)
    return _headed(policy, name, mapped, "name", mapped, is_labelled=is_labelled)


def is_strategy(policy: RoutingPolicy, name: str) -> bool:
    """Whether a name stands for a way to choose rather than for a model."""
    if name == TIERS:
        return bool(policy.tiers)
    if name == LEARNED:
        return policy.learned is not None
    return name in policy.pairs or name in policy.best


def strategy_models(policy: RoutingPolicy, strategy: str) -> tuple[str, ...]:
    """The models that a strategy chooses among, as far as the config names them; the most capable last."""
    if strategy == TIERS:
        return tuple(tier.model for tier in policy.tiers.values())
    if strategy in policy.pairs:
        return policy.pairs[strategy].weak, policy.pairs[strategy].strong
    if strategy in policy.best:
        models = policy.best[strategy].models
        return tuple(sorted(models, key=lambda name: models[name].quality or 0.0))
    if policy.learned is None:
        return ()
    return tuple(dict.fromkeys((*policy.learned.models.values(), policy.learned.default)))


_RESERVED = frozenset({TIERS, LEARNED})


def _headed(
    policy: RoutingPolicy,
    route: str,
    model: str,
    reason: TargetReason,
    goal: str | None,
    *,
    is_labelled: bool,
) -> Target:
    if goal is not None and is_strategy(policy, goal):
        return Target(route, None, reason, goal, is_labelled)
    return Target(route, model, reason, is_labelled=is_labelled)


def needs_classification(target: Target, policy: RoutingPolicy) -> bool:
    """Whether a tier decision is due, so that embedding or asking a classifier pays."""
    return target.model is None and target.strategy == TIERS and len(policy.tiers) > 1
