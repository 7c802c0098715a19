"""Costs and familiarity."""

import numpy as np

from sparingly.core.routing.router_model import estimated_dollars, support
from sparingly.learning.router.fit import fit_costs, fit_familiar
from tests.routing_tables import made_known

KNOWN = made_known(240)


def test_estimated_costs_have_the_mean_of_the_true_ones() -> None:
    """A cost weight multiplies their sum, so on average they must be right."""
    costs = fit_costs(KNOWN.prompts, KNOWN.table)

    found = estimated_dollars(costs, KNOWN.prompts)

    np.testing.assert_allclose(found.mean(axis=0), KNOWN.table.costs.mean(axis=0), rtol=0.02)


def test_the_known_prompts_are_as_familiar_as_new_ones_like_them() -> None:
    """A prompt's own share in its center is taken out, or new prompts would all look strange."""
    familiar = fit_familiar(KNOWN.prompts.vectors, seed=0)
    fresh = made_known(240, seed=1)

    found = support(familiar, fresh.prompts.vectors)

    assert 0.35 < float(found.mean()) < 0.65
    assert (familiar.similarities[1:] >= familiar.similarities[:-1]).all()
