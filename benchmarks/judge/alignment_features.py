"""Numbers about how the words of two questions align, by their contextual vectors.

Late interaction: every word looks for its best partner on the other side (MaxSim,
Khattab and Zaharia 2020); what finds none counts by its rarity.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]

NAMES = (
    "aligned_asked", "aligned_stored", "aligned_least", "worst_asked", "worst_stored",
    "lack_asked", "lack_stored", "lack_most", "mass_asked", "mass_stored", "mass_most",
    "unaligned_far", "unaligned_near", "turned", "same_word_least", "same_word_mean",
    "substituted", "heaviest", "unshared_partner", "same_word_chosen",
)  # fmt: skip
UNKNOWN = -1.0
# Partners closer than the first are the same word or a near synonym, below the second there is none.
_NEAR, _FAR = 0.7, 0.5


class Aligned:
    """A question's words with unit vectors and rarities."""

    def __init__(self, words: Sequence[str], vectors: Matrix, rarity: npt.NDArray[np.float32]) -> None:
        self.words = list(words)
        self.vectors = vectors
        self.rarity = rarity


def alignment(asked: Aligned, stored: Aligned) -> list[float]:
    """One number for each of NAMES."""
    if not asked.words or not stored.words:
        return [UNKNOWN] * len(NAMES)
    table = asked.vectors @ stored.vectors.T
    left, right = table.max(axis=1), table.max(axis=0)
    lack_left, lack_right = asked.rarity * (1 - left), stored.rarity * (1 - right)
    share_left = float(asked.rarity @ left / asked.rarity.sum())
    share_right = float(stored.rarity @ right / stored.rarity.sum())
    numbers = [
        share_left, share_right, min(share_left, share_right), left.min(), right.min(),
        lack_left.max(), lack_right.max(), max(lack_left.max(), lack_right.max()),
        lack_left.sum(), lack_right.sum(), max(lack_left.sum(), lack_right.sum()),
        (left < _FAR).sum() + (right < _FAR).sum(), (left < _NEAR).sum() + (right < _NEAR).sum(),
        _turned(table, left), *_same_words(asked, stored, table), *_unshared(asked, stored, table),
        _chosen(asked, stored, table),
    ]  # fmt: skip
    return [float(number) for number in numbers]


def _turned(table: Matrix, best: Matrix) -> float:
    """The share of neighboring words whose partners stand in the other order."""
    places = table.argmax(axis=1)[best > _FAR]
    return float((np.diff(places) < 0).mean()) if len(places) > 1 else 0.0


def _same_words(asked: Aligned, stored: Aligned, table: Matrix) -> tuple[float, float]:
    """How much the context moved the words that both have: the most moved one, and the mean."""
    at = {word: column for column, word in enumerate(stored.words)}
    found = [float(table[row, at[word]]) for row, word in enumerate(asked.words) if word in at]
    return (min(found), sum(found) / len(found)) if found else (UNKNOWN, UNKNOWN)


def _unshared(asked: Aligned, stored: Aligned, table: Matrix) -> tuple[float, float, float]:
    """The likeness of the one substituted word, of the rarest two, and of all unshared words' partners."""
    left = [row for row, word in enumerate(asked.words) if word not in stored.words]
    right = [column for column, word in enumerate(stored.words) if word not in asked.words]
    if not left or not right:
        alike = UNKNOWN if left or right else 1.0
        return UNKNOWN, alike, alike
    single = float(table[left[0], right[0]]) if len(left) == len(right) == 1 else UNKNOWN
    rarest = max(left, key=asked.rarity.__getitem__), max(right, key=stored.rarity.__getitem__)
    return single, float(table[rarest]), float(table[np.ix_(left, right)].max(axis=1).mean())


def _chosen(asked: Aligned, stored: Aligned, table: Matrix) -> float:
    """The share of common words that have themselves as their best partner."""
    common = [row for row, word in enumerate(asked.words) if word in stored.words]
    best = table.argmax(axis=1)
    chosen = sum([bool(stored.words[int(best[row])] == asked.words[row]) for row in common])
    return chosen / max(1, len(common))
