"""How rare words are, and roughly what they mean: static vectors of single words.

The vectors are the embedder's own, of each word alone, reduced to few dimensions
when the judge is fitted.  They tell a substituted synonym from a substituted
stranger without running the embedder again.
"""

import msgspec
import numpy as np
import numpy.typing as npt


class WordTable(msgspec.Struct, frozen=True, eq=False):
    """`words` maps a word to its row; a word that is not in it is as rare as can be.

    Rarity is the inverse document frequency, scaled so that the rarest has 1.
    Vectors have length 127: unit vectors in eight bits; one more row than there are
    words, of zeros, stands for every unknown word.
    """

    words: dict[str, int]
    rarity: npt.NDArray[np.float32]
    vectors: npt.NDArray[np.int8]


def empty_table(dimensions: int = 2) -> WordTable:
    """A table that knows no word: every word is rare, none resembles another."""
    return WordTable({}, np.zeros(0, dtype=np.float32), np.zeros((1, dimensions), dtype=np.int8))
