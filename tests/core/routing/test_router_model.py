"""The fitted router."""

import msgspec
import numpy as np
import pytest

from sparingly.core.routing.estimators import Blend
from sparingly.core.routing.router_model import RouterModel, estimated_dollars, grounded, support
from sparingly.learning.router.area import weights_for
from sparingly.learning.router.fit import fit_costs, fit_familiar
from sparingly.learning.router.policies import fitted
from tests.routing_tables import COSTS, MODELS, made_known

KNOWN = made_known(300)
FRESH = made_known(100, seed=1)


def _router(policy: str = "tasks") -> RouterModel:
    costs = fit_costs(KNOWN.prompts, KNOWN.table)
    chosen = fitted(policy, KNOWN, FRESH, costs, weights_for(KNOWN.table.costs), seed=0)
    return RouterModel(
        embedder="e",
        models=MODELS,
        quality=chosen.estimator,
        costs=costs,
        familiar=fit_familiar(KNOWN.prompts.vectors, seed=0),
        cost_weight=1.0,
        least_support=0.01,
    )


def test_every_model_is_estimated_within_what_can_be() -> None:
    """Quality from 0 to 1, cost in nano-dollars near what was seen."""
    router = _router("ridge")

    estimates = router.estimate(FRESH.prompts.vectors[0], FRESH.table.prompts[0])

    assert tuple(one.model for one in estimates.models) == MODELS
    assert all(0.0 <= one.quality <= 1.0 for one in estimates.models)
    for one, cost in zip(estimates.models, COSTS, strict=True):
        assert abs(one.cost_nano / (cost * 1e9) - 1) < 0.2


def test_support_falls_with_the_distance_to_what_is_known() -> None:
    """A prompt like those it was fitted on has some, one from elsewhere none."""
    router = _router("ridge")
    elsewhere = np.eye(FRESH.prompts.vectors.shape[1], dtype=np.float32)[5]

    near = support(router.familiar, FRESH.prompts.vectors)

    assert float(np.median(near)) > 0.25
    assert router.estimate(elsewhere, "?").support == 0.0


def test_estimates_fall_back_on_what_is_usual_where_nothing_is_near() -> None:
    """Far from everything two wordings are one; near, an estimate stands as it is; between, it is between."""
    usual = np.array([0.1, 0.9, 0.4], dtype=np.float32)
    found = np.array([[1.0, 0.0, 0.6]] * 3, dtype=np.float32)
    familiar = msgspec.structs.replace(_router("ridge").familiar, usual=usual)

    drawn = grounded(familiar, found, np.array([0.0, 0.025, 0.5], dtype=np.float32))

    assert drawn[0] == pytest.approx(usual)
    assert drawn[1] == pytest.approx((usual + found[0]) / 2)
    assert drawn[2] == pytest.approx(found[0])


def test_a_prompt_from_elsewhere_gets_the_usual_quality_whatever_it_says() -> None:
    """The router's own estimate is drawn so, too."""
    usual = np.array([0.2, 0.5, 0.7], dtype=np.float32)
    router = _router("ridge")
    router = msgspec.structs.replace(router, familiar=msgspec.structs.replace(router.familiar, usual=usual))
    elsewhere = np.eye(FRESH.prompts.vectors.shape[1], dtype=np.float32)[5]

    estimates = [router.estimate(elsewhere, text) for text in ("?", "count 1 2 3")]

    for one in estimates:
        assert [model.quality for model in one.models] == pytest.approx(usual.tolist())


def test_the_task_is_named_also_where_tasks_are_a_part_of_a_blend() -> None:
    """Prompts of one kind have one name; an estimator without tasks names none."""
    pytest.importorskip("leidenalg", reason="the train extra is not installed")
    router = _router("tasks")
    blended = msgspec.structs.replace(router, quality=Blend((router.quality,), (1.0,)))
    vectors = FRESH.prompts.vectors

    names = [blended.estimate(vectors[row], "x").task for row in (0, 1)]

    assert names[0] is not None
    assert names[0] != names[1]
    assert _router("ridge").estimate(vectors[0], "x").task is None


def test_costs_stay_within_what_was_seen() -> None:
    """Also where a logarithm would overflow."""
    router = _router("ridge")
    far = msgspec.structs.replace(FRESH.prompts, vectors=np.full_like(FRESH.prompts.vectors, 1e6))

    found = estimated_dollars(router.costs, far)

    assert np.isfinite(found).all()
    assert (found <= KNOWN.table.costs.max(axis=0) * 1.0001).all()
    assert (found >= KNOWN.table.costs.min(axis=0) * 0.9999).all()
