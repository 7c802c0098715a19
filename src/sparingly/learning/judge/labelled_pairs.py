"""Read the pairs of questions a judge is fitted on; say which file and line is wrong.

A line is `{"a": text, "b": text, "same": bool}`, with `group` (pairs of one
group stay on one side of every split; by default the text of `a`) and, where classes
of questions are known, `class_a` and `class_b`; `split` puts it into a part by hand.  Raw questions are lines with `text` or
`question`; from them pairs are made, and where `intent` says what they are after, neighbors of
another intent are pairs that do not ask the same.
"""

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from sparingly.errors import StartupError
from sparingly.learning.judge.splits import Split, split_of

Kind = TypeVar("Kind")


class LabelledPair(msgspec.Struct, frozen=True):
    """Two questions, whether they ask the same, and the group they belong to."""

    a: str
    b: str
    same: bool
    group: str
    class_a: str
    class_b: str
    stated: Split | None = None

    @property
    def split(self) -> Split:
        """The part of the data it is in: the stated one, or its group's."""
        return self.stated or split_of(self.group)


class _Line(msgspec.Struct):
    a: str
    b: str
    same: bool
    group: str | None = None
    class_a: str | None = None
    class_b: str | None = None
    split: Split | None = None


class RawText(msgspec.Struct, frozen=True):
    """A question, and what whoever asks it is after, where that is known."""

    text: str
    intent: str | None = None


class _Raw(msgspec.Struct):
    text: str | None = None
    question: str | None = None
    intent: str | None = None


def read_pairs(path: Path) -> list[LabelledPair]:
    """The pairs of a JSON Lines file, gzipped or not; raises StartupError that names the line."""
    found: list[LabelledPair] = []
    for number, line in _lines(path):
        row = _decoded(path, number, line, _Line)
        if not row.a.strip() or not row.b.strip():
            raise StartupError(f"{path}, line {number}: a question is empty")
        found.append(
            LabelledPair(
                row.a,
                row.b,
                row.same,
                group=row.group or row.a,
                class_a=row.class_a or _own_class(row.a),
                class_b=row.class_b or _own_class(row.a if row.same else row.b),
                stated=row.split,
            )
        )
    if not found:
        raise StartupError(f"{path}: there are no pairs in it")
    return found


def read_texts(path: Path) -> list[RawText]:
    """The raw questions of a JSON Lines file."""
    texts: list[RawText] = []
    for number, line in _lines(path):
        row = _decoded(path, number, line, _Raw)
        text = row.text or row.question
        if not text:
            raise StartupError(f"{path}, line {number}: neither `text` nor `question`")
        texts.append(RawText(text, row.intent))
    return texts


def _own_class(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        data = path.read_bytes()
        content = gzip.decompress(data) if path.suffix == ".gz" else data
    except (OSError, EOFError) as error:
        raise StartupError(f"cannot read {path}: {error}") from error
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            yield number, line


def _decoded(path: Path, number: int, line: bytes, kind: type[Kind]) -> Kind:
    try:
        return msgspec.json.decode(line, type=kind)
    except msgspec.MsgspecError as error:
        raise StartupError(f"{path}, line {number}: {error}") from error
