"""Recorded answers for the simulated provider: a traffic log, looked up by what was asked.

Models do not count, so that a log of one model can be played by all; nor does
anything but the messages, so that streamed and whole requests share an answer.
"""

import gzip
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
import zstandard

from sparingly.errors import LogError
from sparingly.upstreams.simulated_words import digest

_CHAT = "/v1/chat/completions"


class _Request(msgspec.Struct):
    messages: msgspec.Raw = msgspec.Raw(b"null")


class _Line(msgspec.Struct):
    request: _Request
    response: msgspec.Raw = msgspec.Raw(b"null")
    path: str = _CHAT


_line = msgspec.json.Decoder(_Line)
_request = msgspec.json.Decoder(_Request)


def read_answers(path: Path) -> dict[bytes, bytes]:
    """The chat answers of a log, plain, .gz or .zst, by `question`; the first answer to a question counts.

    Raises:
        LogError: the file cannot be read, or a line of it is not a logged request.
    """
    try:
        with _opened(path) as lines:
            return _answers(lines, path)
    except (OSError, EOFError, zstandard.ZstdError) as error:
        raise LogError(f"{path}: {error}") from error


def question(body: bytes) -> bytes | None:
    """The key of what a request asks; None where it is not JSON."""
    try:
        return _key(_request.decode(body).messages)
    except msgspec.DecodeError:
        return None


def answer_to(body: bytes, answers: Mapping[bytes, bytes]) -> bytes | None:
    """The recorded answer to a request, if there is one."""
    key = question(body) if answers else None
    return None if key is None else answers.get(key)


def _answers(lines: Iterable[bytes], path: Path) -> dict[bytes, bytes]:
    answers: dict[bytes, bytes] = {}
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        try:
            line = _line.decode(raw)
        except msgspec.DecodeError as error:
            raise LogError(f"{path}, line {number}: {error}") from error
        response = bytes(line.response)
        if line.path == _CHAT and response != b"null":
            answers.setdefault(_key(line.request.messages), response)
    return answers


def _key(messages: msgspec.Raw) -> bytes:
    """A hash of the messages, whatever the order of their keys."""
    return digest(msgspec.json.encode(msgspec.json.decode(messages), order="sorted"))


def _opened(path: Path) -> BinaryIO:
    match path.suffix:
        case ".gz":
            return cast("BinaryIO", gzip.open(path, "rb"))
        case ".zst":
            return io.BufferedReader(zstandard.open(path, "rb"))
        case _:
            return path.open("rb")
