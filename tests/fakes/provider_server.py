"""The simulated provider behind a real socket: an HTTP/1.1 server for tests and benchmarks.

In a thread:    with ProviderServer(Simulation(latency_s=0.01)) as provider: provider.url
In a process:   python -m tests.fakes.provider_server --port 9000 '{"latency_s": 0.01}'

Small and direct rather than complete: it speaks to well-behaved clients on
loopback, and takes little of the two cores that a benchmark shares with it.
"""

import argparse
import asyncio
import signal
import threading
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self, cast

import msgspec

from sparingly.errors import UpstreamBroke
from sparingly.ports import Upstream, UpstreamReply, UpstreamRequest
from sparingly.settings import Simulation
from sparingly.upstreams.simulated import SimulatedUpstream

MODELS = ("sim-small", "sim-large")
_START_TIMEOUT_S = 10.0


class Received(msgspec.Struct, frozen=True):
    """One request as it came over the wire; header names are in lower case."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        return next((value for key, value in self.headers if key == name), None)


class _Head(msgspec.Struct):
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    length: int
    is_chunked: bool


class _Connection(asyncio.Protocol):
    """Reads requests and writes answers, one after the other."""

    def __init__(self, server: "ProviderServer", loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no asyncio.Transport by inheritance.
        self._transport = cast("asyncio.Transport", transport)
        self._server.open.add(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._transport = None
        self._server.open.discard(self)
        if self._task is not None:
            self._server.hung_up += 1
            self._task.cancel()

    def abort(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _next(self) -> None:
        """Begin with the next request that is complete."""
        if self._task is not None or (received := _parsed(self._buffer)) is None:
            return
        self._server.requests.append(received)
        self._task = self._loop.create_task(self._answer(received))
        self._task.add_done_callback(self._answered)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and self._transport is not None:
            self._next()

    async def _answer(self, received: Received) -> None:
        reply = await self._server.upstream.send(
            UpstreamRequest(received.method, received.path, received.headers, received.body)
        )
        try:
            if any(value.startswith("text/event-stream") for _, value in reply.headers):
                await self._stream(reply)
            else:
                await self._whole(reply, has_body=received.method != "HEAD")
        except UpstreamBroke:
            if self._transport is not None:
                self._transport.close()

    async def _stream(self, reply: UpstreamReply) -> None:
        self._write(_status_line(reply, (("transfer-encoding", "chunked"),)))
        async for piece in reply.body():
            self._write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self._write(b"0\r\n\r\n")

    async def _whole(self, reply: UpstreamReply, *, has_body: bool) -> None:
        pieces: list[bytes] = []
        try:
            pieces += [piece async for piece in reply.body()]
        except UpstreamBroke:
            body = b"".join(pieces)
            # A cut answer: more is promised than comes.
            self._write(_status_line(reply, (("content-length", str(2 * len(body) + 1)),)) + body)
            raise
        body = b"".join(pieces)
        head = _status_line(reply, (("content-length", str(len(body))),))
        self._write(head + body if has_body else head)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


class ProviderServer:
    """Serves an upstream from a thread; `requests` came in, `hung_up` of them were given up by their client."""

    def __init__(self, simulation: Simulation | None = None, *, upstream: Upstream | None = None) -> None:
        self.upstream: Upstream = upstream or SimulatedUpstream(
            name="simulated",
            simulation=simulation or Simulation(),
            models=MODELS,
            answers={},
            sleep=asyncio.sleep,
        )
        self.requests: list[Received] = []
        self.hung_up = 0
        self.open: set[_Connection] = set()
        self.url = ""
        self._thread = threading.Thread(target=self._run, name="provider-server", daemon=True)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(_START_TIMEOUT_S), "the provider server did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def serve(self, port: int) -> None:
        """Listen until told to stop."""
        self._loop = loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = await loop.create_server(lambda: _Connection(self, loop), "127.0.0.1", port)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._stop.wait()
        server.close()
        for connection in set(self.open):
            connection.abort()
        # The loop tells connections of their end in its next round.
        await asyncio.sleep(0)

    def stop(self) -> None:
        """Stop listening; call it in the server's loop."""
        assert self._stop is not None
        self._stop.set()

    def _run(self) -> None:
        asyncio.run(self.serve(0))


def _parsed(buffer: bytearray) -> Received | None:
    """Take the first complete request off the buffer."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = _head(bytes(buffer[:end]))
    start = end + 4
    if head.is_chunked:
        found = _chunked(buffer, start)
        if found is None:
            return None
        body, stop = found
    else:
        stop = start + head.length
        if len(buffer) < stop:
            return None
        body = bytes(buffer[start:stop])
    del buffer[:stop]
    return Received(head.method, head.path, head.headers, body)


def _head(raw: bytes) -> _Head:
    first, *lines = raw.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = tuple((name.lower(), value.strip()) for name, _, value in pairs)
    fields = dict(headers)
    return _Head(method, path, headers, int(fields.get("content-length", "0")), "transfer-encoding" in fields)


def _chunked(buffer: bytearray, start: int) -> tuple[bytes, int] | None:
    """The body and where it ends, once its last chunk is there."""
    pieces: list[bytes] = []
    while (line := buffer.find(b"\r\n", start)) >= 0:
        size = int(buffer[start:line], 16)
        if len(buffer) < line + 4 + size:
            return None
        pieces.append(bytes(buffer[line + 2 : line + 2 + size]))
        start = line + 4 + size
        if size == 0:
            return b"".join(pieces), start
    return None


def _status_line(reply: UpstreamReply, more: Iterable[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} Simulated"]
    lines += [f"{name}: {value}" for name, value in (*reply.headers, *more)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def _main(port: int, simulation: Simulation) -> None:
    server = ProviderServer(simulation)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    await server.serve(port)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description="Serve the simulated provider on loopback.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("simulation", nargs="?", default="{}", help="the simulation's settings, as JSON")
    chosen = parser.parse_args(arguments)
    knobs = msgspec.json.decode(chosen.simulation, type=Simulation)
    try:
        import uvloop  # noqa: PLC0415 - the tests do without it
    except ImportError:
        asyncio.run(_main(chosen.port, knobs))
    else:
        uvloop.run(_main(chosen.port, knobs))


if __name__ == "__main__":
    main()
