"""Compare a stored answer with a fresh one to the same request: do they say the same?

Two good answers to one question differ in words, and two answers that share nearly all words may
differ in the one that matters.  So there are three outcomes, and the words between the clear cases are
`unclear`: a false `wrong` costs hits and trust in an entry, a false `right` hides errors; an unclear pair
costs one comparison.  Cases, in this order:
 1. the same words in the same order: right;
 2. nothing to compare, or one of the two declines to answer: unclear;
 3. one begins with yes and the other with no: wrong;
 4. much the same words and yet another number, or one negation more: wrong where both are short,
    for then that is what they say; in long texts unclear, for there it may be an aside;
 5. much the same words, weighted by rarity: right, and so is a brief answer that a longer one
    contains.  Not, but unclear, where each has a name that the other has not, where the order
    alone differs, or where a word or three stand in the place of others: nobody
    writes a text twice but for one word, unless that word is the difference;
 6. hardly a word in common: wrong.

The limits were set on the answers of the demo's help desk; the words in the place of others came in after a
look at CacheSafety, on which benchmarks/results/agreement.json measures, so those figures are optimistic.
Nothing here understands: a paraphrase in other words is unclear at best.
"""

import re
from typing import Final, Literal, TypeAlias

from sparingly.core.answer import Answer
from sparingly.core.chat import Refusal
from sparingly.core.evidence.quantities import unshared
from sparingly.core.evidence.reading import Reading, read
from sparingly.core.evidence.word_table import WordTable

Agreement: TypeAlias = Literal["right", "wrong", "unclear"]

_MUCH: Final = 0.6
_HARDLY: Final = 0.1
# Two sentences: what is said in them is the answer, not an aside.
_SHORT: Final = 40
_LEAST_WORDS: Final = 5
"""Content words that each must have for "hardly a word in common" to say anything."""
_BRIEF, _LONGER = 3, 15
_SWAP: Final = 3
_READ_WORDS: Final = 256
"""What a reading holds; of longer texts nobody has seen the end."""

_WHOLE = frozenset({None, "stop", "end_turn"})

_YES: Final = frozenset({"yes", "yeah", "yep", "correct", "true", "certainly", "absolutely"})
_NO: Final = frozenset({"no", "nope", "incorrect", "false", "never"})
_DECLINES: Final = re.compile(
    r"^\W*(?:i(?:'|\u2019)?m (?:sorry|unable|not able|afraid)|i am (?:sorry|unable|not able|afraid)|sorry\b|apologies|"
    r"unfortunately,? i\b|i (?:can(?:'|\u2019|no)t|cannot|do not|don(?:'|\u2019)t) (?:help|assist|answer|provide|know|have)|"
    r"as an ai\b|(?:could|can) you (?:please )?(?:clarify|provide|tell|share))",
    re.IGNORECASE,
)
_LIST_MARKS: Final = re.compile(r"(?m)^\s*(?:\d{1,2}[.)]|[-*\u2022])\s+")


def agreement(stored: Answer, fresh: Answer, table: WordTable) -> Agreement:
    """Whether two answers say the same; `table` tells rare words from common ones."""
    for answer in (stored, fresh):
        if answer.has_tool_calls or len(answer.choices) != 1 or answer.choices[0].finish not in _WHOLE:
            # Several drafts, half an answer, or no answer in words.
            return "unclear"
        if any(isinstance(block, Refusal) for block in answer.choices[0].blocks):
            return "unclear"
    return texts_agree(stored.text, fresh.text, table)


def texts_agree(stored: str, fresh: str, table: WordTable) -> Agreement:
    """The same of bare texts."""
    if stored.split() == fresh.split():
        return "right" if stored.strip() else "unclear"
    if _DECLINES.match(stored) or _DECLINES.match(fresh):
        return "unclear"
    one, other = (read(_LIST_MARKS.sub("", text), table) for text in (stored, fresh))
    if not one.words or not other.words:
        return "unclear"
    is_whole = not (one.is_cut or other.is_cut) and max(len(one.words), len(other.words)) < _READ_WORDS
    if one.words == other.words and is_whole:
        return "right"
    if _opposed(one, other):
        return "wrong"
    return _by_words(one, other, is_whole=is_whole)


def _by_words(one: Reading, other: Reading, *, is_whole: bool) -> Agreement:
    shared = sum(weight for word, weight in one.weights.items() if word in other.weights)
    total = one.weight + other.weight
    overlap = 2 * shared / total if total else 0.0
    is_contained = _is_contained(one, other, shared)
    if overlap >= _MUCH or is_contained:
        if _differ_in_detail(one, other):
            return "wrong" if _is_short(one, other) and overlap >= _MUCH else "unclear"
        return "right" if is_whole and not _is_swapped(one, other) else "unclear"
    if overlap <= _HARDLY and min(len(one.content), len(other.content)) >= _LEAST_WORDS:
        return "wrong"
    return "unclear"


def _opposed(one: Reading, other: Reading) -> bool:
    return (one.words[0] in _YES and other.words[0] in _NO) or (
        one.words[0] in _NO and other.words[0] in _YES
    )


def _differ_in_detail(one: Reading, other: Reading) -> bool:
    """Whether numbers contradict each other, or one denies what the other says."""
    left, right = unshared(one.numbers, other.numbers)
    return bool(left and right) or one.negations % 2 != other.negations % 2


def _is_short(one: Reading, other: Reading) -> bool:
    return max(len(one.words), len(other.words)) <= _SHORT


def _is_contained(one: Reading, other: Reading, shared: float) -> bool:
    """Whether the one is a few words that the other, not much longer, has all of."""
    brief, longer = sorted((one, other), key=lambda reading: len(reading.content))
    return (
        0 < len(brief.content) <= _BRIEF and len(longer.content) <= _LONGER and shared >= brief.weight - 1e-6
    )


def _is_swapped(one: Reading, other: Reading) -> bool:
    """Whether the difference looks like one of substance: a name, an order, a few words for others."""
    if one.entities - other.bag and other.entities - one.bag:
        return True
    left, right = one.bag - other.bag, other.bag - one.bag
    if not left and not right:
        return True
    return bool(left and right) and max(len(left), len(right)) <= _SWAP
