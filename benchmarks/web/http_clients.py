"""Which HTTP client asks the providers?  CPU for a request and a streamed chunk, and whether cancelling hangs up.

    python -m benchmarks.web.http_clients       # writes benchmarks/results/http_clients.json

Each client runs in a process of its own against a server in another; a client
that is not installed says so.  `sparingly` is our own seam, on aiohttp.
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from importlib.util import find_spec
from statistics import median
from typing import TYPE_CHECKING, TypeAlias, cast

import uvloop

from benchmarks.result import write_result

if TYPE_CHECKING:
    from pyreqwest.client import Client  # it need not be installed

CLIENTS = ("sparingly", "aiohttp", "pyreqwest", "httpx-transport-on-pyreqwest", "httpx")

CHUNKS = 64
PACE_S = 0.02
CONCURRENT = 16
STREAMS = 128
WHOLE_REQUESTS = 3000
BURSTS = 600
ROUNDS = 3
# A client that does not hang up does so when its read timeout passes.
READ_TIMEOUT_S = 3.0

BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "q" * 900}]}).encode()
HEADERS = [
    ("content-type", "application/json"),
    ("authorization", "Bearer k"),
    ("accept", "*/*"),
    ("accept-encoding", "identity"),
    ("user-agent", "benchmark"),
]
ANSWER = json.dumps({"choices": [{"message": {"content": "a" * 900}}]}).encode()
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"four words or so"}}]}\n\n'
CHUNK = b"%x\r\n%b\r\n" % (len(EVENT), EVENT)

Pieces: TypeAlias = Callable[[str], AsyncIterator[bytes]]
"""Posts BODY to a path and yields what comes."""


class Provider(asyncio.Protocol):
    """A server that costs little; `/hang` never answers, `/left` tells when its client went."""

    left_at = 0.0

    def __init__(self) -> None:
        self._buffer = b""
        self._path = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no asyncio.Transport by inheritance.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._transport = None
        if self._path == b"/hang":
            Provider.left_at = time.monotonic()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found or len(rest) < len(BODY):
            return
        self._buffer = rest[len(BODY) :]
        self._path = head.split(b" ", 2)[1]
        match self._path:
            case b"/whole":
                self._answer(ANSWER)
            case b"/burst":
                self._write(self._stream_head() + CHUNK * CHUNKS + b"0\r\n\r\n")
            case b"/paced":
                self._write(self._stream_head())
                self._tick(CHUNKS)
            case b"/left":
                self._answer(str(Provider.left_at).encode())

    def _answer(self, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self._write(head % len(body) + body)

    def _stream_head(self) -> bytes:
        return b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

    def _tick(self, left: int) -> None:
        self._write(CHUNK if left else b"0\r\n\r\n")
        if left:
            asyncio.get_running_loop().call_later(PACE_S, self._tick, left - 1)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@asynccontextmanager
async def opened(name: str, url: str) -> AsyncIterator[Pieces]:
    """One of the clients, ready to ask."""
    match name:
        case "sparingly":
            async with _sparingly(url) as pieces:
                yield pieces
        case "aiohttp":
            async with _aiohttp(url) as pieces:
                yield pieces
        case "pyreqwest":
            async with _pyreqwest(url) as pieces:
                yield pieces
        case "httpx":
            async with _httpx(url) as pieces:
                yield pieces
        case _:
            async with _transport(url) as pieces:
                yield pieces


@asynccontextmanager
async def _sparingly(url: str) -> AsyncIterator[Pieces]:
    from sparingly.upstreams.http_client import HttpClient  # noqa: PLC0415 - each process loads one client

    client = HttpClient()

    async def pieces(path: str) -> AsyncIterator[bytes]:
        reply = await client.send(
            "POST", url + path, HEADERS, BODY, connect_timeout_s=5, read_timeout_s=READ_TIMEOUT_S
        )
        try:
            _ = reply.headers
            async for piece in reply.body():
                yield piece
        finally:
            await reply.aclose()

    yield pieces
    await client.aclose()


@asynccontextmanager
async def _aiohttp(url: str) -> AsyncIterator[Pieces]:
    import aiohttp  # noqa: PLC0415

    timeout = aiohttp.ClientTimeout(total=None, connect=5, sock_read=READ_TIMEOUT_S)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as session:

        async def pieces(path: str) -> AsyncIterator[bytes]:
            async with session.post(url + path, data=BODY, headers=HEADERS) as response:
                _ = response.raw_headers
                async for piece in response.content.iter_any():
                    yield piece

        yield pieces


@asynccontextmanager
async def _pyreqwest(url: str) -> AsyncIterator[Pieces]:
    async with _pyreqwest_client() as client:

        async def pieces(path: str) -> AsyncIterator[bytes]:
            # Without this limit of 0 the headers wait for 64 KiB of the body.
            request = client.post(url + path).headers(HEADERS).body_bytes(BODY).streamed_read_buffer_limit(0)
            async with request.build_streamed() as response:
                _ = list(response.headers.items())
                while (piece := await response.body_reader.read_chunk()) is not None:
                    yield bytes(piece)

        yield pieces


def _pyreqwest_client() -> "Client":
    from pyreqwest.client import ClientBuilder  # noqa: PLC0415

    return ClientBuilder().no_proxy().gzip(False).read_timeout(timedelta(seconds=READ_TIMEOUT_S)).build()


@asynccontextmanager
async def _transport(url: str) -> AsyncIterator[Pieces]:
    import httpx  # noqa: PLC0415
    from pyreqwest.compatibility.httpx import HttpxTransport  # noqa: PLC0415

    async with HttpxTransport(_pyreqwest_client()) as transport:

        async def pieces(path: str) -> AsyncIterator[bytes]:
            request = httpx.Request("POST", url + path, headers=HEADERS, content=BODY)
            response = await transport.handle_async_request(request)
            try:
                _ = response.headers.multi_items()
                async for piece in response.aiter_raw():
                    yield piece
            finally:
                await response.aclose()

        yield pieces


@asynccontextmanager
async def _httpx(url: str) -> AsyncIterator[Pieces]:
    import httpx  # noqa: PLC0415

    timeout = httpx.Timeout(READ_TIMEOUT_S)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False) as client:

        async def pieces(path: str) -> AsyncIterator[bytes]:
            async with client.stream("POST", url + path, content=BODY, headers=HEADERS) as response:
                async for piece in response.aiter_raw():
                    yield piece

        yield pieces


async def measure(name: str, url: str) -> dict[str, float | str]:
    """Everything about one client."""
    async with opened(name, url) as ask:
        await _many(ask, "/whole", 200, CONCURRENT)
        whole = [await _many(ask, "/whole", WHOLE_REQUESTS, CONCURRENT) for _ in range(ROUNDS)]
        burst = [await _many(ask, "/burst", BURSTS, CONCURRENT) for _ in range(ROUNDS)]
        paced = await _many(ask, "/paced", STREAMS, STREAMS)
        return {
            "requests_per_s": round(median(rate for rate, _, _ in whole)),
            "cpu_us_per_request": round(median(cost for _, cost, _ in whole), 1),
            "cpu_us_per_stream_at_once": round(median(cost for _, cost, _ in burst), 1),
            "pieces_per_stream_at_once": round(median(pieces for _, _, pieces in burst), 1),
            "cpu_us_per_paced_chunk": round(paced[1] / CHUNKS, 1),
            "hangs_up_ms_after_cancel": await _hangs_up(ask),
        }


async def _many(ask: Pieces, path: str, total: int, concurrent: int) -> tuple[float, float, float]:
    """Requests per second, CPU microseconds a request, pieces a request."""
    left, pieces = total, 0

    async def worker() -> None:
        nonlocal left, pieces
        while left > 0:
            left -= 1
            async for _ in ask(path):
                pieces += 1

    before, begun = _cpu_s(), time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(concurrent)))
    spent, took = _cpu_s() - before, time.perf_counter() - begun
    return total / took, spent / total * 1e6, pieces / total


async def _hangs_up(ask: Pieces) -> float | str:
    """How long after a cancellation, before any header, the server sees the connection close."""

    async def wait() -> None:
        async for _ in ask("/hang"):
            pass

    task = asyncio.ensure_future(wait())
    await asyncio.sleep(0.3)
    cancelled = time.monotonic()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    deadline = cancelled + READ_TIMEOUT_S + 1
    while time.monotonic() < deadline:
        left_at = float(b"".join([piece async for piece in ask("/left")]))
        if left_at > cancelled:
            return round((left_at - cancelled) * 1000, 2)
        await asyncio.sleep(0.02)
    return "never"


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _in_own_process(name: str, url: str) -> dict[str, object]:
    command = [sys.executable, "-m", "benchmarks.web.http_clients", "--client", name, "--url", url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ourselves
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["no word"])[-1]}
    result: dict[str, object] = json.loads(done.stdout)
    return result


def main() -> None:
    """Measure all clients, or play one part of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", action="store_true")
    parser.add_argument("--client", choices=CLIENTS)
    parser.add_argument("--url")
    options = parser.parse_args()
    if options.server:
        uvloop.run(_serve())
    elif options.client:
        print(json.dumps(uvloop.run(measure(options.client, options.url))))
    else:
        _all()


def _all() -> None:
    command = [sys.executable, "-m", "benchmarks.web.http_clients", "--server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - ourselves
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        try:
            results = {name: _in_own_process(name, url) for name in CLIENTS}
        finally:
            server.terminate()
    print(json.dumps(results, indent=1))
    packages = tuple(name for name in ("aiohttp", "httpx", "pyreqwest", "uvloop") if find_spec(name))
    write_result("http_clients", {"clients": results}, packages=packages)


if __name__ == "__main__":
    main()
