"""Let a strategy of the config choose one of its models.

| strategy | chooses by |
|---|---|
| tiers | the classifier's tier, a tier up in doubt (see `tiers`) |
| a pair | strong from a score on: how much the request needs it |
| a best | price, latency or quality, within constraints |
| learned | estimates of quality and cost for this prompt (see `estimates`) |

Doubt never makes it cheaper: an unclassified request takes the strong model, one
with too little evidence near it the configured default.

`cost_weight` is quality (a share of 1) per dollar, and comes from outside, such
as from a budget: the more a dollar weighs, the cheaper the choice.  None leaves
the choice to the config.
"""

from collections.abc import Mapping
from itertools import pairwise
from math import inf

import msgspec

from sparingly.core.catalog import TIERS
from sparingly.core.policy import RoutingPolicy
from sparingly.core.pricing import to_usd
from sparingly.core.routing.estimates import Aim, CostWeight, Estimate, Estimates, Tolerance, choose
from sparingly.core.routing.tiers import DEFAULT_TIERS, Classified, choose_tier, tiers_above
from sparingly.core.strategies import Best, Learned, Pair, ScoreSource


class Quote(msgspec.Struct, frozen=True):
    """What this request would cost at a model and how long it would take to begin; None: unknown."""

    cost_nano: int | None = None
    latency_s: float | None = None


class Evidence(msgspec.Struct, frozen=True):
    """What is known of a request beyond its features; `quotes` are by model."""

    classified: Classified | None = None
    estimates: Estimates | None = None
    quotes: Mapping[str, Quote] = {}
    cost_weight: float | None = None


class Selection(msgspec.Struct, frozen=True):
    """The chosen model, why, and what was weighed.

    `ladder` are the strategy's models where it knows which is more capable, least
    first; `above` are tried when the chosen one fails.
    """

    model: str
    reason: str
    tier: str | None = None
    escalated: bool = False
    scores: dict[str, float] = {}
    confidence: float | None = None
    ladder: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    support: float | None = None
    task: str | None = None


def select(strategy: str, policy: RoutingPolicy, evidence: Evidence) -> Selection:
    """The strategy's choice; it must be one of the policy's."""
    if strategy == TIERS:
        return _by_tier(policy, evidence)
    if strategy in policy.pairs:
        return _of_pair(policy.pairs[strategy], policy, evidence)
    if strategy in policy.best:
        return _best(policy.best[strategy], policy, evidence)
    if policy.learned is None:
        raise ValueError(f"no strategy is called {strategy}")
    return _learned(policy.learned, evidence)


def score_source(pair: Pair, policy: RoutingPolicy, known: frozenset[str]) -> ScoreSource:
    """Who scores a pair; `known` are the models that the learned file estimates."""
    if pair.score is not None:
        return pair.score
    is_learned = policy.learned is not None and {pair.strong, pair.weak} <= known
    return "learned" if is_learned else "tiers"


def need_of_strong(classified: Classified, tiers: tuple[str, ...]) -> float:
    """How much a request needs the strong model, 0 to 1: the expected tier, the cheapest being 0."""
    last = len(tiers) - 1
    scores = classified.scores or {classified.tier: 1.0}
    return sum(score * tiers.index(name) / last for name, score in scores.items() if name in tiers)


def gain_of_strong(estimates: Estimates, pair: Pair) -> float | None:
    """How much better the strong model is estimated to be: 0.5 is as good, 1 is all; None where one is unknown."""
    quality = {one.model: one.quality for one in estimates.models}
    if pair.strong not in quality or pair.weak not in quality:
        return None
    return min(1.0, max(0.0, (1.0 + quality[pair.strong] - quality[pair.weak]) / 2))


def _by_tier(policy: RoutingPolicy, evidence: Evidence) -> Selection:
    classified = evidence.classified
    choice = choose_tier(policy, classified, discount=_discounts(policy, evidence))
    return Selection(
        policy.tiers[choice.tier].model,
        choice.reason,
        tier=choice.tier,
        escalated=choice.escalated,
        scores=classified.scores if classified is not None else {},
        confidence=classified.confidence if classified is not None else None,
        support=classified.support if classified is not None else None,
        ladder=tuple(tier.model for tier in policy.tiers.values()),
        above=tuple(policy.tiers[tier].model for tier in tiers_above(policy, choice.tier)),
    )


def _discounts(policy: RoutingPolicy, evidence: Evidence) -> dict[str, float]:
    """By how much a tier's bar falls, since the next one up costs more."""
    if not evidence.cost_weight:
        return {}
    names = tuple(policy.tiers)
    return {
        name: _extra(policy.tiers[above].model, policy.tiers[name].model, evidence)
        for name, above in pairwise(names)
    }


def _extra(strong: str, weak: str, evidence: Evidence) -> float:
    """What the stronger model costs more, as quality at the weight from outside; 0 where a price is unknown."""
    more, less = (evidence.quotes.get(name, Quote()).cost_nano for name in (strong, weak))
    if more is None or less is None or evidence.cost_weight is None:
        return 0.0
    return max(0.0, evidence.cost_weight * to_usd(more - less))


