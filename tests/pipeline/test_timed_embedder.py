"""A vector in time, or none, and never an error."""

import pytest

from sparingly.errors import EmbedderError, TextTooLong
from sparingly.pipeline.timed_embedder import Embedded, TimedEmbedder
from tests.fakes.clock import FakeClock
from tests.pipeline.parts import MeaningEmbedder

pytestmark = pytest.mark.anyio


def _timed(embedder: MeaningEmbedder, clock: FakeClock, timeout_s: float = 1.0) -> TimedEmbedder:
    return TimedEmbedder(embedder, timeout_s=timeout_s, clock=clock, slow="too-slow")


async def test_a_text_is_embedded_and_timed() -> None:
    """Blank text is not worth asking."""
    embedder, clock = MeaningEmbedder(), FakeClock()
    timed = _timed(embedder, clock)

    embedded = await timed.embed("Hi")

    assert embedded.vector is not None
    assert (embedded.embed_s, embedded.trouble) == (0.0, ())
    assert await timed.embed(" \n") == Embedded()
    assert embedder.embedded == ["Hi"]


async def test_a_text_that_no_vector_stands_for_is_no_trouble() -> None:
    """It is longer than the window, say."""
    embedder = MeaningEmbedder()
    embedder.trouble = TextTooLong("300 of 256")

    assert await _timed(embedder, FakeClock()).embed("Hi") == Embedded()


async def test_a_texts_head_is_made_in_bounded_time_too() -> None:
    """It and the text are one embedder: where one fails, both rest."""
    embedder = MeaningEmbedder()
    embedder.trouble = TextTooLong("300 of 256")
    timed = _timed(embedder, FakeClock())

    made = await timed.head("Hi")
    embedder.trouble = EmbedderError("gone")
    failed, rested = await timed.head("a"), await timed.embed("b")

    assert made.vector is not None
    assert (failed.trouble, rested.trouble) == ((EmbedderError.code,), ("embedder-down",))
    assert (embedder.heads, embedder.embedded) == (["Hi", "a"], [])


async def test_an_embedder_that_fails_rests() -> None:
    """And is asked again after a while."""
    embedder, clock = MeaningEmbedder(), FakeClock()
    embedder.trouble = EmbedderError("gone")
    timed = _timed(embedder, clock)

    failed, rested = await timed.embed("a"), await timed.embed("b")
    clock.pass_by(5.0)
    embedder.trouble = None
    again = await timed.embed("c")

    assert failed.trouble == (EmbedderError.code,)
    assert rested.trouble == ("embedder-down",)
    assert again.vector is not None
    assert embedder.embedded == ["a", "c"]


async def test_a_vector_that_comes_too_late_is_none() -> None:
    """Whoever decides goes on without it."""
    embedder = MeaningEmbedder()
    embedder.hangs = True

    assert await _timed(embedder, FakeClock(), timeout_s=0.001).embed("Hi") == Embedded(trouble=("too-slow",))
