"""Order the deployments of one model: by weight, or by how they are doing.

`weighted`: the first is drawn with probability weight / sum of weights, the next
among the rest in the same way, so the load of a dead deployment spreads by
weight too.  One draw in [0, 1) does for all: where it fell inside the drawn share
is again uniform, and draws the next.

The other ways rank first and draw by weight among equals:
 - `least_busy`: requests under way, as a share of the weight;
 - `lowest_latency`: seconds to the first byte of late; whoever is within a tenth of
   the best counts as equal, else all would run to whoever was lucky once.  One that
   has not been measured of late is tried by one request at a time;
 - `lowest_price`: what this request would cost; an unknown price comes last.

A weight of 0 is a reserve: tried after all others, in config order.
"""

from collections.abc import Mapping, Sequence
from math import inf

import msgspec

from sparingly.core.catalog import Place
from sparingly.core.health import DeploymentId
from sparingly.core.strategies import Balance

_AS_GOOD = 1.1


class Balanced(msgspec.Struct, frozen=True):
    """The order to try; `propensity` is the probability with which the first came first."""

    places: tuple[Place, ...]
    propensity: float


class Load(msgspec.Struct, frozen=True):
    """How a deployment is doing; None where nobody knows."""

    busy: int = 0
    latency_s: float | None = None
    cost_nano: int | None = None


IDLE = Load()


def balance(
    places: Sequence[Place],
    *,
    draw: float,
    by: Balance = "weighted",
    loads: Mapping[DeploymentId, Load] | None = None,
) -> Balanced:
    """Order `places` by rank, weight and draw."""
    reserves = [place for place in places if place.weight <= 0]
    ranked = _ranked([place for place in places if place.weight > 0], by, loads or {})
    ordered: list[Place] = []
    propensity = 1.0
    for rest in ranked:
        while rest:
            index, share, draw = _drawn(rest, draw)
            if not ordered:
                propensity = share
            ordered.append(rest.pop(index))
    return Balanced((*ordered, *reserves), propensity)


def _ranked(places: Sequence[Place], by: Balance, loads: Mapping[DeploymentId, Load]) -> list[list[Place]]:
    """Groups of equals, the best first."""
    if by == "weighted" or not places:
        return [list(places)]
    figures = [(_figure(place, by, loads), place) for place in places]
    if by == "lowest_latency":
        best = min(figure for figure, _ in figures)
        figures = [(best if figure <= best * _AS_GOOD else figure, place) for figure, place in figures]
    groups: dict[float, list[Place]] = {}
    for figure, place in figures:
        groups.setdefault(figure, []).append(place)
    return [groups[figure] for figure in sorted(groups)]


def _figure(place: Place, by: Balance, loads: Mapping[DeploymentId, Load]) -> float:
    load = loads.get((place.provider, place.model), IDLE)
    match by:
        case "least_busy":
            return load.busy / place.weight
        case "lowest_latency":
            if load.latency_s is None:
                return inf if load.busy else 0.0
            return load.latency_s
        case "lowest_price":
            return inf if load.cost_nano is None else float(load.cost_nano)
        case "weighted":
            return 0.0


def _drawn(places: Sequence[Place], draw: float) -> tuple[int, float, float]:
    """The index drawn, its share of the weight, and the draw's position inside that share."""
    total = sum(place.weight for place in places)
    index, below = 0, 0.0
    while index < len(places) - 1 and draw >= below + places[index].weight / total:
        below += places[index].weight / total
        index += 1
    share = places[index].weight / total
    inside = (draw - below) / share if share > 0 else 0.0
    # Rounding must not push it out of [0, 1).
    return index, share, min(max(inside, 0.0), 1.0 - 1e-12)
