"""How long an answer may be kept, from the words of its question alone.

Two logistic regressions on hashed words and pairs of words say how likely the
answer depends on when it is asked, and how likely it holds for this moment or
this person only; a table of words (`time_cues`) speaks where they are blind.
Out come four classes, each with a time to live of its own in the config.

Question: words, embedding, or both?  Choice: words.  The embedding adds 0.01 of
AUROC (benchmarks/results/freshness.json) but is not at hand for every write and
read, and one text must always fall in one class.

Rule: ages are absolute.  What is decided here is an entry's `expires_at` when it
is made; serving it never moves that.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import exp, sqrt
from typing import Literal, TypeAlias
from zlib import crc32

import msgspec
import numpy as np
import numpy.typing as npt

from sparingly.core.keeping.time_cues import is_about_now, is_live
from sparingly.core.policy import CachePolicy, TtlClasses
from sparingly.core.wording import asking_paragraph, words_of

TimeClass: TypeAlias = Literal["live", "current", "seasonal", "stable"]

VERSION = 1
"""Of the features; a model of another version must be refused."""

BUCKETS = 1 << 14
# Beyond this a question explains itself, and a word more says little about time.
_WORDS = 64
_ASKING_CHARS = 600
# What asks stands at one of the ends of a long text; the middle is not even split into paragraphs.
_END_CHARS = 2_000


class FreshnessModel(msgspec.Struct, frozen=True, eq=False):
    """What was learned; each weights array has `BUCKETS` values."""

    dependent: npt.NDArray[np.float32]
    dependent_bias: float
    live: npt.NDArray[np.float32]
    live_bias: float


def time_class(text: str, *, model: FreshnessModel, policy: TtlClasses) -> TimeClass:
    """The class of a question.

    1. Tied to the moment, place or person by its words, or surely by what was learned: live.
    2. Likely to have another answer another day: current with a word such as "latest", seasonal without.
    3. Anything else is stable.
    """
    asking = question_in(text)
    lowered = asking.lower()
    where = buckets(asking)
    if is_live(lowered) or _chance(model.live, model.live_bias, where) >= policy.live_from:
        return "live"
    if _chance(model.dependent, model.dependent_bias, where) >= policy.dependent_from:
        return "current" if is_about_now(lowered) else "seasonal"
    return "stable"


def kept_for_s(kind: TimeClass, policy: CachePolicy) -> int:
    """How long an answer of a class is kept: never longer than the policy's `ttl_s`."""
    classes = policy.ttl_classes
    match kind:
        case "live":
            return min(classes.live, policy.ttl_s)
        case "current":
            return min(classes.current, policy.ttl_s)
        case "seasonal":
            return min(classes.seasonal, policy.ttl_s)
        case "stable":
            return policy.ttl_s


def dependence(text: str, model: FreshnessModel) -> float:
    """P(the answer depends on when it is asked)."""
    return _chance(model.dependent, model.dependent_bias, buckets(question_in(text)))


def question_in(text: str) -> str:
    """The part of a text that asks, without what is pasted around it."""
    if len(text) > 2 * _END_CHARS:
        text = f"{text[:_END_CHARS]}\n\n{text[-_END_CHARS:]}"
    return asking_paragraph(text)[:_ASKING_CHARS]


def buckets(text: str) -> list[int]:
    """Where the words and pairs of words of a text are counted, each once."""
    words = ["^", *(_kind(word) for word in words_of(text)[:_WORDS]), "$"]
    found = {*words, *(f"{first} {second}" for first, second in pairwise(words))}
    # Sorted, so that a sum of floats comes out the same whatever the order of the set.
    return sorted(crc32(gram.encode("utf-8", "replace")) % BUCKETS for gram in found)


def _kind(word: str) -> str:
    """Numbers by what they may be: which year it is says nothing, that there is one says much."""
    if not word.isdigit():
        return word
    return "<year>" if len(word) == 4 and word[:2] in ("17", "18", "19", "20") else "<number>"


def _chance(weights: npt.NDArray[np.float32], bias: float, where: Sequence[int]) -> float:
    # Over the root of their number: a long question is not surer for being long.
    score = float(weights[where].sum()) / sqrt(len(where)) + bias
    return 1 / (1 + exp(-max(-30.0, min(30.0, score))))
