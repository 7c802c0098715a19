"""Measure the embedded answer store: time of each call, delay of the event loop, memory.

For 5,000 and 50,000 entries of 2 KB, all in one scope (the worst case: a help
desk with one system prompt) and in many.  `in_thread` is why the engine has a
process of its own: the same engine, asked from a worker thread of this one.

    python -m benchmarks.cache.store            writes results/store.json; about two minutes
"""

import asyncio
import gc
import random
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.result import write_result
from sparingly.core.answer import Answer, Choice
from sparingly.core.chat import Tenant, Text
from sparingly.core.entry import Digest, Entry, Scope
from sparingly.stores.edge import EdgeStore
from sparingly.stores.edge_shard import Shard
from sparingly.stores.qdrant_points import payload_of

SEED: Final = 1
DIMENSIONS: Final = 384
CASES: Final = ((5_000, 1), (5_000, 500), (50_000, 1), (50_000, 5_000))
ANSWER_BYTES: Final = 2_000
NOW: Final = 1_000.0

Vectors = npt.NDArray[np.float32]
Figures = dict[str, float]


class LoopDelay:
    """The longest time by which the event loop was late, while in use."""

    def __init__(self) -> None:
        self.worst_s = 0.0

    async def watch(self) -> None:
        """Tick every millisecond until cancelled."""
        last = perf_counter()
        while True:
            await asyncio.sleep(0.001)
            now = perf_counter()
            self.worst_s = max(self.worst_s, now - last - 0.001)
            last = now


@asynccontextmanager
async def loop_delay() -> AsyncIterator[LoopDelay]:
    delay = LoopDelay()
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(delay.watch())
        yield delay
        watching.cancel()


async def timed(calls: int, call: Callable[[int], Awaitable[object]]) -> Figures:
    """Milliseconds of `calls` calls, one after the other, and of the loop's worst delay meanwhile."""
    gc.collect()
    seconds = np.zeros(calls)
    async with loop_delay() as delay:
        for number in range(calls):
            begun = perf_counter()
            await call(number)
            seconds[number] = perf_counter() - begun
    return {
        "calls": calls,
        "p50_ms": _ms(float(np.percentile(seconds, 50))),
        "p99_ms": _ms(float(np.percentile(seconds, 99))),
        "max_ms": _ms(float(seconds.max())),
        "loop_delay_ms": _ms(delay.worst_s),
    }


