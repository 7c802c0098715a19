import numpy as np
import pytest

from sparingly.core.vectors import Vector
from sparingly.errors import EmbedderError
from sparingly.replay.remembering import RememberingEmbedder

pytestmark = pytest.mark.anyio


class _Counting:
    """Embeds every text as its length, and counts how often it was asked."""

    name, dimensions, window_tokens = "counting", 1, 7

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed = False

    async def embed(self, text: str) -> Vector:
        self.asked.append(text)
        return np.array([len(text)], dtype=np.float32)

    async def head(self, text: str) -> Vector:
        self.asked.append(f"head of {text}")
        return np.array([-len(text)], dtype=np.float32)

    async def ping(self) -> None:
        raise EmbedderError("counting only")

    async def aclose(self) -> None:
        self.closed = True


async def test_nothing_is_recalled_until_it_is_allowed() -> None:
    """The first pass measures real embedding, the second needs none."""
    inner = _Counting()
    embedder = RememberingEmbedder(inner)

    first = await embedder.embed("abc")
    await embedder.embed("abc")
    embedder.recalling = True
    recalled = await embedder.embed("abc")
    await embedder.embed("new")

    assert inner.asked == ["abc", "abc", "new"]
    assert recalled.tolist() == first.tolist() == [3.0]


async def test_a_texts_head_is_recalled_apart_from_the_text() -> None:
    """Its vector may be another one."""
    inner = _Counting()
    embedder = RememberingEmbedder(inner)
    await embedder.embed("abc")
    first = await embedder.head("abc")

    embedder.recalling = True

    assert (await embedder.head("abc")).tolist() == first.tolist() == [-3.0]
    assert (await embedder.embed("abc")).tolist() == [3.0]
    assert inner.asked == ["abc", "head of abc"]


async def test_memory_is_bounded() -> None:
    """Texts beyond the bound are embedded again."""
    inner = _Counting()
    embedder = RememberingEmbedder(inner, most_texts=1)
    embedder.recalling = True

    for text in ("a", "b", "a", "b"):
        await embedder.embed(text)

    assert inner.asked == ["a", "b", "b"]


async def test_it_stands_for_the_embedder_it_wraps() -> None:
    """Name, size and window are the wrapped one's; closing leaves that open for its owner."""
    inner = _Counting()
    embedder = RememberingEmbedder(inner)

    await embedder.aclose()

    assert (embedder.name, embedder.dimensions, embedder.window_tokens) == ("counting", 1, 7)
    assert not inner.closed
    with pytest.raises(EmbedderError):
        await embedder.ping()
