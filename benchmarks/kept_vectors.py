"""Embed texts once and keep the vectors in a folder: a fit embeds some hundred thousand."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from sparingly.commands.train_judge import embedding
from sparingly.embedders.fastembed_model import load


class KeptVectors:
    """The package's embedder over pairs of files `texts_NAME.json` and `vectors_NAME.npy`."""

    def __init__(self, folder: Path) -> None:
        self._model = load("minilm", threads=1)
        self._folder = folder
        self._known: dict[str, npt.NDArray[np.float32]] = {}
        for path in sorted(folder.glob("texts_*.json")):
            texts = msgspec.json.decode(path.read_bytes(), type=list[str])
            vectors = np.load(folder / path.name.replace("texts_", "vectors_").replace(".json", ".npy"))
            self._known.update(zip(texts, vectors, strict=True))
        self._embed = embedding(self._model)

    @property
    def name(self) -> str:
        """The embedder's."""
        return self._model.name

    def vocabulary(self) -> dict[str, int]:
        """The embedder's."""
        return self._model.vocabulary()

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """One row a text; what is new is embedded and kept."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            vectors = self._embed(new)
            self._known.update(zip(new, vectors, strict=True))
            name = f"new_{len(self._known)}"
            (self._folder / f"texts_{name}.json").write_bytes(msgspec.json.encode(new))
            np.save(self._folder / f"vectors_{name}.npy", vectors)
        return np.array([self._known[text] for text in texts])
