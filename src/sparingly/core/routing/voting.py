"""Let labelled examples vote, closer ones louder, in the directions in which their classes differ.

For many classes of many examples, such as intents: a class there is more than its mean
(benchmarks/results/intents.json).  Three classes differ in two directions, in which
nearness says nothing that their means do not.

Directions are those of Fisher's linear discriminant analysis: classes lie far apart in them, and around
each the examples scatter alike.  The scatter takes a small penalty, for embeddings hardly use some of their dimensions.

Votes also know what they have not seen: how close the closest example is, as the share of
examples that lie farther from all others.

Rule: nothing is measured on an example that took part in what measures it.
"""

from typing import NamedTuple, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Labels: TypeAlias = npt.NDArray[np.intp]

# As many directions as classes less one; fewer hold too little of an example.
LEAST_CLASSES = 9
# To a class, on average; with fewer a vote is but the closest example's word.
LEAST_EXAMPLES = 10
# In units of the scatter's mean over all directions; from 0.01 to 1 it makes no difference.
_PENALTY = 0.1
# Directions in which classes differ less than this share of the most are rounding.
_LEAST_SPREAD = 1e-6
_LOUDNESS = (0.015, 0.025, 0.035, 0.05, 0.07)
# Votes can be unanimous by chance.
_DOUBT = 0.002
_FOLDS = 5
# Held-out examples enough to choose one figure by.
_MOST_HELD_OUT = 2_000


class Votes(msgspec.Struct, frozen=True, eq=False):
    """Examples as unit vectors in the classes' directions, sorted by class from `starts` on.

    A vote weighs exp(cosine / loudness); `closest` is, in rising order, how close held-out examples came to one.
    """

    directions: npt.NDArray[np.float32]
    examples: npt.NDArray[np.float32]
    starts: Labels
    loudness: float
    closest: npt.NDArray[np.float32]


class FittedVotes(NamedTuple):
    """The votes, and the chances they gave `held_out` examples that took no part in them."""

    votes: Votes
    held_out: Labels
    chances: Floats


def is_worth_trying(labels: Labels, count: int) -> bool:
    """Whether there are classes and examples enough."""
    return (
        count >= LEAST_CLASSES
        and int(np.bincount(labels, minlength=count).min()) >= _FOLDS
        and (len(labels) >= LEAST_EXAMPLES * count)
    )


def fit_votes(rows: Floats, labels: Labels, count: int) -> FittedVotes:
    """Learn directions and loudness; every class needs five examples."""
    order = np.argsort(labels, kind="stable")
    # Every fifth of each class; of many of them, so many as suffice.
    fold_of = np.empty(len(rows), dtype=np.intp)
    fold_of[order] = np.arange(len(rows)) % _FOLDS
    step = -(-len(rows) // _MOST_HELD_OUT)
    held, made, close = [], [], []
    for fold in range(_FOLDS):
        asked = np.flatnonzero(fold_of == fold)[::step]
        others = np.flatnonzero(fold_of != fold)
        votes = _votes(rows[others], labels[others], count)
        held.append(asked)
        made.append(votes)
        close.append(_turned(rows[asked], votes.directions) @ votes.examples.T)
    held_out = np.concatenate(held)
    best: tuple[float, float, Floats] | None = None
    for loudness in _LOUDNESS:
        chances = np.concatenate(
            [_counted(one, votes.starts, loudness) for one, votes in zip(close, made, strict=True)]
        )
        loss = float(-np.log(chances[np.arange(len(held_out)), labels[held_out]]).mean())
        if best is None or loss < best[0]:
            best = loss, loudness, chances
    if best is None:
        raise ValueError("there is no loudness to choose")
    closest = np.sort(np.concatenate([one.max(axis=1) for one in close]))
    votes = msgspec.structs.replace(_votes(rows, labels, count), loudness=best[1], closest=closest)
    return FittedVotes(votes, held_out, best[2])


def voted(votes: Votes, row: Floats) -> tuple[Floats, float]:
    """The chances of the classes, and how usual the row is: 0 is farther from all examples than any was."""
    close = _turned(row[None, :], votes.directions) @ votes.examples.T
    farther = np.searchsorted(votes.closest, close.max(), side="left")
    return _counted(close, votes.starts, votes.loudness)[0], float(farther / len(votes.closest))


def _votes(rows: Floats, labels: Labels, count: int) -> Votes:
    found = _directions(rows, labels, count)
    order = np.argsort(labels, kind="stable")
    return Votes(
        directions=found,
        examples=_turned(rows[order], found),
        starts=np.searchsorted(labels[order], np.arange(count)),
        loudness=_LOUDNESS[0],
        closest=np.zeros(1, dtype=np.float32),
    )


def _directions(rows: Floats, labels: Labels, count: int) -> npt.NDArray[np.float32]:
    members = np.eye(count)[labels]
    means = (members.T @ rows) / members.sum(axis=0)[:, None]
    around = rows - means[labels]
    scatter = around.T @ around / len(rows)
    scatter += _PENALTY * max(float(np.trace(scatter)) / len(scatter), 1e-9) * np.eye(len(scatter))
    spread = means - means.mean(axis=0)
    weights = np.linalg.solve(scatter, spread.T)
    values, vectors = np.linalg.eigh(spread @ weights)
    kept = values > _LEAST_SPREAD * values[-1]
    return np.asarray(weights @ (vectors[:, kept] / np.sqrt(values[kept])), dtype=np.float32)


def _turned(rows: Floats, directions: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    turned = rows.astype(np.float32) @ directions
    lengths = np.linalg.norm(turned, axis=1, keepdims=True)
    return np.asarray(turned / np.maximum(lengths, np.float32(1e-9)), dtype=np.float32)


def _counted(close: npt.NDArray[np.float32], starts: Labels, loudness: float) -> Floats:
    weights = np.exp((close - close.max(axis=1, keepdims=True)) / np.float32(loudness))
    sums = np.add.reduceat(weights, starts, axis=1).astype(np.float64)
    chances = sums / sums.sum(axis=1, keepdims=True)
    return np.asarray((1 - _DOUBT) * chances + _DOUBT / len(starts), dtype=np.float64)
