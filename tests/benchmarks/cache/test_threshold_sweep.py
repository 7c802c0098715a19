import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice, pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest

from benchmarks.cache.threshold_sweep import (
    RESULT,
    THRESHOLDS,
    Sweep,
    Verdict,
    best_rows,
    embedded,
    hits_at,
    logged_of,
    row_at,
    sweep,
)
from benchmarks.data_folder import data_folder
from benchmarks.streams import qqp_stream
from sparingly.core.policy import CachePolicy, RoutingPolicy
from sparingly.core.vectors import Vector
from sparingly.embedders.local import LocalEmbedder
from sparingly.ports import AnswerStore
from sparingly.replay.labels import Judgement
from sparingly.replay.logged import Logged, Trace
from sparingly.replay.report import Run
from sparingly.replay.runner import replay
from sparingly.stores.edge import EdgeStore
from tests.replay.log_files import chat
from tests.replay.world import WordEmbedder, world

pytestmark = pytest.mark.anyio

WORDS = ("how", "do", "i", "learn", "to", "cook", "swim", "fast", "well", "alone")


def _stream(count: int) -> list[Logged]:
    """Distinct questions from few words, of three classes, with some explicit negatives."""
    rng = random.Random(7)
    texts = list(dict.fromkeys(" ".join(rng.sample(WORDS, rng.randint(4, 9))) for _ in range(count)))
    return [
        Logged(
            id=f"r{index}",
            time=float(index),
            request=_encoded(text),
            label=f"class-{index % 3}",
            differs=frozenset({f"r{index // 2}"}) if index % 4 == 0 else frozenset(),
        )
        for index, text in enumerate(texts)
    ]


def _encoded(text: str) -> bytes:
    return msgspec.json.encode(chat(text))


class _Untied(WordEmbedder):
    """No two texts are equally close to a third: a text's vector is nudged by its own seed."""

    async def embed(self, text: str) -> Vector:
        nudge = np.random.default_rng(list(text.encode())).normal(0.0, 0.01, self.dimensions)
        vector = await super().embed(text) + nudge.astype(np.float32)
        return vector / np.float32(np.linalg.norm(vector))


async def test_one_sweep_equals_a_true_replay_at_every_threshold() -> None:
    """The same hits from the same sources with the same judgements, through gateway, store and judge."""
    stream = _stream(80)
    policy = CachePolicy()

    verdicts = sweep(stream, await embedded(stream, _Untied()), k=policy.k)

    for threshold in (0.7, 0.8, 0.9, 0.95):
        outcome = await replay(
            Trace("stream", "sparingly", "", tuple(stream)),
            cache=CachePolicy(threshold=threshold),
            routing=RoutingPolicy(),
            world=world(_Untied()),
            run=Run("", insert="all"),
            on_progress=lambda _: None,
        )
        replayed = {
            (one.neighbor_id, one.judgement) for one in outcome.decisions if one.verdict == "semantic"
        }
        swept = hits_at(verdicts, threshold)
        assert len(swept) == outcome.report.semantic_hits > 0
        assert {(one.source, one.judgement) for one in swept} == replayed
        row = row_at(verdicts, threshold)
        assert (row.right_hits, row.wrong_hits, row.unjudged_hits) == (
            outcome.report.right_hits,
            outcome.report.wrong_hits,
            outcome.report.unjudged_hits,
        )


async def test_raising_the_threshold_never_adds_a_hit() -> None:
    """At every step of the published table."""
    stream = _stream(200)
    verdicts = sweep(stream, await embedded(stream, WordEmbedder()), k=5)

    counts = [row_at(verdicts, threshold).hits for threshold in THRESHOLDS]

    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


async def test_a_text_that_is_too_long_neither_hits_nor_is_hit() -> None:
    """It has no vector; the gateway serves it from the exact tier only."""
    long = " ".join(["word"] * 30)
    stream = [
        Logged(f"r{index}", 0.0, _encoded(text)) for index, text in enumerate(("word", long, "word word"))
    ]

    verdicts = sweep(stream, await embedded(stream, WordEmbedder()), k=5)

    assert verdicts[:2] == [None, None]
    assert verdicts[2] == Verdict(1.0, "r0", "unjudged")


