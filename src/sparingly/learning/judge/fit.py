"""Fit boosted trees on rows of evidence and bring them into plain arrays.

scikit-learn fits; what it fitted is copied out, so that serving needs numpy only.
Other ways to combine the evidence were compared on the same splits (logistic
regression, a small network, trees free in every column); see
benchmarks/results/judge.json.  A column that can only speak for or only against equality
may not do the other: trees that are free find that odd neighbors are right more often in the
questions they were fitted on, which holds nowhere else.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from sparingly.core.evidence.pairing import NAMES
from sparingly.core.judging.model import Trees
from sparingly.learning.judge.rows import Part, Rows

# Chosen on the calibrate part of QQP: larger trees hit less at small errors, and so do trees that see
# all columns at every split.
TREES: Final = 300
LEAVES: Final = 15
_RATE: Final = 0.05
_COLUMNS_A_SPLIT: Final = 0.3
_RIDGE: Final = 5.0
_LEAST_ROWS: Final = 40
_DEEPEST: Final = 7
_RISING: Final = frozenset({"similarity", "overlap", "trigrams", "same_kind", "heaviest_alike"})
_FALLING: Final = frozenset(
    {
        "gap_to_best", "unmatched_asked", "unmatched_stored", "unmatched_most", "unmatched_weight",
        "soft_asked", "soft_stored", "soft_most", "soft_heaviest", "heaviest_asked", "heaviest_stored",
        "learned", "numbers_unshared", "numbers_conflict", "negation", "opposites", "names_unshared",
        "names_conflict", "disorder", "reversed", "swapped", "changed_weight", "quantifier_unshared",
        "degree_unshared", "time_unshared", "format_unshared", "unshared_asked", "unshared_stored", "task_differs",
    }
)  # fmt: skip
DIRECTIONS: Final = tuple(int(name in _RISING) - int(name in _FALLING) for name in NAMES)
"""For each column whether more of it may only speak for equality (1), only against it (-1), or either way (0)."""

# A shift between 0 and 1 keeps the logarithm finite where all labels agree.
_SMOOTHING: Final = 1.0


def fitted_trees(
    part: Part, *, seed: int, trees: int = TREES, leaves: int = LEAVES, directions: Sequence[int] = DIRECTIONS
) -> Trees:
    """Trees whose sum is the log odds that a row's two questions ask the same; `directions` are the columns'."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415 - for fitting only, an optional extra
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - as above

    model = HistGradientBoostingClassifier(
        max_iter=trees,
        learning_rate=_RATE,
        max_leaf_nodes=leaves,
        max_depth=_DEEPEST,
        l2_regularization=_RIDGE,
        min_samples_leaf=_LEAST_ROWS,
        max_features=_COLUMNS_A_SPLIT,
        monotonic_cst=tuple(directions),
        early_stopping=False,
        random_state=seed,
    )
    # Its threads spin while they wait for each other, which on a busy machine costs more than they save.
    with threadpool_limits(limits=1, user_api="openmp"):
        model.fit(part.rows, part.same, sample_weight=part.weights)
    return _exported(model)


def _exported(model: object) -> Trees:
    """The fitted trees as one row of nodes."""
    predictors = [one[0].nodes for one in model._predictors]  # type: ignore[attr-defined]  # noqa: SLF001 - scikit-learn has no public way to its nodes
    base = float(np.ravel(model._baseline_prediction)[0])  # type: ignore[attr-defined]  # noqa: SLF001 - as above
    roots, columns, thresholds, children, values = [], [], [], [], []
    begin = 0
    for nodes in predictors:
        own = np.arange(len(nodes)) + begin
        leaf = nodes["is_leaf"].astype(bool)
        roots.append(begin)
        columns.append(np.where(leaf, 0, nodes["feature_idx"]))
        thresholds.append(np.where(leaf, np.inf, nodes["num_threshold"]))
        left = np.where(leaf, own, nodes["left"].astype(np.int64) + begin)
        right = np.where(leaf, own, nodes["right"].astype(np.int64) + begin)
        children.append(np.stack([left, right], axis=1).ravel())
        values.append(np.where(leaf, nodes["value"], 0.0))
        begin += len(nodes)
    return Trees(
        roots=np.array(roots, dtype=np.intp),
        columns=np.concatenate(columns).astype(np.intp),
        thresholds=_rounded_down(np.concatenate(thresholds)),
        children=np.concatenate(children).astype(np.intp),
        values=np.concatenate(values).astype(np.float32),
        depth=max(int(nodes["depth"].max()) for nodes in predictors),
        base=base,
    )


def _rounded_down(thresholds: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """In single precision, never above the threshold itself: `x > t` must stay true for the x it was true for.

    Rows are in single precision too, so the largest such number not above t splits them as t does.
    """
    single = thresholds.astype(np.float32)
    above = single.astype(np.float64) > thresholds
    single[above] = np.nextafter(single[above], np.float32(-np.inf))
    return single


def fitted_odds(trees: Trees, rows: Rows, same: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and shift that make the trees' sum honest log odds on rows they were not fitted on (Platt 1999)."""
    sums = trees.sums(rows)
    targets = (same + _SMOOTHING / max(len(same), 1)) / (1 + 2 * _SMOOTHING / max(len(same), 1))
    slope, shift = 1.0, 0.0
    for _ in range(50):
        chance = 1 / (1 + np.exp(-(slope * sums + shift)))
        weight = np.maximum(chance * (1 - chance), 1e-9)
        design = np.stack([sums, np.ones_like(sums)], axis=1)
        gradient = design.T @ (targets - chance)
        curvature = (design * weight[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        slope, shift = slope + float(step[0]), shift + float(step[1])
        if float(np.abs(step).max()) < 1e-9:
            break
    return slope, shift
