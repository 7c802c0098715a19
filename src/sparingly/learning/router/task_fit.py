"""Fit task heads on general heads: the second phase of the fine-grained router.

The general heads come first, from all prompts, and stay as they are.  Each task then
gets heads for its candidates only: corrections of the general estimates, and the
models' means in the task.  Both shrink towards the general estimate where a task is thin.

A task's candidates are as many as its evidence leaves open: the models within
`_DOUBT` standard errors of its best one, and the corners of its cost-quality hull.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from sparingly.core.routing.estimators import Floats, Linear, Prompts, Tasks, linear
from sparingly.learning.router.area import Point, hull

# As many prompts as make a task's own evidence count as much as the general estimate.
THIN: Final = 40.0
_HEAD_PENALTY = 30.0
_DOUBT = 2.0
# A prompt is of a task if it is closer to its center than this share of the task's own prompts.
_FARTHEST: Final = 0.05


def fit_tasks(
    general: Linear,
    prompts: Prompts,
    outcomes: Floats,
    costs: npt.NDArray[np.float64],
    groups: Sequence[npt.NDArray[np.intp]],
    *,
    alpha: float,
) -> Tasks:
    """Fit the heads of each group of prompts; no group leaves the general heads alone."""
    models = outcomes.shape[1]
    estimates = linear(general, prompts)
    centers = np.zeros((max(1, len(groups)), prompts.vectors.shape[1]), dtype=np.float32)
    bars = np.full(len(centers), np.inf, dtype=np.float32)
    heads = np.zeros((len(centers), models + 1, models), dtype=np.float32)
    means = np.zeros((len(centers), models), dtype=np.float32)
    shares = np.zeros((len(centers), models), dtype=np.float32)
    for task, members in enumerate(groups):
        center = prompts.vectors[members].mean(axis=0)
        centers[task] = center / np.linalg.norm(center)
        bars[task] = np.quantile(prompts.vectors[members] @ centers[task], _FARTHEST)
        kept = candidates(outcomes[members], costs[members])
        trust = len(members) / (len(members) + THIN)
        means[task] = outcomes[members].mean(axis=0)
        shares[task, kept] = trust
        found = _head(estimates[members], outcomes[members])
        heads[task][:, kept] = trust * found[:, kept]
    return Tasks(
        general=general,
        centers=centers,
        owners=np.arange(len(centers), dtype=np.intp),
        bars=bars,
        heads=heads,
        means=means,
        shares=shares,
        alpha=alpha,
    )


def candidates(outcomes: Floats, costs: npt.NDArray[np.float64]) -> list[int]:
    """The models that a task's evidence leaves open."""
    quality = outcomes.mean(axis=0)
    best = int(quality.argmax())
    behind = outcomes[:, best][:, None] - outcomes
    error = behind.std(axis=0) / np.sqrt(len(outcomes))
    points = [
        Point(float(cost), float(value)) for cost, value in zip(costs.mean(axis=0), quality, strict=True)
    ]
    corners = set(hull(points))
    return [
        model
        for model, one in enumerate(points)
        if one in corners or behind[:, model].mean() <= _DOUBT * error[model]
    ]


def _head(estimates: Floats, outcomes: Floats) -> Floats:
    """Ridge weights from the general estimates, with a constant last, to what they missed."""
    missed = outcomes - estimates
    center = estimates.mean(axis=0)
    rows = estimates - center
    gram = rows.T @ rows + np.float32(_HEAD_PENALTY) * np.eye(rows.shape[1], dtype=np.float32)
    weights = np.linalg.solve(gram, rows.T @ (missed - missed.mean(axis=0)))
    constant = missed.mean(axis=0) - center @ weights
    return np.vstack([weights, constant]).astype(np.float32)
