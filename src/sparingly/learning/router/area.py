"""Score a router on prompts whose outcomes are known: cost against quality.

A setting of a policy is a point: mean cost and mean score of what it chooses.
Settings can be mixed by lot, so a policy is as good as the hull above its points.
`area` is what a policy is worth over all budgets: the area under the
non-decreasing concave hull from the cheapest model's cost to the best
single model's, divided by that range.

Every policy may also ask the cheapest model whatever the prompt, so that point
belongs to every hull.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Picks: TypeAlias = npt.NDArray[np.intp]


class Point(msgspec.Struct, frozen=True, order=True):
    """Mean cost in dollars and mean score."""

    cost: float
    quality: float


def point(scores: Floats, costs: Floats, picks: Picks) -> Point:
    """Where a choice of one model a prompt lies."""
    rows = np.arange(len(picks))
    return Point(float(costs[rows, picks].mean()), float(scores[rows, picks].mean()))


def single_points(scores: Floats, costs: Floats) -> list[Point]:
    """The models on their own, in the order of the columns."""
    pairs = zip(costs.mean(axis=0), scores.mean(axis=0), strict=True)
    return [Point(float(cost), float(quality)) for cost, quality in pairs]


def best_single(points: Sequence[Point]) -> int:
    """The model with the most quality, the cheaper one of two."""
    return max(range(len(points)), key=lambda at: (points[at].quality, -points[at].cost))


def cheapest_single(points: Sequence[Point]) -> int:
    """The model with the least cost, the better one of two."""
    return min(range(len(points)), key=lambda at: (points[at].cost, -points[at].quality))


def hull(points: Iterable[Point]) -> list[Point]:
    """The corners of the non-decreasing concave hull, cheapest first."""
    corners: list[Point] = []
    for one in sorted(points, key=lambda one: (one.cost, -one.quality)):
        if corners and one.quality <= corners[-1].quality:
            continue
        while len(corners) > 1 and _slope(corners[-2], corners[-1]) <= _slope(corners[-1], one):
            corners.pop()
        # A cheaper corner of the same cost was sorted first, so slopes are finite.
        corners.append(one)
    return corners


def area(points: Iterable[Point], *, low: float, high: float) -> float:
    """The mean height of the hull over costs from `low` to `high`; below its first corner it is 0."""
    corners = hull(points)
    if high <= low:
        return height(corners, high)
    costs = [low, *(one.cost for one in corners if low < one.cost < high), high]
    heights = [height(corners, cost) for cost in costs]
    return float(np.trapezoid(heights, costs)) / (high - low)


def height(corners: Sequence[Point], cost: float) -> float:
    """The hull's quality at a cost."""
    if not corners or cost < corners[0].cost:
        return 0.0
    return float(np.interp(cost, [one.cost for one in corners], [one.quality for one in corners]))


def oracle_points(scores: Floats, costs: Floats, weights: Sequence[float]) -> list[Point]:
    """What knowing every outcome beforehand would reach, at each price of quality."""
    return [point(scores, costs, (scores - weight * costs).argmax(axis=1)) for weight in weights]


def weights_for(costs: Floats, *, count: int = 60) -> list[float]:
    """Cost weights (quality per dollar) from 0 to where only cost counts, evenly in their logarithm.

    The largest makes the smallest difference between two models' mean costs outweigh any quality.
    """
    means = np.unique(costs.mean(axis=0))
    span = float(means[-1] - means[0])
    least = float(np.diff(means).min()) if len(means) > 1 else 0.0
    if span <= 0.0:
        return [0.0]
    low, high = 1e-3 / span, 2.0 / max(least, span * 1e-4)
    return [0.0, *np.geomspace(low, high, count - 1).tolist()]


def _slope(one: Point, other: Point) -> float:
    return (other.quality - one.quality) / (other.cost - one.cost)
