"""The tools of the overhead benchmark: they must time what they say, and measure every promise."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from benchmarks.overhead.budget import BUDGET, against_budget
from benchmarks.overhead.cases import compared, pieces
from benchmarks.overhead.load import Answer, Target, lateness, outcomes, request, sequential, streams
from benchmarks.overhead.processes import config
from benchmarks.overhead.provider import Provider
from benchmarks.overhead.streaming import stalls
from benchmarks.overhead.words import questions, same_question
from benchmarks.result import RESULTS
from sparingly.config.loading import load_settings
from sparingly.protocols.dialects import INBOUND, OUTBOUND

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def a_provider() -> AsyncIterator[Target]:
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", 0, family=socket.AF_INET)
    async with server:
        yield Target("direct", server.sockets[0].getsockname()[1])


def streamed(*arrivals: tuple[float, bytes]) -> Answer:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return Answer(0.0, [(0.0, head), *arrivals])


def test_a_chunk_is_as_late_as_the_piece_with_its_last_byte() -> None:
    """A stamp may be cut in two by the network, and by the server's own chunks."""
    answer = streamed(
        (1.5, b"5\r\n@1000\r\n3\r\n000"),
        (2.0, b"\r\n4\r\n000@\r\n"),
        (4.0, b"c\r\n@2000000000@\r\n0\r\n\r\n"),
    )

    assert lateness(answer) == [2.0 - 1.0, 4.0 - 2.0]


def test_a_stream_with_one_late_chunk_has_stalled() -> None:
    """Late is after the provider sent it; what the provider itself is behind is told apart."""
    in_time = streamed((1.5, b"1b\r\n@1410000000@ @1430000000@   \r\n0\r\n\r\n"))
    # Sent 30 ms late by the provider, and 150 ms on its way.
    late = streamed((1.0, b"c\r\n@1000000000@\r\n"), (1.2, b"c\r\n@1050000000@\r\n0\r\n\r\n"))

    figures = stalls([in_time, late])

    assert (figures["stalled"], figures["chunks_stalled"]) == (1, 1)
    assert (figures["worst_of_stream_p50_ms"], figures["worst_of_stream_max_ms"]) == (150.0, 150.0)
    assert figures["provider_behind_max_ms"] == 30.0


def test_what_is_added_is_the_difference_to_the_provider_asked_directly() -> None:
    """Of medians the median over rounds; of tails what all together have beyond the direct median."""
    rounds = {
        "direct": [[timed(0.001)] * 3, [timed(0.001), timed(0.001), timed(0.009)]],
        "through": [[timed(0.003)] * 3, [timed(0.005)] * 3],
    }

    figures = compared(rounds)["through"]

    assert isinstance(figures, dict)
    assert (figures["added_p50_ms"], figures["added_p99_ms"]) == (3.0, 4.0)


async def test_the_provider_answers_whole_and_streamed_as_real_ones_do() -> None:
    """Our own reader takes the answers for complete ones, and every chunk of the plan comes."""
    async with a_provider() as target:
        whole = await sequential(target, [request(target, "Hello?")] * 3)
        several = await streams(
            target, lambda _: request(target, "Hello?", plan="chunks=5 pace_ms=1"), count=4, patience_s=5
        )

    assert outcomes(whole) == {"200": 3}
    assert OUTBOUND["openai"].read(whole[0].wire.partition(b"\r\n\r\n")[2]).text
    assert [len(lateness(answer)) for answer in several] == [5] * 4
    assert all(late >= 0 for answer in several for late in lateness(answer))
    reader = OUTBOUND["openai"].reader()
    reader.feed(several[0].wire[several[0].wire.index(b"data:") :])
    assert reader.is_complete


def test_requests_are_what_the_gateway_reads() -> None:
    """Body and length agree, and only a plan asks for a stream."""
    raw = request(Target("x", 1), "What now?", plan="chunks=2 pace_ms=1")
    body = raw.partition(b"\r\n\r\n")[2]

    ask = INBOUND["openai"].read(body)

    assert (ask.stream, ask.last_user_text) == (True, "What now?")
    assert f"Content-Length: {len(body)}\r\n".encode() in raw


def test_questions_differ_and_have_the_length_they_should() -> None:
    """Else a miss would be a hit, and the budget's 32 tokens some other number."""
    asked = questions(1, 60, range(9, 33))

    assert len({text.lower() for text in asked}) == 60
    assert [pieces(text) for text in asked[:24]] == list(range(9, 33))
    assert all(same_question(text) != text and same_question(text).lower() == text.lower() for text in asked)


def test_the_configs_are_ones_the_gateway_takes(tmp_path: Path) -> None:
    """The mode is a word, not the boolean that YAML 1.1 makes of a bare `off`."""
    file = tmp_path / "gateway.yaml"
    file.write_text(config(Target("direct", 1), cache="{mode: 'off'}"), encoding="utf-8")

    assert load_settings(file, {}).cache.mode == "off"


def test_a_promise_is_kept_at_its_target_and_not_beyond() -> None:
    """Cases that were not run are left out."""
    figures = {"exact": {"hit": {"p50_ms": 1.0, "p99_ms": 3.1}}, "many_streams": {"off": {"complete": 255}}}

    told = {line["promise"]: line["met"] for line in against_budget(figures)}

    assert told == {
        "exact hit, median, ms": True,
        "exact hit, p99, ms": False,
        "streams at once that all end, cache off": False,
    }


def test_every_promise_was_measured() -> None:
    """A figure that is renamed must not drop out of the budget unseen."""
    results = json.loads((RESULTS / "overhead.json").read_text(encoding="utf-8"))

    assert len(against_budget(results)) == len(BUDGET)


def timed(seconds: float) -> Answer:
    return Answer(0.0, [(seconds, b"HTTP/1.1 200 OK\r\n\r\n")])
