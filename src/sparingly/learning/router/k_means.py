"""Centers of unit vectors: spherical k-means from seeded starts.

Used for the k-means table and to tell how familiar a prompt is.
"""

import numpy as np
import numpy.typing as npt

from sparingly.core.routing.estimators import Floats

_ROUNDS = 25
_BLOCK = 8_192


def centers_of(vectors: Floats, count: int, *, seed: int) -> tuple[Floats, npt.NDArray[np.intp]]:
    """At most `count` centers, and the one that each vector is closest to; none is left empty."""
    chance = np.random.default_rng(seed)
    count = min(count, len(vectors))
    centers = vectors[chance.choice(len(vectors), count, replace=False)]
    owners = closest(vectors, centers)
    for _ in range(_ROUNDS):
        sums = np.zeros_like(centers)
        np.add.at(sums, owners, vectors)
        lengths = np.linalg.norm(sums, axis=1)
        # An empty center stays where it was: it may win prompts back.
        moved = lengths > 0
        centers = np.where(moved[:, None], sums / np.maximum(lengths, 1e-9)[:, None], centers)
        before, owners = owners, closest(vectors, centers)
        if (before == owners).all():
            break
    used, owners = np.unique(owners, return_inverse=True)
    return centers[used].astype(np.float32), np.asarray(owners, dtype=np.intp)


def closest(vectors: Floats, centers: Floats) -> npt.NDArray[np.intp]:
    """The row of the closest center of each vector."""
    blocks = [(vectors[at : at + _BLOCK] @ centers.T).argmax(axis=1) for at in range(0, len(vectors), _BLOCK)]
    return np.concatenate(blocks)
