"""Fitting trees and bringing them into plain arrays."""

import numpy as np
import pytest

from sparingly.core.evidence.pairing import NAMES
from sparingly.learning.judge.fit import DIRECTIONS, fitted_odds, fitted_trees
from sparingly.learning.judge.rows import Part

ensemble = pytest.importorskip(
    "sklearn.ensemble", reason="scikit-learn fits the judge; the extra `train` has it"
)

# Fitting takes seconds of a core, and the core may be shared.
pytestmark = pytest.mark.timeout(120)


def part(rows: int = 600) -> Part:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(rows, len(NAMES))).astype(np.float32)
    # Ties and repeated values, as evidence has them.
    table[:, 3] = np.round(table[:, 3])
    same = table[:, 0] + table[:, 3] + rng.normal(size=rows) * 0.3 > 0
    return Part(table, same, np.ones(rows), ("t",) * rows)


@pytest.mark.slow
def test_the_exported_trees_say_what_the_library_says() -> None:
    """To the last digit that single precision holds."""
    data = part()
    model = ensemble.HistGradientBoostingClassifier(
        max_iter=8, learning_rate=0.05, max_leaf_nodes=15, max_depth=7, l2_regularization=5.0,
        min_samples_leaf=40, max_features=0.3, monotonic_cst=DIRECTIONS, early_stopping=False, random_state=1,
    ).fit(data.rows, data.same, sample_weight=data.weights)  # fmt: skip

    trees = fitted_trees(data, seed=1, trees=8, leaves=15)

    assert np.allclose(trees.sums(data.rows), model.decision_function(data.rows), atol=1e-5)


def test_a_column_that_speaks_one_way_only_is_held_to_it() -> None:
    """More likeness never makes a match less likely; with labels that say the opposite, it says nothing."""
    data = part()
    turned = Part(data.rows, ~data.same, data.weights, data.tags)
    rows = np.repeat(data.rows[:1], 50, axis=0)
    rows[:, NAMES.index("similarity")] = np.linspace(-3, 3, 50)

    for fitted in (data, turned):
        sums = fitted_trees(fitted, seed=0, trees=8).sums(rows)

        assert np.all(np.diff(sums) >= 0)


@pytest.mark.slow
def test_odds_become_honest_on_rows_that_were_not_fitted_on() -> None:
    """The mean probability is the share of right ones."""
    trees = fitted_trees(part(), seed=0, trees=8)
    held = part(900)
    rows, same = held.rows[600:], held.same[600:]

    slope, shift = fitted_odds(trees, rows, same)
    chances = 1 / (1 + np.exp(-(slope * trees.sums(rows) + shift)))

    assert slope > 0
    assert chances.mean() == pytest.approx(same.mean(), abs=0.01)
