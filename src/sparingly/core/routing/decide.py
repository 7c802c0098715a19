"""Decide who answers: the ordered candidates and everything that explains them.

Order of candidates:
 1. the deployments of the routed model, as `balance` orders them; where the
    conversation's prompt cache is still warm, the one that has it comes first;
 2. the models that `routing.fallbacks` lists for it, in order;
 3. where a strategy chose, the more capable models it knows, next one first.
    Never a less capable one: whoever asked for the strategy was promised the
    chosen one, and a cheaper answer in its place would be quietly worse.
Deployments that rest (see `core/health`) move behind all others and stay
listed: when everything rests, something must still be tried.
No deployment is listed twice.
"""

from collections.abc import Iterable, Mapping

import msgspec

from sparingly.core.catalog import TIERS, Catalog, places, unknown_model
from sparingly.core.features import Features
from sparingly.core.health import DeploymentId
from sparingly.core.policy import RoutingPolicy
from sparingly.core.pricing import ModelPrice
from sparingly.core.routing.balance import Load, balance
from sparingly.core.routing.estimates import Estimate
from sparingly.core.routing.selecting import Evidence, Selection, select
from sparingly.core.routing.sticking import Held, Move, is_warm, remembered, stick
from sparingly.core.routing.target import Target, strategy_models


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

    `routed` is the chosen model as the config names it; `reason` names the rule
    that decided; `propensity` is the probability with which the first candidate was
    drawn; `held` is the model that the conversation had before.
    """

    route: str
    routed: str
    candidates: tuple[Candidate, ...]
    reason: str
    strategy: str | None = None
    tier: str | None = None
    scores: dict[str, float] = {}
    confidence: float | None = None
    escalated: bool = False
    alternatives: tuple[Alternative, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    support: float | None = None
    task: str | None = None
    held: str | None = None
    move: Move | None = None
    cost_weight: float | None = None
    propensity: float = 1.0
    features: Features = Features()


class State(msgspec.Struct, frozen=True):
    """How the world is at the moment of a decision.

    `down` deployments rest; `loads` say how the others are doing; `held` is what
    the conversation had; `prices` are by routed model, at its first deployment.
    """

    down: frozenset[DeploymentId] = frozenset()
    loads: Mapping[DeploymentId, Load] = {}
    held: Held | None = None
    prices: Mapping[str, ModelPrice] = {}
    now: float = 0.0


def decide(
    target: Target,
    *,
    policy: RoutingPolicy,
    catalog: Catalog,
    features: Features,
    evidence: Evidence = Evidence(),  # noqa: B008 - frozen
    state: State = State(),  # noqa: B008 - frozen
    draw: float = 0.0,
) -> Decision:
    """Order the candidates for a target; `draw` in [0, 1) balances the load.

    Raises:
        UnknownModel: nobody serves the model.
    """
    if target.model is not None:
        # A rule that names a model is the whole reason; a strategy has its own.
        reason = f"rule:{target.route}" if target.reason == "route" else target.reason
        decision = Decision(target.route, target.model, (), reason, features=features)
        return _addressed(decision, (), policy, catalog=catalog, state=state, draw=draw)
    if evidence.estimates is not None:
        estimates = remembered(evidence.estimates, state.held, policy.sticky)
        evidence = msgspec.structs.replace(evidence, estimates=estimates)
    selection = select(target.strategy, policy, evidence)
    held = _held(target, selection, policy, state)
    stuck = stick(
        selection,
        held,
        policy=policy.sticky,
        prices=state.prices,
        tokens=features.estimated_tokens,
        now=state.now,
    )
    if stuck.move == "stayed":
        selection = _staying(selection, stuck.model, policy, target.strategy)
    decision = _explained(target, selection, policy, features)
    decision = msgspec.structs.replace(
        decision,
        held=None if held is None else held.model,
        move=stuck.move,
        cost_weight=evidence.cost_weight,
    )
    return _addressed(decision, selection.above, policy, catalog=catalog, state=state, draw=draw)


def _held(target: Target, selection: Selection, policy: RoutingPolicy, state: State) -> Held | None:
    """What the conversation has, if the strategy could have chosen it: a config may have changed."""
    held = state.held
    estimated = [one.model for one in selection.estimates]
    if held is None or held.model not in {*strategy_models(policy, target.strategy), *estimated}:
        return None
    return held


def _staying(selection: Selection, model: str, policy: RoutingPolicy, strategy: str) -> Selection:
    ladder = selection.ladder
    tier = next((name for name, one in policy.tiers.items() if one.model == model), None)
    return msgspec.structs.replace(
        selection,
        model=model,
        reason="conversation-stays",
        tier=tier if strategy == TIERS else None,
        escalated=False,
        above=ladder[ladder.index(model) + 1 :] if model in ladder else (),
    )


def _addressed(
    decision: Decision,
    above: tuple[str, ...],
    policy: RoutingPolicy,
    *,
    catalog: Catalog,
    state: State,
    draw: float,
) -> Decision:
    routed = decision.routed
    if not places(catalog, routed):
        raise unknown_model(catalog, policy, routed)
    models = [routed, *policy.fallbacks.get(routed, ()), *above]
    candidates, propensity = _candidates(models, catalog, state, draw)
    warm = _warm(candidates, decision, policy, state)
    if warm is not None:
        candidates, propensity = (warm, *(one for one in candidates if one != warm)), 1.0
    return msgspec.structs.replace(decision, candidates=candidates, propensity=propensity)


def _warm(
    candidates: tuple[Candidate, ...], decision: Decision, policy: RoutingPolicy, state: State
) -> Candidate | None:
    """The deployment that has the conversation in its prompt cache, unless it rests."""
    held = state.held
    if held is None or held.model != decision.routed or held.deployment in state.down:
        return None
    if not policy.sticky.enabled or not is_warm(held, policy.sticky, now=state.now):
        return None
    return next((one for one in candidates if (one.provider, one.model) == held.deployment), None)


def _candidates(
    models: Iterable[str], catalog: Catalog, state: State, draw: float
) -> tuple[tuple[Candidate, ...], float]:
    """The candidates in order, and the probability with which the first was drawn."""
    up: dict[DeploymentId, tuple[Candidate, float]] = {}
    resting: dict[DeploymentId, tuple[Candidate, float]] = {}
    for model in models:
        all_places = places(catalog, model)
        configured = catalog.models.get(model)
        by = "weighted" if configured is None else configured.balance
        for group, is_down in ((up, False), (resting, True)):
            balanced = balance(
                [p for p in all_places if ((p.provider, p.model) in state.down) == is_down],
                draw=draw,
                by=by,
                loads=state.loads,
            )
            for place in balanced.places:
                candidate = Candidate(place.provider, place.model, model)
                group.setdefault((place.provider, place.model), (candidate, balanced.propensity))
    ordered = [*up.values(), *resting.values()]
    return tuple(candidate for candidate, _ in ordered), ordered[0][1] if ordered else 1.0


def _explained(target: Target, selection: Selection, policy: RoutingPolicy, features: Features) -> Decision:
    return Decision(
        route=target.route,
        routed=selection.model,
        candidates=(),
        reason=selection.reason,
        strategy=target.strategy,
        tier=selection.tier,
        scores=selection.scores,
        confidence=selection.confidence,
        escalated=selection.escalated,
        alternatives=tuple(_alternatives(target, selection, policy)),
        estimates=selection.estimates,
        support=selection.support,
        task=selection.task,
        features=features,
    )


def _alternatives(target: Target, selection: Selection, policy: RoutingPolicy) -> Iterable[Alternative]:
    if target.strategy == TIERS:
        for name, tier in policy.tiers.items():
            if name != selection.tier:
                yield Alternative(tier.model, name, selection.scores.get(name))
        return
    estimated = [one.model for one in selection.estimates]
    for model in dict.fromkeys((*strategy_models(policy, target.strategy), *estimated)):
        if model != selection.model:
            yield Alternative(model, score=selection.scores.get(model))
