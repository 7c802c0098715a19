"""The policies that `evaluate-router` compares: how each is fitted, and between what its knobs choose.

| policy | what is fitted on train | what validation chooses |
|---|---|---|
| static_hull | the models' means | - |
| knn | outcomes of the closest prompts | how many of them |
| kmeans | means around k-means centers | how many centers |
| ridge | ridge regression on the embedding | one penalty |
| tasks | general heads on the embedding, Leiden tasks, task heads | coarseness of the tasks, prompt's share |
| default | ridge on embedding and words (see `ridge_fit`), and k-means tables | - |

`train-router` fits `default` by the same functions.  Where a prompt has little support its estimates fall back on
the models' means (`core/routing/router_model`).  All share the estimate of costs.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

import msgspec
import numpy as np

from sparingly.core.routing.estimators import (
    Blend,
    Estimator,
    Floats,
    Neighbors,
    Prompts,
    Tables,
    estimated,
)
from sparingly.core.routing.router_model import Costs, estimated_dollars
from sparingly.learning.router.area import (
    Picks,
    area,
    best_single,
    cheapest_single,
    point,
    single_points,
)
from sparingly.learning.router.k_means import centers_of
from sparingly.learning.router.outcome_table import OutcomeTable
from sparingly.learning.router.ridge_fit import EMBEDDING, fit_linear, fits
from sparingly.learning.router.task_fit import fit_tasks
from sparingly.learning.router.task_graph import communities

LEARNED: Final = ("knn", "kmeans", "ridge", "tasks", "default")

_NEIGHBORS = (10, 20, 50, 100)
_CENTERS = (8, 16, 32, 64)
_PENALTIES = (3.0, 10.0, 30.0, 100.0)
_RESOLUTIONS = (1.0, 4.0)
# See `ridge_fit`: most prompts' choice is the general heads' alone.
GENERAL_EXCESS: Final = 2.0
_ALPHAS = (0.5, 0.8, 0.95)
# About a hundred prompts a table's row; ten tables together are as smooth as their neighbors' mean.
_PROMPTS_A_CENTER = 100
_TABLES = 10
# More would cost time at every request, and rows of many prompts say what the shared estimate says.
_MOST_LOCAL_CENTERS = 40
# Chosen with the penalties' excess (1, 1.4, 2, 2.8) for the sum of the gaps closed on the validation parts of four
# tables, among 0.3, 0.5 and 0.7.  Choosing both on each table's own validation part was worse on the small
# ones: 340 prompts cannot tell them apart.
_LOCAL_SHARE = 0.3
# A center's mean counts as much as this many prompts of the whole table.
_TABLE_PRIOR = 10.0


class Known(msgspec.Struct, frozen=True, eq=False):
    """Prompts with their outcomes."""

    prompts: Prompts
    table: OutcomeTable

    @property
    def outcomes(self) -> Floats:
        """The scores, as estimators take them."""
        return self.table.scores.astype(np.float32)


class Chosen(msgspec.Struct, frozen=True, eq=False):
    """An estimator, and what validation chose for it."""

    estimator: Estimator
    knobs: dict[str, float]
    area: float


Candidates = Iterator[tuple[dict[str, float], Estimator]]


def constant(outcomes: Floats, dimensions: int) -> Estimator:
    """Every prompt's estimate is the mean: what one knows without looking at the prompt."""
    return Tables(np.zeros((1, 1, dimensions), dtype=np.float32), outcomes.mean(axis=0)[None, None, :])


def fitted(
    name: str, train: Known, validation: Known, costs: Costs, weights: list[float], *, seed: int
) -> Chosen:
    """Fit a policy on train with the knobs that have the most area on validation."""
    dollars = estimated_dollars(costs, validation.prompts)
    best: Chosen | None = None
    for knobs, estimator in _FITS[name](train, seed):
        quality = estimated(estimator, validation.prompts)
        found = area_of(quality, dollars, validation.table, weights)
        if best is None or found > best.area:
            best = Chosen(estimator, knobs, found)
    if best is None:
        raise ValueError(f"{name} has no candidates")
    return best


