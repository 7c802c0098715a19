"""Say in plain words how models are chosen: conditions, pairs, constraints, estimates, conversations."""

from collections.abc import Iterator

from sparingly.core.policy import RoutingPolicy
from sparingly.core.strategies import Best, Bounds, Learned, RouteMatch, Sticky


def condition_words(match: RouteMatch) -> str:
    """What a route's conditions ask for."""
    return " and ".join(_conditions(match)) or "everything"


def strategy_words(routing: RoutingPolicy) -> list[str]:
    """A line for each strategy, and one for what conversations do."""
    lines = []
    for name, pair in routing.pairs.items():
        by = "the learned estimates or else the classifier" if pair.score is None else pair.score
        lines.append(f"{name}: {pair.strong} from a score of {pair.threshold:g} by {by}, else {pair.weak}")
    lines += [_best(name, best) for name, best in routing.best.items()]
    if routing.learned is not None:
        lines.append(_learned(routing.learned))
    if lines or routing.tiers:
        lines.append(_sticky(routing.sticky))
    return lines


def _conditions(match: RouteMatch) -> Iterator[str]:
    for field, pattern in (("model", match.model), ("tenant", match.tenant), ("path", match.path)):
        if pattern is not None:
            yield f"{field} {pattern}"
    if match.traffic is not None:
        yield f"{match.traffic.replace('_', ' ')} traffic"
    for name, bounds in match.features.items():
        yield _bounded(name, bounds)
    for name, pattern in match.headers.items():
        yield f"header {name}: {pattern}"
    for name, pattern in match.metadata.items():
        yield f"metadata {name}: {pattern}"


def _bounded(name: str, bounds: Bounds) -> str:
    ends = ((" from", bounds.least), (" to", bounds.most))
    return name + "".join(f"{word} {end:g}" for word, end in ends if end is not None)


def _best(name: str, best: Best) -> str:
    what = {"price": "cheapest", "latency": "fastest", "quality": "best"}[best.by]
    words = (
        f"{name}: the {what} of {', '.join(best.models)} with {1 - best.tolerance:.0%} of the best quality"
    )
    if best.max_latency_s is not None:
        words += f", first byte within {best.max_latency_s:g} s"
    if best.max_cost_usd is not None:
        words += f", up to ${best.max_cost_usd:g} a request"
    return words


def _learned(learned: Learned) -> str:
    aim = "quality alone" if learned.cost_weight is None else f"quality less {learned.cost_weight:g} a dollar"
    if learned.tolerance is not None:
        aim = f"the lowest price with {1 - learned.tolerance:.0%} of the best quality"
    return f"learned: {aim}, estimated by {learned.file}; with too little evidence {learned.default}"


def _sticky(sticky: Sticky) -> str:
    if not sticky.enabled:
        return "conversations are routed anew at every turn"
    turns = "all their turns" if sticky.memory > 0.0 else "each turn alone"
    return (
        f"conversations are estimated by {turns}, go up at once, and down when that saves "
        f"{sticky.margin:g} times what the lost prompt cache costs"
    )
