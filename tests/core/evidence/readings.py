"""Readings for tests, on a small table of words."""

import numpy as np

from sparingly.core.evidence.reading import Reading, read
from sparingly.core.evidence.word_table import WordTable

WORDS = ("account", "card", "transfer", "password", "reset", "money", "buy", "purchase")
# Two dimensions are enough: buy and purchase point the same way, the rest does not.
_ANGLES = np.linspace(0.2, 2.6, len(WORDS))
_ANGLES[-2:] = 3.0
_VECTORS = np.rint(127 * np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1))

TABLE = WordTable(
    words={word: index for index, word in enumerate(WORDS)},
    rarity=np.full(len(WORDS), 0.4, dtype=np.float32),
    vectors=np.vstack([_VECTORS, np.zeros((1, 2))]).astype(np.int8),
)


def reading(text: str) -> Reading:
    """What a text says."""
    return read(text, TABLE)
