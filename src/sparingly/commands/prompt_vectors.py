"""Embed a table's prompts as serving embeds them for routing: the first window of each."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from sparingly.embedders.fastembed_model import Reading

# As many as the embedder takes at a time when it serves.
_AT_ONCE = 16
_TOLD_EVERY = 1_600


class HeadModel(Protocol):
    """What embeds the heads of texts; `FastembedModel` is one."""

    def head(self, text: str, /) -> "Reading":
        """A text's first window."""
        ...

    def vectors(self, readings: "Sequence[Reading]", /) -> list[npt.NDArray[np.float32]]:
        """One vector a text."""
        ...


def head_vectors(
    model: HeadModel, texts: Sequence[str], *, tell: Callable[[str], None]
) -> npt.NDArray[np.float32]:
    """One row a text; there must be some."""
    readings = [model.head(text) for text in texts]
    # Texts of one length at a time: shorter ones would be padded.
    order = sorted(range(len(texts)), key=lambda at: len(readings[at].ids))
    found: dict[int, npt.NDArray[np.float32]] = {}
    for start in range(0, len(order), _AT_ONCE):
        batch = order[start : start + _AT_ONCE]
        found.update(zip(batch, model.vectors([readings[at] for at in batch]), strict=True))
        if start and start % _TOLD_EVERY == 0:
            tell(f"embedded {start} of {len(texts)} prompts")
    return np.array([found[at] for at in range(len(texts))], dtype=np.float32)
