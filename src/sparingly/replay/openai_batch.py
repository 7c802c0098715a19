"""Read OpenAI Batch files: requests from the input file, answers from the output file.

The two are joined by `custom_id`.  Answers are taken from the file that is
named, else from a file beside the input whose name has `output` where the
input's has `input`, else from output lines in the input file itself.  A batch
has no arrival times, so its requests are one second apart from time 0.

Formats: https://platform.openai.com/docs/guides/batch (read in 2026).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec

from sparingly.errors import LogError
from sparingly.replay.lines import decoded, numbered_lines
from sparingly.replay.logged import CHAT_PATH, Logged

_Id = Annotated[str, msgspec.Meta(min_length=1)]

# 2026-01-01: a batch without answers has no day of its own; this one is after every price list we read.
_SOME_DAY = 1_767_225_600.0


class _Response(msgspec.Struct):
    status_code: int
    body: msgspec.Raw = msgspec.Raw(b"null")


class _Completion(msgspec.Struct):
    created: float = _SOME_DAY


class _Line(msgspec.Struct):
    """An input line has a `body`, an output line a `response` or an `error`.

    msgspec reads no `Raw | None`, so an absent body is empty.
    """

    custom_id: _Id
    method: str = "POST"
    url: str = CHAT_PATH
    body: msgspec.Raw = msgspec.Raw()
    response: _Response | None = None
    error: msgspec.Raw = msgspec.Raw()


_decoder = msgspec.json.Decoder(_Line)
_completion = msgspec.json.Decoder(_Completion)


def read(path: Path, answers: Path | None) -> Iterator[tuple[int, Logged]]:
    """The requests of the input file in order, each with its answer where there is one.

    Raises:
        LogError: a line is wrong, or an answer belongs to no request.
    """
    requests: list[tuple[int, _Line]] = []
    replies: dict[str, tuple[str, _Line]] = {}
    for number, line in _lines(path):
        if not bytes(line.body):
            _add_reply(replies, line, place=f"{path}:{number}")
        else:
            requests.append((number, line))
    if not requests:
        raise LogError(f"{path}: answers without requests; name the batch's input file as the log")

    output = answers or _beside(path)
    for number, line in _lines(output) if output else ():
        _add_reply(replies, line, place=f"{output}:{number}")
    asked = {line.custom_id for _, line in requests}
    for custom_id, (place, _) in replies.items():
        if custom_id not in asked:
            raise LogError(f"{place}: the answer to {custom_id!r} belongs to no request of {path}")

    answered = {custom_id: _answer(*reply) for custom_id, reply in replies.items()}
    begun = _earliest(replies, answered)
    for index, (number, line) in enumerate(requests):
        answer = answered.get(line.custom_id)
        yield number, _logged(line, answer, time=begun + index, place=f"{path}:{number}")


def _lines(path: Path) -> Iterator[tuple[int, _Line]]:
    for number, text in numbered_lines(path):
        yield number, decoded(text, _decoder, place=f"{path}:{number}")


def _add_reply(replies: dict[str, tuple[str, _Line]], line: _Line, *, place: str) -> None:
    if line.response is None and bytes(line.error) in (b"", b"null"):
        raise LogError(f"{place}: neither a request (`body`) nor an answer (`response` or `error`)")
    if line.custom_id in replies:
        raise LogError(f"{place}: a second answer to {line.custom_id!r}")
    replies[line.custom_id] = (place, line)


def _beside(path: Path) -> Path | None:
    """`batch_input.jsonl` belongs to `batch_output.jsonl`."""
    head, found, tail = path.name.rpartition("input")
    output = path.with_name(f"{head}output{tail}")
    return output if found and output.is_file() else None


def _earliest(replies: dict[str, tuple[str, _Line]], answered: dict[str, bytes | None]) -> float:
    """When the first of the answers was made."""
    times = [
        decoded(answer, _completion, place=replies[custom_id][0]).created
        for custom_id, answer in answered.items()
        if answer is not None
    ]
    return min(times, default=_SOME_DAY)


def _logged(line: _Line, answer: bytes | None, *, time: float, place: str) -> Logged:
    if line.method.upper() != "POST":
        raise LogError(f"{place}: cannot replay the method {line.method!r}")
    request = bytes(line.body)
    if not request.startswith(b"{"):
        raise LogError(f"{place}: `body` must be an object")
    return Logged(id=line.custom_id, time=time, path=line.url, request=request, response=answer)


def _answer(place: str, line: _Line) -> bytes | None:
    """The body of a successful answer; a failed one counts as none."""
    # 200 is the only status of a batch answer that carries a completion.
    if line.response is None or line.response.status_code != 200:
        return None
    body = bytes(line.response.body)
    if not body.startswith(b"{"):
        raise LogError(f"{place}: `response.body` must be an object")
    return body
