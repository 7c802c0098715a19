"""The thread that embeds what has queued up.  The model here is a fake that can be held."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from sparingly.core.vectors import Vector
from sparingly.embedders.fastembed_model import Reading
from sparingly.embedders.local import LocalEmbedder
from sparingly.errors import EmbedderError, TextTooLong, TextUnreadable

pytestmark = pytest.mark.anyio


class HeldModel:
    """A Model of one piece a character; while `held`, a run waits for `go` and says so by `is_running`."""

    name, dimensions, window_tokens = "held", 2, 100

    def __init__(self) -> None:
        self.read_texts: list[str] = []
        self.runs: list[list[str]] = []
        self.is_running = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.held = False

    def read(self, text: str) -> Reading:
        self.read_texts.append(text)
        if text == "unreadable":
            raise TextUnreadable("no such word")
        if text == "garbled":
            raise ValueError("cannot read")
        return Reading(text, [0] * len(text))

    def head(self, text: str) -> Reading:
        return Reading(text[: self.window_tokens], [0] * len(text[: self.window_tokens]))

    def vectors(self, readings: Sequence[Reading]) -> list[Vector]:
        texts = [reading.text for reading in readings]
        self.runs.append(texts)
        if self.held:
            self.is_running.release()
            self.go.acquire()
        if "bad" in texts:
            raise RuntimeError("cannot run")
        if "few" in texts:
            return []
        return [np.array([len(text), 1.0], dtype=np.float32) for text in texts]


@pytest.fixture
def model() -> HeldModel:
    return HeldModel()


@pytest.fixture
async def embedder(model: HeldModel) -> AsyncIterator[LocalEmbedder]:
    made = LocalEmbedder(model, max_batch=4)
    yield made
    model.held = False
    model.go.release(100)
    await made.aclose()


async def _busy(embedder: LocalEmbedder, model: HeldModel) -> asyncio.Task[Vector]:
    """Start a run that lasts until `_release`."""
    model.held = True
    task = asyncio.ensure_future(embedder.embed("busy"))
    await asyncio.to_thread(model.is_running.acquire)
    return task


def _release(model: HeldModel) -> None:
    model.held = False
    model.go.release()


async def _queue(embedder: LocalEmbedder, *texts: str) -> list[asyncio.Task[Vector]]:
    tasks = [asyncio.ensure_future(embedder.embed(text)) for text in texts]
    await asyncio.sleep(0)  # each has put its text into the queue and waits
    return tasks


async def test_it_opens_the_packaged_model() -> None:
    """What `embedder.model: minilm` means."""
    opened = await LocalEmbedder.open("minilm", threads=1, max_batch=2)

    vector = await opened.embed("How do I reset my password?")

    assert vector.shape == (opened.dimensions,) == (384,)
    await opened.aclose()


async def test_it_is_the_model_it_was_given(embedder: LocalEmbedder) -> None:
    """The rest of the gateway asks the embedder, not the model."""
    assert (embedder.name, embedder.dimensions, embedder.window_tokens) == ("held", 2, 100)


async def test_texts_that_queue_up_share_a_run(embedder: LocalEmbedder, model: HeldModel) -> None:
    """While one run is under way, the next one gathers."""
    busy = await _busy(embedder, model)
    tasks = await _queue(embedder, "one", "two", "six")

    _release(model)
    vectors = await asyncio.gather(busy, *tasks)

    assert model.runs == [["busy"], ["one", "two", "six"]]
    assert [int(vector[0]) for vector in vectors] == [4, 3, 3, 3]


async def test_heads_share_a_run_with_whole_texts(embedder: LocalEmbedder, model: HeldModel) -> None:
    """A head is refused neither for its length nor for its words."""
    busy = await _busy(embedder, model)
    tasks = await _queue(embedder, "one")
    tasks += [asyncio.ensure_future(embedder.head(text)) for text in ("two", "unreadable", "x" * 1_000_000)]
    await asyncio.sleep(0)

    _release(model)
    vectors = await asyncio.gather(busy, *tasks)

    assert model.runs == [["busy"], ["one", "two", "unreadable"], ["x" * 100]]
    assert [int(vector[0]) for vector in vectors] == [4, 3, 3, 10, 100]
    assert model.read_texts == ["busy", "one"]


async def test_a_batch_has_a_limit(embedder: LocalEmbedder, model: HeldModel) -> None:
    """The first of many must not wait for all of them."""
    busy = await _busy(embedder, model)
    tasks = await _queue(embedder, *"abcdef")

    _release(model)
    await asyncio.gather(busy, *tasks)

    assert model.runs == [["busy"], ["a", "b", "c", "d"], ["e", "f"]]


async def test_each_caller_gets_its_own_vector_though_runs_go_by_length(
    embedder: LocalEmbedder, model: HeldModel
) -> None:
    """Short texts run first, in runs of their own."""
    busy = await _busy(embedder, model)
    tasks = await _queue(embedder, "x" * 90, "ab", "y" * 80, "c")

    _release(model)
    vectors = await asyncio.gather(busy, *tasks)

    assert model.runs[1:] == [["c", "ab"], ["y" * 80], ["x" * 90]]
    assert [int(vector[0]) for vector in vectors] == [4, 90, 2, 80, 1]


async def test_a_caller_that_left_is_skipped(embedder: LocalEmbedder, model: HeldModel) -> None:
    """Nobody would read the vector."""
    busy = await _busy(embedder, model)
    gone, stays = await _queue(embedder, "gone", "stays")
    gone.cancel()
    await asyncio.sleep(0)

    _release(model)
    await asyncio.gather(busy, stays)

    assert model.runs == [["busy"], ["stays"]]
    assert gone.cancelled()


async def test_a_caller_that_leaves_during_its_run_harms_nobody(
    embedder: LocalEmbedder, model: HeldModel
) -> None:
    """The run goes on; its vector is dropped."""
    busy = await _busy(embedder, model)
    busy.cancel()
    (later,) = await _queue(embedder, "later")

    _release(model)

    assert int((await later)[0]) == 5
    assert busy.cancelled()


async def test_a_caller_that_leaves_before_its_run_is_skipped(
    embedder: LocalEmbedder, model: HeldModel
) -> None:
    """A batch may take several runs; who leaves during the first is not in the second."""
    busy = await _busy(embedder, model)
    short, long = await _queue(embedder, "short", "x" * 90)
    model.go.release()
    await asyncio.to_thread(model.is_running.acquire)
    long.cancel()
    await asyncio.sleep(0)

    _release(model)
    await asyncio.gather(busy, short)
    await embedder.aclose()

    assert model.runs == [["busy"], ["short"]]


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("bad", EmbedderError, "cannot run"),
        ("garbled", EmbedderError, "cannot read"),
        ("unreadable", TextUnreadable, "no such word"),
        ("few", EmbedderError, "model failed"),
        ("x" * 101, TextTooLong, "101 word pieces"),
    ],
)
async def test_a_text_that_fails_fails_alone(
    embedder: LocalEmbedder, model: HeldModel, text: str, kind: type[Exception], message: str
) -> None:
    """Those who queued with it get their vectors."""
    busy = await _busy(embedder, model)
    before, failing, after = await _queue(embedder, "one", text, "two")

    _release(model)

    with pytest.raises(kind, match=message):
        await failing
    assert [int(vector[0]) for vector in await asyncio.gather(busy, before, after)] == [4, 3, 3]


async def test_a_very_long_text_is_refused_unread(embedder: LocalEmbedder, model: HeldModel) -> None:
    """Even counting its pieces would hold up the others."""
    with pytest.raises(TextTooLong, match="1000000 characters"):
        await embedder.embed("x" * 1_000_000)

    assert model.read_texts == []


async def test_lone_surrogates_are_replaced(embedder: LocalEmbedder, model: HeldModel) -> None:
    """JSON can carry half of a character pair; a tokenizer cannot take it.  Whole pairs survive."""
    await embedder.embed("a\ud83dz")
    await embedder.embed("\ud83d\ude00 é")

    assert model.read_texts == ["a\ufffdz", "😀 é"]


async def test_closing_refuses_what_is_queued(embedder: LocalEmbedder, model: HeldModel) -> None:
    """What is under way is finished; nobody waits for ever."""
    busy = await _busy(embedder, model)
    (queued,) = await _queue(embedder, "queued")
    closing = asyncio.ensure_future(embedder.aclose())
    await asyncio.sleep(0)

    _release(model)
    await closing

    assert int((await busy)[0]) == 4
    with pytest.raises(EmbedderError, match="closed"):
        await queued


async def test_a_ping_needs_a_working_model(embedder: LocalEmbedder, model: HeldModel) -> None:
    """`/readyz` must tell a model that runs from one that does not."""
    await embedder.ping()

    model.window_tokens = 2
    with pytest.raises(TextTooLong):
        await embedder.ping()


def test_a_caller_whose_loop_is_gone_harms_nobody(model: HeldModel) -> None:
    """An embedder may outlive an event loop, as in a script that runs several."""
    lasting = LocalEmbedder(model)

    async def leave_while_running() -> None:
        (await _busy(lasting, model)).cancel()

    asyncio.run(leave_while_running())
    _release(model)
    vector = asyncio.run(lasting.embed("later"))

    assert int(vector[0]) == 5
    asyncio.run(lasting.aclose())
