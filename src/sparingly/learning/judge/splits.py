"""Which part of the labelled data a group of pairs belongs to.

Parts are told by a checksum of the group's name, so they need no list, no seed
and no order, and every script that asks gets the same answer.  Nothing may be
fitted on `report`, and what is chosen (an operating point, a size) is chosen
on `calibrate`.
"""

import hashlib
from typing import Literal, TypeAlias

Split: TypeAlias = Literal["train", "calibrate", "report"]

# Percent of the groups; the rest is for the report.
_TRAIN, _CALIBRATE = 60, 20


def split_of(group: str) -> Split:
    """The part that a group is in: 60 % train, 20 % calibrate, 20 % report."""
    digest = hashlib.blake2b(group.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    place = int.from_bytes(digest, "big") % 100
    if place < _TRAIN:
        return "train"
    return "calibrate" if place < _TRAIN + _CALIBRATE else "report"


def fold_of(group: str, folds: int) -> int:
    """Which of `folds` equal parts a group is in; another draw than `split_of`'s."""
    digest = hashlib.blake2b(group.encode("utf-8", "surrogatepass"), digest_size=8, salt=b"fold").digest()
    return int.from_bytes(digest, "big") % folds
