"""An embedder without a model: a bag of hashed words.  Texts that share words are close."""

import re
import zlib

import numpy as np

from sparingly.core.vectors import Vector
from sparingly.errors import EmbedderError, TextTooLong


class HashingEmbedder:
    """Deterministic and instant; set `trouble` to make every call fail with it."""

    def __init__(self, *, dimensions: int = 64, window_tokens: int = 256) -> None:
        self.name = f"hashing-{dimensions}"
        self.dimensions = dimensions
        self.window_tokens = window_tokens
        self.embedded: list[str] = []
        self.trouble: str | None = None
        self._is_closed = False

    async def embed(self, text: str) -> Vector:
        """Count the words in as many buckets as there are dimensions; the first is never empty."""
        words = _words(text)
        if len(words) > self.window_tokens:
            raise TextTooLong(f"the text has {len(words)} words, the window is {self.window_tokens}")
        return self._counted(text, words)

    async def head(self, text: str) -> Vector:
        """The same of the first words, as many as are in the window."""
        return self._counted(text, _words(text)[: self.window_tokens])

    def _counted(self, text: str, words: list[str]) -> Vector:
        if self._is_closed or self.trouble is not None:
            raise EmbedderError(self.trouble or "the embedder is closed")
        self.embedded.append(text)
        vector = np.zeros(self.dimensions, dtype=np.float32)
        vector[0] = 0.1
        for word in words:
            vector[zlib.crc32(word.encode("utf-8", "replace")) % self.dimensions] += 1
        return vector / np.float32(np.linalg.norm(vector))

    async def ping(self) -> None:
        await self.embed("ping")

    async def aclose(self) -> None:
        self._is_closed = True


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", text.lower())
