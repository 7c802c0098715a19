"""Settings held against single models and the oracle."""

import numpy as np
import pytest

from sparingly.learning.router.area import weights_for
from sparingly.learning.router.scores import Setting, constant, oracle_score, scored, yardstick
from tests.routing_tables import made_table

TRAIN, VALIDATION, TEST = (made_table(200, seed=seed)[0] for seed in (0, 1, 2))
BY = yardstick(TRAIN, VALIDATION, TEST, weights_for(TRAIN.costs))


def _right() -> Setting:
    """Sums to the model that counts, poems to the one that rhymes."""
    picks = np.array([1, 2] * 100)
    return Setting(picks, picks)


def test_the_hull_of_single_models_closes_nothing_and_the_oracle_everything() -> None:
    """The two ends of the scale."""
    hull = scored([constant(model, BY) for model in range(3)], BY)

    assert hull.gap_closed == pytest.approx(0.0)
    assert oracle_score(BY).gap_closed == pytest.approx(1.0)


def test_the_best_single_model_alone_saves_and_gains_nothing() -> None:
    """It is what the others are measured by."""
    alone = scored([constant(BY.best, BY)], BY)

    assert (alone.cost_save, alone.cost_save_quality_delta, alone.perf_gain) == pytest.approx((0, 0, 0))
    assert alone.gap_closed < 1e-9


def test_a_right_router_closes_most_of_the_gap_and_gains_quality() -> None:
    """With the cheapest model, which every policy may ask, as the other end of its hull."""
    right = scored([_right()], BY)

    assert 0.3 < right.gap_closed < 1.0
    assert right.perf_gain > 0.3
    assert right.corners[0] == BY.singles[BY.cheapest]


def test_the_setting_that_saves_is_chosen_on_validation() -> None:
    """One that looks better on test only, and one that looks worse on validation only, are not taken."""
    cheap = np.zeros(200, dtype=np.intp)
    lucky = Setting(cheap, _right().test)

    found = scored([_right(), lucky], BY)

    assert found.cost_save == pytest.approx(
        1 - TEST.costs[np.arange(200), _right().test].mean() / TEST.costs[:, BY.best].mean()
    )
    assert found.cost_save_quality_delta > 0.2


def test_the_stricter_area_leaves_out_settings_that_validation_would_not_take() -> None:
    """A setting that is on the hull of test only adds to the area, and nothing to the stricter one."""
    wrong, right = np.array([2, 1] * 100), _right().test

    lucky = scored([constant(BY.best, BY), Setting(wrong, right)], BY)
    alone = scored([constant(BY.best, BY)], BY)

    assert lucky.aiqr > alone.aiqr
    assert (lucky.aiqr_chosen, lucky.gap_closed_chosen) == (alone.aiqr_chosen, alone.gap_closed_chosen)
    assert scored([_right()], BY).aiqr_chosen == scored([_right()], BY).aiqr


def test_a_policy_without_a_setting_that_is_good_enough_saves_nothing() -> None:
    """It would have to ask the best single model."""
    assert scored([constant(0, BY)], BY).cost_save == 0.0


def test_the_oracle_saves_what_the_same_quality_needs_at_least() -> None:
    """The cheapest point of its hull that is as good as the best single model."""
    found = oracle_score(BY)

    assert found.cost_save > 0.5
    assert 0.0 <= found.cost_save_quality_delta < 0.01
