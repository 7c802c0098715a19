"""What grows in `measure.py`: memory and look-ups with many entries, time with the length of a prompt."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.overhead.cases import (
    Figures,
    World,
    at,
    compared,
    fresh_question,
    in_turns,
    ms,
)
from benchmarks.overhead.fill import known_questions, system_of
from benchmarks.overhead.load import Answer, Target, outcomes, request, sequential
from benchmarks.overhead.processes import Gateway, config, memory_mb, sparingly, until_quiet
from benchmarks.overhead.words import same_question, words

ENTRIES: Final = 50_000
SCOPES: Final = {"one_scope": 1, "many_scopes": 5_000}
BODY_BYTES: Final = {"1_KB": 1_000, "100_KB": 100_000, "1_MB": 1_000_000, "10_MB": 10_000_000}

# No write-backs while hits are timed: the entries must stay as many as they are.
_STRANGERS = 60


async def memory(world: World, folder: Path) -> Figures:
    """Case 8: an empty gateway, and gateways with many entries."""
    entries = ENTRIES if world.size >= 1 else int(ENTRIES * world.size)
    file = folder / "fill.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(config(world.direct), encoding="utf-8")
    fillers = [
        await asyncio.create_subprocess_exec(
            *_fill_command(file, folder / name / "data", world, scopes, entries)
        )
        for name, scopes in SCOPES.items()
    ]
    for filler in fillers:
        assert await filler.wait() == 0, "filling failed"
    with sparingly("empty", config(world.direct), folder / "empty") as empty:
        figures: Figures = {"start_to_ready_empty": _start(empty)}
    # Started twice: the first start after filling reads back what was not flushed.
    ready = [_start_alone(world, folder / name) for name in SCOPES]
    figures["start_to_ready_s"] = [round(seconds, 3) for seconds in ready]
    for name, scopes in SCOPES.items():
        with sparingly(name, config(world.direct), folder / name) as gateway:
            figures[name] = {"entries": entries, **_start(gateway), **await _look_ups(world, gateway, scopes)}
    return figures


def _fill_command(file: Path, data: Path, world: World, scopes: int, entries: int) -> list[str]:
    options = ["--config", str(file), "--data", str(data), "--port", str(world.direct.port)]
    counts = ["--scopes", str(scopes), "--entries", str(entries)]
    return [sys.executable, "-m", "benchmarks.overhead.fill", *options, *counts]


def _start_alone(world: World, folder: Path) -> float:
    with sparingly("again", config(world.direct), folder) as gateway:
        return gateway.ready_s


def _start(gateway: Gateway) -> Figures:
    until_quiet(gateway.pid)
    return {"start_to_ready_s": round(gateway.ready_s, 3), "at_start": memory_mb(gateway.pid)}


async def _look_ups(world: World, gateway: Gateway, scopes: int) -> Figures:
    known = known_questions()

    def run(place: Target, change: Callable[[str], str]) -> Callable[[], Awaitable[list[Answer]]]:
        raw = [
            request(place, change(text), system=system_of(number, scopes))
            for number, text in enumerate(known)
        ]
        return lambda: sequential(place, raw[: world.times(len(raw))])

    target = gateway.target
    figures: Figures = {}
    for name, change in (("exact_hit", str), ("semantic_hit", same_question)):
        runs = {"direct": run(world.direct, change), "hit": run(target, change)}
        figures[name] = compared(await in_turns(2, runs))["hit"]
    strangers = [request(target, fresh_question(), system=system_of(n, scopes)) for n in range(_STRANGERS)]
    answers = await sequential(target, strangers, gap_s=0.015)
    seconds = [answer.seconds for answer in answers]
    figures["miss"] = {
        "p50_ms": ms(at(seconds, 0.5)),
        "p99_ms": ms(at(seconds, 0.99)),
        "outcomes": outcomes(answers),
    }
    return figures | {"after_look_ups": memory_mb(gateway.pid)}


async def lengths(world: World) -> Figures:
    """Case 10: long prompts, in one user message; with the cache on they are misses of the exact tier."""
    text = words(max(BODY_BYTES.values()))
    figures: Figures = {}
    for name, size in BODY_BYTES.items():
        number = max(3, min(world.times(30), 20_000_000 // size))
        runs = {
            target.name: partial(_long_ones, target, text[:size], number)
            for target in (world.direct, world.off.target, world.on.target)
        }
        told = compared(await in_turns(min(2, world.rounds), runs))
        figures[name] = {"off": told["off"], "on": told["on"], "direct": told["direct"]}
    return figures | {"ms_per_MB": {mode: _slope(figures, mode) for mode in ("off", "on")}}


async def _long_ones(target: Target, text: str, number: int) -> list[Answer]:
    """Made here, so that only few are in memory at a time."""
    answers: list[Answer] = []
    for _ in range(number):
        answers += await sequential(target, [request(target, f"{fresh_question()} {text}")])
    return answers


def _slope(figures: Figures, mode: str) -> float:
    """What a further megabyte adds, by the two longest bodies."""
    added = []
    for name in ("1_MB", "10_MB"):
        of_length = figures[name]
        told = of_length[mode] if isinstance(of_length, dict) else {}
        added.append(float(told["added_p50_ms"]))
    return round(median([(added[1] - added[0]) / 9]), 3)
