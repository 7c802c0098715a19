"""Order the deployments of one model by a weighted draw.

The first is drawn with probability weight / sum of weights, the next among the
rest in the same way, so the load of a dead deployment spreads by weight too.
One draw in [0, 1) does for all: where it fell inside the drawn share is again
uniform, and draws the next.

A weight of 0 is a reserve: never drawn, tried after all others, in config order.
"""

from collections.abc import Sequence

import msgspec

from sparingly.core.catalog import Place


class Balanced(msgspec.Struct, frozen=True):
    """The order to try; `propensity` is the probability with which the first came first."""

    places: tuple[Place, ...]
    propensity: float


def balance(places: Sequence[Place], *, draw: float) -> Balanced:
    """Order `places` by weight and draw."""
    reserves = [place for place in places if place.weight <= 0]
    rest = [place for place in places if place.weight > 0]
    ordered: list[Place] = []
    propensity = 1.0
    while rest:
        index, share, draw = _drawn(rest, draw)
        if not ordered:
            propensity = share
        ordered.append(rest.pop(index))
    return Balanced((*ordered, *reserves), propensity)


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
