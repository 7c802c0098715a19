"""Streams of labelled questions, and what each question's best candidate would have scored.

Every request is inserted, so the best candidate of a question depends on no
threshold: one search does for all of them.  Which score a candidate gets is
plugged in (`Scorer`); the cosine is the baseline.
"""

import asyncio
import json
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np

from benchmarks.cache.threshold_sweep import Vectors, nearest
from benchmarks.data_folder import rows
from benchmarks.streams import qqp_questions
from sparingly.core.answer import Answer
from sparingly.core.chat import Tenant
from sparingly.core.directives import Directives
from sparingly.core.entry import Digest, Entry, Neighbor, Scope
from sparingly.core.evidence.question import Question
from sparingly.core.guarantee.calibration import Outcome, Trials, trials_of
from sparingly.core.judging.judge import bar_of, judge
from sparingly.core.judging.model import JudgeModel
from sparingly.core.policy import CachePolicy
from sparingly.core.verdict import Hit
from sparingly.embedders.local import LocalEmbedder
from sparingly.errors import TextUnfit
from sparingly.opening import open_judge
from sparingly.replay.labels import judged
from sparingly.replay.logged import Logged
from sparingly.settings import Settings


class Labelled(msgspec.Struct, frozen=True):
    """A text, its class, and the texts it is known to differ from; None where all labels are known."""

    text: str
    label: str
    differs: tuple[str, ...] | None = None


class Scorer(Protocol):
    """Scores candidates.

    `best` gets the questions, their vectors, the index of one, and its near
    ones as (index, cosine); it returns the best of them with its score, or None.
    """

    name: str

    def best(
        self, texts: Sequence[str], vectors: Vectors, asked: int, near: Sequence[tuple[int, float]]
    ) -> tuple[int, float] | None: ...


class Cosine:
    """The closest is the best, and its cosine the score."""

    name = "cosine"

    def best(
        self, texts: Sequence[str], vectors: Vectors, asked: int, near: Sequence[tuple[int, float]]
    ) -> tuple[int, float] | None:
        del texts, vectors, asked
        # The smaller index breaks ties, as the smaller id does in the judge.
        return max(near, key=lambda one: (one[1], -one[0])) if near else None


class Fitted:
    """The fitted judge of the package: the likeliest neighbor that no guard speaks against."""

    name = "fitted"

    def __init__(self, model: JudgeModel) -> None:
        self._model = model
        policy = CachePolicy()
        self._bar = msgspec.structs.replace(bar_of(policy, Directives()), probability=0.0)

    def best(
        self, texts: Sequence[str], vectors: Vectors, asked: int, near: Sequence[tuple[int, float]]
    ) -> tuple[int, float] | None:
        neighbors = [Neighbor(_entry(other, texts[other]), similarity) for other, similarity in near]
        question = Question(texts[asked], vectors[asked])
        found = judge(neighbors, bar=self._bar, now=0.0, question=question, model=self._model)
        if not isinstance(found, Hit) or found.evidence.probability is None:
            return None
        return int(found.entry.source), found.evidence.probability


def shipped() -> Fitted:
    """The judge in the package."""

    async def name() -> str:
        embedder = await LocalEmbedder.open()
        await embedder.aclose()
        return embedder.name

    model = open_judge(Settings(), embedder=asyncio.run(name()))
    if model is None:
        raise SystemExit("The default settings have no fitted judge.")
    return Fitted(model)


def _entry(index: int, text: str) -> Entry:
    """An entry as the gateway would have stored it; the answer does not matter to the judge."""
    return Entry(
        digest=Digest(f"{index:032x}"),
        scope=Scope(""),
        tenant=Tenant(""),
        text=text,
        answer=Answer("", ()),
        asked="",
        served="",
        source=str(index),
        created_at=0.0,
        expires_at=1.0,
    )


