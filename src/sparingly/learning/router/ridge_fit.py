"""Fit linear estimators of outcomes by ridge regression.

Two choices make it hold on prompts it has not seen:

 - Outcomes are rotated to their principal components, each with a penalty of its own: what all models find hard
   is learned from few prompts, in what two of them differ takes many.
 - The mean of several views (embedding, words, both) is taken; their errors differ.  A mean of
   linear estimators is one linear estimator, so views cost nothing while serving.

A linear estimator that chooses alone does better with penalties above those of the least error (`excess`
of 2): an argmax over many models picks the estimates that err upwards.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from sparingly.core.routing.estimators import Linear, Prompts, scaled_sizes
from sparingly.core.routing.prompt_terms import BUCKETS, weighed

Floats = npt.NDArray[np.float32]

_PENALTIES = np.geomspace(0.5, 4_000.0, 14)
# A penalty is noise over signal and does not grow with the number of prompts, so some of them tell it.
_ENOUGH_ROWS = 1_500
_PRECISION = 1e-4
_MOST_STEPS = 300


class View(NamedTuple):
    """How much each kind of evidence counts, as a factor on its inputs; 0 leaves it out."""

    vector: float
    words: float
    sizes: float


VIEWS: Final = (View(1.0, 0.0, 0.1), View(1.0, 1.0, 0.1), View(0.0, 1.0, 0.1))
EMBEDDING: Final = (View(1.0, 0.0, 0.0),)


class _Inputs(NamedTuple):
    vectors: Floats
    words: Floats
    sizes: Floats
    rarity: Floats
    size_means: Floats
    size_scales: Floats


class _System(NamedTuple):
    rows: Floats
    center: Floats
    is_wide: bool
    gram: Floats
    right: Floats
    penalties: npt.NDArray[np.float64]


def fit_linear(
    prompts: Prompts,
    outcomes: Floats,
    *,
    views: Sequence[View] = VIEWS,
    excess: float = 1.0,
    penalty: float | None = None,
) -> Linear:
    """Fit the mean of some views; with `penalty` all components of the outcomes have that one."""
    chosen = penalty is None
    found = fits(prompts, outcomes, [excess if penalty is None else penalty], views=views, is_excess=chosen)
    return next(found)


def fits(
    prompts: Prompts,
    outcomes: Floats,
    strengths: Sequence[float],
    *,
    views: Sequence[View] = VIEWS,
    is_excess: bool = True,
) -> Iterator[Linear]:
    """Fit several strengths of shrinkage; what they have in common is computed once.

    A strength is a multiple of each component's own penalty, or where not `is_excess` every component's penalty.
    """
    inputs = _inputs(prompts)
    mean = outcomes.mean(axis=0)
    # Rows of `components` are directions in the space of models.
    components = np.linalg.svd(outcomes - mean, full_matrices=False)[2]
    targets = ((outcomes - mean) @ components.T).astype(np.float32)
    systems = [_system(inputs, targets, view, is_searched=is_excess) for view in views]
    has_words = any(view.words for view in views)
    none = np.zeros(0, dtype=np.float32)
    for strength in strengths:
        bias = mean.astype(np.float64)
        blocks = [np.zeros((block.shape[1], outcomes.shape[1])) for block in inputs[:3]]
        for view, system in zip(views, systems, strict=True):
            weights = _solved(system, strength) @ components / len(views)
            bias -= system.center @ weights
            at = 0
            for number, scale in enumerate(view):
                if scale:
                    width = len(blocks[number])
                    blocks[number] += scale * weights[at : at + width]
                    at += width
        yield Linear(
            bias=bias.astype(np.float32),
            vector=blocks[0].astype(np.float32),
            words=blocks[1].astype(np.float32) if has_words else none.reshape(0, outcomes.shape[1]),
            rarity=inputs.rarity if has_words else none,
            sizes=blocks[2].astype(np.float32),
            size_means=inputs.size_means,
            size_scales=inputs.size_scales,
        )


def _system(inputs: _Inputs, targets: Floats, view: View, *, is_searched: bool) -> _System:
    """What a view's weights solve, in the smaller of the two equal forms."""
    scaled = [block * np.float32(scale) for block, scale in zip(inputs[:3], view, strict=True) if scale]
    rows = np.hstack(scaled)
    center = rows.mean(axis=0)
    rows = rows - center
    is_wide = rows.shape[1] > rows.shape[0]
    return _System(
        rows=rows,
        center=center,
        is_wide=is_wide,
        gram=rows @ rows.T if is_wide else rows.T @ rows,
        right=targets if is_wide else rows.T @ targets,
        penalties=_penalties(rows, targets) if is_searched else np.ones(targets.shape[1]),
    )


