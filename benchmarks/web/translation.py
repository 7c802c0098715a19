"""What does a streamed chunk cost that must be said in another dialect?

    python -m benchmarks.web.translation        # writes benchmarks/results/translation.json; some seconds

Streams of each dialect, with reasoning, words and a call, go through the relay that
serves them, without a network: the time from having a piece to having what the client
gets for it.  Where both sides speak one dialect pieces are passed on as they are; that
is the floor.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from itertools import product
from statistics import median

from benchmarks.result import write_result
from sparingly.core.answer import Answer, Choice, Usage
from sparingly.core.chat import Ask, Text, Thinking, ToolCall
from sparingly.core.transcript import unfold
from sparingly.pipeline.relay import Relay
from sparingly.pipeline.turns import Turns
from sparingly.protocols.dialect import Stamp
from sparingly.protocols.dialects import INBOUND, OUTBOUND

DIALECTS = ("openai", "openai-responses", "anthropic")
TARGET_US = 200.0
"""A chunk in another dialect may take this long."""

_ROUNDS = 30
_PIECE_CHARS = 16
_WORDS = "four words or so "
_ASK = Ask("m", (), stream=True, include_usage=True)
_STAMP = Stamp(id="req-1", created=1_800_000_000, cached=False, is_same_question=False, ask=_ASK)
_ANSWER = Answer(
    model="m",
    choices=(
        Choice(
            0,
            (
                Thinking(_WORDS * 100),
                Text(_WORDS * 200),
                ToolCall("call_1", "look_up", json.dumps({"query": _WORDS * 100})),
            ),
            "tool_calls",
        ),
    ),
    usage=Usage(input_tokens=220, output_tokens=400),
)


class _Wire:
    """A provider's reply that is all there."""

    status = 200
    headers: Sequence[tuple[str, str]] = ()

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces

    async def body(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece

    async def read(self) -> bytes:
        return b"".join(self._pieces)

    async def aclose(self) -> None:
        pass


def stream_of(dialect: str) -> list[bytes]:
    """What a provider of a dialect sends, a chunk a piece."""
    writer = INBOUND[dialect].stream(_ASK, _STAMP)
    pieces = [writer.write([delta]) for delta in unfold(_ANSWER, piece_chars=_PIECE_CHARS)]
    return [piece for piece in (*pieces, writer.close()) if piece]


async def chunk_times(provider: str, client: str, wire: Sequence[bytes]) -> list[float]:
    """Microseconds for each piece of one stream, from the second on: the first waits for the beginning."""
    inbound = INBOUND[client]
    relay = Relay(
        _Wire(wire),
        reader=OUTBOUND[provider].reader(),
        inbound=inbound,
        writer=None if provider == client else inbound.stream(_ASK, _STAMP),
        stripper=None,
        turns=Turns(),
        hold_s=60.0,
    )
    await relay.open()
    times: list[float] = []
    begun = time.perf_counter()
    async for _ in relay.pieces():
        now = time.perf_counter()
        times.append((now - begun) * 1e6)
        begun = time.perf_counter()
    assert relay.complete
    return times[1:]


async def measure() -> dict[str, object]:
    """Each pair of dialects, in turns."""
    wires = {dialect: stream_of(dialect) for dialect in DIALECTS}
    rounds: dict[str, list[list[float]]] = {}
    for _, (provider, client) in product(range(_ROUNDS), product(DIALECTS, DIALECTS)):
        found = await chunk_times(provider, client, wires[provider])
        rounds.setdefault(f"{provider} to {client}", []).append(found)
    figures: dict[str, object] = {name: _told(times) for name, times in rounds.items()}
    worst = max(
        median(map(median, times)) for name, times in rounds.items() if len(set(name.split(" to "))) > 1
    )
    return figures | {"worst_median_us": round(worst, 1), "target_us": TARGET_US, "met": worst <= TARGET_US}


def _told(rounds: Sequence[Sequence[float]]) -> dict[str, float]:
    pooled = sorted(value for one in rounds for value in one)
    return {
        "chunks": len(pooled),
        "p50_us": round(median(map(median, rounds)), 1),
        "p99_us": round(pooled[int(len(pooled) * 0.99)], 1),
    }


def main() -> None:
    """Measure and write."""
    figures = asyncio.run(measure())
    print(json.dumps(figures, indent=1))
    print(write_result("translation", figures))


if __name__ == "__main__":
    main()
