"""The policies that are compared."""

import numpy as np
import pytest

from sparingly.core.pricing import NanoDollars
from sparingly.core.routing.estimates import CostWeight, Estimate, Estimates, choose
from sparingly.core.routing.estimators import estimated
from sparingly.core.routing.router_model import estimated_dollars
from sparingly.learning.router.area import weights_for
from sparingly.learning.router.fit import fit_costs
from sparingly.learning.router.policies import (
    LEARNED,
    area_of,
    constant,
    default_estimator,
    fitted,
    picks_at,
)
from tests.routing_tables import made_known

TRAIN, VALIDATION, TEST = made_known(300), made_known(150, seed=1), made_known(150, seed=2)
COSTS = fit_costs(TRAIN.prompts, TRAIN.table)
WEIGHTS = weights_for(TRAIN.table.costs)


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNED)
def test_every_policy_finds_who_is_good_at_what(name: str) -> None:
    """On prompts it has not seen, far above what the means of the models allow."""
    if name == "tasks":
        pytest.importorskip("leidenalg", reason="the train extra is not installed")
    dollars = estimated_dollars(COSTS, TEST.prompts)
    static = estimated(constant(TRAIN.outcomes, TEST.prompts.vectors.shape[1]), TEST.prompts)

    chosen = fitted(name, TRAIN, VALIDATION, COSTS, WEIGHTS, seed=0)
    found = estimated(chosen.estimator, TEST.prompts)

    assert (found[::2, :].argmax(axis=1) == 1).mean() > 0.95
    assert area_of(found, dollars, TEST.table, WEIGHTS) > area_of(static, dollars, TEST.table, WEIGHTS) + 0.1
    assert chosen.knobs


def test_a_constant_knows_only_the_means() -> None:
    """Whatever the prompt."""
    found = estimated(constant(TRAIN.outcomes, TEST.prompts.vectors.shape[1]), TEST.prompts)

    np.testing.assert_allclose(found, np.tile(TRAIN.outcomes.mean(axis=0), (len(found), 1)))


def test_many_choices_at_once_are_those_that_serving_makes_one_by_one() -> None:
    """What is measured is what is served."""
    estimator = fitted("ridge", TRAIN, VALIDATION, COSTS, WEIGHTS, seed=0).estimator
    quality = estimated(estimator, TEST.prompts)
    dollars = estimated_dollars(COSTS, TEST.prompts)
    for weight in (0.0, 100.0, 500.0, 1e6):
        together = picks_at(quality, dollars, weight)
        for row in range(20):
            models = zip(TRAIN.table.models, quality[row].tolist(), dollars[row].tolist(), strict=True)
            one = choose(
                Estimates(
                    tuple(Estimate(name, q, NanoDollars(round(c * 1e9))) for name, q, c in models), 1.0
                ),
                CostWeight(weight),
            )
            assert one.model == TRAIN.table.models[together[row]]


@pytest.mark.slow
def test_the_shipped_policy_is_the_one_that_is_measured() -> None:
    """`train-router` fits what `evaluate-router` calls default."""
    chosen = fitted("default", TRAIN, VALIDATION, COSTS, WEIGHTS, seed=0)

    again = default_estimator(TRAIN, seed=0)

    np.testing.assert_allclose(
        estimated(again, TEST.prompts), estimated(chosen.estimator, TEST.prompts), rtol=1e-5
    )
