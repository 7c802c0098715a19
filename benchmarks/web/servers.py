"""Which HTTP server carries the gateway?  One ASGI app on three servers: speed, and how they treat leavers.

    python -m benchmarks.web.servers            # all of them, and writes benchmarks/results/servers.json
    python -m benchmarks.web.servers granian-embedded uvicorn

Needs wrk.  Server and load share the machine's cores: trust the ratios.
"""

import argparse
import asyncio
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import cast

import uvloop

from benchmarks.result import write_result
from benchmarks.web.server_app import ANSWER, CHUNKS, EVENT, PACE_S, app

SERVERS = ("uvicorn", "granian-embedded", "granian-supervised")

HOST = "127.0.0.1"
SECONDS = 3
ROUNDS = 3
CONNECTIONS = 16
STREAMS = 256
LARGE_BYTES = 32 * 1024 * 1024
# What a stopping server is given to end: well over the second that the open requests still need.
DRAIN_S = 10

ASK = json.dumps({"model": "m", "messages": [{"role": "user", "content": "q" * 900}]})


def serve(name: str, port: int) -> None:
    """Run one server in this process until SIGTERM."""
    match name:
        case "granian-embedded":
            uvloop.run(_granian_embedded(port))
        case "granian-supervised":
            _granian_supervised(port)
        case _:
            uvloop.run(_uvicorn(port))