async def test_blocks_do_not_change_what_is_found() -> None:
    """A question finds earlier ones only, also those of other blocks."""
    vectors = np.eye(4, dtype=np.float32)[[0, 1] * 700]
    stream = [Logged(f"r{index}", 0.0, b"{}", label=str(index % 2)) for index in range(len(vectors))]

    verdicts = sweep(stream, vectors, k=1)

    assert all(one is not None and one.similarity == 1.0 for one in verdicts[2:])
    assert all(one is not None and one.judgement == "right" for one in verdicts[2:])
    assert verdicts[1] == Verdict(0.0, "r0", "wrong")


def _verdicts(*kinds: Judgement) -> list[Verdict | None]:
    """Ever less similar, from 0.99 down."""
    return [Verdict(0.99 - index / 100, "r0", kind) for index, kind in enumerate(kinds)]


async def test_the_best_threshold_is_the_lowest_that_keeps_a_bound() -> None:
    """Precision may dip and recover; error only grows."""
    right: list[Judgement] = ["right"] * 38
    verdicts = [*_verdicts("wrong", *right, "unjudged", "wrong"), *[None] * 159]

    best = {one.bound: one.row for one in best_rows(verdicts)}

    assert best["error <= 0.1%"] is None
    half = best["error <= 0.5%"]
    assert half is not None
    assert (half.hits, half.right_hits, half.wrong_hits, half.unjudged_hits) == (40, 38, 1, 1)
    precise = best["precision >= 95%"]
    assert precise is not None
    assert precise.hits == 41
    assert precise.precision == 38 / 40


async def test_equal_similarities_stand_or_fall_together() -> None:
    """No threshold lies between them."""
    verdicts: list[Verdict | None] = [Verdict(0.9, "r0", "right"), Verdict(0.9, "r0", "wrong")]

    best = {one.bound: one.row for one in best_rows(verdicts)}

    assert best["error <= 1.0%"] is None
    assert best["precision >= 95%"] is None


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.skipif(data_folder() is None, reason="no data: SPARINGLY_DATA names no folder")
async def test_the_sweep_equals_a_replay_of_real_questions_through_the_real_parts(tmp_path: Path) -> None:
    """The model of the package and Qdrant Edge find what exact search finds."""
    stream = [logged_of(line) for line in islice(qqp_stream(0), 400)]
    embedder = await LocalEmbedder.open()

    @asynccontextmanager
    async def edge() -> AsyncIterator[AnswerStore]:
        store = EdgeStore(tmp_path / "answers", dimensions=embedder.dimensions)
        try:
            yield store
        finally:
            await store.aclose()

    try:
        swept = hits_at(sweep(stream, await embedded(stream, embedder), k=CachePolicy().k), 0.6)
        outcome = await replay(
            Trace("stream", "sparingly", "", tuple(stream)),
            cache=CachePolicy(threshold=0.6),
            routing=RoutingPolicy(),
            world=msgspec.structs.replace(world(embedder), open_store=edge),
            run=Run("", insert="all"),
            on_progress=lambda _: None,
        )
    finally:
        await embedder.aclose()

    found = [one.neighbor_id for one in outcome.decisions if one.verdict == "semantic"]
    assert [one.source for one in swept] == found
    assert outcome.report.trouble == {}
    assert len(found) > 5


async def test_the_committed_table_is_whole_and_lawful() -> None:
    """Every threshold of the protocol on every question; raising it never adds a hit of any kind."""
    table = msgspec.json.decode(RESULT.read_bytes(), type=Sweep)

    assert [row.threshold for row in table.thresholds] == list(THRESHOLDS)
    assert table.requests == table.labelled > 60_000
    for looser, stricter in pairwise(table.thresholds):
        assert looser.right_hits >= stricter.right_hits
        assert looser.wrong_hits >= stricter.wrong_hits
        assert looser.unjudged_hits >= stricter.unjudged_hits
    assert all(best.row is not None for best in table.best)
