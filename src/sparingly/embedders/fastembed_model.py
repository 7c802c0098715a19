"""Run an embedding model with fastembed, in the calling thread.

fastembed knows the models, their files, their pooling and their tokenizers.  Four
things are done here because it offers no way to ask for them.  The ONNX session is made
here, so that its threads sleep instead of spinning beside the event loop.  Its tokenizer is
told not to truncate: a text cut to fit would pass for one it isn't.  A text with a
word outside the vocabulary is refused: all such words are one and the same to the model, so that
two questions about two emojis, or in a script it never learned, have a similarity of 1.
And a model that pools by itself, as the packaged one does, is run on the word pieces that were counted:
tokenizing them again and pooling nothing takes time that short texts notice.

fastembed is imported when a model is loaded, not before: with what it brings along (a
hub client, an image library) that takes 0.3 s and 30 MB beyond ONNX Runtime, which no other
command needs (benchmarks/results/embedder_model.json, `serving`).
"""

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from sparingly.core.vectors import Vector
from sparingly.embedders import model_files
from sparingly.errors import EmbedderError, StartupError, TextUnreadable

if TYPE_CHECKING:
    import onnxruntime
    from fastembed import TextEmbedding
    from fastembed.text.onnx_embedding import OnnxTextEmbedding
    from numpy.typing import ArrayLike
    from tokenizers import Encoding, Tokenizer

# The name of the model that the package carries.
_PACKAGED = "minilm"
# English has 4 to 5; only white space and words beyond the vocabulary have more.
_MOST_CHARACTERS_A_PIECE = 16

# Chinese, Korean, Thai, Hindi: who lacks letters of these was made for Latin ones.
_SCRIPTS = "\u8ba2\u5355 \uc774\uac83\uc740 \u0e44\u0e17\u0e22 \u0915\u094d\u092f\u093e"
_LAST_LATIN = "\u024f"
_WORD = re.compile(r"[^\W_]+")


class Reading(NamedTuple):
    """A text and the ids of its word pieces, uncut, the marks of its ends included."""

    text: str
    ids: list[int]


Run: TypeAlias = Callable[[Sequence[Reading]], Iterable["ArrayLike"]]
"""Runs a model once: one vector a text, of any length."""


class FastembedModel:
    """A loaded model.  Not for several threads at once."""

    def __init__(self, *, name: str, tokenizer: "Tokenizer", window_tokens: int, run: Run) -> None:
        self.name = name
        self.window_tokens = window_tokens
        self._run = run
        self._tokenizer = tokenizer
        # Brackets in a text are brackets: `[SEP]` typed by a user is not the mark of a text's end.
        tokenizer.encode_special_tokens = True
        self._unknown = _unknown_piece(tokenizer)
        self._is_latin = self._unknown is not None and self._unknown in tokenizer.encode(_SCRIPTS).ids
        # The first run also takes the session's memory, so that no request waits for it.
        self.dimensions = len(self.vectors([self.read("")])[0])

    def vocabulary(self) -> dict[str, int]:
        """The word pieces with their ids."""
        found: dict[str, int] = self._tokenizer.get_vocab()
        return found

    def read(self, text: str) -> Reading:
        """Cut a text into word pieces; raises TextUnreadable for one that fits the window otherwise."""
        encoded = self._tokenizer.encode(text)
        if len(encoded.ids) <= self.window_tokens and (words := self._unreadable(encoded, text)):
            raise TextUnreadable(f"{self.name} cannot tell some of the text's words apart", words=words)
        return Reading(text, _real(encoded))

    def _unreadable(self, encoded: "Encoding", text: str) -> list[str]:
        """The words that the model takes for others, in order.

        Besides those with a piece outside the vocabulary, all in a script of which it lacks letters: what it has of
        them are single letters, by which it understands nothing.
        """
        if self._unknown is None:
            return []
        is_foreign = self._is_latin and not text.isascii()
        pieces = zip(encoded.ids, encoded.offsets, strict=True)
        spans = [place for piece, place in pieces if piece == self._unknown]
        if not spans and not is_foreign:
            return []
        words = [
            found.span()
            for found in _WORD.finditer(text)
            if (is_foreign and _is_foreign(found[0])) or _meets(found.span(), spans)
        ]
        # Emoji and the like are no words.
        alone = [span for span in spans if not _meets(span, words)]
        return [text[start:end] for start, end in sorted([*words, *alone])]

    def head(self, text: str) -> Reading:
        """A text's first window, whatever its words.

        It says what a text is about, which is what routing asks.  Never compare two texts by it:
        they may differ where this was cut, or in words that are one and the same to the model.
        """
        # Reading all of a megabyte to keep its first page would take a second.
        encoded = self._tokenizer.encode(text[: self.window_tokens * _MOST_CHARACTERS_A_PIECE])
        if len(encoded.ids) <= self.window_tokens:
            return Reading(text, _real(encoded))
        ids, last = encoded.ids[: self.window_tokens - 1], encoded.ids[-1]
        # Fastembed tokenizes the text again: it gets what these pieces stand for.
        return Reading(text[: encoded.offsets[self.window_tokens - 2][1]], [*ids, last])

    def vectors(self, readings: Sequence[Reading]) -> list[Vector]:
        """One unit vector a text, from one run."""
        return [_unit(np.asarray(vector, dtype=np.float32)) for vector in self._run(readings)]


