"""The load of `measure.py`: a client that is little more than a socket and a clock.

A general HTTP client costs as much as the gateway it measures.  This one writes
prepared bytes, notes when bytes arrive and looks at them afterwards.
"""

import asyncio
import json
import re
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple, cast

from benchmarks.overhead.provider import MODEL, STAMP

HOST = "127.0.0.1"

# What openai-python 3.54 sends, except that answers must come plain: Portkey compresses even streams.
_SDK_HEADERS = (
    ("Accept", "application/json"),
    ("Content-Type", "application/json"),
    ("User-Agent", "OpenAI/Python 3.54.0"),
    ("X-Stainless-Lang", "python"),
    ("X-Stainless-Package-Version", "3.54.0"),
    ("X-Stainless-OS", "Linux"),
    ("X-Stainless-Arch", "x64"),
    ("X-Stainless-Runtime", "CPython"),
    ("X-Stainless-Runtime-Version", "3.11.7"),
    ("X-Stainless-Async", "async:asyncio"),
    ("x-stainless-retry-count", "0"),
    ("x-stainless-read-timeout", "600"),
    ("Authorization", "Bearer sk-benchmark-0123456789abcdef0123456789abcdef"),
    ("Accept-Encoding", "identity"),
)
SYSTEM = (
    "You are the help desk of a large shop. Answer shortly, in the customer's language, and only about orders, "
    "parcels, refunds and accounts. If you do not know, say so and name the page that does."
)


class Target(NamedTuple):
    """Where requests go: a gateway, or the provider itself."""

    name: str
    port: int
    headers: tuple[tuple[str, str], ...] = ()
    model: str = MODEL


class Answer(NamedTuple):
    """What came, in pieces, and when; times are `perf_counter` seconds."""

    sent: float
    pieces: list[tuple[float, bytes]]

    @property
    def seconds(self) -> float:
        """From the request's first byte to the answer's last."""
        return self.pieces[-1][0] - self.sent

    @property
    def wire(self) -> bytes:
        """All bytes of it."""
        return b"".join(data for _, data in self.pieces)

    def stamps(self) -> list[float]:
        """When the provider sent each chunk of a stream."""
        return [int(stamp[1]) / 1e9 for stamp in STAMP.finditer(_payload(self.wire)[0])]

    def first_stamp(self) -> float:
        """When the provider sent the first chunk."""
        return self.stamps()[0]

    def outcome(self) -> str:
        """The status and what the gateway says it did; of the provider itself, the status."""
        head = self.wire.partition(b"\r\n\r\n")[0]
        told = {name.lower(): value for name, value in _TOLD.findall(head)}
        words = [head.split(b" ", 2)[1], *(told[name] for name in (b"cache", b"reason") if name in told)]
        return b" ".join(words).decode()


_TOLD = re.compile(rb"x-sparingly-(cache|reason): ([^\r]*)", re.IGNORECASE)
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def request(target: Target, text: str, *, system: str = SYSTEM, plan: str = "") -> bytes:
    """A request of about 1.2 KB, ready for the wire; with a `plan` (see the provider) it asks for a stream."""
    fields: dict[str, object] = {
        "model": target.model,
        "messages": [{"role": "system", "content": f"{system} {plan}"}, {"role": "user", "content": text}],
        "temperature": 0.2,
        "max_tokens": 400,
    }
    if plan:
        fields["stream"] = True
    body = json.dumps(fields, separators=(",", ":")).encode()
    lines = [f"{name}: {value}\r\n" for name, value in (*_SDK_HEADERS, *target.headers)]
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {HOST}:{target.port}\r\n{''.join(lines)}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Connection(asyncio.Protocol):
    """One connection that is kept; one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answered: asyncio.Future[Answer] | None = None
        self._answer = Answer(0.0, [])
        self._head = b""
        self._missing: int | None = None
        """Bytes of the body to come; None where it is chunked, or not known yet."""

    @classmethod
    async def open(cls, port: int) -> "Connection":
        """Connect."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, HOST, port)
        return connection

    def ask(self, raw: bytes) -> asyncio.Future[Answer]:
        """Send a request; the future fails with ConnectionError when the other side hangs up."""
        assert self._transport is not None, "the connection is closed"
        self._answered = asyncio.get_running_loop().create_future()
        self._head, self._missing = b"", None
        self._answer = Answer(time.perf_counter(), [])
        self._transport.write(raw)
        return self._answered

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no asyncio.Transport by inheritance.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(ConnectionError(f"hung up: {exc}"))

    def data_received(self, data: bytes) -> None:
        self._answer.pieces.append((time.perf_counter(), data))
        if self._missing is None:
            if b"\r\n\r\n" not in self._head:
                self._read_head(data)
            # Within a chunked body no chunk of ours ends like this.
            ended = self._missing is None and (self._answer.pieces[-2:][0][1] + data).endswith(b"0\r\n\r\n")
        else:
            self._missing -= len(data)
            ended = False
        if ended or self._missing == 0:
            answered, self._answered = self._answered, None
            if answered is not None and not answered.done():
                answered.set_result(self._answer)

    def _read_head(self, data: bytes) -> None:
        self._head += data
        head, found, body = self._head.partition(b"\r\n\r\n")
        length = _LENGTH.search(head) if found else None
        if length is not None:
            self._missing = int(length[1]) - len(body)


