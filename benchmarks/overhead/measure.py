"""What does the gateway cost?  Time, CPU and memory, with and without the cache, against the budget in the design.

    python -m benchmarks.overhead.measure                   # writes benchmarks/results/overhead.json; under six minutes
    python -m benchmarks.overhead.measure --quick whole     # a look at one case; writes nothing
    python -m benchmarks.overhead.measure --litellm PATH/bin/litellm --portkey PATH/build/start-server.js

Provider, gateways and load are processes that share the machine and talk over
loopback.  The provider and the client are written by hand, so that what is seen
is the gateway; every time is taken in turns with the provider asked directly.
Peers that are not given, or not there, are left out with a note.
"""

import argparse
import asyncio
import json
import os
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import uvloop

from benchmarks.overhead import cases, delay, scale, streaming
from benchmarks.overhead.budget import against_budget
from benchmarks.overhead.cases import Figures, World
from benchmarks.overhead.processes import Gateway, config, litellm, memory_mb, portkey, provider, sparingly
from benchmarks.result import write_result

CASES: Final[dict[str, Callable[[World, Path], Awaitable[Figures]]]] = {
    "whole": lambda world, _: cases.whole(world),
    "load": lambda world, _: cases.load(world),
    "streams": lambda world, _: streaming.one_by_one(world),
    "many_streams": lambda world, _: streaming.many(world),
    "exact": lambda world, _: cases.exact(world),
    "semantic": lambda world, _: cases.semantic(world),
    "misses": lambda world, _: cases.misses(world),
    "routing": lambda world, _: cases.routing(world),
    "lengths": lambda world, _: scale.lengths(world),
    "delay_outside": lambda world, _: delay.outside(world),
    "delay_inside": delay.inside,
    "memory": scale.memory,
}
"""In the order in which they run; peers take part in the first four."""

_WITH_PEERS: Final = ("whole", "load", "streams", "many_streams")

# Prices of these are known, so that what the ledger does for them is done here, too.
_TIERS = (
    "{tiers: {simple: {model: gpt-4o-mini}, standard: {model: gpt-4o}, complex: {model: o1}}, "
    "classifier: {kind: embedding}}"
)


async def measure(options: argparse.Namespace, folder: Path) -> dict[str, object]:
    """The figures of the chosen cases, and how long each took."""
    figures: dict[str, object] = {}
    took: dict[str, float] = {}
    chosen = [name for name in CASES if name in (options.cases or CASES)]
    with ExitStack() as stack:
        world = _opened(options, folder, stack)
        with ExitStack() as of_peers:
            if not {*chosen}.isdisjoint(_WITH_PEERS):
                world, figures["peers"] = _with_peers(world, options, folder, of_peers)
            for name in (name for name in chosen if name in _WITH_PEERS):
                figures[name], took[name] = await _case(name, world, folder)
        world = world._replace(peers=())
        for name in (name for name in chosen if name not in _WITH_PEERS):
            figures[name], took[name] = await _case(name, world, folder)
    return figures | {"seconds": took}


def _opened(options: argparse.Namespace, folder: Path, stack: ExitStack) -> World:
    direct = stack.enter_context(provider())
    configs = {
        "off": config(direct, cache="{mode: 'off'}"),
        "on": config(direct),
        "tiers": config(direct, routing=_TIERS),
    }
    off, on, tiers = (
        stack.enter_context(sparingly(name, text, folder / name)) for name, text in configs.items()
    )
    rounds, size = (1, 0.2) if options.quick else (3, 1.0)
    return World(direct, off, on, tiers, (), rounds, size)


def _with_peers(
    world: World, options: argparse.Namespace, folder: Path, stack: ExitStack
) -> tuple[World, Figures]:
    peers: list[Gateway] = []
    notes: Figures = {}
    for name, start, path in (("litellm", litellm, options.litellm), ("portkey", portkey, options.portkey)):
        if path is None or not path.exists():
            notes[name] = f"left out: {'not given' if path is None else f'there is no {path}'}"
            continue
        peers.append(stack.enter_context(start(path, world.direct, folder / name)))
        notes[name] = {"start_to_ready_s": round(peers[-1].ready_s, 3), "at_start": memory_mb(peers[-1].pid)}
    return world._replace(peers=tuple(peers)), notes


async def _case(name: str, world: World, folder: Path) -> tuple[Figures, float]:
    print(f"{name} ...", flush=True)
    begun = time.perf_counter()
    figures = await CASES[name](world, folder / name)
    return figures, round(time.perf_counter() - begun, 1)


async def _main(options: argparse.Namespace) -> dict[str, object]:
    task = asyncio.current_task()
    assert task is not None
    # Whoever ends this early must not leave gateways behind.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with tempfile.TemporaryDirectory() as folder:
        return await measure(options, Path(folder))


def main() -> None:
    """Measure, print what the budget says to it, write the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", nargs="*", choices=[*CASES, []], default=[])
    parser.add_argument("--quick", action="store_true", help="a fifth of everything, once; not written")
    parser.add_argument("--litellm", type=Path, help="its command, in a virtual environment of its own")
    parser.add_argument("--portkey", type=Path, help="its start-server.js")
    options = parser.parse_args()
    load = round(os.getloadavg()[0], 2)
    figures = uvloop.run(_main(options))
    budget = against_budget(figures)
    if options.cases or options.quick:
        print(json.dumps(figures, indent=1))
    for line in budget:
        print(json.dumps(line))
    if not options.cases and not options.quick:
        packages = (
            "aiohttp",
            "granian",
            "litestar",
            "msgspec",
            "onnxruntime",
            "qdrant-edge-py",
            "uvicorn",
            "uvloop",
        )
        told = {"load_1m_before": load, "nice": os.nice(0), "budget": budget, **figures}
        print(write_result("overhead", told, packages=packages))


if __name__ == "__main__":
    main()