def load(model: str, *, threads: int) -> FastembedModel:
    """Load `minilm` (in the package), a folder, or a model that fastembed knows and downloads.

    Raises:
        StartupError: there is no such model, or its files are missing, damaged or unusable.
    """
    # Before the tokenizer's first batch: it would start a thread for every core otherwise.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    folder = model_files.PACKAGED if model == _PACKAGED else Path(model)
    label = folder.name
    if not folder.is_dir():
        return _load_known(model, threads=threads)

    model_files.check_files(folder)
    file = model_files.model_file(folder)
    name = model_files.identity(label, folder, (file, "tokenizer.json"))
    session = _session(folder / file, threads=threads)
    # Two axes (text, dimension): the model pools by itself.  Three (text, token, dimension): it does not.
    pools = len(session.get_outputs()[0].shape) == 2
    embedding = _register(name, folder, file, pooling="DISABLED" if pools else model_files.pooling(folder))
    return _assemble(name, embedding, folder, session, run=_by_session(session) if pools else None)


def _load_known(model: str, *, threads: int) -> FastembedModel:
    """A model by fastembed's name; it downloads what is not in its cache."""
    from fastembed import TextEmbedding  # noqa: PLC0415 - slow to import, see above
    from loguru import logger  # noqa: PLC0415 - fastembed's logger

    if not any(model.lower() == known["model"].lower() for known in TextEmbedding.list_supported_models()):
        raise StartupError(
            f"embedder.model: {model!r} is neither `minilm`, nor a folder, nor a fastembed model"
        )
    logger.disable("fastembed")  # it would print every attempt; the last one's error says enough
    try:
        embedding = TextEmbedding(model, lazy_load=True)
    except Exception as error:  # downloads raise errors of several HTTP clients
        raise StartupError(f"embedder.model: {model} cannot be downloaded: {error}") from error
    inner = _onnx(embedding)
    folder = Path(inner._model_dir)  # noqa: SLF001 - fastembed has no public name for where the files are
    description = inner.model_description
    names = (description.model_file, *description.additional_files, "tokenizer.json")
    session = _session(folder / description.model_file, threads=threads)
    return _assemble(model_files.identity(model, folder, names), embedding, folder, session)


def _register(name: str, folder: Path, file: str, *, pooling: str) -> "TextEmbedding":
    """Make a folder's model known to fastembed under `name`."""
    from fastembed import TextEmbedding  # noqa: PLC0415 - slow to import, see above
    from fastembed.common.model_description import ModelSource, PoolingType  # noqa: PLC0415

    with contextlib.suppress(ValueError):  # loaded before in this process: the same name is the same model
        TextEmbedding.add_custom_model(
            model=name,
            pooling=PoolingType[pooling],
            normalization=False,
            sources=ModelSource(hf=name),
            dim=0,  # found out by the first run
            model_file=file,
        )
    return TextEmbedding(name, specific_model_path=str(folder), lazy_load=True)


