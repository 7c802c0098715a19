"""Embedding a table's prompts."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sparingly.commands.prompt_vectors import head_vectors
from sparingly.embedders.fastembed_model import Reading


class Lengths:
    """Embeds a text as the length of its head, which has at most five pieces."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    def head(self, text: str) -> Reading:
        return Reading(text, [1] * min(5, len(text)))

    def vectors(self, readings: Sequence[Reading]) -> list[npt.NDArray[np.float32]]:
        self.batches.append([len(reading.ids) for reading in readings])
        return [np.full(2, len(reading.ids), dtype=np.float32) for reading in readings]


def test_every_prompt_has_the_vector_of_its_head_at_its_place() -> None:
    """Texts of one length share a batch, so that none is padded for another."""
    model = Lengths()

    found = head_vectors(model, ["aaa", "b", "c" * 9, *["dd"] * 30], tell=lambda _: None)

    assert found[:4, 0].tolist() == [3, 1, 5, 2]
    assert found.shape == (33, 2)
    assert [lengths == sorted(lengths) for lengths in model.batches] == [True] * 3
    assert max(len(lengths) for lengths in model.batches) <= 16


def test_whoever_waits_is_told() -> None:
    """A table of thousands takes minutes."""
    told: list[str] = []

    head_vectors(Lengths(), ["a"] * 1_700, tell=told.append)

    assert told == ["embedded 1600 of 1700 prompts"]