def rarity_of(prompts: Prompts) -> Floats:
    """How rare each bucket is among the prompts: the smoothed logarithm of 1 / share; 0 where it is seen once.

    What one prompt has says nothing about others.
    """
    seen = np.zeros(BUCKETS)
    for terms in prompts.terms:
        seen[terms.buckets] += 1
    rarity = np.log((1.0 + len(prompts.terms)) / (1.0 + seen)) + 1.0
    return np.where(seen > 1, rarity, 0.0).astype(np.float32)


def _inputs(prompts: Prompts) -> _Inputs:
    rarity = rarity_of(prompts)
    words = np.zeros((len(prompts.terms), BUCKETS), dtype=np.float32)
    for row, terms in enumerate(prompts.terms):
        words[row, terms.buckets] = weighed(terms, rarity)
    sizes = np.array([terms.sizes for terms in prompts.terms], dtype=np.float32)
    means, scales = sizes.mean(axis=0), sizes.std(axis=0) + np.float32(1e-6)
    return _Inputs(prompts.vectors, words, scaled_sizes(sizes, means, scales), rarity, means, scales)


def _penalties(rows: Floats, targets: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """For each target the penalty that predicts each prompt best from all others (Hastie et al., ESL, eq. 7.64)."""
    # Every n-th: the rows come in the order of a shuffled split, and a fit must not depend on chance.
    step = -(-len(rows) // _ENOUGH_ROWS)
    some, wanted = rows[::step], targets[::step]
    some = some - some.mean(axis=0)
    wanted = wanted - wanted.mean(axis=0)
    values, vectors = np.linalg.eigh((some @ some.T).astype(np.float64))
    rotated = vectors.T @ wanted
    errors = []
    for penalty in _PENALTIES:
        kept = np.maximum(values, 0.0) / (np.maximum(values, 0.0) + penalty)
        # The mean is fitted too: it adds 1/n to every entry of the hat matrix.
        own = (vectors**2) @ kept + 1.0 / len(some)
        left = (wanted - vectors @ (kept[:, None] * rotated)) / (1.0 - own)[:, None]
        errors.append((left**2).mean(axis=0))
    return np.asarray(_PENALTIES[np.argmin(errors, axis=0)], dtype=np.float64)


def _solved(system: _System, strength: float) -> npt.NDArray[np.float64]:
    """Ridge weights, each target with its penalty times the strength."""
    found = _descended(system.gram, system.right, (strength * system.penalties).astype(np.float32))
    return np.asarray(system.rows.T @ found if system.is_wide else found, dtype=np.float64)


def _descended(gram: Floats, right: Floats, penalties: Floats) -> Floats:
    """Solve (gram + penalty) x = right for each column with its own penalty, by conjugate gradients.

    A factorization would be needed for every penalty; penalties keep the systems well conditioned, so some
    ten steps for all columns at once do.
    """
    found = np.zeros_like(right)
    left = right.copy()
    direction = left.copy()
    size = np.einsum("ij,ij->j", left, left)
    enough = _PRECISION**2 * size
    for _ in range(_MOST_STEPS):
        if (size <= enough).all():
            break
        moved = gram @ direction + penalties * direction
        step = size / np.maximum(np.einsum("ij,ij->j", direction, moved), np.float32(1e-30))
        found += step * direction
        left -= step * moved
        before, size = size, np.einsum("ij,ij->j", left, left)
        direction = left + (size / np.maximum(before, np.float32(1e-30))) * direction
    return found
