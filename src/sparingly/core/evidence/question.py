"""What the judge is given about a question: its text and what the embedder made of it."""

import msgspec
import numpy as np
import numpy.typing as npt

from sparingly.core.vectors import Vector


class Tokens(msgspec.Struct, frozen=True, eq=False):
    """A text's word pieces and their unit vectors, one row each."""

    pieces: tuple[str, ...]
    vectors: npt.NDArray[np.float32]


class Question(msgspec.Struct, frozen=True, eq=False):
    """A question as asked; `tokens` are None where the embedder gives none."""

    text: str
    vector: Vector
    tokens: Tokens | None = None
