"""Estimate what each model would do with a request, by the vector that the look-up made.

Where the look-up made none, the text is embedded here, in bounded time: no
estimate in time is None, and routing goes to the configured default.

Fitting goes by the first window of every prompt (commands/prompt_vectors.py), and so does
serving: a text that fits is its own first window, and any other is read by its head.
That vector ends here.  The cache would take two long texts with one beginning for one.
"""

from typing import Protocol

import msgspec

from sparingly.core.routing.estimates import Estimates
from sparingly.core.strategies import Learned
from sparingly.core.vectors import Vector
from sparingly.pipeline.timed_embedder import Embedded, TimedEmbedder


class FittedEstimates(Protocol):
    """What was fitted from outcomes; `known` are the models of the config that it estimates.

    `cost_weight` and `least_support` are its own operating point, where the config has none.

    Contract: pure and quick; every estimate is of a known model.
    """

    @property
    def known(self) -> frozenset[str]: ...

    @property
    def cost_weight(self) -> float: ...

    @property
    def least_support(self) -> float: ...

    def estimate(self, vector: Vector, text: str) -> Estimates: ...


class Estimated(msgspec.Struct, frozen=True):
    """What came of estimating; `vector` stands for the whole text, None where there is no such."""

    estimates: Estimates | None = None
    vector: Vector | None = None
    embed_s: float | None = None
    trouble: tuple[str, ...] = ()


class Estimator:
    """Estimates requests; embeds only what the look-up has not embedded already."""

    def __init__(self, *, embedder: TimedEmbedder, fitted: FittedEstimates) -> None:
        self._embedder = embedder
        self._fitted = fitted

    @property
    def known(self) -> frozenset[str]:
        """The models it can estimate."""
        return self._fitted.known

    def completed(self, learned: Learned) -> Learned:
        """The settings, with the file's own operating point where they leave it open."""
        if learned.least_support is None:
            learned = msgspec.structs.replace(learned, least_support=self._fitted.least_support)
        if learned.tolerance is None and learned.cost_weight is None:
            learned = msgspec.structs.replace(learned, cost_weight=self._fitted.cost_weight)
        return learned

    async def estimate(self, *, text: str, vector: Vector | None) -> Estimated:
        """The estimates, None where there is no vector to estimate by."""
        whole = Embedded(vector) if vector is not None else await self._embedder.embed(text)
        used = whole
        if whole.vector is None and not whole.trouble:
            used = await self._embedder.head(text)
        if used.vector is None:
            return Estimated(trouble=used.trouble)
        return Estimated(self._fitted.estimate(used.vector, text), whole.vector, used.embed_s)
