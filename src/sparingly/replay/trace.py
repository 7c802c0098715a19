"""Read a traffic log, whatever its format, into `Logged` requests in order.

All or nothing: a log with one bad line is refused with the file, the line and
the reason, because a replay of half a log looks like a result.  This module
reads the project's own format and knows the rules that every log must keep;
other formats are translated by a module each.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, get_args

import msgspec

from sparingly.core.chat import Tenant
from sparingly.errors import LogError
from sparingly.replay import litellm_log, openai_batch
from sparingly.replay.lines import decoded, file_sha256, numbered_lines
from sparingly.replay.logged import CHAT_PATH, DEFAULT_TENANT, Candidate, Logged, Trace

Format: TypeAlias = Literal["auto", "sparingly", "openai-batch", "litellm", "otel"]
FORMATS: tuple[str, ...] = get_args(Format)

SERVED_PATHS = frozenset({CHAT_PATH})
"""Endpoints whose requests can be replayed; the caller may name more."""

_Name = Annotated[str, msgspec.Meta(min_length=1)]
_Amount = Annotated[float, msgspec.Meta(ge=0.0)]
_Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class _Candidate(msgspec.Struct):
    score: _Share
    cost_usd: _Amount
    latency_s: _Amount | None = None


class _Line(msgspec.Struct):
    """A line of the project's own format; fields that are not here are left for others.

    msgspec reads no `Raw | None`, so an absent body is empty.
    """

    id: _Name
    time: _Amount
    request: msgspec.Raw
    response: msgspec.Raw = msgspec.Raw()
    tenant: _Name | None = None
    path: _Name | None = None
    latency_s: _Amount | None = None
    cost_usd: _Amount | None = None
    label: str | None = None
    differs: list[str] | None = None
    candidates: dict[str, _Candidate] | None = None


_decoder = msgspec.json.Decoder(_Line)
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_trace(
    path: Path,
    *,
    form: Format = "auto",
    answers: Path | None = None,
    served_paths: Iterable[str] = SERVED_PATHS,
) -> Trace:
    """Read a whole log; `answers` is the output file that belongs to an OpenAI Batch input file.

    Raises:
        LogError: a line is wrong, or the file cannot be read.
    """
    known = recognized(path) if form == "auto" else form
    logged: Iterable[tuple[int, Logged]]
    left_out = 0
    match known:
        case "sparingly":
            logged = _own_format(path)
        case "openai-batch":
            logged = openai_batch.read(path, answers)
        case "litellm":
            logged, left_out = litellm_log.read(path)
        case _:
            raise LogError(f"{path}: logs of the format {known!r} are not supported yet")
    if answers is not None and known != "openai-batch":
        raise LogError(f"{path}: a separate file of answers belongs to the format openai-batch, not {known}")

    requests = tuple(_checked(path, logged, frozenset(served_paths)))
    if not requests:
        raise LogError(f"{path}: the log holds no requests")
    return Trace(name=path.name, format=known, sha256=file_sha256(path), requests=requests, left_out=left_out)


def recognized(path: Path) -> str:
    """Tell the format from the fields of the first line."""
    for number, line in numbered_lines(path):
        fields = decoded(line, _fields, place=f"{path}:{number}").keys()
        # From the most to the least distinctive name.
        if "resourceSpans" in fields:
            return "otel"
        if "custom_id" in fields:
            return "openai-batch"
        if {"call_type", "startTime"} <= fields:
            return "litellm"
        return "sparingly"
    raise LogError(f"{path}: the log holds no requests")


def _own_format(path: Path) -> Iterator[tuple[int, Logged]]:
    for number, text in numbered_lines(path):
        yield number, _logged(path, number, decoded(text, _decoder, place=f"{path}:{number}"))


def _logged(path: Path, number: int, line: _Line) -> Logged:
    return Logged(
        id=line.id,
        time=line.time,
        request=_body(path, number, "request", line.request),
        response=None
        if bytes(line.response) in (b"", b"null")
        else _body(path, number, "response", line.response),
        tenant=DEFAULT_TENANT if line.tenant is None else Tenant(line.tenant),
        path=CHAT_PATH if line.path is None else line.path,
        latency_s=line.latency_s,
        cost_usd=line.cost_usd,
        label=line.label,
        differs=None if line.differs is None else frozenset(line.differs),
        candidates=None if line.candidates is None else _candidates(line.candidates),
    )


def _body(path: Path, number: int, field: str, raw: msgspec.Raw) -> bytes:
    body = bytes(raw)
    if not body.startswith(b"{"):
        raise LogError(f"{path}:{number}: `{field}` must be an object")
    return body


def _candidates(read: dict[str, _Candidate]) -> dict[str, Candidate]:
    return {model: Candidate(one.score, one.cost_usd, one.latency_s) for model, one in read.items()}


def _checked(
    path: Path, requests: Iterable[tuple[int, Logged]], served_paths: frozenset[str]
) -> Iterator[Logged]:
    """The rules of every format: ids are unique, time never runs back, the endpoint is one we serve."""
    lines: dict[str, int] = {}
    before = 0.0
    for number, logged in requests:
        if logged.id in lines:
            raise LogError(f"{path}:{number}: the id {logged.id!r} is that of line {lines[logged.id]} too")
        if logged.time < before:
            raise LogError(
                f"{path}:{number}: `time` {logged.time!r} is before the line above it ({before!r})"
            )
        if logged.path.partition("?")[0] not in served_paths:
            known = ", ".join(sorted(served_paths))
            raise LogError(f"{path}:{number}: cannot replay the path {logged.path!r}; known: {known}")
        lines[logged.id] = number
        before = logged.time
        yield logged
