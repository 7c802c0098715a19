"""The sets a judge is measured on, as rows of evidence: streams of questions and single pairs.

A stream asks each distinct question once, in a seeded order, of a store that
holds all earlier ones.  A pair stores one question and asks the other.  QQP and the medical
pairs are measured on their report part only; the other sets are never fitted on.
"""

import math
import random
from collections.abc import Callable, Iterable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from benchmarks.data_folder import needed_folder, rows
from sparingly.core.evidence.guards import veto
from sparingly.core.evidence.pairing import NAMES
from sparingly.core.judge_model import JudgeModel
from sparingly.core.judging import SAME_WORDS
from sparingly.learning.judge_rows import K, Labels, stream_neighbors
from sparingly.learning.labelled_pairs import LabelledPair, read_pairs
from sparingly.learning.splits import Split

Embed = Callable[[Sequence[str]], npt.NDArray[np.float32]]
Score = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float64]]

RIGHT, WRONG, UNJUDGED = 1, 0, -1


class Measured(msgspec.Struct, frozen=True, eq=False):
    """A set: for each request the rows of its up to K candidates, their labels, and which have the same words.

    Candidates that are not there have no similarity (NaN).  `repeats` are the requests that some
    earlier one could answer, `tags` the kind of each request.
    """

    rows: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int8]
    same_words: npt.NDArray[np.bool_]
    repeats: int
    tags: tuple[str, ...] = ()


class Best(msgspec.Struct, frozen=True, eq=False):
    """The best candidate of each request: its score, -1 without one, and its label."""

    scores: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int8]


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
    scores = np.full(len(flat), -1.0)
    scores[there] = score(flat[there])
    chosen = frozenset(guards)
    if chosen:
        same = found.same_words.ravel()
        scores[same] = np.maximum(scores[same], SAME_WORDS)
        for at in np.flatnonzero(there & ~same):
            if veto(flat[at], chosen) is not None:
                scores[at] = -1.0
    scores[there & (flat[:, 0] < floor)] = -1.0
    table = scores.reshape(requests, k)
    similarities = np.where(table < 0, -np.inf, found.rows[:, :, 0])
    behind = similarities.max(axis=1, keepdims=True) - similarities > most_behind
    table[behind & (table < SAME_WORDS)] = -1.0
    picked = table.argmax(axis=1)
    every = np.arange(requests)
    return Best(table[every, picked], found.labels[every, picked])


def qqp_stream(judge: JudgeModel, embed: Embed, split: Split) -> Measured:
    """The questions of a part of QQP; only explicit labels count."""
    pairs = [pair for pair in _pairs("qqp") if pair.split == split]
    labels = Labels(pairs)
    texts = labels.texts()
    random.Random(0).shuffle(texts)

    def label(one: str, other: str) -> int:
        same = labels.same(one, other)
        return UNJUDGED if same is None else int(same)

    return _stream(judge, embed, texts, label)


def docs_stream(judge: JudgeModel, embed: Embed) -> Measured:
    """What real users asked a documentation bot; a text that was asked before is an exact hit and left out."""
    asked: dict[str, str] = {}
    for row in rows("pairs/osschat_clusters"):
        questions = row["questions"]
        assert isinstance(questions, list)
        for question in questions:
            asked.setdefault(str(question), str(row["id"]))
    texts = list(asked)
    random.Random(0).shuffle(texts)
    return _stream(judge, embed, texts, lambda one, other: int(asked[one] == asked[other]))


def medical_pairs(judge: JudgeModel, embed: Embed, split: Split) -> Measured:
    """A question and one that asks the same or shares words with it."""
    pairs = [(pair.b, pair.a, pair.same, "") for pair in _pairs("medical") if pair.split == split]
    return _single(judge, embed, pairs)


def trap_pairs(judge: JudgeModel, embed: Embed, name: str) -> Measured:
    """Hand-made questions that differ in one detail, and paraphrases."""
    pairs = [
        (str(row["b"]), str(row["a"]), bool(row["same"]), str(row["kind"])) for row in rows(f"pairs/{name}")
    ]
    return _single(judge, embed, pairs)


def cachesafety_requests(judge: JudgeModel, embed: Embed) -> Measured:
    """The last words of a request and of the stored one; whether it may be served is said of the whole request."""
    pairs = []
    for row in rows("pairs/cachesafety"):
        request = msgspec.convert(row["request"], type=dict[str, object])
        messages = msgspec.convert(request["messages"], type=list[dict[str, object]])
        said = [str(one["content"]) for one in messages if one.get("role") == "user"]
        pairs.append(
            (said[-1], str(row["old_request"]), row["expected"] == "semantic_safe", str(row["kind"]))
        )
    return _single(judge, embed, pairs)


def _pairs(name: str) -> list[LabelledPair]:
    return read_pairs(needed_folder() / "pairs" / f"{name}.jsonl.gz")


def _stream(
    judge: JudgeModel, embed: Embed, texts: Sequence[str], label: Callable[[str, str], int]
) -> Measured:
    readings = [judge.read(text) for text in texts]
    table = np.full((len(texts), K, len(NAMES)), np.nan, dtype=np.float32)
    labels = np.full((len(texts), K), UNJUDGED, dtype=np.int8)
    same = np.zeros((len(texts), K), dtype=np.bool_)
    repeats = 0
    for at, near in enumerate(stream_neighbors(embed(texts))):
        if not near:
            continue
        stored = [readings[other] for other, _ in near]
        table[at, : len(near)] = judge.rows(readings[at], stored, similarities=[value for _, value in near])
        labels[at, : len(near)] = [label(texts[at], texts[other]) for other, _ in near]
        same[at, : len(near)] = [one.words == readings[at].words and bool(one.words) for one in stored]
        repeats += RIGHT in labels[at]
    return Measured(table, labels, same, repeats)


def _single(judge: JudgeModel, embed: Embed, pairs: Sequence[tuple[str, str, bool, str]]) -> Measured:
    asked = embed([one for one, *_ in pairs])
    stored = embed([other for _, other, *_ in pairs])
    table, same_words = [], []
    for (one, other, *_), left, right in zip(pairs, asked, stored, strict=True):
        mine, theirs = judge.read(one), judge.read(other)
        table.append(judge.rows(mine, [theirs], similarities=[min(1.0, float(left @ right))]))
        same_words.append([mine.words == theirs.words and bool(mine.words)])
    labels = np.array([[int(same)] for _, _, same, _ in pairs], dtype=np.int8)
    return Measured(
        np.array(table, dtype=np.float32),
        labels,
        np.array(same_words),
        int((labels == RIGHT).sum()),
        tuple(tag for *_, tag in pairs),
    )
