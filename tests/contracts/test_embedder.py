"""What every Embedder must do: the one that runs a model, and the one that tests use."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from sparingly.embedders.fastembed_model import load
from sparingly.embedders.local import LocalEmbedder, Model
from sparingly.errors import EmbedderError, TextTooLong, TextUnfit
from sparingly.ports import Embedder
from tests.fakes.embedder import HashingEmbedder

pytestmark = pytest.mark.anyio

QUESTIONS = [
    "How do I reset my password?",
    "How can I change my password when I have forgotten it, and what happens to my open sessions then?",
    "What is the capital of France?",
    "List three ways to cook an egg.",
    "Why is the sky blue in the daytime but red in the evening? Explain it to a child of seven years.",
]

# JSON may carry each of these; none of them may end the process or the thread.
ODD_TEXTS = [
    "",
    " ",
    "\n\t",
    "\x00\x01\x1f",
    "\ud800",
    "x\udfffy",
    "\u202e\u200b",
    "👍🏽👩‍👩‍👧",
    "[SEP] [PAD] [UNK]",
    "¿qué?",
    "이것",
]


@pytest.fixture(scope="module")
def minilm() -> Model:
    return load("minilm", threads=1)


@pytest.fixture(params=["local", "hashing"])
async def embedder(request: pytest.FixtureRequest, minilm: Model) -> AsyncIterator[Embedder]:
    made: Embedder = LocalEmbedder(minilm) if request.param == "local" else HashingEmbedder()
    yield made
    await made.aclose()


async def test_a_vector_has_the_stated_dimensions_and_length_one(embedder: Embedder) -> None:
    """Stores take the inner product for the cosine."""
    vector = await embedder.embed(QUESTIONS[0])

    assert vector.shape == (embedder.dimensions,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


async def test_equal_texts_give_equal_vectors(embedder: Embedder) -> None:
    """A question that is asked again is found with a similarity of 1."""
    first = await embedder.embed(QUESTIONS[1])
    second = await embedder.embed(QUESTIONS[1])

    assert np.array_equal(first, second)


async def test_different_texts_give_different_vectors(embedder: Embedder) -> None:
    """Otherwise every question would be a hit."""
    vectors = [await embedder.embed(question) for question in QUESTIONS]

    for index, vector in enumerate(vectors):
        for other in vectors[:index]:
            assert float(vector @ other) < 0.9


async def test_a_vector_does_not_depend_on_who_is_embedded_at_the_same_time(embedder: Embedder) -> None:
    """Similarities must not change with the load."""
    alone = [await embedder.embed(question) for question in QUESTIONS]

    together = await asyncio.gather(*(embedder.embed(question) for question in QUESTIONS * 3))

    assert np.allclose(together, alone * 3, atol=1e-3)


async def test_a_text_beyond_the_window_is_refused(embedder: Embedder) -> None:
    """Cut texts with one beginning would look alike."""
    too_long = "word " * (embedder.window_tokens + 1)

    with pytest.raises(TextTooLong, match=str(embedder.window_tokens)):
        await embedder.embed(too_long)


async def test_a_megabyte_is_refused_like_any_long_text(embedder: Embedder) -> None:
    """Whoever sends it must not slow down the others."""
    with pytest.raises(TextTooLong):
        await embedder.embed("a long story " * 80_000)


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_text_within_the_window_is_its_own_head(embedder: Embedder, question: str) -> None:
    """So the look-up's vector does for routing, too."""
    assert np.array_equal(await embedder.head(question), await embedder.embed(question))


async def test_the_head_is_the_first_window_and_nothing_behind_it(embedder: Embedder) -> None:
    """Texts that begin alike for a window have one head, others do not."""
    window = "word " * embedder.window_tokens
    head = await embedder.head(window + QUESTIONS[0])

    assert head.shape == (embedder.dimensions,)
    assert np.linalg.norm(head) == pytest.approx(1.0, abs=1e-5)
    assert np.array_equal(head, await embedder.head(window + QUESTIONS[2] * 10_000))
    assert not np.array_equal(head, await embedder.head(QUESTIONS[0] + window))


@pytest.mark.parametrize("text", ODD_TEXTS)
async def test_odd_texts_have_a_head(embedder: Embedder, text: str) -> None:
    """Also where some words all look the same to the model."""
    assert np.linalg.norm(await embedder.head(text)) == pytest.approx(1.0, abs=1e-5)
    assert np.linalg.norm(await embedder.head(text + "word " * 1_000)) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("text", ODD_TEXTS)
async def test_odd_texts_get_a_vector_or_are_refused_and_harm_nobody(embedder: Embedder, text: str) -> None:
    """What JSON can carry, the embedder can take."""
    try:
        vector = await embedder.embed(text)
    except TextUnfit:
        vector = await embedder.embed(QUESTIONS[0])

    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    await embedder.ping()


async def test_a_caller_that_gives_up_harms_no_other(embedder: Embedder) -> None:
    """Clients leave at any time."""
    expected = await embedder.embed(QUESTIONS[2])

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(embedder.embed(question)) for question in QUESTIONS]
        await asyncio.sleep(0)
        tasks[0].cancel()
        tasks[3].cancel()

    assert np.allclose(tasks[2].result(), expected, atol=1e-3)


async def test_a_closed_embedder_says_so(embedder: Embedder) -> None:
    """A late request gets an error, not a wait without end."""
    await embedder.aclose()
    await embedder.aclose()

    with pytest.raises(EmbedderError, match="closed"):
        await embedder.embed(QUESTIONS[0])
    with pytest.raises(EmbedderError, match="closed"):
        await embedder.head(QUESTIONS[0])
    with pytest.raises(EmbedderError, match="closed"):
        await embedder.ping()
