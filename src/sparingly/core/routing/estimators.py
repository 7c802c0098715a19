"""Estimate models' outcomes from a prompt's embedding and words.

| estimator | an outcome is estimated by |
|---|---|
| Neighbors | the mean over the closest prompts with known outcomes |
| Tables | the rows of the closest centers, one a table (k-means, from several starts) |
| Linear | a weighted sum of embedding, words and size (ridge) |
| Tasks | general heads, corrected by the heads of the task the prompt belongs to |
| Blend | a weighted mean of others |

All are plain arrays with a row a prompt and a column a model.  None divides by
what it may not have seen: where nothing is near, an estimate is the mean over
all prompts.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from sparingly.core.routing.prompt_terms import Terms, weighed

Floats: TypeAlias = npt.NDArray[np.float32]
TaskNumbers: TypeAlias = npt.NDArray[np.intp]
"""A task a prompt, -1 for none."""


class Prompts(msgspec.Struct, frozen=True, eq=False):
    """What estimators see of some prompts: unit vectors, a row each, and their words."""

    vectors: Floats
    terms: Sequence[Terms]


class Neighbors(msgspec.Struct, frozen=True, eq=False, tag="neighbors"):
    """Prompts with known outcomes; the `count` closest have one voice each."""

    vectors: Floats
    outcomes: Floats
    count: int


class Tables(msgspec.Struct, frozen=True, eq=False, tag="tables"):
    """Tables of centers, unit vectors, with the outcomes around them; their mean is the estimate.

    All have as many rows; one center may stand in several.
    """

    centers: Floats
    outcomes: Floats


class Linear(msgspec.Struct, frozen=True, eq=False, tag="linear"):
    """A sum over what is known of a prompt, each with a weight a model.

    Words go in weighed by `rarity`, sizes as distances from `size_means` in `size_scales`.
    Where words tell nothing, `words` has no rows.
    """

    bias: Floats
    vector: Floats
    words: Floats
    rarity: Floats
    sizes: Floats
    size_means: Floats
    size_scales: Floats


class Tasks(msgspec.Struct, frozen=True, eq=False, tag="tasks"):
    """Task types: a prompt belongs to the one with the closest center, if one is closer than its `bars` says.

    `general` are the heads of all models.  A task's `means` are those models'
    outcomes in it, its `heads` (from the general estimates, with a constant last)
    correct the general estimates of its candidates; both are shrunk
    towards the general estimate already, and 0 where a model is no candidate.
    `alpha` is the share of the prompt's own score against the task's.
    """

    general: Linear
    centers: Floats
    owners: npt.NDArray[np.intp]
    bars: Floats
    heads: Floats
    means: Floats
    shares: Floats
    alpha: float


class Blend(msgspec.Struct, frozen=True, eq=False, tag="blend"):
    """A weighted mean; the shares add up to 1."""

    parts: tuple["Estimator", ...]
    shares: tuple[float, ...]


Estimator: TypeAlias = Neighbors | Tables | Linear | Tasks | Blend


class Found(NamedTuple):
    """The outcomes, a row a prompt and a column a model, and the prompts' tasks where the estimator has any."""

    outcomes: Floats
    tasks: TaskNumbers | None = None


_MOST_DEVIATION = 3.0
"""Sizes farther off than this many scales count as this far: no prompt is a thousand times as hard."""


def estimated(estimator: Estimator, prompts: Prompts) -> Floats:
    """The outcomes, a row a prompt and a column a model; not held within 0 and 1."""
    return estimated_in_tasks(estimator, prompts).outcomes


def estimated_in_tasks(estimator: Estimator, prompts: Prompts) -> Found:
    """The same, with the tasks that they were estimated in."""
    match estimator:
        case Neighbors():
            return Found(_by_neighbors(estimator, prompts.vectors))
        case Tables():
            return Found(_by_tables(estimator, prompts.vectors))
        case Linear():
            return Found(linear(estimator, prompts))
        case Tasks():
            tasks = tasks_of(estimator, prompts.vectors)
            return Found(_by_tasks(estimator, prompts, tasks), tasks)
        case Blend(parts=parts, shares=shares):
            found = [estimated_in_tasks(part, prompts) for part in parts]
            outcomes = np.float32(shares[0]) * found[0].outcomes
            for one, share in zip(found[1:], shares[1:], strict=True):
                outcomes += np.float32(share) * one.outcomes
            return Found(outcomes, next((one.tasks for one in found if one.tasks is not None), None))


