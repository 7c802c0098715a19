"""Estimates by the look-up's vector, or by one that is made for them."""

import pytest

from sparingly.core.pricing import NanoDollars
from sparingly.core.routing.estimates import Estimate, Estimates
from sparingly.core.strategies import Learned
from sparingly.core.vectors import Vector
from sparingly.errors import EmbedderError, TextTooLong, TextUnfit, TextUnreadable
from sparingly.pipeline.choosing.estimate import Estimated, Estimator
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
        self.vectors: list[Vector] = []

    def estimate(self, vector: Vector, text: str) -> Estimates:
        self.vectors.append(vector)
        self.texts.append(text)
        return FOUND


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
    assert (embedder.embedded, embedder.heads, fitted.texts) == (["Hi"], [], ["Hi"])


async def test_a_text_that_fits_is_embedded_once() -> None:
    """Its vector is handed on, so that nobody makes it again."""
    embedder = MeaningEmbedder()
    estimator, fitted = _estimator(embedder)

    estimated = await estimator.estimate(text="Hi", vector=None)

    assert estimated.vector is fitted.vectors[0]
    assert (embedder.embedded, embedder.heads) == (["Hi"], [])


@pytest.mark.parametrize("unfit", [TextTooLong("too long"), TextUnreadable("no such word")])
async def test_a_text_that_no_vector_stands_for_goes_by_its_first_window(unfit: TextUnfit) -> None:
    """As it did in fitting.  That vector is not handed on: the cache must never see it."""
    embedder = MeaningEmbedder()
    embedder.trouble = unfit
    estimator, fitted = _estimator(embedder)

    estimated = await estimator.estimate(text="x" * 5_000, vector=None)

    assert (estimated.estimates, estimated.vector, estimated.trouble) == (FOUND, None, ())
    assert (embedder.heads, fitted.texts) == (["x" * 5_000], ["x" * 5_000])
    assert fitted.vectors[0].tolist() == (await embedder.head("x" * 5_000)).tolist()


async def test_without_a_vector_there_is_no_estimate() -> None:
    """The trouble is told."""
    embedder = MeaningEmbedder()
    embedder.trouble = EmbedderError("gone")
    estimator, _ = _estimator(embedder)

    assert await estimator.estimate(text="Hi", vector=None) == Estimated(trouble=(EmbedderError.code,))
    assert embedder.heads == []


def test_the_files_own_operating_point_fills_what_is_left_open() -> None:
    """What the config says stays."""
    estimator, _ = _estimator(MeaningEmbedder())

    opened = estimator.completed(Learned(file="f", default="big"))
    tolerant = estimator.completed(Learned(file="f", default="big", tolerance=0.1, least_support=0.0))

    assert (opened.cost_weight, opened.least_support) == (7.0, 0.25)
    assert (tolerant.tolerance, tolerant.cost_weight, tolerant.least_support) == (0.1, None, 0.0)
    assert estimator.known == {"big"}
