"""How long the event loop keeps others waiting, in `measure.py`: seen from outside and from inside.

Outside: a process of its own asks /healthz of the loaded gateway and of an idle
one (`control`) in turns.  What the control shows is not the event loop but the
machine, whose two cores carry the load's client and the provider, too.

Inside: `benchmarks/overhead/inside.py` runs the same app in a process with a
ticker on its event loop, and drives it without an HTTP server.
"""

import argparse
import asyncio
import json
import random
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.overhead.cases import (
    LENGTHS,
    Figures,
    World,
    at,
    fresh_question,
    fresh_system,
    learned,
    ms,
)
from benchmarks.overhead.load import HOST, Answer, Connection, Target, outcomes, request
from benchmarks.overhead.processes import until_quiet
from benchmarks.overhead.words import questions, same_question

WORKERS: Final = 8
STREAMS: Final = 32
KNOWN: Final = tuple(questions(1, 100, LENGTHS))
# Clients do not all come at one moment, and a stream lasts 1.3 s.
RAMP_S: Final = 1.5
_STREAM = "chunks=64 pace_ms=20"
_PROBE_EVERY_S = 0.005


def mixed(target: Target, rng: random.Random) -> bytes:
    """A request that makes the gateway do one of all the things it does."""
    known = rng.choice(KNOWN)
    match rng.randrange(5):
        case 0:
            return request(target, known)
        case 1:
            return request(target, same_question(known))
        case 2:
            return request(target, fresh_question(), plan="chunks=16 pace_ms=1")
        case 3:
            return request(target, fresh_question(), system=fresh_system())
        case _:
            return request(target, fresh_question())


def stream(target: Target) -> bytes:
    """A long stream that is compared with others before it is asked for."""
    return request(target, fresh_question(), plan=_STREAM)


def ramp(index: int) -> float:
    """How many seconds after the first a worker begins."""
    return index * RAMP_S / (STREAMS + WORKERS)


async def outside(world: World) -> Figures:
    """Case 9, from outside."""
    target = world.on.target
    await learned(world.on, [request(target, text) for text in KNOWN])
    until_quiet(world.on.pid, world.off.pid)
    seconds = max(2.0, 8 * world.size)
    ports = (target.port, world.off.target.port)
    figures: Figures = {"idle": await _probed(ports, seconds / 2)}
    async with asyncio.TaskGroup() as group:
        load = group.create_task(_load(target, RAMP_S + seconds + 1))
        await asyncio.sleep(RAMP_S)
        figures["loaded"] = await _probed(ports, seconds)
    return figures | {"outcomes": outcomes(load.result())}


async def inside(world: World, folder: Path) -> Figures:
    """Case 9, from inside."""
    seconds = max(2.0, 8 * world.size)
    options = ["--upstream", str(world.direct.port), "--folder", str(folder), "--seconds", str(seconds)]
    return await _told(["-m", "benchmarks.overhead.inside", *options])


async def _load(target: Target, seconds: float) -> list[Answer]:
    answers: list[Answer] = []
    end = time.perf_counter() + seconds
    rng = random.Random(1)

    async def worker(index: int) -> None:
        await asyncio.sleep(ramp(index))
        connection = await Connection.open(target.port)
        while time.perf_counter() < end:
            answers.append(await connection.ask(stream(target) if index < STREAMS else mixed(target, rng)))
        connection.close()

    await asyncio.gather(*(worker(index) for index in range(STREAMS + WORKERS)))
    return answers


async def _probed(ports: Sequence[int], seconds: float) -> Figures:
    figures = await _told(["-m", "benchmarks.overhead.delay", "--seconds", str(seconds), *map(str, ports)])
    return {"gateway": figures[str(ports[0])], "control": figures[str(ports[1])]}


async def _told(arguments: Sequence[str]) -> Figures:
    """What another process of ours prints."""
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()
    assert process.returncode == 0, arguments
    figures: Figures = json.loads(told)
    return figures


def probe(ports: Sequence[int], seconds: float) -> dict[int, Figures]:
    """Ask each port's /healthz in turns, every 5 ms."""
    sockets = {port: socket.create_connection((HOST, port)) for port in ports}
    found: dict[int, list[float]] = {port: [] for port in ports}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for port, sock in sockets.items():
            begun = time.perf_counter()
            sock.sendall(f"GET /healthz HTTP/1.1\r\nHost: {HOST}:{port}\r\n\r\n".encode())
            got = b""
            while not got.endswith(b"}"):
                got += sock.recv(65536)
            found[port].append(time.perf_counter() - begun)
        time.sleep(_PROBE_EVERY_S)
    return {port: delays(seconds) for port, seconds in found.items()}


def delays(seconds: Sequence[float]) -> Figures:
    """Median, tail and worst, in milliseconds."""
    return {
        "count": len(seconds),
        "p50_ms": ms(at(seconds, 0.5)),
        "p99_ms": ms(at(seconds, 0.99)),
        "p999_ms": ms(at(seconds, 0.999)),
        "max_ms": ms(max(seconds)),
    }


def main() -> None:
    """Probe, as a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ports", type=int, nargs="+")
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    print(json.dumps(probe(options.ports, options.seconds)))


if __name__ == "__main__":
    main()
