"""Make the rows a judge is fitted on: as they look when it serves.

A question of the training part meets its nearest neighbors in a store that
holds the questions that came before it, in several orders; labelled
neighbors become rows.  Labelled pairs that are no neighbors are rows too, with
and without others around them, and so are made pairs.

Neighbors that nobody compared are rows as well, as different, with a small weight that
falls to nothing where they are so close that they may be the same.  People label pairs that look
alike, and equality follows from classes while difference does not; a judge that sees only
labelled neighbors learns that a distant one is right more often than a close one, and believes the
distant neighbors of every other domain.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from sparingly.core.evidence.pairing import NAMES, evidence_rows
from sparingly.core.evidence.reading import Reading
from sparingly.core.evidence.substitutions import Substitutions
from sparingly.learning.judge.labelled_pairs import LabelledPair

Rows = npt.NDArray[np.float32]

K: Final = 5
# Enough that of those that came before in a random order some five remain.
_NEAREST: Final = 24
_ORDERS: Final = 2
_BLOCK: Final = 1_024
# How often a pair stands alone in its store, as in a new or a small one.
_ALONE: Final = 0.4
# Of neighbors that nobody compared: the share that become rows, and the weight of a distant one.  Chosen on
# the calibrate parts and on intents that were held out.
_UNJUDGED_SHARE: Final = 0.25
_UNJUDGED_WEIGHT: Final = 0.15
_SURELY_DIFFERENT: Final = 0.7
_PERHAPS_SAME: Final = 0.95
# Of neighbors with another intent, which are different for sure.
_MOST_INTENT_TEXTS: Final = 9_000
_INTENT_WEIGHT: Final = 0.125


class Part(msgspec.Struct, frozen=True, eq=False):
    """Rows with their labels, weights and a tag each, such as a domain and a kind."""

    rows: Rows
    same: npt.NDArray[np.bool_]
    weights: npt.NDArray[np.float64]
    tags: tuple[str, ...]


def joined(parts: Sequence[Part]) -> Part:
    """Several parts as one."""
    return Part(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.same for part in parts]),
        np.concatenate([part.weights for part in parts]),
        tuple(tag for part in parts for tag in part.tags),
    )


class Corpus(msgspec.Struct, frozen=True, eq=False):
    """Texts with their readings and vectors, and what is known of pairs of them."""

    readings: Mapping[str, Reading]
    vectors: Mapping[str, npt.NDArray[np.float32]]

    def similarity(self, one: str, other: str) -> float:
        """The cosine of two texts."""
        return min(1.0, float(self.vectors[one] @ self.vectors[other]))

    def is_comparable(self, one: str, other: str) -> bool:
        """Whether the embedder could read both texts: one that it cannot has a vector of zeros."""
        return bool(self.vectors[one].any() and self.vectors[other].any())


class Labels:
    """Whether two questions of the pairs ask the same, where that was said or follows from classes."""

    def __init__(self, pairs: Iterable[LabelledPair]) -> None:
        self._classes: dict[str, str] = {}
        self._differs: set[tuple[str, str]] = set()
        for pair in pairs:
            self._classes.setdefault(pair.a, pair.class_a)
            self._classes.setdefault(pair.b, pair.class_b)
            if not pair.same:
                self._differs |= {(pair.a, pair.b), (pair.b, pair.a)}

    def texts(self) -> list[str]:
        """All questions, in the order of the pairs."""
        return list(self._classes)

    def same(self, one: str, other: str) -> bool | None:
        """None where nobody compared them."""
        if (one, other) in self._differs:
            return False
        return True if self._classes[one] == self._classes[other] else None


def pair_rows(
    corpus: Corpus, pairs: Sequence[tuple[str, str, bool, str]], learned: Substitutions, *, weight: float
) -> Part:
    """Each pair (asked, stored, same, tag) alone in its store; those that cannot be compared are left out."""
    pairs = [one for one in pairs if corpus.is_comparable(one[0], one[1])]
    rows = [
        evidence_rows(
            corpus.readings[asked],
            [corpus.readings[stored]],
            similarities=[corpus.similarity(asked, stored)],
            learned=learned,
        )[0]
        for asked, stored, _, _ in pairs
    ]
    return Part(
        np.array(rows, dtype=np.float32).reshape(len(rows), len(NAMES)),
        np.array([same for _, _, same, _ in pairs], dtype=np.bool_),
        np.full(len(rows), weight),
        tuple(tag for *_, tag in pairs),
    )


def neighbor_rows(
    corpus: Corpus,
    labels: Labels,
    pairs: Sequence[LabelledPair],
    learned: Mapping[str, Substitutions],
    *,
    seed: int,
    tag: str,
) -> Part:
    """Rows of the neighbors of every question and of the labelled pairs; `learned` by question."""
    texts = labels.texts()
    place = {text: index for index, text in enumerate(texts)}
    vectors = np.array([corpus.vectors[text] for text in texts])
    readable: npt.NDArray[np.bool_] = np.any(vectors != 0, axis=1)
    nearest, similarities = _all_nearest(vectors)
    rng = np.random.default_rng(seed)
    found = _Gathered(corpus, texts, learned)
    for _ in range(_ORDERS):
        came = rng.permutation(len(texts))
        for asked in range(len(texts)):
            stored = [
                (int(other), float(value))
                for other, value in zip(nearest[asked], similarities[asked], strict=True)
                if came[other] < came[asked] and readable[asked] and readable[other]
            ][:K]
            is_drawn = rng.random() < _UNJUDGED_SHARE
            for other, value in stored:
                label = labels.same(texts[asked], texts[other])
                if label is not None:
                    found.add(asked, stored, other, same=label, weight=1.0 / _ORDERS, tag=tag)
                elif is_drawn and (weight := unjudged_weight(value)) > 0:
                    found.add(asked, stored, other, same=False, weight=weight, tag=f"{tag}:unjudged")
    for pair in pairs:
        asked, other = place[pair.a], place[pair.b]
        if asked != other and corpus.is_comparable(pair.a, pair.b):
            if rng.random() < 0.5:
                asked, other = other, asked
            around = [] if rng.random() < _ALONE else _around(nearest[asked], similarities[asked], other)
            own = (other, corpus.similarity(texts[asked], texts[other]))
            stored = sorted([*around, own], key=lambda one: -one[1])
            found.add(asked, stored, other, same=pair.same, weight=1.0, tag=tag)
    return found.part()


class _Gathered:
    """Rows as they are made, with what is known of each."""

    def __init__(self, corpus: Corpus, texts: Sequence[str], learned: Mapping[str, Substitutions]) -> None:
        self._corpus = corpus
        self._texts = texts
        self._learned = learned
        self._rows: list[Rows] = []
        self._same: list[bool] = []
        self._weights: list[float] = []
        self._tags: list[str] = []

    def add(
        self,
        asked: int,
        stored: Sequence[tuple[int, float]],
        wanted: int,
        *,
        same: bool,
        weight: float,
        tag: str,
    ) -> None:
        """The row about one of the stored texts, which are places with similarities, as `asked` finds them."""
        made = evidence_rows(
            self._corpus.readings[self._texts[asked]],
            [self._corpus.readings[self._texts[wanted]]],
            similarities=[value for _, value in stored],
            learned=self._learned[self._texts[asked]],
            places=[next(rank for rank, (index, _) in enumerate(stored) if index == wanted)],
        )
        self._rows.append(made[0])
        self._same.append(same)
        self._weights.append(weight)
        self._tags.append(tag)

    def part(self) -> Part:
        """All of them."""
        return Part(
            np.array(self._rows, dtype=np.float32).reshape(-1, len(NAMES)),
            np.array(self._same),
            np.array(self._weights),
            tuple(self._tags),
        )


def unjudged_weight(similarity: float) -> float:
    """How much a neighbor that nobody compared counts as different."""
    doubt = (_PERHAPS_SAME - similarity) / (_PERHAPS_SAME - _SURELY_DIFFERENT)
    return _UNJUDGED_WEIGHT * min(max(doubt, 0.0), 1.0)


def intent_rows(
    corpus: Corpus, intents: Mapping[str, str], learned: Substitutions, *, seed: int, tag: str
) -> Part:
    """Neighbors among questions of known intents that are after different things, as rows that do not ask the same.

    Those of one intent are no rows: an intent is wider than a question.
    """
    rng = np.random.default_rng(seed)
    texts = [list(intents)[at] for at in rng.permutation(len(intents))[:_MOST_INTENT_TEXTS]]
    rows: list[Rows] = []
    for asked, near in zip(
        texts, stream_neighbors(np.array([corpus.vectors[text] for text in texts])), strict=True
    ):
        if all(intents[texts[other]] == intents[asked] for other, _ in near):
            continue
        made = evidence_rows(
            corpus.readings[asked],
            [corpus.readings[texts[other]] for other, _ in near],
            similarities=[value for _, value in near],
            learned=learned,
        )
        rows += [
            row for row, (other, _) in zip(made, near, strict=True) if intents[texts[other]] != intents[asked]
        ]
    return Part(
        np.array(rows, dtype=np.float32).reshape(len(rows), len(NAMES)),
        np.zeros(len(rows), dtype=np.bool_),
        np.full(len(rows), _INTENT_WEIGHT),
        (tag,) * len(rows),
    )


def _around(
    nearest: npt.NDArray[np.int64], similarities: npt.NDArray[np.float32], without: int
) -> list[tuple[int, float]]:
    return [
        (int(other), float(value))
        for other, value in zip(nearest, similarities, strict=True)
        if other != without
    ][: K - 1]


def _all_nearest(vectors: Rows) -> tuple[npt.NDArray[np.int64], Rows]:
    """The nearest others of every row, closest first."""
    count = min(_NEAREST, len(vectors) - 1)
    places = np.zeros((len(vectors), count), dtype=np.int64)
    values = np.zeros((len(vectors), count), dtype=np.float32)
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK] @ vectors.T
        block[np.arange(len(block)), np.arange(start, start + len(block))] = -np.inf
        chosen = np.argpartition(block, -count, axis=1)[:, -count:]
        found = np.take_along_axis(block, chosen, axis=1)
        order = np.argsort(-found, axis=1, kind="stable")
        places[start : start + _BLOCK] = np.take_along_axis(chosen, order, axis=1)
        values[start : start + _BLOCK] = np.take_along_axis(found, order, axis=1)
    return places, values


def stream_neighbors(vectors: Rows, *, k: int = K) -> Iterable[list[tuple[int, float]]]:
    """The `k` closest earlier rows of every row, closest first; rows without a vector have and are none."""
    empty: npt.NDArray[np.bool_] = np.logical_not(vectors.any(axis=1))
    for start in range(0, len(vectors), _BLOCK):
        end = min(start + _BLOCK, len(vectors))
        block = vectors[start:end] @ vectors[:end].T
        block[:, empty[:end]] = -np.inf
        for row, index in zip(block, range(start, end), strict=True):
            earlier = row[:index]
            if empty[index] or not index:
                yield []
                continue
            chosen = np.argpartition(earlier, -k)[-k:] if index > k else np.arange(index)
            ranked = chosen[np.argsort(-earlier[chosen], kind="stable")]
            yield [(int(one), min(1.0, float(earlier[one]))) for one in ranked if np.isfinite(earlier[one])]
