"""What of a prompt's text the embedding does not keep: its very words, and its size.

Words and pairs of neighboring words are hashed into a fixed number of buckets, so
that a fitted file holds no word of anybody's prompts.  CRC-32 is the same on every
machine and in every version; a change here needs a new `VERSION`.

Only the head of a text is read: the cost must not grow with a prompt of hundreds
of kilobytes.
"""

from math import sqrt
from typing import Final
from zlib import crc32

import msgspec
import numpy as np
import numpy.typing as npt

VERSION: Final = 1
BUCKETS: Final = 4_096
SIZES: Final = 4
"""Length, lines, digits, signs."""
_HEAD_CHARS = 4_000
_DIGITS = b"0123456789"
# Bytes of UTF-8 above ASCII count as letters: a run of them is a word or a sentence, and either is a term.
_LETTERS = b"abcdefghijklmnopqrstuvwxyz_" + _DIGITS + bytes(range(128, 256))
_NO_SIGNS = _LETTERS + b" \t\n\r\f\v"
# All else parts words; splitting where it was takes a third of the time that a pattern takes to find them.
_PARTED = bytes(byte if byte in _LETTERS else 32 for byte in range(256))
# Knuth's multiplicative hash, so that a pair of words does not fall where its words do.
_MIX = np.uint32(2_654_435_761)
# By how often a bucket is hit: the tenth of a word says little that the first did not.
_DAMPENED = (1.0 + np.log(np.maximum(np.arange(2 * _HEAD_CHARS), 1))).astype(np.float32)


class Terms(msgspec.Struct, frozen=True, eq=False):
    """The buckets a text falls into, how much each counts, and the text's size in logarithms."""

    buckets: npt.NDArray[np.intp]
    counts: npt.NDArray[np.float32]
    sizes: npt.NDArray[np.float32]


def terms_of(text: str) -> Terms:
    """Read a text; `counts` are dampened."""
    head = text[:_HEAD_CHARS].lower().encode("utf-8", "surrogatepass")
    words = head.translate(_PARTED).split()
    hashes = np.fromiter(map(crc32, words), dtype=np.uint32, count=len(words))
    pairs = (hashes[:-1] * _MIX) ^ hashes[1:]
    counted = np.bincount(np.concatenate([hashes, pairs]) % np.uint32(BUCKETS), minlength=BUCKETS)
    # Of booleans: numpy finds them in a third of the time it takes for numbers.
    buckets = (counted != 0).nonzero()[0]
    digits = len(head) - len(head.translate(None, _DIGITS))
    sizes = (len(text), head.count(b"\n"), digits, len(head.translate(None, _NO_SIGNS)))
    return Terms(
        buckets=buckets,
        counts=_DAMPENED.take(counted.take(buckets)),
        sizes=np.log1p(np.array(sizes, dtype=np.float32)),
    )


def weighed(terms: Terms, rarity: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The counts times the rarity of their buckets, made a unit vector."""
    values = terms.counts * rarity.take(terms.buckets)
    length = sqrt(float(values @ values))
    return values / np.float32(length) if length > 0.0 else values
