"""Split a table's prompts into train, validation and test: 60, 20 and 20 %, by seed.

Prompts that differ only in case, punctuation or white space stay together: a
router that had seen a prompt would know its outcomes by heart.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_TRAIN, _VALIDATION = 0.6, 0.2
_WORD = re.compile(r"\w+")


class Split(NamedTuple):
    """Rows of each part."""

    train: npt.NDArray[np.intp]
    validation: npt.NDArray[np.intp]
    test: npt.NDArray[np.intp]


def normalized(prompt: str) -> str:
    """The words of a prompt, in lower case and compatible letters; the prompt itself where it has none."""
    words = _WORD.findall(unicodedata.normalize("NFKC", prompt).lower())
    return " ".join(words) or prompt.strip()


def split_rows(prompts: Sequence[str], *, seed: int) -> Split:
    """The rows of each part; another seed is another draw of whole groups."""
    numbers: dict[str, int] = {}
    groups = np.array([numbers.setdefault(normalized(prompt), len(numbers)) for prompt in prompts])
    order = np.random.default_rng(seed).permutation(len(numbers))
    first, second = round(_TRAIN * len(order)), round((_TRAIN + _VALIDATION) * len(order))
    part = np.empty(len(order), dtype=np.intp)
    part[order[:first]], part[order[first:second]], part[order[second:]] = 0, 1, 2
    owners = part[groups]
    return Split(*(np.flatnonzero(owners == number) for number in range(3)))