def _assemble(
    name: str,
    embedding: "TextEmbedding",
    folder: Path,
    session: "onnxruntime.InferenceSession",
    run: Run | None = None,
) -> FastembedModel:
    """Hand fastembed the session and a tokenizer that does not truncate; it runs the model unless `run` does."""
    from fastembed.common.preprocessor_utils import load_tokenizer  # noqa: PLC0415 - slow to import, see above

    try:
        tokenizer, special = load_tokenizer(folder)
    except Exception as error:  # the tokenizer's own errors are plain Exceptions
        raise StartupError(f"embedding model {folder}: its tokenizer cannot be read: {error}") from error
    # fastembed cuts to what tokenizer_config.json allows; the length in training may be shorter.
    limits = [(tokenizer.truncation or {}).get("max_length"), model_files.sentence_window(folder)]
    window = min(int(limit) for limit in limits if limit is not None)
    tokenizer.no_truncation()
    inner = _onnx(embedding)
    inner.model, inner.tokenizer, inner.special_token_to_id = session, tokenizer, special
    run = run or _by_fastembed(embedding)
    try:
        return FastembedModel(name=name, tokenizer=tokenizer, window_tokens=window, run=run)
    except Exception as error:  # ONNX Runtime's errors have no common base
        raise StartupError(f"embedding model {folder} does not run: {error}") from error


def _by_fastembed(embedding: "TextEmbedding") -> Run:
    """Let fastembed tokenize, run and pool."""

    def run(readings: Sequence[Reading]) -> Iterable["ArrayLike"]:
        return embedding.embed([reading.text for reading in readings], batch_size=len(readings))

    return run


def _by_session(session: "onnxruntime.InferenceSession") -> Run:
    """Run the word pieces; the session's output is the vectors."""
    wanted = {node.name for node in session.get_inputs()}

    def run(readings: Sequence[Reading]) -> Iterable["ArrayLike"]:
        shape = len(readings), max(len(reading.ids) for reading in readings)
        inputs = {
            name: np.zeros(shape, dtype=np.int64)
            for name in ("input_ids", "attention_mask", "token_type_ids")
        }
        for row, reading in enumerate(readings):
            inputs["input_ids"][row, : len(reading.ids)] = reading.ids
            inputs["attention_mask"][row, : len(reading.ids)] = 1
        output: Iterable[ArrayLike] = session.run(
            None, {name: inputs[name] for name in wanted & inputs.keys()}
        )[0]
        return output

    return run


def _session(path: Path, *, threads: int) -> "onnxruntime.InferenceSession":
    import onnxruntime  # noqa: PLC0415 - comes with fastembed, see above

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Spinning threads would take a core from the event loop while they wait.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors only: warnings about shapes go to stderr otherwise
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no common base
        raise StartupError(f"embedding model file {path} cannot be loaded: {error}") from error


def _onnx(embedding: "TextEmbedding") -> "OnnxTextEmbedding":
    from fastembed.text.onnx_embedding import OnnxTextEmbedding  # noqa: PLC0415 - slow to import, see above

    inner = embedding.model
    if not isinstance(inner, OnnxTextEmbedding):
        raise StartupError(f"embedder.model: {embedding.model_name} is not an ONNX model")
    return inner


def _real(encoded: "Encoding") -> list[int]:
    """The ids without padding: some tokenizers pad a single text, too."""
    return [piece for piece, is_real in zip(encoded.ids, encoded.attention_mask, strict=True) if is_real]


def _unknown_piece(tokenizer: "Tokenizer") -> int | None:
    """The id that every word outside the vocabulary gets; None where there is no such word."""
    for name in ("[UNK]", "<unk>"):  # WordPiece's and SentencePiece's
        found = tokenizer.token_to_id(name)
        if found is not None:
            return found
    return None


def _is_foreign(word: str) -> bool:
    """Whether a word has a letter that is not of the Latin script."""
    return any(char > _LAST_LATIN and char.isalpha() and not "\u1e00" <= char <= "\u1eff" for char in word)


def _meets(span: tuple[int, int], others: Sequence[tuple[int, int]]) -> bool:
    """Whether a part of a text overlaps one of the others."""
    return any(start < span[1] and span[0] < end for start, end in others)


def _unit(vector: Vector) -> Vector:
    length = float(np.linalg.norm(vector))
    if not 0 < length < float("inf"):  # also false for NaN
        raise EmbedderError(f"the model gave a vector of length {length}")
    return vector / np.float32(length)
