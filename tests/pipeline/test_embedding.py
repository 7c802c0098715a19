"""Texts with words that an embedder cannot tell apart."""

import numpy as np
import pytest

from sparingly.core.entry import unread_mark
from sparingly.errors import EmbedderError, TextTooLong, TextUnreadable
from sparingly.pipeline.embedding import comparable
from tests.pipeline.parts import MeaningEmbedder

pytestmark = pytest.mark.anyio


async def test_a_readable_text_has_its_vector_and_no_mark() -> None:
    """And is embedded once."""
    embedder = MeaningEmbedder()

    vector, unread = await comparable(embedder, "hello")

    assert np.array_equal(vector, await MeaningEmbedder().embed("hello"))
    assert (unread, embedder.heads) == ("", [])


async def test_an_unreadable_text_is_compared_by_the_rest_and_its_unreadable_words_are_marked() -> None:
    """The mark is what must be equal."""
    embedder = MeaningEmbedder()
    embedder.trouble = TextUnreadable("no such words", words=["\u4f60", "\u597d"])

    vector, unread = await comparable(embedder, "say \u4f60\u597d")

    assert np.array_equal(vector, await MeaningEmbedder().head("say \u4f60\u597d"))
    assert unread == unread_mark(["\u4f60", "\u597d"])


@pytest.mark.parametrize("trouble", [TextTooLong("300"), TextUnreadable("which?"), EmbedderError("gone")])
async def test_what_cannot_be_compared_is_not(trouble: EmbedderError | TextTooLong | TextUnreadable) -> None:
    """A text beyond the window, one whose unreadable words nobody names, and an embedder in trouble."""
    embedder = MeaningEmbedder()
    embedder.trouble = trouble

    with pytest.raises(type(trouble)):
        await comparable(embedder, "say it")
