"""The traffic log is what `replay` reads, holds no key, and never gets in the way."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from sparingly.core.ledger import LedgerEntry, Timings
from sparingly.errors import StartupError
from sparingly.replay.trace import read_trace
from sparingly.telemetry.traffic_log import TrafficLogWriter
from tests.asks import NOW
from tests.ledger_entries import line

pytestmark = pytest.mark.anyio

REQUEST = b'{"model":"gpt-4o","messages":[{"role":"user","content":"What is 2+2?"}]}'
RESPONSE = b'{"choices":[{"message":{"content":"4"}}]}'


@asynccontextmanager
async def opened(
    folder: Path, *, max_bytes: int = 1_000_000, redacted: tuple[str, ...] = ()
) -> AsyncIterator[TrafficLogWriter]:
    log = TrafficLogWriter(folder, max_bytes=max_bytes, keep_files=100, redacted=redacted)
    try:
        yield log
    finally:
        await log.aclose()


async def logged(
    folder: Path,
    *kept: tuple[LedgerEntry, bytes, bytes | None],
    redacted: tuple[str, ...] = (),
) -> list[dict[str, object]]:
    async with opened(folder, redacted=redacted) as log:
        for entry, request, response in kept:
            log.enter(entry, request=request, response=response)
    return lines_of(folder)


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def lines_of(folder: Path) -> list[dict[str, object]]:
    text = b"".join(path.read_bytes() for path in files_in(folder))
    return [msgspec.json.decode(one, type=dict[str, object]) for one in text.splitlines()]


async def test_a_line_has_the_fields_of_the_format(tmp_path: Path) -> None:
    """FORMATS section 1, and the verdict beside it."""
    (found,) = await logged(tmp_path, (line(cost_nano=2_000, overhead_nano=500), REQUEST, RESPONSE))

    assert found == {
        "id": "r1",
        "time": NOW,
        "tenant": "acme",
        "path": "/v1/chat/completions",
        "request": msgspec.json.decode(REQUEST),
        "response": msgspec.json.decode(RESPONSE),
        "latency_s": 0.5,
        "cost_usd": 1.5e-06,
        "verdict": "miss",
        "reason": "no-neighbor",
        "status": 200,
        "served": "gpt-4o",
    }


async def test_replay_reads_what_was_written(tmp_path: Path) -> None:
    """The log's first reader."""
    await logged(tmp_path, (line(id="a"), REQUEST, RESPONSE), (line(id="b", time=NOW - 5), REQUEST, None))
    (path,) = files_in(tmp_path)

    trace = read_trace(path)

    assert [one.id for one in trace.requests] == ["a", "b"]
    assert trace.requests[0].request == REQUEST
    assert trace.requests[0].response == RESPONSE
    assert trace.requests[1].response is None


async def test_time_never_runs_back_within_a_file(tmp_path: Path) -> None:
    """A request that came earlier and ended later takes the time of the line above."""
    times = [10.0, 8.0, 12.0, 11.0]

    found = await logged(
        tmp_path, *((line(id=f"r{number}", time=time), REQUEST, None) for number, time in enumerate(times))
    )

    assert [one["time"] for one in found] == [10.0, 10.0, 12.0, 12.0]


async def test_a_body_in_several_lines_becomes_one(tmp_path: Path) -> None:
    """Its meaning is the same; a line of the log is a line."""
    body = b'\r\n{\n  "model": "m",\r\n  "text": "a\\nb"\n}\n'

    (found,) = await logged(tmp_path, (line(), body, body))

    assert found["request"] == {"model": "m", "text": "a\nb"}
    assert found["response"] == found["request"]


@pytest.mark.parametrize(
    ("entry", "response"),
    [
        (line(status=500), RESPONSE),
        (line(complete=False), RESPONSE),
        (line(), None),
        (line(), b"sound, not JSON"),
        (line(), b"[1]"),
        (line(), b'{"a":"\xff"}'),
    ],
    ids=["failed", "cut", "none", "no JSON", "no object", "no UTF-8"],
)
async def test_only_a_whole_successful_answer_is_a_response(
    tmp_path: Path, entry: LedgerEntry, response: bytes | None
) -> None:
    """A replay would give it to others."""
    (found,) = await logged(tmp_path, (entry, REQUEST, response))

    assert found["response"] is None


