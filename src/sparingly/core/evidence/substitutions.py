"""What labelled pairs have taught about single words: which one may be missing, which may replace which.

A linear model over the words that two questions do not share: each word has a
weight for being without a partner, and word pairs that were seen to replace one another
have one of their own (antonyms, siblings and brands on one side, synonyms on the other).  Positive weights speak for a
different question.
"""

from collections.abc import Iterable
from math import fsum

import msgspec

from sparingly.core.evidence.reading import Reading

# A pair of questions with more unshared words than this is not a substitution.
MOST_UNSHARED = 6


class Substitutions(msgspec.Struct, frozen=True):
    """Weights by feature: a word, `one|other` in order of the alphabet, `?kind|kind`."""

    weights: dict[str, float]
    bias: float = 0.0

    def score(self, one: Reading, other: Reading) -> float:
        """The log odds that the two ask different things, by words alone."""
        get = self.weights.get
        # Exact, since the order of a set is not fixed.
        return self.bias + fsum([get(name, 0.0) for name in features(one, other)])


def features(one: Reading, other: Reading) -> Iterable[str]:
    """The names of what is present in a pair."""
    left, right = one.bag - other.bag, other.bag - one.bag
    yield from left
    yield from right
    if 0 < len(left) <= MOST_UNSHARED and 0 < len(right) <= MOST_UNSHARED:
        for word in left:
            for partner in right:
                yield f"{word}|{partner}" if word < partner else f"{partner}|{word}"
    yield f"?{one.kind}|{other.kind}" if one.kind < other.kind else f"?{other.kind}|{one.kind}"
