"""Play questions as a stream, each once, and tell which stored one a judge would pick for it.

Every question meets a store that holds all earlier ones.  What it finds there is kept as rows
of evidence, so that any score, any guards and any bar can be held against it afterwards.
"""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from sparingly.core.evidence.guards import veto
from sparingly.core.evidence.pairing import NAMES
from sparingly.core.judging.judge import SAME_WORDS, in_same_words
from sparingly.core.judging.model import JudgeModel
from sparingly.learning.judge.rows import K, Labels, Rows, stream_neighbors

Score: TypeAlias = Callable[[Rows], npt.NDArray[np.float64]]
"""From rows of evidence to how likely each stored answer is right."""

RIGHT: Final = 1
WRONG: Final = 0
UNJUDGED: Final = -1

NOBODY: Final = -1.0
"""The score where there is no candidate."""


class Measured(msgspec.Struct, frozen=True, eq=False):
    """A set: for each request the rows of its up to K candidates, their labels, and which have the same words.

    Candidates that are not there have no similarity (NaN).  `repeats` are the requests that some
    earlier one could answer, `tags` the kind of each request, `texts` what it asks and what its candidates asked.
    """

    rows: Rows
    labels: npt.NDArray[np.int8]
    same_words: npt.NDArray[np.bool_]
    repeats: int
    tags: tuple[str, ...] = ()
    texts: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Best(msgspec.Struct, frozen=True, eq=False):
    """The best candidate of each request: its score, `NOBODY` without one, and its label."""

    scores: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int8]


def labelled_texts(labels: Labels, *, seed: int = 0) -> list[str]:
    """The questions of labelled pairs, in a seeded order."""
    texts = labels.texts()
    random.Random(seed).shuffle(texts)  # noqa: S311 - an order that comes out the same every time
    return texts


def told_by(labels: Labels) -> Callable[[str, str], int]:
    """The label of two questions; only what was said of them counts."""

    def label(one: str, other: str) -> int:
        same = labels.same(one, other)
        return UNJUDGED if same is None else int(same)

    return label


def played(
    judge: JudgeModel, texts: Sequence[str], vectors: Rows, label: Callable[[str, str], int]
) -> Measured:
    """What each text finds among the earlier ones; `label` compares two of them."""
    readings = [judge.read(text) for text in texts]
    table = np.full((len(texts), K, len(NAMES)), np.nan, dtype=np.float32)
    labels = np.full((len(texts), K), UNJUDGED, dtype=np.int8)
    same = np.zeros((len(texts), K), dtype=np.bool_)
    repeats = 0
    compared: list[tuple[str, tuple[str, ...]]] = []
    for at, near in enumerate(stream_neighbors(vectors)):
        compared.append((texts[at], tuple(texts[other] for other, _ in near)))
        if not near:
            continue
        stored = [readings[other] for other, _ in near]
        table[at, : len(near)] = judge.rows(readings[at], stored, similarities=[value for _, value in near])
        labels[at, : len(near)] = [label(texts[at], texts[other]) for other, _ in near]
        same[at, : len(near)] = [in_same_words(readings[at], one) for one in stored]
        repeats += RIGHT in labels[at]
    return Measured(table, labels, same, repeats, texts=tuple(compared))


def best_candidates(
    found: Measured,
    score: Score,
    *,
    guards: Iterable[str] = (),
    floor: float = -1.0,
    most_behind: float = math.inf,
) -> Best:
    """What a judge would pick, as `core.judging.judge` does it."""
    requests, k, columns = found.rows.shape
    flat = found.rows.reshape(-1, columns)
    there = ~np.isnan(flat[:, 0])
    scores = np.full(len(flat), NOBODY)
    scores[there] = score(flat[there])
    chosen = frozenset(guards)
    if chosen:
        same = found.same_words.ravel()
        scores[same] = np.maximum(scores[same], SAME_WORDS)
        for at in np.flatnonzero(there & ~same):
            if veto(flat[at], chosen) is not None:
                scores[at] = NOBODY
    scores[there & (flat[:, 0] < floor)] = NOBODY
    table = scores.reshape(requests, k)
    similarities = np.where(table == NOBODY, -np.inf, found.rows[:, :, 0])
    closest = np.max(similarities, axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):  # where nobody is left, nobody is behind
        behind = closest - similarities > most_behind
    table[behind & (table < SAME_WORDS)] = NOBODY
    picked = table.argmax(axis=1)
    every = np.arange(requests)
    return Best(table[every, picked], found.labels[every, picked])