@pytest.mark.parametrize(
    "request_body",
    [b"", b"{", b"[1]", b'{"a":"\xff"}', b'{"a":NaN}', b'{"a":' + b"[" * 100_000],
    ids=["empty", "cut", "no object", "no UTF-8", "no number", "too deep"],
)
async def test_a_request_that_is_no_json_object_is_counted_and_left_out(
    tmp_path: Path, request_body: bytes
) -> None:
    """One bad body must not spoil the log, nor its neighbors."""
    async with opened(tmp_path) as log:
        log.enter(line(id="before"), request=REQUEST, response=None)
        log.enter(line(), request=request_body, response=None)
        log.enter(line(id="after"), request=REQUEST, response=None)

    assert [one["id"] for one in lines_of(tmp_path)] == ["before", "after"]
    assert log.dropped == 1


async def test_a_hit_is_logged_with_what_its_answer_would_have_cost(tmp_path: Path) -> None:
    """A replay without the cache pays that; no provider was waited for."""
    hit = line(
        verdict="semantic", cost_nano=0, baseline_nano=4_000, attempts=0, timings=Timings(total_s=0.002)
    )

    (found,) = await logged(tmp_path, (hit, REQUEST, RESPONSE))

    assert found["cost_usd"] == 4e-06
    assert "latency_s" not in found


async def test_an_unknown_cost_is_left_out(tmp_path: Path) -> None:
    """Unknown is not free: replay computes it from the tokens."""
    (found,) = await logged(tmp_path, (line(cost_nano=0), REQUEST, RESPONSE))

    assert "cost_usd" not in found


async def test_what_is_to_be_redacted_is_nowhere_in_the_file(tmp_path: Path) -> None:
    """And the rest is still there."""
    paths = ("request.messages.*.content", "response.choices", "tenant")

    (found,) = await logged(tmp_path, (line(), REQUEST, RESPONSE), redacted=paths)

    (path,) = files_in(tmp_path)
    assert b"2+2" not in path.read_bytes()
    assert b"acme" not in path.read_bytes()
    assert found["request"] == {"model": "gpt-4o", "messages": [{"role": "user", "content": "[redacted]"}]}
    assert found["response"] == {"choices": "[redacted]"}
    assert found["id"] == "r1"


async def test_files_are_rotated_by_size(tmp_path: Path) -> None:
    """Every file can be read on its own."""
    async with opened(tmp_path, max_bytes=1_000) as log:
        for number in range(10):
            log.enter(line(id=f"r{number}"), request=REQUEST, response=RESPONSE)

    paths = files_in(tmp_path)
    assert len(paths) > 1
    assert all(path.stat().st_size <= 1_000 for path in paths)
    assert [one.id for path in paths for one in read_trace(path).requests] == [f"r{n}" for n in range(10)]


async def test_a_restart_begins_a_new_file(tmp_path: Path) -> None:
    """The clock may have been set back meanwhile; within each file time runs forward."""
    await logged(tmp_path, (line(id="a", time=NOW), REQUEST, None))
    await logged(tmp_path, (line(id="b", time=NOW), REQUEST, None))

    assert len(files_in(tmp_path)) == 2


async def test_bodies_beyond_the_bound_are_dropped_and_counted(tmp_path: Path) -> None:
    """What waits for the disk is bounded in bytes, not in lines."""
    large = b'{"a":"' + b"x" * 4_000 + b'"}'
    log = TrafficLogWriter(tmp_path, max_bytes=10_000, keep_files=9, max_waiting_bytes=6_000)

    log.enter(line(id="first"), request=REQUEST, response=large)
    log.enter(line(id="second"), request=REQUEST, response=large)
    log.enter(line(id="third"), request=REQUEST, response=None)
    await log.aclose()

    assert [one["id"] for one in lines_of(tmp_path)] == ["first", "third"]
    assert log.dropped == 1


def test_a_folder_that_cannot_be_written_is_refused_in_one_line(tmp_path: Path) -> None:
    """Here one that is a file."""
    path = tmp_path / "traffic"
    path.write_text("")

    with pytest.raises(StartupError) as caught:
        TrafficLogWriter(path, max_bytes=1, keep_files=1)

    assert str(caught.value) == f"cannot write the traffic log {path}: File exists"


async def test_a_folder_that_is_lost_costs_lines_and_tells_the_trouble(tmp_path: Path) -> None:
    """A request never sees it; the next one that can be written is."""
    folder = tmp_path / "traffic"
    log = TrafficLogWriter(folder, max_bytes=1, keep_files=1)
    folder.rmdir()
    folder.write_text("in the way")

    log.enter(line(id="lost"), request=REQUEST, response=None)
    await log.aclose()

    assert log.dropped == 1
    assert log.trouble is not None
