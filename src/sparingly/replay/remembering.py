"""An embedder that embeds no text twice where that is allowed.

A log is played more than once (see `costs.py`), and the second pass needs the
vectors of the first.  Within the first pass it recalls nothing, so that the
latencies in a report are those of real embedding.
"""

from sparingly.core.vectors import Vector
from sparingly.ports import Embedder

# 384 numbers of 4 bytes each: about 300 MB.  Texts beyond are embedded again.
_MOST_TEXTS = 200_000


class RememberingEmbedder:
    """Wraps an Embedder; answers from memory only while `recalling`."""

    def __init__(self, embedder: Embedder, *, most_texts: int = _MOST_TEXTS) -> None:
        self._embedder = embedder
        self._most_texts = most_texts
        self._vectors: dict[tuple[str, bool], Vector] = {}
        self.recalling = False

    @property
    def name(self) -> str:
        """The wrapped embedder's: the vectors are its own."""
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        """The wrapped embedder's."""
        return self._embedder.dimensions

    @property
    def window_tokens(self) -> int:
        """The wrapped embedder's."""
        return self._embedder.window_tokens

    async def embed(self, text: str) -> Vector:
        """Embed, or recall."""
        known = self._recalled(text, is_head=False)
        return (
            known if known is not None else self._kept(text, await self._embedder.embed(text), is_head=False)
        )

    async def head(self, text: str) -> Vector:
        """The same for a text's first window."""
        known = self._recalled(text, is_head=True)
        return known if known is not None else self._kept(text, await self._embedder.head(text), is_head=True)

    async def ping(self) -> None:
        """Ask the wrapped embedder."""
        await self._embedder.ping()

    async def aclose(self) -> None:
        """Leave the wrapped embedder to whoever opened it; forget the vectors."""
        self._vectors.clear()

    def _recalled(self, text: str, *, is_head: bool) -> Vector | None:
        return self._vectors.get((text, is_head)) if self.recalling else None

    def _kept(self, text: str, vector: Vector, *, is_head: bool) -> Vector:
        if len(self._vectors) < self._most_texts:
            self._vectors[text, is_head] = vector
        return vector