def qqp() -> list[Labelled]:
    """Every distinct question; only explicit negatives count as wrong."""
    return [Labelled(one.text, one.label, one.differs) for one in qqp_questions()]


def medical() -> list[Labelled]:
    """Every distinct question; pairs that doctors called the same are one class, others differ explicitly."""
    leaders: dict[str, str] = {}
    differs: dict[str, dict[str, None]] = {}

    def leader(text: str) -> str:
        while leaders.setdefault(text, text) != text:
            text = leaders[text]
        return text

    for row in rows("pairs/medical"):
        a, b = str(row["a"]), str(row["b"])
        first, second = leader(a), leader(b)
        if row["same"]:
            leaders[second] = first
        elif a != b:
            differs.setdefault(a, {})[b] = None
            differs.setdefault(b, {})[a] = None
    return [Labelled(text, leader(text), tuple(differs.get(text, ()))) for text in list(leaders)]


def banking() -> list[Labelled]:
    """Every distinct question of a bank's customers; one intent is one class, and every other is wrong."""
    intents = {str(row["text"]): str(row["intent"]) for row in rows("intents/banking77_train")}
    return [Labelled(text, intent) for text, intent in intents.items()]


STREAMS: dict[str, Callable[[], list[Labelled]]] = {"qqp": qqp, "medical": medical, "banking77": banking}


def trials(name: str, scorer: Scorer, *, seed: int, k: int, cache: Path | None) -> Trials:
    """Shuffle a stream by `seed` and score every question's best candidate among those before it."""
    labelled = STREAMS[name]()
    vectors = _vectors(name, [one.text for one in labelled], cache)
    order = list(range(len(labelled)))
    random.Random(seed).shuffle(order)
    stream = [labelled[index] for index in order]
    return trials_of(scored(stream, vectors[order], scorer, k=k))


def scored(
    stream: Sequence[Labelled], vectors: Vectors, scorer: Scorer, *, k: int
) -> Iterator[tuple[float | None, Outcome]]:
    """The best candidate's score of every question, and what its answer would be."""
    ids = {one.text: f"r{index}" for index, one in enumerate(stream)}
    logged = [_logged(one, ids) for one in stream]
    texts = [one.text for one in stream]
    for index, near in enumerate(nearest(vectors, k)):
        found = scorer.best(texts, vectors, index, near)
        if found is None:
            yield None, "unjudged"
        else:
            yield found[1], judged(logged[index], logged[found[0]])


def _logged(one: Labelled, ids: dict[str, str]) -> Logged:
    differs = None if one.differs is None else frozenset(ids[text] for text in one.differs)
    return Logged(id=ids[one.text], time=0.0, request=b"{}", label=one.label, differs=differs)


def _vectors(name: str, texts: list[str], cache: Path | None) -> Vectors:
    """The vectors of texts, from a folder that keeps them between runs where there is one."""
    kept_texts, kept_vectors = (
        (cache / f"texts_{name}.json", cache / f"vectors_{name}.npy") if cache is not None else (None, None)
    )
    if kept_texts is not None and kept_vectors is not None and kept_vectors.exists():
        places = {
            text: place for place, text in enumerate(json.loads(kept_texts.read_text(encoding="utf-8")))
        }
        known: Vectors = np.load(kept_vectors)
        if all(text in places for text in texts):
            return known[[places[text] for text in texts]]
    vectors = asyncio.run(_embedded(texts))
    if kept_texts is not None and kept_vectors is not None:
        kept_texts.write_text(json.dumps(texts), encoding="utf-8")
        np.save(kept_vectors, vectors)
    return vectors


async def _embedded(texts: Sequence[str]) -> Vectors:
    embedder = await LocalEmbedder.open()
    vectors = np.zeros((len(texts), embedder.dimensions), dtype=np.float32)
    try:
        for index, text in enumerate(texts):
            try:
                vectors[index] = await embedder.embed(text)
            except TextUnfit:
                continue
    finally:
        await embedder.aclose()
    return vectors
