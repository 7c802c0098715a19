"""What the three APIs send and are sent, byte for byte, feature by feature: read, written, and read again.

`golden_files` holds one folder a dialect, written down by hand after the APIs' references and the types of
their clients (November 2026): `FEATURE.json` and `FEATURE.sse` are one answer, whole and streamed;
`FEATURE.request.json` is a request.
"""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparingly.core.answer import Answer
from sparingly.core.chat import Ask
from sparingly.core.transcript import Delta, fold, unfold
from sparingly.errors import UpstreamError
from sparingly.protocols.dialect import Stamp
from sparingly.protocols.dialects import INBOUND, OUTBOUND
from tests.protocols.oddities import made_odd

FILES = Path(__file__).parent / "golden_files"
DIALECTS = ("openai", "openai-responses", "anthropic")
REQUESTS = sorted(FILES.rglob("*.request.json"))
ANSWERS = sorted(set(FILES.rglob("*.json")) - set(REQUESTS))
ASK = Ask("asked", (), stream=True, include_usage=True)
STAMP = Stamp("new", 1_800_000_000, ask=ASK)

# What an answer has of its own each time it is told, and what it only repeats of its request.
FRESH = {"id", "created", "created_at", "completed_at", "reasoning", "store", "temperature", "top_p"}

each_answer = pytest.mark.parametrize(
    "file", ANSWERS, ids=lambda file: f"{file.parent.name}: {file.name.partition('.')[0]}"
)
each_request = pytest.mark.parametrize(
    "file", REQUESTS, ids=lambda file: f"{file.parent.name}: {file.name.partition('.')[0]}"
)


def streamed(dialect: str, answer: Answer, *, piece_chars: int | None = None) -> bytes:
    """An answer as the events of a dialect."""
    writer = INBOUND[dialect].stream(ASK, STAMP)
    return writer.write(unfold(answer, piece_chars=piece_chars)) + writer.close()


def read_stream(dialect: str, data: bytes, *, cut_bytes: int) -> list[Delta]:
    """The deltas of a stream that comes in pieces; it must be complete."""
    reader = OUTBOUND[dialect].reader()
    pieces = [data[start : start + cut_bytes] for start in range(0, len(data), cut_bytes)]
    deltas = [delta for piece in pieces for delta in reader.feed(piece)]
    assert reader.is_complete
    return deltas


def told(body: dict[str, Any]) -> dict[str, Any]:
    """An answer's body without what is fresh; items of a Responses answer have fresh ids, too."""
    kept = {name: value for name, value in body.items() if name not in FRESH}
    for item in kept.get("output", ()):
        if item["type"] in {"message", "function_call"}:
            del item["id"]
    return kept


def test_every_dialect_has_its_files() -> None:
    """An answer without its stream, or a folder that is not found, would test nothing."""
    for files in (ANSWERS, REQUESTS):
        assert {file.parent.name for file in files} == set(DIALECTS)
    assert all(file.with_suffix(".sse").exists() for file in ANSWERS)


@each_answer
@pytest.mark.parametrize("cut_bytes", [1, 7, 1_000_000])
def test_an_answer_is_the_same_whole_and_streamed(file: Path, cut_bytes: int) -> None:
    """Wherever the bytes are cut."""
    dialect = file.parent.name
    whole = OUTBOUND[dialect].read(file.read_bytes())

    assert fold(read_stream(dialect, file.with_suffix(".sse").read_bytes(), cut_bytes=cut_bytes)) == whole


@each_answer
def test_an_answer_is_written_as_it_came(file: Path) -> None:
    """But for what is fresh each time."""
    dialect, golden = file.parent.name, file.read_bytes()

    written = INBOUND[dialect].whole(OUTBOUND[dialect].read(golden), STAMP)

    body = json.loads(written)
    assert told(body) == {name: value for name, value in told(json.loads(golden)).items() if name in body}


@each_answer
@pytest.mark.parametrize("piece_chars", [1, None])
def test_an_answer_survives_its_replay(file: Path, piece_chars: int | None) -> None:
    """The stream that is written of it reads as the same answer."""
    dialect = file.parent.name
    answer = OUTBOUND[dialect].read(file.read_bytes())

    replayed = streamed(dialect, answer, piece_chars=piece_chars)

    assert fold(read_stream(dialect, replayed, cut_bytes=len(replayed))) == answer


@each_answer
@pytest.mark.parametrize("to", DIALECTS)
def test_an_answer_says_the_same_in_every_dialect(file: Path, to: str) -> None:
    """Its words and its calls of functions, whole and streamed."""
    answer = OUTBOUND[file.parent.name].read(file.read_bytes())

    whole = OUTBOUND[to].read(INBOUND[to].whole(answer, STAMP))
    stream = streamed(to, answer)

    replayed = fold(read_stream(to, stream, cut_bytes=len(stream)))
    assert whole.text == replayed.text
    assert whole.text.startswith(answer.text)
    assert whole.has_tool_calls == replayed.has_tool_calls == answer.has_tool_calls


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_however_odd_an_answer_is_it_is_told_or_refused(data: st.DataObject) -> None:
    """What a server gets wrong is the provider's error, and never one of ours."""
    file = data.draw(st.sampled_from(ANSWERS))
    odd = data.draw(made_odd(json.loads(file.read_bytes())))

    with suppress(UpstreamError):
        answer = OUTBOUND[file.parent.name].read(json.dumps(odd).encode())
        for to in DIALECTS:
            with suppress(UpstreamError):
                json.loads(INBOUND[to].whole(answer, STAMP))
                streamed(to, answer)


@each_request
def test_a_request_goes_on_byte_for_byte(file: Path) -> None:
    """Whatever it asks for, its own dialect's provider is asked for it; under another name only that changes."""
    dialect, golden = file.parent.name, file.read_bytes()
    asked = INBOUND[dialect].read(golden)

    renamed = OUTBOUND[dialect].patch(golden, model="another")

    assert OUTBOUND[dialect].patch(golden, model=asked.model) == golden
    assert json.loads(renamed) == json.loads(golden) | {"model": "another"}
    assert list(json.loads(renamed)) == list(json.loads(golden))
