"""Fitting and measuring every policy."""

import pytest

from sparingly.errors import StartupError
from sparingly.learning.router.evaluate_router import POLICIES, evaluate
from sparingly.learning.router.outcome_table import rows_of
from tests.routing_tables import made_table

TABLE, VECTORS = made_table(260)


@pytest.mark.slow
def test_every_policy_is_measured_on_every_split() -> None:
    """Where prompts tell all, the learned ones beat the hull of single models and stay below the oracle."""
    pytest.importorskip("leidenalg", reason="the train extra is not installed")
    told: list[str] = []

    splits = evaluate(TABLE, VECTORS, seeds=[0, 1], tell=told.append)

    assert len(splits) == len(told) == 2
    for split in splits:
        assert tuple(split.policies) == POLICIES
        for name in ("knn", "kmeans", "ridge", "tasks", "default"):
            assert 0.0 < split.policies[name].score.gap_closed < 1.0
            assert split.policies[name].route_us
            assert split.policies[name].knobs


@pytest.mark.slow
def test_the_same_seed_gives_the_same_figures() -> None:
    """Whoever runs it again can check it."""
    pytest.importorskip("leidenalg", reason="the train extra is not installed")

    first, again = (evaluate(TABLE, VECTORS, seeds=[3], tell=lambda _: None)[0] for _ in range(2))

    assert {name: one.score for name, one in first.policies.items()} == {
        name: one.score for name, one in again.policies.items()
    }


def test_a_table_that_is_too_small_to_split_is_refused() -> None:
    """Its test part would say nothing."""
    with pytest.raises(StartupError, match="has 20 prompts; at least 50"):
        evaluate(rows_of(TABLE, range(20)), VECTORS[:20], seeds=[0], tell=lambda _: None)
