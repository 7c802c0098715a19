"""Entries and vectors that the contract of answer stores is tried with."""

import msgspec
import numpy as np

from sparingly.core.entry import Entry
from sparingly.core.vectors import Vector
from tests.asks import ask, entry, mark

DIMENSIONS = 8


def at(degrees: float) -> Vector:
    """A unit vector; the cosine of two is that of the difference of their degrees."""
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    vector[:2] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return vector


def said(words: str, *, system: str | None = None, **fields: object) -> Entry:
    """An entry for a question with these words; `system` makes another scope."""
    return msgspec.structs.replace(entry(mark(ask(words, system=system))), **fields)
