"""What embedding costs a running gateway: latency on the event loop, delay of the loop, start, memory.

    python -m benchmarks.embedder.serving      # one JSON object on standard output

Run by measure.py in a process of its own, because memory and import time
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
import onnxruntime

from sparingly.embedders.fastembed_model import FastembedModel, load
from sparingly.embedders.local import LocalEmbedder
from sparingly.embedders.model_files import PACKAGED

TEXTS = {
    "9 pieces": "How do I reset my password?",
    "119 pieces": "What should I do when the parcel that I ordered three weeks ago is late? " * 7,
}
_TICK_S = 0.001


def measure_serving() -> dict[str, object]:
    """The figures, from a fresh process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.embedder.serving"],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    figures: dict[str, object] = json.loads(done.stdout)
    return figures


async def main() -> None:
    """Measure in the order in which a gateway meets it: imports, loading, requests."""
    memory: dict[str, float] = {"python, numpy, onnxruntime": _resident_mb()}
    start: dict[str, float] = {}
    for name in ("tokenizers", "fastembed"):
        start[f"import {name}"] = _seconds(partial(importlib.import_module, name))
        memory[f"{name} imported"] = _resident_mb()

    begun = time.perf_counter()
    model = load("minilm", threads=1)
    start["load the model"] = round(time.perf_counter() - begun, 3)
    memory["model loaded"] = _resident_mb()

    embedder = LocalEmbedder(model)
    delay = {"nothing else to do": await _loop_delay(None)}
    for name, text in TEXTS.items():
        delay[f"embedding {name} without a pause"] = await _loop_delay(partial(embedder.embed, text))
    memory["after 3 s of each"] = _resident_mb()
    latency = {name: await _latency(model, embedder, text) for name, text in TEXTS.items()}
    await embedder.aclose()
    figures = {"start_s": start, "memory_mb": memory, "latency_ms": latency, "loop_delay_ms": delay}
    print(json.dumps(figures))


async def _latency(model: FastembedModel, embedder: LocalEmbedder, text: str) -> dict[str, object]:
    """A bare run, the same with reading the text, and the same from the event loop; in turns, so that noise is shared."""
    session = _bare_session()
    reading = model.read(text)
    inputs = {
        "input_ids": np.array([reading.ids]),
        "attention_mask": np.ones((1, len(reading.ids)), dtype=np.int64),
    }
    bare, here, awaited = [], [], []
    for _ in range(150):
        bare.append(_seconds(partial(session.run, None, inputs)))
        here.append(_seconds(lambda: model.vectors([model.read(text)])))
        await asyncio.sleep(_TICK_S)  # as between requests: the model's thread has gone to sleep
        begun = time.perf_counter()
        await embedder.embed(text)
        awaited.append(time.perf_counter() - begun)
    return {
        "bare session run": _spread(bare),
        "with reading and scaling": _spread(here),
        "awaited on the event loop": _spread(awaited),
    }


def _bare_session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        str(PACKAGED / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )


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
