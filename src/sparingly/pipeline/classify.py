"""Ask a classifier which tier a request belongs to.

Two kinds behind one Protocol: the local one compares the look-up's embedding
with labelled examples, the other asks a small model.  Neither ever raises: no
answer in time is `classified=None`, and routing escalates.
"""

import asyncio
from typing import Protocol

import msgspec

from sparingly.core.answer import Answer
from sparingly.core.chat import Ask
from sparingly.core.classifier_prompt import classifier_ask, read_classification
from sparingly.core.classifying import TierModel, classify
from sparingly.core.features import Features
from sparingly.core.pricing import known_cost_nano
from sparingly.core.routing.tiers import Classified
from sparingly.core.vectors import Vector
from sparingly.errors import EmbedderError, RequestError, TextUnfit, UpstreamError
from sparingly.pipeline.breaker import Breaker
from sparingly.ports import Clock, Embedder, Prices, Upstream, UpstreamRequest
from sparingly.protocols.dialect import Outbound

_COOLDOWN_S = 5.0
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
        self, *, embedder: Embedder, model: TierModel, tiers: tuple[str, ...], timeout_s: float, clock: Clock
    ) -> None:
        self._embedder = embedder
        self._model = model
        self._tiers = tiers
        self._timeout_s = timeout_s
        self._clock = clock
        self._breaker = Breaker(clock, cooldown_s=_COOLDOWN_S)

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
        embed_s: float | None = None
        if vector is None and text.strip():
            if not self._breaker.allows():
                return Classification(None, trouble=("embedder-down",))
            begun = self._clock.tick()
            try:
                async with asyncio.timeout(self._timeout_s):
                    vector = await self._embedder.embed(text)
            except TextUnfit:
                # Not a trouble: the features alone are worth a doubtful answer.
                vector = None
            except EmbedderError as error:
                self._breaker.failed()
                return Classification(None, trouble=(error.code,))
            except TimeoutError:
                # Whoever waits here is better served by the most capable tier.
                self._breaker.failed()
                return Classification(None, trouble=(_SLOW,))
            self._breaker.worked()
            embed_s = self._clock.tick() - begun
        classified = classify(self._model, text=text, features=features, vector=vector, tiers=self._tiers)
        return Classification(classified, vector=vector, embed_s=embed_s)


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
        self._upstream = upstream
        self._outbound = outbound
        self._model = model
        self._tiers = tiers
        self._max_tokens = max_tokens
        self._timeout_s = timeout_s
        self._prices = prices
        self._clock = clock

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
            text, features, tiers=self._tiers, model=self._model, max_tokens=self._max_tokens
        )
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._answer(question, client_key)
        except TimeoutError:
            # What a provider charges for an answer nobody read, nobody tells us.
            return Classification(None, vector=vector, trouble=(_SLOW,))
        except (UpstreamError, RequestError) as error:
            # Routing goes on without an opinion, and upwards.
            return Classification(None, vector=vector, trouble=(f"classifier-{error.code}",))
        if answer is None:
            return Classification(None, vector=vector, trouble=("classifier-refused",))
        return self._judged(answer, vector)

    def _judged(self, answer: Answer, vector: Vector | None) -> Classification:
        classified = read_classification(answer.text, tiers=self._tiers)
        price = self._prices.price(self._upstream.name, self._model, now=self._clock.now())
        cost = known_cost_nano(answer.usage, price)
        trouble = () if classified is not None else ("classifier-unclear",)
        if cost is None:
            trouble = (*trouble, "classifier-price-unknown")
        return Classification(classified, vector=vector, cost_nano=cost or 0, trouble=trouble)

    async def _answer(self, question: Ask, client_key: str | None) -> Answer | None:
        """The model's answer, None where the provider refused."""
        reply = await self._upstream.send(
            UpstreamRequest(
                method="POST",
                path=self._outbound.path,
                headers=(("content-type", "application/json"),),
                body=self._outbound.write(question, model=self._model),
                model=self._model,
                client_key=client_key,
                timeout_s=self._timeout_s,
            )
        )
        try:
            body = await reply.read()
        finally:
            await reply.aclose()
        return None if reply.status >= 400 else self._outbound.read(body)
