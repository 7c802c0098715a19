"""How long does the shipped judge take for a look-up, after the embedding, and how much memory does it add?

Quora questions are asked one after the other of a store that holds the earlier ones; the five nearest are
judged by `core.judging.judge`, as in serving.  `remembered`: the stored questions were read lately, as
in a store of up to a thousand that are asked about; `forgotten`: everything is read anew.
Memory is that of a process of its own: what it grows by from before the judge is loaded until it has judged them all.

    python -m benchmarks.judge.speed --vectors FOLDER        writes results/judge_speed.json
"""

import argparse
import gc
import resource
import statistics
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path

import numpy as np

from benchmarks.data_folder import needed_folder
from benchmarks.kept_vectors import KeptVectors
from benchmarks.result import write_result
from sparingly.core.answer import Answer
from sparingly.core.chat import Tenant
from sparingly.core.entry import Digest, Entry, Neighbor, Scope
from sparingly.core.evidence.guards import PROFILES
from sparingly.core.evidence.question import Question
from sparingly.core.judging.judge import Bar, judge
from sparingly.core.judging.model import load_judge
from sparingly.learning.judge.labelled_pairs import read_pairs
from sparingly.learning.judge.rows import K, stream_neighbors

_STORED, _ASKED = 2_500, 2_000
_NOW = 1_800_000_000.0


def main() -> None:
    """Ask, time, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--vectors", type=Path, required=True, help="a folder that keeps vectors between runs"
    )
    parser.add_argument("--memory-with", metavar="EMBEDDER", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.memory_with:
        print(_grown_mb(args.memory_with))
        return

    kept = KeptVectors(args.vectors)
    data = files("sparingly.judge").joinpath("judge.bin").read_bytes()
    model = load_judge(data, embedder=kept.name, source="of the package")
    texts = _texts()
    vectors = kept.embed(texts)
    bar = Bar(1.0, guards=PROFILES["general"])
    spent: dict[str, list[float]] = {"remembered": [], "forgotten": []}
    for at, near in enumerate(stream_neighbors(vectors)):
        if at < _STORED:
            continue
        neighbors = [Neighbor(_entry(texts[other]), similarity) for other, similarity in near]
        for state, times in spent.items():
            model.readings.clear()
            if state == "remembered":
                for other, _ in near:
                    model.read(texts[other])
            question = Question(texts[at], vectors[at])
            begun = time.perf_counter()
            judge(neighbors, bar=bar, now=_NOW, question=question, model=model)
            times.append((time.perf_counter() - begun) * 1_000)
    figures = {state: _told(times) for state, times in spent.items()}
    memory = {"file_mb": round(len(data) / 1e6, 2), "grown_mb": _grown_elsewhere(args.vectors, kept.name)}
    print(write_result("judge_speed", {"what": __doc__, "look_ups": _ASKED, "ms": figures, "memory": memory}))


def _texts() -> list[str]:
    pairs = read_pairs(needed_folder() / "pairs" / "qqp.jsonl.gz")
    return list(dict.fromkeys(pair.a for pair in pairs))[: _STORED + _ASKED]


def _grown_elsewhere(vectors: Path, embedder: str) -> float:
    """`_grown_mb` in a process of its own, where nothing else was loaded."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.judge.speed",
        "--vectors",
        str(vectors),
        "--memory-with",
        embedder,
    ]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603 - this script


def _grown_mb(embedder: str) -> float:
    """What the process grows by when it loads the judge and judges; similarities are made up."""
    texts = _texts()
    bar = Bar(1.0, guards=PROFILES["general"])
    vector = np.zeros(1, dtype=np.float32)
    gc.collect()
    before = _resident_mb()
    data = files("sparingly.judge").joinpath("judge.bin").read_bytes()
    model = load_judge(data, embedder=embedder, source="of the package")
    for at in range(_STORED, _STORED + _ASKED):
        near = [Neighbor(_entry(texts[at - back]), 0.95 - back / 100) for back in range(1, K + 1)]
        judge(near, bar=bar, now=_NOW, question=Question(texts[at], vector), model=model)
    return round(_resident_mb() - before, 1)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def _entry(text: str) -> Entry:
    return Entry(
        digest=Digest(text),
        scope=Scope("scope"),
        tenant=Tenant("tenant"),
        text=text,
        answer=Answer("model", ()),
        asked="model",
        served="model",
        source=text,
        created_at=_NOW - 60.0,
        expires_at=_NOW + 3_600.0,
    )


def _told(times: list[float]) -> dict[str, float]:
    return {
        "p50": round(statistics.median(times), 3),
        "p99": round(statistics.quantiles(times, n=100)[98], 3),
    }


if __name__ == "__main__":
    main()
