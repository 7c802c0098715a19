"""A small world for replays: words as vectors, a store in memory, made-up prices, a classifier by one word."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import blake2b
from itertools import count

import numpy as np

from sparingly.core.catalog import Catalog, ProviderInfo
from sparingly.core.chat import Ask
from sparingly.core.features import Features
from sparingly.core.policy import Price, RoutingPolicy, Tier
from sparingly.core.pricing import ModelPrice, model_price
from sparingly.core.routing.tiers import Classified
from sparingly.core.vectors import Vector
from sparingly.errors import TextTooLong
from sparingly.pipeline.choosing.classify import Classification, TierClassifier
from sparingly.ports import AnswerStore, Clock, Embedder, Upstream
from sparingly.replay.playing import World
from tests.fakes.store import FakeStore

# Dollars per million tokens of input and output.
PRICES = {"big": (10.0, 10.0), "small": (1.0, 1.0)}

TIERS = RoutingPolicy(tiers={"simple": Tier(model="small"), "complex": Tier(model="big")})
"""`auto` goes to `small`, or to `big` when the question has the word "hard"."""


class WordEmbedder:
    """An Embedder: texts that share words are close; more than twenty words are too many."""

    name, dimensions, window_tokens = "words", 256, 20

    def __init__(self) -> None:
        self.embedded: list[str] = []

    async def embed(self, text: str) -> Vector:
        words = text.lower().split()
        if len(words) > self.window_tokens:
            raise TextTooLong("too many words")
        return self._counted(text, words)

    async def head(self, text: str) -> Vector:
        return self._counted(text, text.lower().split()[: self.window_tokens])

    def _counted(self, text: str, words: list[str]) -> Vector:
        self.embedded.append(text)
        vector = np.zeros(self.dimensions, dtype=np.float32)
        for word in words:
            vector[int.from_bytes(blake2b(word.encode(), digest_size=1).digest())] += 1
        norm = float(np.linalg.norm(vector))
        return vector / norm if norm else vector + self.dimensions**-0.5

    async def ping(self) -> None:
        pass

    async def aclose(self) -> None:
        pass


class TablePrices:
    """Prices from `PRICES`; no other model has one."""

    def price(self, provider: str, model: str, *, now: float) -> ModelPrice | None:
        del provider, now
        usd = PRICES.get(model)
        return model_price(Price(input_usd_per_mtok=usd[0], output_usd_per_mtok=usd[1])) if usd else None


class WordClassifier:
    """A TierClassifier: the word "hard" makes a request complex."""

    async def classify(
        self, ask: Ask, *, text: str, features: Features, vector: Vector | None, client_key: str | None
    ) -> Classification:
        del ask, features, vector, client_key
        tier = "complex" if "hard" in text else "simple"
        return Classification(Classified(tier=tier, confidence=0.9))


@asynccontextmanager
async def _store() -> AsyncIterator[AnswerStore]:
    yield FakeStore()


def _classifier(upstreams: Mapping[str, Upstream], embedder: Embedder, clock: Clock) -> TierClassifier:
    del upstreams, embedder, clock
    return WordClassifier()


def world(embedder: Embedder | None = None, *, store: FakeStore | None = None) -> World:
    """A world whose stopwatch ticks a millisecond each time it is read."""

    @asynccontextmanager
    async def given() -> AsyncIterator[AnswerStore]:
        assert store is not None
        yield store

    readings = count()
    return World(
        embedder=embedder or WordEmbedder(),
        open_store=_store if store is None else given,
        prices=TablePrices(),
        catalog=Catalog(providers=(ProviderInfo("any", "simulated"),)),
        make_classifier=_classifier,
        stopwatch=lambda: next(readings) / 1000,
    )