def picks_at(quality: Floats, dollars: Floats, weight: float) -> Picks:
    """What `core/routing/estimates.choose` takes at a cost weight, for many prompts."""
    return np.asarray((quality - weight * dollars.astype(np.float64)).argmax(axis=1), dtype=np.intp)


def area_of(quality: Floats, dollars: Floats, table: OutcomeTable, weights: list[float]) -> float:
    """The area of a policy's hull on some prompts."""
    singles = single_points(table.scores, table.costs)
    cheapest, best = singles[cheapest_single(singles)], singles[best_single(singles)]
    points = [point(table.scores, table.costs, picks_at(quality, dollars, weight)) for weight in weights]
    return area([*points, cheapest], low=cheapest.cost, high=best.cost)


def _neighbors(train: Known, _seed: int) -> Candidates:
    for count in _NEIGHBORS:
        yield {"neighbors": count}, Neighbors(train.prompts.vectors, train.outcomes, count)


def _table(train: Known, seed: int) -> Candidates:
    for count in _CENTERS:
        yield {"centers": count}, _tables_of(train, count, seeds=[seed])


def _tables_of(train: Known, count: int, *, seeds: Sequence[int]) -> Tables:
    """A table of k-means centers and the outcomes around them for each seed."""
    outcomes = train.outcomes
    mean = outcomes.mean(axis=0)
    centers = np.zeros((len(seeds), count, train.prompts.vectors.shape[1]), dtype=np.float32)
    rows = np.tile(mean, (len(seeds), count, 1))
    for number, seed in enumerate(seeds):
        found, owners = centers_of(train.prompts.vectors, count, seed=seed)
        sums = np.zeros((len(found), outcomes.shape[1]), dtype=np.float32)
        np.add.at(sums, owners, outcomes)
        sizes = np.bincount(owners, minlength=len(found))[:, None]
        # What k-means left empty repeats the last center, and never comes before it.
        kept = np.minimum(np.arange(count), len(found) - 1)
        centers[number] = found[kept]
        rows[number] = ((sums + _TABLE_PRIOR * mean) / (sizes + _TABLE_PRIOR))[kept]
    return Tables(centers, rows.astype(np.float32))


def _ridge(train: Known, _seed: int) -> Candidates:
    found = fits(train.prompts, train.outcomes, _PENALTIES, views=EMBEDDING, is_excess=False)
    for penalty, estimator in zip(_PENALTIES, found, strict=True):
        yield {"penalty": penalty}, estimator


def _tasks(train: Known, seed: int) -> Candidates:
    general = fit_linear(train.prompts, train.outcomes, views=EMBEDDING, excess=GENERAL_EXCESS)
    for resolution in _RESOLUTIONS:
        groups = communities(
            train.prompts.vectors, train.outcomes, kind="both", resolution=resolution, seed=seed
        )
        fit = partial(fit_tasks, general, train.prompts, train.outcomes, train.table.costs, groups)
        for alpha in _ALPHAS:
            yield {"resolution": resolution, "alpha": alpha, "tasks": len(groups)}, fit(alpha=alpha)


def _default(train: Known, seed: int) -> Candidates:
    yield {"local": _LOCAL_SHARE}, default_estimator(train, seed=seed)


def default_estimator(train: Known, *, seed: int) -> Blend:
    """The shipped policy: what all prompts tell together, and what those nearby tell."""
    shared = fit_linear(train.prompts, train.outcomes)
    return Blend((shared, _local(train, seed)), (1.0 - _LOCAL_SHARE, _LOCAL_SHARE))


def _local(train: Known, seed: int) -> Tables:
    """Some k-means tables from different starts: as smooth as many neighbors, and as quick as one table."""
    count = max(2, min(_MOST_LOCAL_CENTERS, len(train.table.ids) // _PROMPTS_A_CENTER))
    return _tables_of(train, count, seeds=range(seed * _TABLES, (seed + 1) * _TABLES))


_FITS: Final[dict[str, Callable[[Known, int], Candidates]]] = {
    "knn": _neighbors,
    "kmeans": _table,
    "ridge": _ridge,
    "tasks": _tasks,
    "default": _default,
}
