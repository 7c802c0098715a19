"""The sets a judge is measured on, as rows of evidence: streams of questions and single pairs.

A stream asks each distinct question once, in a seeded order, of a store that
holds all earlier ones.  A pair stores one question and asks the other.  QQP and the medical
pairs are measured on their report part only, the small sets on the half that nothing is fitted on; the docs bot's
questions are never fitted on.
"""

import random
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.data_folder import needed_folder, rows
from benchmarks.judge.small_sets import MEASURED, small_pairs
from sparingly.core.judging.judge import in_same_words
from sparingly.core.judging.model import JudgeModel
from sparingly.learning.judge.labelled_pairs import LabelledPair, read_pairs
from sparingly.learning.judge.rows import Labels
from sparingly.learning.judge.splits import Split
from sparingly.learning.judge.streams import RIGHT, Measured, labelled_texts, played, told_by

Embed = Callable[[Sequence[str]], npt.NDArray[np.float32]]


def qqp_stream(judge: JudgeModel, embed: Embed, split: Split) -> Measured:
    """The questions of a part of QQP; only explicit labels count."""
    pairs = [pair for pair in _pairs("qqp") if pair.split == split]
    labels = Labels(pairs)
    texts = labelled_texts(labels)
    return played(judge, texts, embed(texts), told_by(labels))


def docs_questions() -> dict[str, str]:
    """What real users asked a documentation bot, each text once and in a seeded order, with its cluster."""
    clusters: dict[str, str] = {}
    for row in rows("pairs/osschat_clusters"):
        questions = row["questions"]
        assert isinstance(questions, list)
        for question in questions:
            clusters.setdefault(str(question), str(row["id"]))
    texts = list(clusters)
    random.Random(0).shuffle(texts)
    return {text: clusters[text] for text in texts}


def docs_stream(judge: JudgeModel, embed: Embed) -> Measured:
    """The documentation bot's questions; a text that was asked before is an exact hit and left out."""
    asked = docs_questions()
    texts = list(asked)
    return played(judge, texts, embed(texts), lambda one, other: int(asked[one] == asked[other]))


def medical_pairs(judge: JudgeModel, embed: Embed, split: Split) -> Measured:
    """A question and one that asks the same or shares words with it."""
    pairs = [(pair.b, pair.a, pair.same, "") for pair in _pairs("medical") if pair.split == split]
    return _single(judge, embed, pairs)


def measured_half(judge: JudgeModel, embed: Embed, name: str) -> Measured:
    """Pairs of a small set that the shipped judge was not fitted on: traps, or CacheSafety's last words of requests."""
    pairs = [(one.asked, one.stored, one.same, one.kind) for one in small_pairs(name) if one.half == MEASURED]
    return _single(judge, embed, pairs)


def _pairs(name: str) -> list[LabelledPair]:
    return read_pairs(needed_folder() / "pairs" / f"{name}.jsonl.gz")


def _single(judge: JudgeModel, embed: Embed, pairs: Sequence[tuple[str, str, bool, str]]) -> Measured:
    asked = embed([one for one, *_ in pairs])
    stored = embed([other for _, other, *_ in pairs])
    table, same_words = [], []
    for (one, other, *_), left, right in zip(pairs, asked, stored, strict=True):
        mine, theirs = judge.read(one), judge.read(other)
        table.append(judge.rows(mine, [theirs], similarities=[min(1.0, float(left @ right))]))
        same_words.append([in_same_words(mine, theirs)])
    labels = np.array([[int(same)] for _, _, same, _ in pairs], dtype=np.int8)
    return Measured(
        np.array(table, dtype=np.float32),
        labels,
        np.array(same_words),
        int((labels == RIGHT).sum()),
        tuple(tag for *_, tag in pairs),
        tuple((one, (other,)) for one, other, *_ in pairs),
    )
