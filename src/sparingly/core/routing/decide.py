"""Decide who answers: the ordered candidates and everything that explains them.

Order of candidates:
 1. the deployments of the routed model, drawn by weight;
 2. the models that `routing.fallbacks` lists for it, in order;
 3. where a tier was chosen, the models of the tiers above it, next one first.
    Never a tier below: whoever asked for the tiers was promised the chosen one,
    and a cheaper answer in its place would be quietly worse.
Deployments that rest (see `core/health`) move behind all others and stay
listed: when everything rests, something must still be tried.
No deployment is listed twice.
"""

from collections.abc import Iterable

import msgspec

from sparingly.core.catalog import Catalog, places, unknown_model
from sparingly.core.features import Features
from sparingly.core.health import DeploymentId
from sparingly.core.policy import RoutingPolicy
from sparingly.core.routing.balance import balance
from sparingly.core.routing.target import Target
from sparingly.core.routing.tiers import Classified, TierChoice, choose_tier, tiers_above


class Candidate(msgspec.Struct, frozen=True):
    """One attempt's address: `model` is the name at `provider`, `routed` the name in the config."""

    provider: str
    model: str
    routed: str


class Alternative(msgspec.Struct, frozen=True):
    """A model that was not chosen, with the tier it stands for and its score."""

    model: str
    tier: str | None = None
    score: float | None = None


class Decision(msgspec.Struct, frozen=True):
    """Who answers, first candidate first, and why.

    `routed` is the chosen model as the config names it; `propensity` is the
    probability with which the first candidate was drawn.
    """

    route: str
    routed: str
    candidates: tuple[Candidate, ...]
    reason: str
    tier: str | None = None
    scores: dict[str, float] = {}
    confidence: float | None = None
    escalated: bool = False
    alternatives: tuple[Alternative, ...] = ()
    propensity: float = 1.0
    features: Features = Features()


def decide(
    target: Target,
    *,
    policy: RoutingPolicy,
    catalog: Catalog,
    features: Features,
    classified: Classified | None = None,
    down: frozenset[DeploymentId] = frozenset(),
    draw: float = 0.0,
) -> Decision:
    """Order the candidates for a target.

    `classified` is read only where `needs_classification`; None there means
    that the classifier failed.  `draw` in [0, 1) balances the load.

    Raises:
        UnknownModel: nobody serves the model.
    """
    choice: TierChoice | None = None
    if target.model is None:
        choice = choose_tier(policy, classified)
        routed = policy.tiers[choice.tier].model
    else:
        routed = target.model
    if not places(catalog, routed):
        raise unknown_model(catalog, policy, routed)
    candidates, propensity = _candidates(_models(routed, choice, policy), catalog, down, draw)
    decision = Decision(
        route=target.route,
        routed=routed,
        candidates=candidates,
        reason=target.reason if choice is None else choice.reason,
        propensity=propensity,
        features=features,
    )
    if choice is None:
        return decision
    return _explained(decision, choice, classified, policy)


def _models(routed: str, choice: TierChoice | None, policy: RoutingPolicy) -> list[str]:
    above = tiers_above(policy, choice.tier) if choice is not None else ()
    return [routed, *policy.fallbacks.get(routed, ()), *(policy.tiers[tier].model for tier in above)]


def _candidates(
    models: Iterable[str], catalog: Catalog, down: frozenset[DeploymentId], draw: float
) -> tuple[tuple[Candidate, ...], float]:
    """The candidates in order, and the probability with which the first was drawn."""
    up: dict[DeploymentId, tuple[Candidate, float]] = {}
    resting: dict[DeploymentId, tuple[Candidate, float]] = {}
    for model in models:
        all_places = places(catalog, model)
        for group, is_down in ((up, False), (resting, True)):
            balanced = balance(
                [p for p in all_places if ((p.provider, p.model) in down) == is_down], draw=draw
            )
            for place in balanced.places:
                candidate = Candidate(place.provider, place.model, model)
                group.setdefault((place.provider, place.model), (candidate, balanced.propensity))
    ordered = [*up.values(), *resting.values()]
    return tuple(candidate for candidate, _ in ordered), ordered[0][1] if ordered else 1.0


def _explained(
    decision: Decision, choice: TierChoice, classified: Classified | None, policy: RoutingPolicy
) -> Decision:
    scores = classified.scores if classified is not None else {}
    others = tuple(
        Alternative(tier.model, name, scores.get(name))
        for name, tier in policy.tiers.items()
        if name != choice.tier
    )
    return msgspec.structs.replace(
        decision,
        tier=choice.tier,
        scores=scores,
        confidence=classified.confidence if classified is not None else None,
        escalated=choice.escalated,
        alternatives=others,
    )
