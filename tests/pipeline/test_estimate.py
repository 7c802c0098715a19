"""Estimates by the look-up's vector, or by one that is made for them."""

import pytest

from sparingly.core.pricing import NanoDollars
from sparingly.core.routing.estimates import Estimate, Estimates
from sparingly.core.strategies import Learned
from sparingly.core.vectors import Vector
from sparingly.errors import EmbedderError, TextTooLong
from sparingly.pipeline.estimate import Estimated, Estimator
from sparingly.pipeline.timed_embedder import TimedEmbedder
from tests.fakes.clock import FakeClock
from tests.pipeline.parts import MeaningEmbedder

pytestmark = pytest.mark.anyio

FOUND = Estimates((Estimate("big", 0.9, NanoDollars(5)),), support=0.5)


class FixedEstimates:
    """Satisfies FittedEstimates; remembers the texts."""

    known = frozenset({"big"})
    cost_weight, least_support = 7.0, 0.25

    def __init__(self) -> None:
        self.texts: list[str] = []

    def estimate(self, vector: Vector, text: str) -> Estimates:
        assert vector.size
        self.texts.append(text)
        return FOUND


class ShortSighted(MeaningEmbedder):
    """Sees 600 characters."""

    async def embed(self, text: str) -> Vector:
        if len(text) > 600:
            raise TextTooLong("too long")
        return await super().embed(text)


def _estimator(embedder: MeaningEmbedder) -> tuple[Estimator, FixedEstimates]:
    fitted = FixedEstimates()
    timed = TimedEmbedder(embedder, timeout_s=1.0, clock=FakeClock(), slow="estimate-slow")
    return Estimator(embedder=timed, fitted=fitted), fitted


async def test_the_look_ups_vector_is_used() -> None:
    """Nothing is embedded twice."""
    embedder = MeaningEmbedder()
    estimator, fitted = _estimator(embedder)
    vector = await embedder.embed("Hi")

    estimated = await estimator.estimate(text="Hi", vector=vector)

    assert estimated.estimates == FOUND
    assert (embedder.embedded, fitted.texts) == (["Hi"], ["Hi"])


async def test_a_long_text_is_embedded_by_its_beginning() -> None:
    """The words are read from all of it."""
    embedder = ShortSighted()
    estimator, fitted = _estimator(embedder)

    estimated = await estimator.estimate(text="x" * 5_000, vector=None)

    assert estimated.estimates == FOUND
    assert [len(text) for text in embedder.embedded] == [500]
    assert fitted.texts == ["x" * 5_000]


async def test_without_a_vector_there_is_no_estimate() -> None:
    """The trouble is told."""
    embedder = MeaningEmbedder()
    embedder.trouble = EmbedderError("gone")
    estimator, _ = _estimator(embedder)

    assert await estimator.estimate(text="Hi", vector=None) == Estimated(trouble=(EmbedderError.code,))


def test_the_files_own_operating_point_fills_what_is_left_open() -> None:
    """What the config says stays."""
    estimator, _ = _estimator(MeaningEmbedder())

    opened = estimator.completed(Learned(file="f", default="big"))
    tolerant = estimator.completed(Learned(file="f", default="big", tolerance=0.1, least_support=0.0))

    assert (opened.cost_weight, opened.least_support) == (7.0, 0.25)
    assert (tolerant.tolerance, tolerant.cost_weight, tolerant.least_support) == (0.1, None, 0.0)
    assert estimator.known == {"big"}
