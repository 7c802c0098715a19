"""Ask a classifier which tier a request belongs to.

Two kinds behind one Protocol: the local one compares the look-up's embedding
with labelled examples, the other asks a small model.  Neither ever raises: no
answer in time is `classified=None`, and routing escalates.
"""

from typing import Protocol

import msgspec

from sparingly.core.chat import Ask
from sparingly.core.features import Features
from sparingly.core.routing.classifier_prompt import classifier_ask, read_classification
from sparingly.core.routing.classifying import TierModel, classify
from sparingly.core.routing.tiers import Classified
from sparingly.core.vectors import Vector
from sparingly.pipeline.choosing.small_model import SmallModel
from sparingly.pipeline.timed_embedder import Embedded, TimedEmbedder
from sparingly.ports import Clock, Embedder, Prices, Upstream
from sparingly.protocols.dialect import Outbound

_SLOW = "classifier-slow"


class Classification(msgspec.Struct, frozen=True):
    """What came of asking: the tier or None, the question's vector where one was made, what it cost."""

    classified: Classified | None
    vector: Vector | None = None
    embed_s: float | None = None
    cost_nano: int = 0
    trouble: tuple[str, ...] = ()


class TierClassifier(Protocol):
    """Sorts requests into tiers.

    Contract: never raises and answers within its time limit; `vector` is the
    embedding of `text` where the look-up already made it; `client_key` is the
    caller's own provider key, for providers that have none configured.
    """

    async def classify(
        self, ask: Ask, *, text: str, features: Features, vector: Vector | None, client_key: str | None
    ) -> Classification: ...


class EmbeddingClassifier:
    """Judges by examples; embeds only what the look-up has not embedded already."""

    def __init__(
        self,
        *,
        embedder: Embedder,
        model: TierModel,
        tiers: tuple[str, ...],
        timeout_s: float,
        clock: Clock,
        least_support: float = 0.0,
    ) -> None:
        self._embedder = TimedEmbedder(embedder, timeout_s=timeout_s, clock=clock, slow=_SLOW)
        self._model = model
        self._tiers = tiers
        self._least_support = least_support

    async def classify(
        self,
        ask: Ask,  # noqa: ARG002  # the other kind's
        *,
        text: str,
        features: Features,
        vector: Vector | None,
        client_key: str | None,  # noqa: ARG002  # the other kind's
    ) -> Classification:
        """Classify by embedding and features."""
        embedded = Embedded(vector) if vector is not None else await self._embedder.embed(text)
        if embedded.trouble:
            # Whoever waits here is better served by the most capable tier.
            return Classification(None, trouble=embedded.trouble)
        vector = embedded.vector
        classified = classify(
            self._model,
            text=text,
            features=features,
            vector=vector,
            tiers=self._tiers,
            least_support=self._least_support,
        )
        return Classification(classified, vector=vector, embed_s=embedded.embed_s)


class LlmClassifier:
    """Asks a small model, once, and counts what that cost."""

    def __init__(
        self,
        *,
        upstream: Upstream,
        outbound: Outbound,
        model: str,
        tiers: tuple[str, ...],
        max_tokens: int,
        timeout_s: float,
        prices: Prices,
        clock: Clock,
    ) -> None:
        """`model` is the name that `upstream` knows the classifier by."""
        self._model = SmallModel(
            upstream=upstream, outbound=outbound, name=model, timeout_s=timeout_s, prices=prices, clock=clock
        )
        self._tiers = tiers
        self._max_tokens = max_tokens

    async def classify(
        self,
        ask: Ask,  # noqa: ARG002  # text and features say all that the question holds
        *,
        text: str,
        features: Features,
        vector: Vector | None,
        client_key: str | None,
    ) -> Classification:
        """Classify by the model's word."""
        question = classifier_ask(
            text, features, tiers=self._tiers, model=self._model.name, max_tokens=self._max_tokens
        )
        opinion = await self._model.ask(question, client_key=client_key)
        if opinion.text is None:
            # Routing goes on without an opinion, and upwards.
            return Classification(None, vector=vector, trouble=(f"classifier-{opinion.trouble}",))
        classified = read_classification(opinion.text, tiers=self._tiers)
        trouble = () if classified is not None else ("classifier-unclear",)
        if opinion.cost_nano is None:
            trouble = (*trouble, "classifier-price-unknown")
        return Classification(classified, vector=vector, cost_nano=opinion.cost_nano or 0, trouble=trouble)
