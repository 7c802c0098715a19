"""Fit the parts of a router that surround its quality estimator: costs and familiarity.

Costs are fitted as logarithms, since a long answer costs every model a multiple, and
then made right on average for each model: a cost weight multiplies their sum.
"""

from typing import Final

import numpy as np

from sparingly.core.routing.estimators import Floats, Prompts, linear
from sparingly.core.routing.router_model import Costs, Familiar
from sparingly.learning.router.k_means import centers_of
from sparingly.learning.router.outcome_table import OutcomeTable
from sparingly.learning.router.ridge_fit import View, fit_linear

# Sizes tell costs better than quality: they count for more here.
_COST_VIEWS: Final = (View(1.0, 0.0, 0.3),)
# A free model's logarithm; a nano-dollar is the smallest amount that is ever counted.
_LEAST_USD = 1e-9
_CENTERS = 256
# Fewer prompts than this around a center say more about themselves than about what is near.
_PROMPTS_A_CENTER = 12


def fit_costs(prompts: Prompts, table: OutcomeTable) -> Costs:
    """Fit what answers cost, in dollars."""
    dollars = np.maximum(table.costs, _LEAST_USD)
    logarithms = fit_linear(prompts, np.log(dollars).astype(np.float32), views=_COST_VIEWS)
    found = np.exp(linear(logarithms, prompts).astype(np.float64))
    return Costs(
        logarithms=logarithms,
        factors=(table.costs.mean(axis=0) / found.mean(axis=0)).astype(np.float32),
        least=table.costs.min(axis=0).astype(np.float32),
        most=table.costs.max(axis=0).astype(np.float32),
    )


def fit_familiar(vectors: Floats, *, seed: int, usual: Floats | None = None) -> Familiar:
    """Fit how close the prompts come to the centers they form, each without its own share.

    `usual` are the outcomes that estimates fall back on; None: they stand as they are.
    """
    count = max(1, min(_CENTERS, len(vectors) // _PROMPTS_A_CENTER))
    centers, owners = centers_of(vectors, count, seed=seed)
    sums = np.zeros_like(centers)
    np.add.at(sums, owners, vectors)
    without = sums[owners] - vectors
    lengths = np.linalg.norm(without, axis=1, keepdims=True)
    own = np.einsum("ij,ij->i", vectors, without / np.maximum(lengths, np.float32(1e-9)))
    others = vectors @ centers.T
    others[np.arange(len(vectors)), owners] = -1.0
    closest = np.maximum(own, others.max(axis=1))
    return Familiar(centers, np.sort(closest).astype(np.float32), usual)
