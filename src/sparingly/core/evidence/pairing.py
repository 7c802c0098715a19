"""The evidence about a question and its nearest stored ones, one row of numbers each.

The judge was fitted on exactly these columns: their names, order and meaning
may change only with `VERSION`.  What cannot be known (token alignment without
token vectors, the margin to a neighbor there is none of) is -1.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from sparingly.core.evidence.asking import KINDS
from sparingly.core.evidence.differences import (
    disorder,
    is_swap,
    misspelled_pairs,
    opposites,
    reversed_arcs,
    trimmed,
)
from sparingly.core.evidence.quantities import unshared
from sparingly.core.evidence.reading import CLASSES, Reading
from sparingly.core.evidence.substitutions import Substitutions

VERSION: Final = 2
UNKNOWN: Final = -1.0

_NEAR: Final = ("similarity", "margin_next", "gap_to_best", "mean_similarity", "others_close")
_WORDS: Final = (
    "unmatched_asked", "unmatched_stored", "unmatched_most", "unmatched_least", "unmatched_weight",
    "overlap", "heaviest_asked", "heaviest_stored", "heaviest_alike",
    "soft_asked", "soft_stored", "soft_most", "soft_heaviest",
    "unshared_asked", "unshared_stored", "shared_content", "only_stop_words_differ",
    "trigrams", "length_asked", "length_ratio", "contained", "learned",
)  # fmt: skip
_CLAIMS: Final = (
    "numbers_shared", "numbers_unshared", "numbers_conflict", "numbers_missing", "numbers_reordered",
    "negation", "opposites", "names_unshared", "names_conflict", "names_shared",
)  # fmt: skip
_SHAPE: Final = (
    "same_kind", "kind_asked", "kind_stored", "same_first", "same_last", "disorder", "reversed", "swapped",
    "changed_asked", "changed_stored", "changed_weight", "substituted", "inserted", "change_at",
    "task_differs",
)  # fmt: skip
NAMES: Final = (*_NEAR, *_WORDS, *_CLAIMS, *_SHAPE, *(f"{name}_unshared" for name in CLASSES))

_KIND_AT: Final = {kind: float(index) for index, kind in enumerate(KINDS)}
# A neighbor this close to the best one makes the best one doubtful: which of the two is meant?
_CLOSE: Final = 0.03


def evidence_rows(
    question: Reading,
    stored: Sequence[Reading],
    *,
    similarities: Sequence[float],
    learned: Substitutions,
    places: Sequence[int] | None = None,
) -> npt.NDArray[np.float32]:
    """One row a stored question.

    `similarities` are those of all neighbors, of which `stored` are the ones at `places`; all, in the same
    order, without that.
    """
    wanted = range(len(stored)) if places is None else places
    return np.array(
        [
            [*_nearness(similarities, at), *_pair(question, other, learned)]
            for at, other in zip(wanted, stored, strict=True)
        ],
        dtype=np.float32,
    ).reshape(len(wanted), len(NAMES))


def _nearness(similarities: Sequence[float], at: int) -> tuple[float, ...]:
    own = similarities[at]
    others = [value for place, value in enumerate(similarities) if place != at]
    if not others:
        return own, UNKNOWN, 0.0, UNKNOWN, UNKNOWN
    best = max(others)
    farther = [value for value in others if value <= own]
    return (
        own,
        own - max(farther) if farther else 0.0,
        max(best - own, 0.0),
        sum(others) / len(others),
        float(sum([value > own - _CLOSE for value in others])),
    )


def _pair(one: Reading, other: Reading, learned: Substitutions) -> list[float]:
    left, right = one.bag - other.bag, other.bag - one.bag
    spelled = misspelled_pairs(one, other, left, right)
    if spelled:
        left = left - {word for word, _ in spelled}
        right = right - {word for _, word in spelled}
    left, right = _without_compounds(one, other, left, right)
    return [
        *_words(one, other, left, right, learned),
        *_claims(one, other, left, right),
        *_shape(one, other),
        *[float(len(mine ^ theirs)) for mine, theirs in zip(one.classes, other.classes, strict=True)],
    ]


def _without_compounds(
    one: Reading, other: Reading, left: frozenset[str], right: frozenset[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Without words that are two words on the other side: "topup" is "top up"."""
    for word in left & other.compounds.keys():
        left, right = left - {word}, right - set(other.compounds[word])
    for word in right & one.compounds.keys():
        left, right = left - set(one.compounds[word]), right - {word}
    return left, right