async def sequential(target: Target, requests: Iterable[bytes], *, gap_s: float = 0.0) -> list[Answer]:
    """Ask one after the other on one connection, `gap_s` apart."""
    connection = await Connection.open(target.port)
    answers = []
    for raw in requests:
        answers.append(await connection.ask(raw))
        if gap_s:
            await asyncio.sleep(gap_s)
    connection.close()
    return answers


async def at_once(
    target: Target, make: Callable[[int], bytes], *, connections: int, seconds: float
) -> tuple[list[Answer], float]:
    """Keep so many connections busy for so long; what was answered, and in how many seconds."""
    answers: list[Answer] = []
    begun = time.perf_counter()
    end, number = begun + seconds, 0

    async def worker() -> None:
        nonlocal number
        connection = await Connection.open(target.port)
        while time.perf_counter() < end:
            number += 1
            answers.append(await connection.ask(make(number)))
        connection.close()

    await asyncio.gather(*(worker() for _ in range(connections)))
    return answers, time.perf_counter() - begun


async def streams(
    target: Target, make: Callable[[int], bytes], *, count: int, patience_s: float
) -> list[Answer]:
    """Open so many streams at once; those that do not end in time are left out."""

    async def one(number: int) -> Answer | None:
        try:
            connection = await Connection.open(target.port)
            async with asyncio.timeout(patience_s):
                answer = await connection.ask(make(number))
        except (OSError, TimeoutError):
            return None
        connection.close()
        return answer

    found = await asyncio.gather(*(one(number) for number in range(count)))
    return [answer for answer in found if answer is not None]


def outcomes(answers: Sequence[Answer]) -> dict[str, int]:
    """How many answers were what."""
    return dict(Counter(answer.outcome() for answer in answers).most_common())


def lateness(answer: Answer) -> list[float]:
    """For each chunk of a stream, the seconds from the provider's sending to our receiving."""
    payload, places = _payload(answer.wire)
    arrived = [at for at, _ in answer.pieces]
    ends = list(accumulate(len(data) for _, data in answer.pieces))
    late = []
    for stamp in STAMP.finditer(payload):
        # Where the stamp's last byte stands on the wire, and the piece that brought it.
        index = bisect_left(places, (stamp.end(),)) - 1
        begin, offset = places[index]
        wire_end = offset + stamp.end() - begin
        late.append(arrived[bisect_left(ends, wire_end)] - int(stamp[1]) / 1e9)
    return late


def _payload(wire: bytes) -> tuple[bytes, list[tuple[int, int]]]:
    """The body of an answer, and for each stretch of it where it begins in the body and on the wire."""
    head, _, _ = wire.partition(b"\r\n\r\n")
    position = len(head) + 4
    if _LENGTH.search(head):
        return wire[position:], [(0, position)]
    stretches: list[bytes] = []
    places: list[tuple[int, int]] = []
    size = 0
    while (line_end := wire.find(b"\r\n", position)) >= 0:
        length = int(wire[position:line_end], 16)
        places.append((size, line_end + 2))
        stretches.append(wire[line_end + 2 : line_end + 2 + length])
        size += length
        position = line_end + 2 + length + 2
    return b"".join(stretches), places
