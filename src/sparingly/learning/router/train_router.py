"""Fit the router that is shipped: the `default` policy, on all prompts of a table.

A part of the prompts is kept back to choose the operating point, the cheapest cost
weight at which the kept part is answered no worse than by the best single model.  Then
everything is fitted again on all prompts.

Evidence: the bar of support is the share of the table's own prompts that would be
declined.
"""

from typing import Final

import msgspec

from sparingly.core.routing.estimators import Floats, estimated
from sparingly.core.routing.prompt_terms import terms_of
from sparingly.core.routing.router_model import RouterModel, estimated_dollars, grounded, support
from sparingly.errors import StartupError
from sparingly.learning.router.area import best_single, point, single_points, weights_for
from sparingly.learning.router.evaluate_router import LEAST_PROMPTS, known
from sparingly.learning.router.fit import fit_costs, fit_familiar
from sparingly.learning.router.outcome_table import OutcomeTable
from sparingly.learning.router.policies import Known, default_estimator, fitted, picks_at
from sparingly.learning.router.split import split_rows

# One prompt in a hundred like those it was fitted on is declined; prompts from elsewhere are most of the rest.
LEAST_SUPPORT: Final = 0.01
_POLICY = "default"


class Fitted(msgspec.Struct, frozen=True, eq=False):
    """The router, and what its operating point did on the prompts that were kept back."""

    router: RouterModel
    quality: float
    cost_usd: float
    best_model: str
    best_quality: float
    best_cost_usd: float

    def summary(self) -> str:
        """One line for people."""
        return (
            f"on prompts kept back: quality {self.quality:.3f} for ${self.cost_usd:.6f} a prompt; "
            f"always {self.best_model}: {self.best_quality:.3f} for ${self.best_cost_usd:.6f}"
        )


def train_router(table: OutcomeTable, vectors: Floats, *, embedder: str, seed: int) -> Fitted:
    """Fit a router on a table.

    Raises:
        StartupError: there are too few prompts.
    """
    if len(table.ids) < LEAST_PROMPTS:
        raise StartupError(f"the table has {len(table.ids)} prompts; at least {LEAST_PROMPTS} are needed")
    terms = [terms_of(prompt) for prompt in table.prompts]
    split = split_rows(table.prompts, seed=seed)
    train = known(table, vectors, terms, [*split.train.tolist(), *split.test.tolist()])
    kept = known(table, vectors, terms, split.validation.tolist())
    weights = weights_for(table.costs)
    costs = fit_costs(train.prompts, train.table)
    chosen = fitted(_POLICY, train, kept, costs, weights, seed=seed)
    familiar = fit_familiar(train.prompts.vectors, seed=seed, usual=train.outcomes.mean(axis=0))
    quality = grounded(
        familiar, estimated(chosen.estimator, kept.prompts), support(familiar, kept.prompts.vectors)
    )
    dollars = estimated_dollars(costs, kept.prompts)
    weight = operating_point(quality, dollars, kept, weights)
    everything = known(table, vectors, terms, range(len(table.ids)))
    router = RouterModel(
        embedder=embedder,
        models=table.models,
        quality=default_estimator(everything, seed=seed),
        costs=fit_costs(everything.prompts, table),
        familiar=fit_familiar(vectors, seed=seed, usual=everything.outcomes.mean(axis=0)),
        cost_weight=weight,
        least_support=LEAST_SUPPORT,
    )
    at = point(kept.table.scores, kept.table.costs, picks_at(quality, dollars, weight))
    singles = single_points(kept.table.scores, kept.table.costs)
    best = best_single(single_points(train.table.scores, train.table.costs))
    return Fitted(
        router=router,
        quality=at.quality,
        cost_usd=at.cost,
        best_model=table.models[best],
        best_quality=singles[best].quality,
        best_cost_usd=singles[best].cost,
    )


def operating_point(quality: Floats, dollars: Floats, kept: Known, weights: list[float]) -> float:
    """The cost weight of the cheapest setting not worse than the best single model; 0 where there is none."""
    points = [
        point(kept.table.scores, kept.table.costs, picks_at(quality, dollars, weight)) for weight in weights
    ]
    wanted = max(one.quality for one in single_points(kept.table.scores, kept.table.costs))
    enough = [at for at, one in enumerate(points) if one.quality >= wanted]
    return weights[min(enough, key=lambda at: points[at].cost)] if enough else 0.0