def _words(
    one: Reading, other: Reading, left: frozenset[str], right: frozenset[str], learned: Substitutions
) -> list[float]:
    # In the order of the words, not of the sets: sums must not depend on a process's hash seed.
    asked = {word: weight for word, weight in one.weights.items() if word in left}
    stored = {word: weight for word, weight in other.weights.items() if word in right}
    lost_asked, lost_stored = sum(asked.values()), sum(stored.values())
    share_asked = lost_asked / one.weight if one.weight else 0.0
    share_stored = lost_stored / other.weight if other.weight else 0.0
    shared = max(one.weight - lost_asked, 0.0)
    whole = one.weight + other.weight
    soft = _soft(one, other, asked, stored)
    common = len(one.trigrams & other.trigrams)
    trigrams = len(one.trigrams) + len(other.trigrams) - common
    return [
        share_asked,
        share_stored,
        max(share_asked, share_stored),
        min(share_asked, share_stored),
        lost_asked + lost_stored,
        2 * shared / whole if whole else 1.0,
        max(asked.values(), default=0.0),
        max(stored.values(), default=0.0),
        *soft,
        float(len(left)),
        float(len(right)),
        float(len(one.content) - len(asked)),
        float(not asked and not stored and bool(left or right)),
        common / trigrams if trigrams else 1.0,
        float(len(one.words)),
        min(len(one.words), len(other.words)) / max(len(one.words), len(other.words), 1),
        float(not asked or not stored),
        learned.score(one, other),
    ]


def _soft(
    one: Reading, other: Reading, asked: dict[str, float], stored: dict[str, float]
) -> tuple[float, float, float, float, float]:
    """How much of what is unshared has no word of like meaning on the other side.

    First the likeness of the two heaviest unshared words, then the weighted lack of likeness by
    side, the worse side, and the heaviest single lack.
    """
    if not asked and not stored:
        return 1.0, 0.0, 0.0, 0.0, 0.0
    alike = UNKNOWN
    lacks = [0.0, 0.0]
    heaviest = 0.0
    if one.content and other.content:
        table = one.vectors @ other.vectors.T  # small: some ten words by some ten
        for side, (unshared, reading, best) in enumerate(
            ((asked, one, table.max(axis=1).tolist()), (stored, other, table.max(axis=0).tolist()))
        ):
            for word, likeness in zip(reading.content, best, strict=True):
                if word in unshared:
                    lack = unshared[word] * (1.0 - likeness)
                    lacks[side] += lack
                    heaviest = max(heaviest, lack)
        if asked and stored:
            row = one.content.index(max(asked, key=lambda word: (asked[word], word)))
            column = other.content.index(max(stored, key=lambda word: (stored[word], word)))
            alike = float(table[row, column])
    else:
        lacks = [sum(asked.values()), sum(stored.values())]
        heaviest = max(lacks)
    lack_asked = lacks[0] / one.weight if one.weight else 0.0
    lack_stored = lacks[1] / other.weight if other.weight else 0.0
    return alike, lack_asked, lack_stored, max(lack_asked, lack_stored), heaviest


def _claims(one: Reading, other: Reading, left: frozenset[str], right: frozenset[str]) -> list[float]:
    mine, theirs = unshared(one.numbers, other.numbers)
    # A name counts as shared when the other text has the word at all, with a capital or without.
    names_left, names_right = one.entities & left, other.entities & right
    return [
        float(len(one.numbers) - len(mine)),
        float(len(mine) + len(theirs)),
        float(bool(mine) and bool(theirs)),
        float(bool(mine) != bool(theirs)),
        float(not mine and not theirs and len(one.numbers) > 1 and _is_reordered(one.numbers, other.numbers)),
        float((one.negations - other.negations) % 2),
        float(opposites(one, other, left, right)),
        float(len(names_left) + len(names_right)),
        float(bool(names_left) and bool(names_right)),
        float(len((one.entities & other.bag) | (other.entities & one.bag))),
    ]


def _is_reordered(mine: Sequence[str], theirs: Sequence[str]) -> bool:
    """The same numbers in another order, units aside."""
    return [number.split(" ")[0] for number in mine] != [number.split(" ")[0] for number in theirs]


def _shape(one: Reading, other: Reading) -> list[float]:
    mine, theirs, start = trimmed(one.words, other.words)
    swapped = is_swap(mine, theirs, before=one.words[:start])
    changed = sum([one.weights.get(word, 0.0) for word in mine])
    changed += sum([other.weights.get(word, 0.0) for word in theirs])
    longest = max(len(one.words), len(other.words), 1)
    return [
        float(one.kind == other.kind),
        _KIND_AT[one.kind],
        _KIND_AT[other.kind],
        float(one.words[:1] == other.words[:1]),
        float(one.words[-1:] == other.words[-1:]),
        disorder(one, other),
        float(reversed_arcs(one, other)),
        float(swapped),
        float(len(mine)),
        float(len(theirs)),
        changed,
        float(len(mine) == 1 and len(theirs) == 1),
        float(len(mine) + len(theirs) == 1),
        start / longest,
        _task_differs(one.task, other.task),
    ]


def _task_differs(one: frozenset[str] | None, other: frozenset[str] | None) -> float:
    """1 where two kinds of text are to be made, or one and a plain description; a half where one is a question."""
    if one is None or other is None:
        return 0.5 if one or other else 0.0
    return float(one != other and one.isdisjoint(other))