def _of_pair(pair: Pair, policy: RoutingPolicy, evidence: Evidence) -> Selection:
    chosen = Selection(pair.strong, "unclassified", escalated=True, ladder=(pair.weak, pair.strong))
    estimates = evidence.estimates
    known = frozenset(one.model for one in estimates.models) if estimates is not None else frozenset()
    score: float | None = None
    if score_source(pair, policy, known) == "learned":
        chosen = _weighed(chosen, estimates, "little-evidence")
        if estimates is not None and estimates.support >= _least_support(policy.learned):
            score = gain_of_strong(estimates, pair)
    elif evidence.classified is not None:
        tiers = tuple(policy.tiers) if len(policy.tiers) > 1 else DEFAULT_TIERS
        score = need_of_strong(evidence.classified, tiers)
        chosen = msgspec.structs.replace(chosen, confidence=evidence.classified.confidence)
    if score is None:
        return chosen
    bar = pair.threshold + _extra(pair.strong, pair.weak, evidence)
    is_strong = score >= bar
    return msgspec.structs.replace(
        chosen,
        model=pair.strong if is_strong else pair.weak,
        reason="needs-strong" if is_strong else "weak-will-do",
        escalated=False,
        above=() if is_strong else (pair.strong,),
        scores={"need": score, "threshold": bar},
    )


def _best(best: Best, policy: RoutingPolicy, evidence: Evidence) -> Selection:
    known = _known_of(best, evidence, _least_support(policy.learned))
    default = max(
        best.models, key=lambda name: (best.models[name].quality or 0.0, tuple(best.models).index(name))
    )
    if len(known) < len(best.models):
        # A model that nothing is known of can be neither chosen nor ruled out.
        return _weighed(Selection(default, "little-evidence"), evidence.estimates, None)
    allowed = [name for name in known if _is_allowed(best, name, evidence)]
    quality = {name: known[name] for name in allowed or known}
    top = max(quality, key=lambda name: quality[name])
    good = {
        name: value
        for name, value in quality.items()
        if value >= (1.0 - best.tolerance) * quality[top] - _extra(top, name, evidence)
    }
    rank: dict[str, tuple[float, float]] = {}
    for name, value in good.items():
        cost, latency_s = _cost(name, evidence), _latency(best, name, evidence)
        match best.by:
            case "price":
                rank[name] = (cost, -value)
            case "latency":
                rank[name] = (latency_s, cost)
            case "quality":
                rank[name] = (-value, cost)
    chosen = min(good, key=lambda name: rank[name])
    reason = f"best-{best.by}" if allowed else "constraints-unmet"
    return _weighed(Selection(chosen, reason, scores=dict(quality)), evidence.estimates, None)


def _known_of(best: Best, evidence: Evidence, least_support: float) -> dict[str, float]:
    """Each model's quality: what the config says, else the learned estimate where there is evidence for it."""
    estimated: dict[str, float] = {}
    if evidence.estimates is not None and evidence.estimates.support >= least_support:
        estimated = {one.model: one.quality for one in evidence.estimates.models}
    found = {
        name: one.quality if one.quality is not None else estimated.get(name)
        for name, one in best.models.items()
    }
    return {name: quality for name, quality in found.items() if quality is not None}


def _is_allowed(best: Best, name: str, evidence: Evidence) -> bool:
    # A latency that nobody has measured is not held against a model; a price that nobody knows is.
    if best.max_cost_usd is not None and _cost(name, evidence) > best.max_cost_usd * 1e9:
        return False
    latency_s = _latency(best, name, evidence)
    return best.max_latency_s is None or latency_s == inf or latency_s <= best.max_latency_s


def _cost(name: str, evidence: Evidence) -> float:
    cost_nano = evidence.quotes.get(name, Quote()).cost_nano
    return inf if cost_nano is None else float(cost_nano)


def _latency(best: Best, name: str, evidence: Evidence) -> float:
    measured = evidence.quotes.get(name, Quote()).latency_s
    latency_s = measured if measured is not None else best.models[name].latency_s
    return inf if latency_s is None else latency_s


def _learned(learned: Learned, evidence: Evidence) -> Selection:
    estimates = evidence.estimates
    if estimates is None:
        return Selection(learned.default, "no-estimate", escalated=True)
    choice = choose(estimates, aim_of(learned, evidence.cost_weight), least_support=_least_support(learned))
    selection = Selection(choice.model or learned.default, choice.reason, scores=choice.scores)
    return _weighed(selection, estimates, None)


def aim_of(learned: Learned, cost_weight: float | None) -> Aim:
    """What estimates are weighed by; a weight from outside comes before the config's."""
    if cost_weight is not None:
        return CostWeight(cost_weight)
    if learned.tolerance is not None:
        return Tolerance(learned.tolerance)
    return CostWeight(learned.cost_weight or 0.0)


def _least_support(learned: Learned | None) -> float:
    return 0.0 if learned is None else learned.least_support or 0.0


def _weighed(selection: Selection, estimates: Estimates | None, reason: str | None) -> Selection:
    if estimates is None:
        return selection
    return msgspec.structs.replace(
        selection,
        reason=reason or selection.reason,
        estimates=estimates.models,
        support=estimates.support,
        task=estimates.task,
    )
