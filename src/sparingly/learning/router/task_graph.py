"""Find task types: communities of prompts that are alike and want the same models.

After FineRouter (arXiv 2603.19415): a graph over prompts whose edges mix closeness of
the embeddings with agreement of the models' preference rankings (rank-biased overlap,
Webber, Moffat and Zobel, ACM TOIS 28, 2010), cut into Leiden communities.

One outcome is a coin's fall, so a prompt's preferences are taken from the mean over
the prompts around it, and relative to each model's mean: what is good everywhere
says nothing about a prompt.
"""

from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from sparingly.core.routing.estimators import Floats

Kind: TypeAlias = Literal["similarity", "preference", "both"]

NEIGHBORS: Final = 15
_SMOOTHED_OVER = 30
# The chance of looking at the next rank; at 0.8 the first five models carry most of the weight.
_PATIENCE = 0.8
_SIMILARITY_SHARE = 0.5
_LEAST_MEMBERS: Final = 15
_ROUNDS = 5
_BLOCK = 2_048


def communities(
    vectors: Floats, outcomes: Floats, *, kind: Kind, resolution: float, seed: int
) -> list[npt.NDArray[np.intp]]:
    """Tasks as rows of their members, largest first; what is too small is none.

    A higher `resolution` makes more and smaller ones.
    """
    import igraph  # noqa: PLC0415 - only a fit needs it, see the `train` extra
    import leidenalg  # noqa: PLC0415

    preferences = preferences_of(vectors, outcomes)
    near = nearest(_unit(preferences) if kind == "preference" else vectors, NEIGHBORS)
    ends = np.column_stack([np.repeat(np.arange(len(near)), near.shape[1]), near.ravel()])
    ends = np.unique(np.sort(ends, axis=1), axis=0)
    weights = _weights(vectors, preferences, ends, kind)
    kept = weights > 0
    graph = igraph.Graph(n=len(vectors), edges=ends[kept].tolist())
    found = leidenalg.find_partition(
        graph,
        leidenalg.RBConfigurationVertexPartition,
        weights=weights[kept].tolist(),
        resolution_parameter=resolution,
        n_iterations=_ROUNDS,
        seed=seed,
    )
    groups = [np.array(members, dtype=np.intp) for members in found]
    return [members for members in groups if len(members) >= _LEAST_MEMBERS]


def preferences_of(vectors: Floats, outcomes: Floats) -> Floats:
    """How much better than its mean each model does around each prompt."""
    near = nearest(vectors, min(_SMOOTHED_OVER, len(vectors) - 1))
    around = outcomes[near].sum(axis=1) + outcomes
    return np.asarray(around / (near.shape[1] + 1) - outcomes.mean(axis=0), dtype=np.float32)


def overlap(
    first: npt.NDArray[np.intp], second: npt.NDArray[np.intp], *, patience: float = _PATIENCE
) -> Floats:
    """Rank-biased overlap of rankings, a row each: places of the models, 0 the most preferred."""
    total = np.zeros(len(first))
    scale = 0.0
    for depth in range(1, first.shape[1] + 1):
        weight = patience ** (depth - 1)
        total += weight * ((first < depth) & (second < depth)).sum(axis=1) / depth
        scale += weight
    return np.asarray(total / scale, dtype=np.float32)


def places(preferences: Floats) -> npt.NDArray[np.intp]:
    """The place of each model in each prompt's ranking."""
    return np.asarray((-preferences).argsort(axis=1, kind="stable").argsort(axis=1), dtype=np.intp)


def nearest(vectors: Floats, count: int) -> npt.NDArray[np.intp]:
    """The closest other rows of each row, in no order."""
    count = min(count, len(vectors) - 1)
    blocks = []
    for start in range(0, len(vectors), _BLOCK):
        similarities = vectors[start : start + _BLOCK] @ vectors.T
        rows = np.arange(len(similarities))
        similarities[rows, start + rows] = -np.inf
        blocks.append(np.argpartition(-similarities, count - 1, axis=1)[:, :count])
    return np.concatenate(blocks)


def _weights(vectors: Floats, preferences: Floats, ends: npt.NDArray[np.intp], kind: Kind) -> Floats:
    one, other = ends[:, 0], ends[:, 1]
    similarity = np.clip(np.einsum("ij,ij->i", vectors[one], vectors[other]), 0.0, 1.0)
    if kind == "similarity":
        return np.asarray(similarity, dtype=np.float32)
    ranked = places(preferences)
    agreement = overlap(ranked[one], ranked[other])
    if kind == "preference":
        return agreement
    return np.asarray(
        _SIMILARITY_SHARE * similarity + (1.0 - _SIMILARITY_SHARE) * agreement, dtype=np.float32
    )


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9), dtype=np.float32)
