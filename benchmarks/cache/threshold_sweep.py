"""Sweep a static cosine threshold over the whole QQP stream: the baseline for every later judge.

Protocol: every distinct question once, shuffled by seed, empty start, and every
request is inserted (`--insert all`).  Then neither what a question finds nor
which candidate `core.judging.judge` likes best depends on the threshold: all
earlier questions are in the store.  So one search and one judgement for each
question do for all thresholds; a threshold's hits are those whose candidate
reaches it.  tests/benchmarks/cache/test_threshold_sweep.py checks that this equals
true replays.

Only explicit labels count: hits on pairs that nobody compared are unjudged.

    python -m benchmarks.cache.threshold_sweep            writes results/threshold_sweep_qqp.json
"""

import argparse
import asyncio
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from benchmarks.result import RESULTS, write_result
from benchmarks.streams import Line, qqp_stream
from sparingly.core.answer import Answer
from sparingly.core.chat import Tenant
from sparingly.core.entry import Digest, Entry, Neighbor, Scope
from sparingly.core.judging.judge import Bar, judge
from sparingly.core.policy import CachePolicy
from sparingly.core.verdict import Hit
from sparingly.embedders.local import LocalEmbedder
from sparingly.errors import TextTooLong
from sparingly.ports import Embedder
from sparingly.replay.labels import Judgement, judged
from sparingly.replay.logged import Logged
from sparingly.replay.scores import Counts

RESULT = RESULTS / "threshold_sweep_qqp.json"
THRESHOLDS = tuple(round(0.80 + step / 100, 2) for step in range(20))
ERROR_BOUNDS = (0.001, 0.005, 0.01)
LEAST_PRECISION = 0.95
# Rows of one block times all columns are held at once: 1,024 x 70,000 floats are 290 MB.
_BLOCK = 1_024
_NOW = 0.0

Vectors = npt.NDArray[np.float32]


class Row(msgspec.Struct, frozen=True):
    """One threshold and what it does on the whole stream."""

    threshold: float
    hits: int
    right_hits: int
    wrong_hits: int
    unjudged_hits: int
    hit_rate: float
    right_rate: float
    error_rate: float
    error_rate_ci95: tuple[float, float]
    precision: float | None
    precision_ci95: tuple[float, float]


class Best(msgspec.Struct, frozen=True):
    """The lowest threshold, of all there are, that keeps a bound; None where none does."""

    bound: str
    row: Row | None


class Sweep(msgspec.Struct, frozen=True):
    """The results file."""

    what: str
    seed: int
    embedder: str
    k: int
    requests: int
    labelled: int
    without_vector: int
    thresholds: list[Row]
    best: list[Best]


def main() -> None:
    """Embed, search, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, help="only this many questions, for a try that writes nothing")
    parser.add_argument("--vectors", type=Path, help="a .npy file that keeps the vectors between runs")
    args = parser.parse_args()

    begun = time.perf_counter()
    stream = [logged_of(line) for line in qqp_stream(args.seed)][: args.limit]
    name, vectors = asyncio.run(_vectors(stream, args.vectors))
    k = CachePolicy().k
    found = sweep(stream, vectors, k=k)
    result = Sweep(
        what="static cosine threshold on the QQP stream: every distinct question once, every request inserted",
        seed=args.seed,
        embedder=name,
        k=k,
        requests=len(stream),
        labelled=len(stream),
        without_vector=int(np.count_nonzero(~vectors.any(axis=1))),
        thresholds=[row_at(found, threshold) for threshold in THRESHOLDS],
        best=best_rows(found),
    )
    for row in (*result.thresholds, *result.best):
        print(msgspec.json.encode(row).decode())
    print(f"{time.perf_counter() - begun:.0f} s")
    if args.limit is None:
        print(write_result(RESULT.stem, msgspec.to_builtins(result), packages=("numpy", "onnxruntime")))


class Verdict(msgspec.Struct, frozen=True):
    """What one question finds: its best neighbor's similarity, and whether that would be right."""

    similarity: float
    source: str
    judgement: Judgement


def sweep(stream: Sequence[Logged], vectors: Vectors, *, k: int) -> list[Verdict | None]:
    """The judge's best candidate of every question, None where it has no neighbor."""
    entries = [_entry(logged) for logged in stream]
    verdicts: list[Verdict | None] = []
    for index, near in enumerate(nearest(vectors, k)):
        neighbors = [Neighbor(entries[other], similarity) for other, similarity in near]
        hit = judge(neighbors, bar=Bar(-1.0), now=_NOW)
        if isinstance(hit, Hit) and hit.evidence.similarity is not None:
            source = stream[next(other for other, _ in near if entries[other] is hit.entry)]
            verdicts.append(Verdict(hit.evidence.similarity, source.id, judged(stream[index], source)))
        else:
            verdicts.append(None)
    return verdicts


def hits_at(verdicts: Sequence[Verdict | None], threshold: float) -> list[Verdict]:
    """The hits at a threshold; the boundary belongs to them, as in the judge."""
    return [one for one in verdicts if one is not None and one.similarity >= threshold]