def linear(model: Linear, prompts: Prompts) -> Floats:
    """A linear estimator's outcomes."""
    found = _times(prompts.vectors, model.vector)
    found += model.bias
    sizes = np.array([terms.sizes for terms in prompts.terms], dtype=np.float32).reshape(
        len(prompts.terms), -1
    )
    found += _times(scaled_sizes(sizes, model.size_means, model.size_scales), model.sizes)
    for row, terms in enumerate(prompts.terms if len(model.words) else ()):
        found[row] += weighed(terms, model.rarity) @ model.words.take(terms.buckets, axis=0)
    return found


def scaled_sizes(sizes: Floats, means: Floats, scales: Floats) -> Floats:
    """Sizes as a linear estimator sees them."""
    return held_within((sizes - means) / scales, -_MOST_DEVIATION, _MOST_DEVIATION)


def held_within(values: Floats, least: Floats | float, most: Floats | float) -> Floats:
    """What `np.clip` gives, which takes several times as long: felt where there are as many numbers as models."""
    found: Floats = np.minimum(np.maximum(values, least), most)
    return found


def similarities_of(vectors: Floats, centers: Floats) -> Floats:
    """The cosine of each vector (a row) with each center (a column)."""
    return _times(vectors, centers.T)


def _times(rows: Floats, columns: Floats) -> Floats:
    if len(rows) == 1:
        # A request: BLAS multiplies a matrix by one vector in a third of the time it takes for a matrix of one row.
        row: Floats = rows[0] @ columns
        return row[None, :]
    found: Floats = rows @ columns
    return found


def tasks_of(model: Tasks, vectors: Floats) -> TaskNumbers:
    """The task of each prompt, -1 for none."""
    similarities = similarities_of(vectors, model.centers)
    # A request is one row: taking numbers out of arrays is quicker than arrays of one number.
    tasks = [
        model.owners[at] if row[at] >= model.bars[at] else -1
        for row, at in zip(similarities, similarities.argmax(axis=1).tolist(), strict=True)
    ]
    return np.array(tasks, dtype=np.intp)


def _by_neighbors(model: Neighbors, vectors: Floats) -> Floats:
    count = min(model.count, len(model.vectors))
    similarities = similarities_of(vectors, model.vectors)
    closest = np.argpartition(-similarities, count - 1, axis=1)[:, :count]
    return np.asarray(model.outcomes[closest].mean(axis=1), dtype=np.float32)


def _by_tables(model: Tables, vectors: Floats) -> Floats:
    tables, rows, dimensions = model.centers.shape
    similarities = similarities_of(vectors, model.centers.reshape(-1, dimensions))
    closest = similarities.reshape(len(vectors), tables, rows).argmax(axis=2)
    # `take` from one flat table: indexing with arrays takes several times as long.
    found = model.outcomes.reshape(tables * rows, -1).take(
        closest + np.arange(0, tables * rows, rows), axis=0
    )
    return np.asarray(np.add.reduce(found, axis=1) / np.float32(tables), dtype=np.float32)


def _by_tasks(model: Tasks, prompts: Prompts, tasks: TaskNumbers) -> Floats:
    general = linear(model.general, prompts)
    found = general.copy()
    for row, task in enumerate(tasks.tolist()):
        if task < 0:
            continue
        own, head = general[row], model.heads[task]
        own = own + own @ head[:-1] + head[-1]
        # A task's score says as much as the task has evidence; the rest is the general estimate's.
        share = np.float32(1.0 - model.alpha) * model.shares[task]
        found[row] = (1.0 - share) * own + share * model.means[task]
    return found
