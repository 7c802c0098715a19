"""Where two questions contradict each other: numbers, negation, opposites, order, names.

Each function answers one small question about a pair of readings; the judge
weighs the answers and the guards forbid by some of them.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Final

from sparingly.core.evidence.lexicon import ANTONYMS, ORDERLESS, SYMMETRIC
from sparingly.core.evidence.reading import Reading

# Names of one or two words make up nearly all swaps; three is for "New York City".
_LONGEST_NAME: Final = 3


def opposites(one: Reading, other: Reading, left: AbstractSet[str], right: AbstractSet[str]) -> int:
    """How many unshared words on one side have an antonym, or themselves with a polar prefix, on the other."""
    return (
        sum([word in ANTONYMS and not right.isdisjoint(ANTONYMS[word]) for word in left])
        + sum([word in left and stem in right and not _listed(word, stem) for word, stem in one.polar])
        + sum([word in right and stem in left and not _listed(word, stem) for word, stem in other.polar])
    )


def _listed(word: str, other: str) -> bool:
    return word in ANTONYMS and other in ANTONYMS[word]


def is_misspelled(word: str, other: str) -> bool:
    """Whether one is the other with a letter too many, too few, wrong or moved."""
    if min(len(word), len(other)) < 5 or abs(len(word) - len(other)) > 1:
        return False
    if not (word.isalpha() and other.isalpha()):
        return False
    start = 0
    shortest = min(len(word), len(other))
    while start < shortest and word[start] == other[start]:
        start += 1
    one, two = word[start:], other[start:]
    return (
        one[1:] == two[1:]
        or one[1:] == two
        or one == two[1:]
        or (one[:2] == two[1::-1] and one[2:] == two[2:])
    )


def misspelled_pairs(
    one: Reading, other: Reading, left: AbstractSet[str], right: AbstractSet[str]
) -> list[tuple[str, str]]:
    """Unshared words that are one word, misspelled on a side; at least one is in no table."""
    if len(left) > 8 or len(right) > 8 or (one.unknown.isdisjoint(left) and other.unknown.isdisjoint(right)):
        return []
    return [
        (word, partner)
        for word in left
        for partner in right
        if (word in one.unknown or partner in other.unknown) and is_misspelled(word, partner)
    ]


def trimmed(one: Sequence[str], other: Sequence[str]) -> tuple[Sequence[str], Sequence[str], int]:
    """What is left of two sequences without their common beginning and end, and how long the beginning was."""
    shortest = min(len(one), len(other))
    start = 0
    while start < shortest and one[start] == other[start]:
        start += 1
    end = 0
    while end < shortest - start and one[-1 - end] == other[-1 - end]:
        end += 1
    return one[start : len(one) - end], other[start : len(other) - end], start


def is_swap(one: Sequence[str], other: Sequence[str], *, before: Sequence[str]) -> bool:
    """Whether two trimmed sequences are X M Y and Y M X, where M does not say that order is nothing.

    `before` are the words in front of them: in "compare A with B for C" order is nothing.
    """
    if len(one) != len(other) or len(one) < 2 or sorted(one) != sorted(other):
        return False
    for first in range(1, min(_LONGEST_NAME, len(one) - 1) + 1):
        for last in range(1, min(_LONGEST_NAME, len(one) - first) + 1):
            middle = one[first : len(one) - last]
            if (
                one[:first] == other[len(other) - first :]
                and one[len(one) - last :] == other[:last]
                and middle == other[last : len(other) - first]
            ):
                # "solo and want team" turns on "want": only a middle that is all "and" says nothing of order.
                return bool(middle) and not SYMMETRIC.issuperset(middle) and ORDERLESS.isdisjoint(before)
    return False


def reversed_arcs(one: Reading, other: Reading) -> int:
    """How many relations stand the other way round: "A to B" and "B to A", "from A" and "to A"."""
    count = 0
    for before, relation, after in one.arcs:
        if not before or not after:
            continue
        if (after, relation, before) in other.arcs and relation not in SYMMETRIC:
            count += 1
        elif relation == "from" and any(way == "to" and end == after for _, way, end in other.arcs):
            count += all(not (way == "from" and end == after) for _, way, end in other.arcs)
    return count


def disorder(one: Reading, other: Reading) -> float:
    """The share of shared content words whose order is turned."""
    at = {word: place for place, word in enumerate(other.content)}
    places = [at[word] for word in one.content if word in at]
    if len(places) < 2:
        return 0.0
    return sum([after < before for before, after in pairwise(places)]) / (len(places) - 1)
