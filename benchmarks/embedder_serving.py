"""What embedding costs a running gateway: latency on the event loop, delay of the loop, start, memory.

    python -m benchmarks.embedder_serving      # one JSON object on standard output

Run by embedder_model.py in a process of its own, because memory and import time
are those of a fresh process.
"""

import asyncio
import importlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import numpy as np

from sparingly.embedders.fastembed_model import FastembedModel, load
from sparingly.embedders.local import LocalEmbedder

TEXTS = {
    "9 pieces": "How do I reset my password?",
    "119 pieces": "What should I do when the parcel that I ordered three weeks ago is late? " * 7,
}
_TICK_S = 0.001


def measure_serving() -> dict[str, object]:
    """The figures, from a fresh process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.embedder_serving"],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    figures: dict[str, object] = json.loads(done.stdout)
    return figures


async def main() -> None:
    """Measure in the order in which a gateway meets it: imports, loading, one request, many."""
    memory: dict[str, float] = {"python, numpy, this package": _resident_mb()}
    start: dict[str, float] = {}
    for name in ("onnxruntime", "tokenizers", "fastembed"):
        start[f"import {name}"] = _seconds(partial(importlib.import_module, name))
        memory[f"{name} imported"] = _resident_mb()

    begun = time.perf_counter()
    model = load("minilm", threads=1)
    start["load the model"] = round(time.perf_counter() - begun, 3)
    memory["model loaded"] = _resident_mb()

    embedder = LocalEmbedder(model)
    latency: dict[str, object] = {}
    for name, text in TEXTS.items():
        inputs = _inputs(model.pieces(text))
        session = model._embedding.model.model  # type: ignore[attr-defined]  # noqa: SLF001 - the bare session
        latency[name] = {
            "bare session run": _spread([_seconds(partial(session.run, None, inputs)) for _ in range(100)]),
            "same thread, tokenised and pooled": _spread(
                [_seconds(partial(_embed_here, model, text)) for _ in range(100)]
            ),
            "awaited on the event loop": _spread(await _awaited(partial(embedder.embed, text))),
        }
    delay = {"nothing else to do": await _loop_delay(None)}
    for name, text in TEXTS.items():
        delay[f"embedding {name} without a pause"] = await _loop_delay(partial(embedder.embed, text))
    memory["after all that"] = _resident_mb()
    await embedder.aclose()
    figures = {"start_s": start, "memory_mb": memory, "latency_ms": latency, "loop_delay_ms": delay}
    print(json.dumps(figures))


def _embed_here(model: FastembedModel, text: str) -> None:
    model.pieces(text)
    model.vectors([text])


async def _awaited(act: Callable[[], Awaitable[object]]) -> list[float]:
    taken = []
    for _ in range(100):
        begun = time.perf_counter()
        await act()
        taken.append(time.perf_counter() - begun)
        await asyncio.sleep(0.001)  # as between requests: the model's thread has gone to sleep
    return taken


async def _loop_delay(act: Callable[[], Awaitable[object]] | None) -> dict[str, float]:
    """How much later than asked for a 1 ms sleep ends, over three seconds, while `act` is repeated."""
    late: list[float] = []

    async def tick() -> None:
        for _ in range(1500):
            begun = time.perf_counter()
            await asyncio.sleep(_TICK_S)
            late.append(time.perf_counter() - begun - _TICK_S)

    async with asyncio.TaskGroup() as group:
        ticking = group.create_task(tick())
        while act is not None and not ticking.done():
            await act()
    return _spread(late)


def _inputs(pieces: int) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    ids = np.random.default_rng(0).integers(2000, 20000, (1, pieces))
    return {"input_ids": ids, "attention_mask": np.ones_like(ids)}


def _spread(seconds: list[float]) -> dict[str, float]:
    """In milliseconds; on a busy machine p10 is nearest to what it takes undisturbed."""
    ordered = sorted(seconds)
    named = {
        "p10": ordered[len(ordered) // 10],
        "p50": statistics.median(ordered),
        "p99": ordered[int(len(ordered) * 0.99) - 1],
        "worst": ordered[-1],
    }
    return {name: round(value * 1e3, 3) for name, value in named.items()}


def _seconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return round(time.perf_counter() - begun, 6)


def _resident_mb() -> float:
    """What the process occupies now; Linux only."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return round(int(status.split("VmRSS:")[1].split()[0]) / 1e3, 1)


if __name__ == "__main__":
    asyncio.run(main())
