"""Score a policy's settings on one split: what they are worth on test, and the one that validation picks.

A policy's test points are those of all its settings, as are those of the single
models.  The setting that someone would run is chosen on validation: for `cost_save`
the cheapest whose validation quality is not worse than the best single model's; for
`perf_gain` the one with the most validation quality.

`gap_closed` is the share of the way from the hull of single models to knowing every outcome.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from sparingly.learning.router.area import (
    Picks,
    Point,
    area,
    best_single,
    cheapest_single,
    height,
    hull,
    oracle_points,
    point,
    single_points,
)
from sparingly.learning.router.outcome_table import OutcomeTable


class Setting(msgspec.Struct, frozen=True, eq=False):
    """What a policy chooses at one setting of its knob."""

    validation: Picks
    test: Picks


class Score(msgspec.Struct, frozen=True):
    """A policy on one split's test part.

    `..._chosen` is the stricter area, of those
    settings only that are corners of the hull on validation: which settings make a good hull is then
    not read off the part it is measured on.
    """

    aiqr: float
    gap_closed: float
    perf_gain: float
    cost_save: float
    cost_save_quality_delta: float
    corners: list[Point]
    aiqr_chosen: float
    gap_closed_chosen: float


class Yardstick(msgspec.Struct, frozen=True, eq=False):
    """The parts that policies are held against, and what knowing everything would reach.

    `cheapest` and `best` are the single models that the train part shows to be so.
    """

    validation: OutcomeTable
    test: OutcomeTable
    cheapest: int
    best: int
    singles: list[Point]
    ideal: list[Point]
    floor: float
    """Area of the hull of single models."""
    ceiling: float
    """Area of the oracle's hull."""


def yardstick(
    train: OutcomeTable, validation: OutcomeTable, test: OutcomeTable, weights: Sequence[float]
) -> Yardstick:
    """Measure the single models and the oracle."""
    known = single_points(train.scores, train.costs)
    cheapest, best = cheapest_single(known), best_single(known)
    singles = single_points(test.scores, test.costs)
    ideal = hull([*oracle_points(test.scores, test.costs, weights), singles[cheapest]])
    low, high = singles[cheapest].cost, singles[best].cost
    return Yardstick(
        validation=validation,
        test=test,
        cheapest=cheapest,
        best=best,
        singles=singles,
        ideal=ideal,
        floor=area(singles, low=low, high=high),
        ceiling=area(ideal, low=low, high=high),
    )


def scored(settings: Sequence[Setting], by: Yardstick) -> Score:
    """Score a policy; one without any saving setting saves nothing."""
    test = [point(by.test.scores, by.test.costs, one.test) for one in settings]
    validation = [point(by.validation.scores, by.validation.costs, one.validation) for one in settings]
    wanted = float(by.validation.scores[:, by.best].mean())
    enough = [at for at, one in enumerate(validation) if one.quality >= wanted]
    single = by.singles[by.best]
    saving = test[min(enough, key=lambda at: validation[at])] if enough else single
    best = test[max(range(len(test)), key=lambda at: (validation[at].quality, -validation[at].cost))]
    cheapest = single_points(by.validation.scores, by.validation.costs)[by.cheapest]
    corners = set(hull([*validation, cheapest]))
    chosen = [one for one, before in zip(test, validation, strict=True) if before in corners]
    return _score(test, chosen, saving, best, by)


def oracle_score(by: Yardstick) -> Score:
    """Knowing every outcome; its cheapest way to the best single model's quality is its saving."""
    single = by.singles[by.best]
    costs = np.linspace(by.ideal[0].cost, by.ideal[-1].cost, 1_000)
    enough = [Point(float(cost), height(by.ideal, float(cost))) for cost in costs]
    saving = next((one for one in enough if one.quality >= single.quality), by.ideal[-1])
    return _score(by.ideal, by.ideal, saving, by.ideal[-1], by)


def constant(model: int, by: Yardstick) -> Setting:
    """Always one model."""
    return Setting(
        np.full(len(by.validation.ids), model, dtype=np.intp), np.full(len(by.test.ids), model, dtype=np.intp)
    )


def _score(
    points: Sequence[Point], chosen: Sequence[Point], saving: Point, best: Point, by: Yardstick
) -> Score:
    low, single = by.singles[by.cheapest], by.singles[by.best]
    # Every policy may ask the cheapest model whatever the prompt.
    corners = hull([*points, low])
    found = area(corners, low=low.cost, high=single.cost)
    strict = area([*chosen, low], low=low.cost, high=single.cost)
    room = by.ceiling - by.floor
    return Score(
        aiqr=found,
        gap_closed=(found - by.floor) / room if room > 0 else 0.0,
        perf_gain=best.quality / single.quality - 1.0 if single.quality > 0 else 0.0,
        cost_save=1.0 - saving.cost / single.cost if single.cost > 0 else 0.0,
        cost_save_quality_delta=saving.quality - single.quality,
        corners=corners,
        aiqr_chosen=strict,
        gap_closed_chosen=(strict - by.floor) / room if room > 0 else 0.0,
    )