def row_at(verdicts: Sequence[Verdict | None], threshold: float) -> Row:
    """Count the hits at a threshold."""
    kinds = [one.judgement for one in hits_at(verdicts, threshold)]
    return _row(
        threshold,
        Counts(
            requests=len(verdicts),
            exact_hits=0,
            semantic_hits=len(kinds),
            right_hits=kinds.count("right"),
            wrong_hits=kinds.count("wrong"),
            unjudged_hits=kinds.count("unjudged"),
            labelled=len(verdicts),
        ),
    )


def best_rows(verdicts: Sequence[Verdict | None]) -> list[Best]:
    """For each bound the lowest threshold that keeps it, of all similarities that occur."""
    ranked = sorted((one for one in verdicts if one is not None), key=lambda one: -one.similarity)
    within: dict[str, float] = {}
    right = wrong = 0
    for place, one in enumerate(ranked):
        right += one.judgement == "right"
        wrong += one.judgement == "wrong"
        if place + 1 < len(ranked) and ranked[place + 1].similarity == one.similarity:
            continue
        for bound in ERROR_BOUNDS:
            if wrong <= bound * len(verdicts):
                within[f"error <= {bound:.1%}"] = one.similarity
        if right + wrong and right >= LEAST_PRECISION * (right + wrong):
            within[f"precision >= {LEAST_PRECISION:.0%}"] = one.similarity
    bounds = [f"error <= {bound:.1%}" for bound in ERROR_BOUNDS] + [f"precision >= {LEAST_PRECISION:.0%}"]
    return [Best(bound, row_at(verdicts, within[bound]) if bound in within else None) for bound in bounds]


def logged_of(line: Line) -> Logged:
    """A line of a made stream as replay reads it from a file."""
    return Logged(
        id=line.id,
        time=line.time,
        request=msgspec.json.encode(line.request),
        label=line.label,
        differs=None if line.differs is None else frozenset(line.differs),
    )


async def embedded(stream: Sequence[Logged], embedder: Embedder) -> Vectors:
    """One row for each question, zeros where the text is too long for the embedder."""
    vectors = np.zeros((len(stream), embedder.dimensions), dtype=np.float32)
    for index, logged in enumerate(stream):
        try:
            vectors[index] = await embedder.embed(_question(logged))
        except TextTooLong:
            continue
    return vectors


def nearest(vectors: Vectors, k: int) -> Iterator[list[tuple[int, float]]]:
    """The `k` closest earlier rows of every row, exactly, block by block."""
    empty: npt.NDArray[np.bool_] = np.logical_not(vectors.any(axis=1))
    for start in range(0, len(vectors), _BLOCK):
        end = min(start + _BLOCK, len(vectors))
        similarities = vectors[start:end] @ vectors[:end].T
        similarities[:, empty[:end]] = -np.inf
        for row, index in zip(similarities, range(start, end), strict=True):
            earlier = row[:index]
            if empty[index] or not index:
                yield []
                continue
            closest = np.argpartition(earlier, -k)[-k:] if index > k else np.arange(index)
            yield [(int(one), min(1.0, float(earlier[one]))) for one in closest if np.isfinite(earlier[one])]


def _row(threshold: float, counts: Counts) -> Row:
    return Row(
        threshold=round(threshold, 6),
        hits=counts.semantic_hits,
        right_hits=counts.right_hits,
        wrong_hits=counts.wrong_hits,
        unjudged_hits=counts.unjudged_hits,
        hit_rate=counts.hit_rate,
        right_rate=counts.right_hits / counts.requests,
        error_rate=counts.error_rate,
        error_rate_ci95=counts.error_rate_ci95,
        precision=counts.precision,
        precision_ci95=counts.precision_ci95,
    )


def _entry(logged: Logged) -> Entry:
    """An entry as the gateway would have stored it; the answer does not matter to the judge."""
    return Entry(
        digest=Digest(logged.id),
        scope=Scope(""),
        tenant=Tenant(""),
        text=None,
        answer=Answer("", ()),
        asked="",
        served="",
        source=logged.id,
        created_at=_NOW,
        expires_at=_NOW + 1.0,
    )


def _question(logged: Logged) -> str:
    request = msgspec.json.decode(logged.request)
    return str(request["messages"][-1]["content"])


async def _vectors(stream: Sequence[Logged], kept: Path | None) -> tuple[str, Vectors]:
    embedder = await LocalEmbedder.open()
    try:
        vectors = await _kept(kept, stream, embedder)
        if vectors is None:
            vectors = await embedded(stream, embedder)
    finally:
        await embedder.aclose()
    if kept is not None:
        np.save(kept, vectors)
    return embedder.name, vectors


async def _kept(path: Path | None, stream: Sequence[Logged], embedder: Embedder) -> Vectors | None:
    """The vectors of an earlier run, unless stream or embedder have changed."""
    if path is None or not path.exists():  # noqa: ASYNC240 - a script; nothing else waits
        return None
    vectors: Vectors = np.load(path)
    is_same = len(vectors) == len(stream) and np.array_equal(
        vectors[:1], await embedded(stream[:1], embedder)
    )
    return vectors if is_same else None


if __name__ == "__main__":
    main()
