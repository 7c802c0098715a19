"""Fit every routing policy on splits of an outcome table and measure it.

What is timed is what serving does after the embedding: read the text, estimate, choose.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from sparingly.core.routing.estimates import CostWeight, choose
from sparingly.core.routing.estimators import Floats, Prompts, estimated
from sparingly.core.routing.prompt_terms import Terms, terms_of
from sparingly.core.routing.router_model import RouterModel, estimated_dollars, grounded, support
from sparingly.errors import StartupError
from sparingly.learning.router.area import Point, weights_for
from sparingly.learning.router.fit import fit_costs, fit_familiar
from sparingly.learning.router.outcome_table import OutcomeTable, rows_of
from sparingly.learning.router.policies import LEARNED, Known, fitted, picks_at
from sparingly.learning.router.scores import (
    Score,
    Setting,
    constant,
    oracle_score,
    scored,
    yardstick,
)
from sparingly.learning.router.split import split_rows

POLICIES: Final = ("best_single", "static_hull", *LEARNED, "oracle")
# Fewer leave test parts of which nothing can be said.
LEAST_PROMPTS: Final = 50
_TIMED_PROMPTS = 200

Tell = Callable[[str], None]


class Measured(msgspec.Struct, frozen=True):
    """A policy on one split: its score, what validation chose for it, and how long it takes to route."""

    score: Score
    knobs: dict[str, float] = {}
    route_us: list[float] = []


class SplitReport(msgspec.Struct, frozen=True):
    """All policies on one split; `singles` are the models' own points on test, `best` the best one on train."""

    policies: dict[str, Measured]
    singles: list[Point]
    best: int


def evaluate(table: OutcomeTable, vectors: Floats, *, seeds: Sequence[int], tell: Tell) -> list[SplitReport]:
    """Measure every policy on every split.

    Raises:
        StartupError: there are too few prompts to split.
    """
    if len(table.ids) < LEAST_PROMPTS:
        raise StartupError(
            f"the table has {len(table.ids)} prompts; at least {LEAST_PROMPTS} are needed to split it"
        )
    terms = [terms_of(prompt) for prompt in table.prompts]
    reports: list[SplitReport] = []
    for seed in seeds:
        reports.append(_on_split(table, vectors, terms, seed))
        gaps = {name: one.score.gap_closed for name, one in reports[-1].policies.items()}
        shown = ", ".join(f"{name} {gaps[name]:.1%}" for name in LEARNED)
        tell(f"split {len(reports)} of {len(seeds)}: of the gap closed: {shown}")
    return reports


def known(table: OutcomeTable, vectors: Floats, terms: Sequence[Terms], rows: Sequence[int]) -> Known:
    """Some of the prompts, with their outcomes."""
    return Known(Prompts(vectors[list(rows)], [terms[row] for row in rows]), rows_of(table, rows))


def _on_split(table: OutcomeTable, vectors: Floats, terms: Sequence[Terms], seed: int) -> SplitReport:
    split = split_rows(table.prompts, seed=seed)
    train, validation, test = (known(table, vectors, terms, rows.tolist()) for rows in split)
    weights = weights_for(train.table.costs)
    by = yardstick(train.table, validation.table, test.table, weights)
    costs = fit_costs(train.prompts, train.table)
    familiar = fit_familiar(train.prompts.vectors, seed=seed)
    # What is shipped falls back on what is usual where it has little support; the others are as they are known.
    grounds = {"default": msgspec.structs.replace(familiar, usual=train.outcomes.mean(axis=0))}
    found = {
        "best_single": Measured(scored([constant(by.best, by)], by)),
        "static_hull": Measured(scored([constant(model, by) for model in range(len(table.models))], by)),
    }
    for name in LEARNED:
        chosen = fitted(name, train, validation, costs, weights, seed=seed)
        router = RouterModel(
            embedder="",
            models=table.models,
            quality=chosen.estimator,
            costs=costs,
            familiar=grounds.get(name, familiar),
            cost_weight=weights[len(weights) // 2],
            least_support=0.0,
        )
        settings = _settings(router, validation, test, weights)
        found[name] = Measured(scored(settings, by), chosen.knobs, route_times(router, test))
    found["oracle"] = Measured(oracle_score(by))
    return SplitReport(found, by.singles, by.best)


def _settings(router: RouterModel, validation: Known, test: Known, weights: Sequence[float]) -> list[Setting]:
    parts = []
    for part in (validation, test):
        near = support(router.familiar, part.prompts.vectors)
        quality = grounded(router.familiar, estimated(router.quality, part.prompts), near)
        parts.append((quality, estimated_dollars(router.costs, part.prompts)))
    return [
        Setting(*(picks_at(quality, dollars, weight) for quality, dollars in parts)) for weight in weights
    ]


def route_times(router: RouterModel, test: Known) -> list[float]:
    """Microseconds from a prompt's vector and text to a choice, one by one."""
    times: list[float] = []
    for row in range(min(_TIMED_PROMPTS, len(test.table.ids))):
        begun = time.perf_counter()
        estimates = router.estimate(test.prompts.vectors[row], test.table.prompts[row])
        choose(estimates, CostWeight(router.cost_weight))
        times.append((time.perf_counter() - begun) * 1e6)
    return times
