"""Embed texts on this machine, off the event loop.

One thread owns the model and takes what has queued up while it was busy: texts of like
length share a run (batches.py), a text that cannot be embedded fails alone, and one
whose caller has gone is skipped.  The event loop only queues and wakes.

Rule: `embed` takes a text whole or not at all.  What would have to be cut raises
TextTooLong; two long texts with one beginning must never look alike.  `head` is for
those who only ask what a text is about.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Sequence
from typing import NamedTuple, Protocol, Self, TypeAlias

from sparingly.core.vectors import Vector
from sparingly.embedders.batches import runs
from sparingly.embedders.fastembed_model import Reading, load
from sparingly.errors import EmbedderError, SparinglyError, TextTooLong

# A longer text is refused unread: English has 4 to 5 characters a word piece, and tokenizing a megabyte
# takes a second.  Only white space and words beyond the vocabulary could fit more into the window.
_MAX_CHARACTERS_PER_PIECE = 16


class Model(Protocol):
    """A loaded model; its methods block and may raise anything."""

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def window_tokens(self) -> int: ...

    def read(self, text: str) -> Reading:
        """Cut a text into word pieces; raises TextUnreadable where some of them cannot be told apart."""
        ...

    def head(self, text: str) -> Reading:
        """Cut a text's first window into word pieces, whatever its words."""
        ...

    def vectors(self, readings: Sequence[Reading]) -> list[Vector]:
        """One unit vector a text, from one run."""
        ...


class _Waiting(NamedTuple):
    text: str
    is_head: bool
    answer: asyncio.Future[Vector]


class _Read(NamedTuple):
    reading: Reading
    waiting: _Waiting


_Outcome: TypeAlias = Vector | SparinglyError


class LocalEmbedder:
    """An Embedder on a model of this machine; `max_batch` texts at most are taken from the queue at a time."""

    def __init__(self, model: Model, *, max_batch: int = 16) -> None:
        self._model = model
        self._max_batch = max_batch
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._is_closed = False
        # A daemon: an interpreter that ends without `aclose` must not hang.
        self._thread = threading.Thread(target=self._work, name="embedder", daemon=True)
        self._thread.start()

    @classmethod
    async def open(cls, model: str = "minilm", *, threads: int = 1, max_batch: int = 16) -> Self:
        """Load a model by name or folder; raises StartupError."""
        return cls(await asyncio.to_thread(load, model, threads=threads), max_batch=max_batch)

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def dimensions(self) -> int:
        return self._model.dimensions

    @property
    def window_tokens(self) -> int:
        return self._model.window_tokens

    async def embed(self, text: str) -> Vector:
        """The text's unit vector; raises TextTooLong, TextUnreadable or EmbedderError."""
        if len(text) > self._most_characters:
            raise _too_long(f"{len(text)} characters", self.window_tokens)
        return await self._queued_up(text, is_head=False)

    async def head(self, text: str) -> Vector:
        """The unit vector of the text's first window, whatever its words; raises EmbedderError."""
        return await self._queued_up(text[: self._most_characters], is_head=True)

    async def ping(self) -> None:
        """Raise EmbedderError unless an embedding can be made now."""
        await self.embed("ping")

    async def aclose(self) -> None:
        """Finish what is under way, refuse what is queued, end the thread; safe to call twice."""
        self._is_closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    @property
    def _most_characters(self) -> int:
        return self.window_tokens * _MAX_CHARACTERS_PER_PIECE

    async def _queued_up(self, text: str, *, is_head: bool) -> Vector:
        if self._is_closed:
            raise EmbedderError("the embedder is closed")
        waiting = _Waiting(text, is_head, asyncio.get_running_loop().create_future())
        self._queue.put(waiting)
        return await waiting.answer

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = self._read([first, *self._queued()])
            for run in runs([len(read.reading.ids) for read in batch]):
                self._embed([batch[index] for index in run])

    def _queued(self) -> list[_Waiting]:
        """What else is there already, without waiting."""
        taken: list[_Waiting] = []
        while len(taken) + 1 < self._max_batch:
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                break
            if waiting is None:
                self._queue.put(None)  # for `_work`, which ends on it
                break
            taken.append(waiting)
        return taken

    def _read(self, batch: list[_Waiting]) -> list[_Read]:
        """Read the texts that still want a vector; answer those that cannot have one."""
        read: list[_Read] = []
        for waiting in batch:
            if self._is_closed:
                _tell(waiting, EmbedderError("the embedder was closed"))
                continue
            if waiting.answer.cancelled():
                continue
            try:
                read_as = self._model.head if waiting.is_head else self._model.read
                reading = read_as(_well_formed(waiting.text))
            except Exception as error:  # noqa: BLE001 - the outermost edge of a thread: one text must not end it
                _tell(waiting, _failed(error))
                continue
            if len(reading.ids) > self.window_tokens:
                _tell(waiting, _too_long(f"{len(reading.ids)} word pieces", self.window_tokens))
            else:
                read.append(_Read(reading, waiting))
        return read

    def _embed(self, batch: list[_Read]) -> None:
        """Embed texts together; if that fails, each alone, so that a bad one fails alone."""
        wanted = [read for read in batch if not read.waiting.answer.cancelled()]
        if not wanted:
            return
        try:
            vectors = self._model.vectors([read.reading for read in wanted])
            answered = list(zip(wanted, vectors, strict=True))
        except Exception as error:  # noqa: BLE001 - the outermost edge of a thread: a bug must not end it
            if len(wanted) == 1:
                _tell(wanted[0].waiting, _failed(error))
                return
            for read in wanted:
                self._embed([read])
            return
        for read, vector in answered:
            _tell(read.waiting, vector)


def _well_formed(text: str) -> str:
    """Without lone surrogates, which tokenizers refuse: JSON can carry them, Unicode text cannot."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _tell(waiting: _Waiting, outcome: _Outcome) -> None:
    """Hand the outcome to the caller's event loop; from the model's thread."""
    with contextlib.suppress(RuntimeError):  # that loop is closed, and with it the caller gone
        waiting.answer.get_loop().call_soon_threadsafe(_settle, waiting.answer, outcome)


def _settle(answer: asyncio.Future[Vector], outcome: _Outcome) -> None:
    if answer.done():  # cancelled meanwhile
        return
    if isinstance(outcome, SparinglyError):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)


def _failed(error: Exception) -> SparinglyError:
    return error if isinstance(error, SparinglyError) else EmbedderError(f"the model failed: {error}")


def _too_long(found: str, window_tokens: int) -> TextTooLong:
    return TextTooLong(f"the text has {found}, the embedder's window is {window_tokens} word pieces")
