"""Other ways to combine the same evidence, fitted on the same rows and measured on the same sets."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import QuantileTransformer

from sparingly.learning.judge.rows import Part

Rows = npt.NDArray[np.float32]
Score = Callable[[Rows], npt.NDArray[np.float64]]

# Rows for the network: it takes minutes with all of them.
_MLP_ITERATIONS = 12


def rivals(part: Part, *, seed: int) -> dict[str, Callable[[], Score]]:
    """Each by name, to be fitted when asked for."""
    return {
        "logistic regression": lambda: _logistic(part),
        "small network": lambda: _network(part, seed),
        "trees free in every column": lambda: _free(part, seed),
    }


def _scaler(part: Part) -> QuantileTransformer:
    """Ranks, as evidence has long tails."""
    return QuantileTransformer(n_quantiles=100, output_distribution="normal", random_state=0).fit(part.rows)


def _logistic(part: Part) -> Score:
    scaler = _scaler(part)
    model = LogisticRegression(C=0.1, max_iter=200).fit(
        scaler.transform(part.rows), part.same, sample_weight=part.weights
    )
    return lambda rows: np.asarray(model.predict_proba(scaler.transform(rows))[:, 1])


def _network(part: Part, seed: int) -> Score:
    scaler = _scaler(part)
    # This one takes no weights: rows are drawn by them instead.
    chosen = np.random.default_rng(seed).choice(
        len(part.same), size=len(part.same), p=part.weights / part.weights.sum()
    )
    model = MLPClassifier((48, 24), alpha=1e-3, max_iter=_MLP_ITERATIONS, random_state=seed)
    import warnings  # noqa: PLC0415 - only here: the network is stopped early on purpose

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(scaler.transform(part.rows[chosen]), part.same[chosen])
    return lambda rows: np.asarray(model.predict_proba(scaler.transform(rows))[:, 1])


def _free(part: Part, seed: int) -> Score:
    """The same trees, which may find a difference to speak for equality."""
    model = HistGradientBoostingClassifier(
        max_iter=300, learning_rate=0.05, max_leaf_nodes=15, max_depth=7, l2_regularization=5.0,
        min_samples_leaf=40, max_features=0.3, early_stopping=False, random_state=seed,
    ).fit(part.rows, part.same, sample_weight=part.weights)  # fmt: skip
    return lambda rows: np.asarray(model.predict_proba(rows)[:, 1])
