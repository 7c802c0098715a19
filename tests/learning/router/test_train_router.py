"""Fitting the router that is shipped."""

import pytest

from sparingly.core.routing.estimates import CostWeight, choose
from sparingly.errors import StartupError
from sparingly.learning.router.outcome_table import rows_of
from sparingly.learning.router.train_router import train_router
from tests.routing_tables import MODELS, made_table

TABLE, VECTORS = made_table(300)


@pytest.mark.slow
def test_the_fitted_router_sends_prompts_where_they_are_answered_best() -> None:
    """At its own operating point, on new prompts."""
    fitted = train_router(TABLE, VECTORS, embedder="e", seed=0)
    fresh, vectors = made_table(40, seed=9)
    router = fitted.router

    chosen = [
        choose(router.estimate(vectors[row], fresh.prompts[row]), CostWeight(0.0)).model for row in range(40)
    ]

    assert router.models == MODELS
    assert (router.embedder, router.least_support) == ("e", 0.01)
    assert [name == ("rhymes" if row % 2 else "counts") for row, name in enumerate(chosen)].count(True) >= 38


@pytest.mark.slow
def test_its_operating_point_is_no_worse_than_the_best_single_model() -> None:
    """On the prompts that were kept back; the summary says so."""
    fitted = train_router(TABLE, VECTORS, embedder="e", seed=0)

    assert fitted.quality >= fitted.best_quality
    assert fitted.router.cost_weight > 0.0
    assert f"always {fitted.best_model}" in fitted.summary()


def test_too_few_prompts_are_refused() -> None:
    """There would be nothing to choose the knobs on."""
    with pytest.raises(StartupError, match="has 10 prompts"):
        train_router(rows_of(TABLE, range(10)), VECTORS[:10], embedder="e", seed=0)