def vectors_of(count: int) -> Vectors:
    """Unit vectors in clusters of ten, as questions come."""
    rng = np.random.default_rng(SEED)
    centers = rng.standard_normal((count // 10, DIMENSIONS), dtype=np.float32)
    vectors = np.repeat(centers, 10, axis=0)
    vectors += 0.5 * rng.standard_normal(vectors.shape, dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def entry_of(number: int, scopes: int, words: str) -> Entry:
    return Entry(
        digest=Digest(f"{number:032x}"),
        scope=_scope(number, scopes),
        tenant=Tenant("t"),
        text=f"question {number}",
        answer=Answer("m", (Choice(0, (Text(words),), "stop"),)),
        asked="m",
        served="m",
        source=f"r{number}",
        created_at=0.0,
        expires_at=2 * NOW,
        worth=float(number),
    )


async def measured(count: int, scopes: int, folder: Path) -> dict[str, object]:
    """All figures of one case."""
    vectors = vectors_of(count)
    words = _words()
    store = EdgeStore(folder, dimensions=DIMENSIONS)
    begun = perf_counter()
    await store.ping()
    figures: dict[str, object] = {"entries": count, "scopes": scopes, "start_ms": _ms(perf_counter() - begun)}

    # What the machine itself does to the loop: other figures' `loop_delay_ms` are to be read beside it.
    figures["nothing"] = await timed(1_000, lambda _: asyncio.sleep(0.003))
    figures["put"] = await timed(count, lambda i: store.put(entry_of(i, scopes, words), vectors[i]))
    figures["rss_mb_after_puts"] = _rss_mb(store.pid)
    figures["exact_hit"] = await timed(2_000, lambda i: store.exact(Digest(f"{i * 7 % count:032x}"), now=NOW))
    figures["exact_miss"] = await timed(2_000, lambda i: store.exact(Digest(f"{count + i:032x}"), now=NOW))
    figures["is_empty"] = await timed(2_000, lambda i: store.is_empty(_scope(i, scopes)))
    figures["neighbors"] = await timed(
        500, lambda i: store.neighbors(_scope(i, scopes), vectors[i], limit=5, now=NOW)
    )
    figures["neighbors_16_at_once"] = await timed(20, lambda i: _sixteen(store, vectors, scopes, i))
    figures["touch"] = await timed(2_000, lambda i: store.touch(Digest(f"{i:032x}"), worth=NOW + i, hits=1))
    figures["evict_a_tenth"] = await timed(1, lambda _: store.sweep(now=NOW, max_entries=count * 9 // 10))
    figures["rss_mb_after_reads"] = _rss_mb(store.pid)
    await asyncio.sleep(3.0)  # a quiet moment, in which it reopens
    figures["rss_mb_when_quiet"] = _rss_mb(store.pid)
    await store.aclose()

    begun = perf_counter()
    store = EdgeStore(folder, dimensions=DIMENSIONS)
    await store.ping()
    figures["reopen_ms"] = _ms(perf_counter() - begun)
    await store.aclose()
    return figures


async def in_thread(folder: Path, count: int) -> dict[str, object]:
    """The engine in this process, asked from a worker thread, on the folder of the case before."""
    vectors = vectors_of(count)
    shard = Shard(folder, dimensions=DIMENSIONS)
    new = payload_of(entry_of(10 * count, 1, _words()), comparable=True)

    def put_and_flush(number: int) -> None:
        shard.put(Digest(f"{10 * count + number:032x}"), new, vectors[number].tobytes())
        shard.flush()

    def search(number: int) -> None:
        shard.neighbors(_scope(0, 1), vectors[number].tobytes(), limit=5, now=NOW)

    figures: dict[str, object] = {
        "entries": shard.count(),
        "neighbors": await timed(200, lambda i: asyncio.to_thread(search, i)),
        "put_and_flush": await timed(50, lambda i: asyncio.to_thread(put_and_flush, i)),
    }
    shard.close()
    return figures


async def _sixteen(store: EdgeStore, vectors: Vectors, scopes: int, first: int) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(first * 16, first * 16 + 16):
            scope = _scope(number, scopes)
            group.create_task(store.neighbors(scope, vectors[number], limit=5, now=NOW))


def _scope(number: int, scopes: int) -> Scope:
    return Scope(f"{number % scopes:032x}")


def _words() -> str:
    """Text that compresses about as well as English does."""
    rng = random.Random(SEED)
    letters = "etaoinshrdlucmfwypvbgk"
    vocabulary = ["".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(500)]
    return " ".join(rng.choices(vocabulary, k=ANSWER_BYTES))[:ANSWER_BYTES]


def _rss_mb(pid: int | None) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) // 1024


def _ms(seconds: float) -> float:
    return round(seconds * 1e3, 3)


async def main() -> None:
    cases: list[dict[str, object]] = []
    threads: dict[str, object] = {}
    for count, scopes in CASES:
        with tempfile.TemporaryDirectory() as folder:
            cases.append(await measured(count, scopes, Path(folder)))
            print(cases[-1])
            if (count, scopes) == (50_000, 1):
                threads = await in_thread(Path(folder), count)
    figures = {"seed": SEED, "dimensions": DIMENSIONS, "process": cases, "in_thread": threads}
    print(write_result("store", figures, packages=("qdrant-edge-py", "numpy", "msgspec")))


if __name__ == "__main__":
    asyncio.run(main())