async def _granian_embedded(port: int) -> None:
    from granian.constants import HTTPModes, Interfaces  # noqa: PLC0415 - each process loads one server
    from granian.server.embed import Server  # noqa: PLC0415

    # The limit on requests at once is the backlog unless `backpressure` says otherwise.
    server = Server(
        app,
        address=HOST,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backlog=1024,
        backpressure=4096,
        log_enabled=False,
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    await server.serve()


def _granian_supervised(port: int) -> None:
    from granian import Granian  # noqa: PLC0415
    from granian.constants import HTTPModes, Interfaces, Loops  # noqa: PLC0415

    Granian(
        "benchmarks.web.server_app:app",
        address=HOST,
        port=port,
        interface=Interfaces.ASGINL,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        backlog=1024,
        backpressure=4096,
        log_enabled=False,
        workers_kill_timeout=DRAIN_S,
    ).serve()


async def _uvicorn(port: int) -> None:
    import uvicorn  # noqa: PLC0415

    class Quiet(uvicorn.Server):
        """Leaves signals alone: uvicorn would raise them again after draining, and the exit code would be -15."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

        def stop(self) -> None:
            """Drain, then return."""
            self.should_exit = True

    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_S,
    )
    try:
        sock = socket.create_server((HOST, port), backlog=1024)
    except OSError as error:
        sys.exit(f"cannot listen on {HOST}:{port}: {os.strerror(error.errno or 0)}")
    server = Quiet(config)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    await server.serve(sockets=[sock])


@contextmanager
def running(name: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server process that answers."""
    process = _start(name, port)
    try:
        _until_up(port)
        yield process
    finally:
        if process.poll() is None:
            _kill(process.pid)
        process.wait()


def measure(name: str) -> dict[str, object]:
    """Everything about one server."""
    port = _free_port()
    with running(name, port) as process:
        _wrk(port, "whole", 1)
        figures: dict[str, object] = {
            "whole": _loaded(process.pid, port, "whole"),
            f"stream_of_{CHUNKS}": _loaded(process.pid, port, "stream"),
            f"{STREAMS}_paced_streams": _paced(process.pid, port),
            "rss_mb": _rss_mb(process.pid),
        }
        figures["large_body"] = _large(process.pid, port)
        figures["told_of_a_leaver_ms"] = {path: _leave(port, path) for path in ("wait", "drip")}
        figures["busy_port"] = _busy(name, port)
        figures["sigterm"] = _drained(process, port)
    return figures


def _loaded(pid: int, port: int, path: str) -> dict[str, float]:
    """Requests per second, and the server's CPU for one: medians of some rounds."""
    rates, costs = [], []
    for _ in range(ROUNDS):
        before, begun = _cpu_s(pid), time.perf_counter()
        requests = _wrk(port, path, SECONDS)
        rates.append(requests / (time.perf_counter() - begun))
        costs.append((_cpu_s(pid) - before) / requests * 1e6)
    return {"requests_per_s": round(median(rates)), "cpu_us_per_request": round(median(costs), 1)}


def _wrk(port: int, path: str, seconds: int) -> int:
    """Load the server; returns how many requests were answered."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(
            f"wrk.method='POST'\nwrk.body={json.dumps(ASK)}\nwrk.headers['Content-Type']='application/json'\n"
            "done=function(s,l,r) io.write('answered ',s.requests,' ',s.errors.status,' ',s.errors.read,'\\n') end"
        )
        script.flush()
        url = f"http://{HOST}:{port}/v1/{path}"
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script.name, url]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    _, requests, bad, broken = told.splitlines()[-1].split()
    assert (bad, broken) == ("0", "0"), told
    return int(requests)


def _paced(pid: int, port: int) -> dict[str, float]:
    """Many slow streams at once: all of them must end, and on time."""
    before = _cpu_s(pid)
    complete, slowest_s = uvloop.run(_streams(port))
    spent = _cpu_s(pid) - before
    ideal_s = CHUNKS * PACE_S
    return {
        "complete": complete,
        "cpu_us_per_chunk": round(spent / (STREAMS * CHUNKS) * 1e6, 1),
        "slowest_over_ideal_s": round(slowest_s - ideal_s, 3),
    }


async def _streams(port: int) -> tuple[int, float]:
    async def one() -> bool:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(_request("paced", close=True))
        got = await reader.read(-1)
        writer.close()
        return got.count(EVENT) == CHUNKS

    begun = time.perf_counter()
    done = await asyncio.gather(*(one() for _ in range(STREAMS)))
    return sum(done), time.perf_counter() - begun


def _large(pid: int, port: int) -> dict[str, float]:
    begun = time.perf_counter()
    with socket.create_connection((HOST, port)) as sock:
        sock.sendall(_request("size", body=b"x" * LARGE_BYTES, close=True))
        told = _read_all(sock)
    assert told.endswith(str(LARGE_BYTES).encode()), told[-200:]
    return {"seconds": round(time.perf_counter() - begun, 3), "rss_mb_after": _rss_mb(pid)}


def _leave(port: int, path: str) -> float | str:
    """How long after a client's close `receive` says so."""
    with socket.create_connection((HOST, port)) as sock:
        sock.sendall(_request(path))
        time.sleep(0.3)
    closed = time.monotonic()
    for _ in range(40):
        told = json.loads(_ask(port, "left"))
        if path in told:
            told_at: float = told[path]
            return round((told_at - closed) * 1000, 2)
        time.sleep(0.05)
    return "never"


def _busy(name: str, port: int) -> dict[str, object]:
    """What a second server on the same port does."""
    process = subprocess.Popen(  # noqa: S603
        _command(name, port), stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        error = process.communicate(timeout=8)[1]
    except subprocess.TimeoutExpired:
        _kill(process.pid)
        process.communicate()
        return {"exit_code": None, "says": "it runs on, and shares the port"}
    lines = error.strip().splitlines()
    return {
        "exit_code": process.returncode,
        "says": lines[-1] if lines else "",
        "traceback": "Traceback" in error,
    }


def _drained(process: subprocess.Popen[bytes], port: int) -> dict[str, object]:
    """Stop the server while an answer and a stream are under way."""
    with (
        socket.create_connection((HOST, port)) as waiting,
        socket.create_connection((HOST, port)) as dripping,
        socket.create_connection((HOST, port)) as idle,
    ):
        waiting.sendall(_request("wait"))
        dripping.sendall(_request("drip"))
        idle.sendall(_request("whole"))
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        begun = time.perf_counter()
        answered = _read_all(waiting).endswith(ANSWER)
        streamed = _read_all(dripping)
        try:
            code: int | None = process.wait(timeout=DRAIN_S + 2)
        except subprocess.TimeoutExpired:
            code = None
    return {
        "answer_complete": answered,
        "stream_complete": streamed.count(EVENT) == CHUNKS and streamed.endswith(b"0\r\n\r\n"),
        "exit_code": code,
        "seconds": round(time.perf_counter() - begun, 2),
    }


def _request(path: str, *, body: bytes = b"{}", close: bool = False) -> bytes:
    head = f"POST /v1/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    return (head + ("Connection: close\r\n" if close else "") + "\r\n").encode() + body


def _ask(port: int, path: str) -> bytes:
    with socket.create_connection((HOST, port)) as sock:
        sock.sendall(_request(path, close=True))
        return _read_all(sock).rpartition(b"\r\n\r\n")[2]


def _read_all(sock: socket.socket) -> bytes:
    sock.settimeout(DRAIN_S)
    pieces = []
    try:
        while piece := sock.recv(65536):
            pieces.append(piece)
    except (TimeoutError, ConnectionResetError):
        pieces.append(b"")
    return b"".join(pieces)


def _command(name: str, port: int) -> list[str]:
    return [sys.executable, "-m", "benchmarks.web.servers", "--serve", name, "--port", str(port)]


def _start(name: str, port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(_command(name, port), start_new_session=True)  # noqa: S603 - ourselves


def _kill(group: int) -> None:
    """End a server and its workers, which are a process group of their own."""
    os.killpg(group, signal.SIGKILL)


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as sock:
        return cast("int", sock.getsockname()[1])


def _until_up(port: int) -> None:
    for _ in range(200):
        try:
            _ask(port, "whole")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the server did not start")


def _family(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(grandchild for child in children for grandchild in _family(int(child)))]


def _cpu_s(pid: int) -> float:
    ticks = 0
    for member in _family(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _rss_mb(pid: int) -> float:
    pages = sum(int(Path(f"/proc/{member}/statm").read_text().split()[1]) for member in _family(pid))
    return round(pages * resource.getpagesize() / 2**20, 1)


def main() -> None:
    """Measure the servers that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*SERVERS, []], default=[])
    parser.add_argument("--serve", choices=SERVERS)
    parser.add_argument("--port", type=int)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.port)
        return
    results = {}
    for name in options.names or SERVERS:
        results[name] = measure(name)
        print(name, json.dumps(results[name], indent=2))
    if options.names:
        return
    packages = ("granian", "uvicorn", "httptools", "uvloop", "litestar")
    write_result("servers", {"servers": results}, packages=packages)


if __name__ == "__main__":
    main()
