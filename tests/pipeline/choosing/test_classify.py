"""Asking a classifier: never an exception, never without end, every cost counted."""

import asyncio
import json

import msgspec
import numpy as np
import pytest

from sparingly.core.chat import Ask, Text, Turn
from sparingly.core.features import features_of
from sparingly.core.routing.classifying import Example, fit
from sparingly.core.routing.voting import fit_votes
from sparingly.core.vectors import Vector
from sparingly.pipeline.choosing.classify import (
    Classification,
    EmbeddingClassifier,
    LlmClassifier,
    TierClassifier,
)
from sparingly.ports import Embedder, Upstream
from sparingly.protocols.dialects import OUTBOUND
from tests.fakes.clock import FakeClock
from tests.fakes.embedder import HashingEmbedder
from tests.fakes.upstream import Dead, FakeUpstream, Scripted
from tests.pipeline.parts import GatedUpstream
from tests.pipeline.world import TablePrices

pytestmark = pytest.mark.anyio

TIERS = ("simple", "complex")
EXAMPLES = [
    *(Example(f"name the {word}", "simple") for word in ("river", "lake", "town", "bird")),
    *(Example(f"prove the {word}", "complex") for word in ("lemma", "bound", "theorem", "claim")),
]


class HangingEmbedder(HashingEmbedder):
    """Never answers."""

    async def embed(self, text: str) -> Vector:
        self.embedded.append(text)
        await asyncio.Event().wait()
        raise AssertionError("unreachable")


async def _by_examples(
    embedder: Embedder, *, timeout_s: float = 5.0, clock: FakeClock | None = None, least_support: float = 0.0
) -> EmbeddingClassifier:
    teacher = HashingEmbedder()
    vectors = [await teacher.embed(example.text) for example in EXAMPLES]
    model = fit(EXAMPLES, vectors, tiers=TIERS)
    if least_support:
        # So few examples get no votes of their own accord.
        rows = np.random.default_rng(0).normal(size=(20, len(model.center)))
        model = msgspec.structs.replace(model, votes=fit_votes(rows, np.arange(20) % 2, 2).votes)
    return EmbeddingClassifier(
        embedder=embedder,
        model=model,
        tiers=TIERS,
        timeout_s=timeout_s,
        clock=clock or FakeClock(),
        least_support=least_support,
    )


def _by_model(upstream: Upstream, *, model: str = "gpt-4o-mini", timeout_s: float = 5.0) -> LlmClassifier:
    return LlmClassifier(
        upstream=upstream,
        outbound=OUTBOUND["openai"],
        model=model,
        tiers=TIERS,
        max_tokens=50,
        timeout_s=timeout_s,
        prices=TablePrices(),
        clock=FakeClock(),
    )


def _says(text: str, *, usage: bool = True) -> Scripted:
    body: dict[str, object] = {
        "id": "c",
        "object": "chat.completion",
        "model": "gpt-4o-mini",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
    }
    if usage:
        body["usage"] = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    return Scripted((json.dumps(body).encode(),))


async def _classify(
    classifier: TierClassifier, text: str, *, vector: Vector | None = None, key: str | None = None
) -> Classification:
    ask = Ask("auto", (Turn("user", (Text(text),)),))
    return await classifier.classify(
        ask, text=text, features=features_of(ask, text), vector=vector, client_key=key
    )


async def test_the_look_ups_embedding_is_used_again() -> None:
    """The embedder is not asked a second time."""
    embedder = HashingEmbedder()
    vector = await HashingEmbedder().embed("prove the lake")

    got = await _classify(await _by_examples(embedder), "prove the lake", vector=vector)

    assert got.classified is not None
    assert got.classified.tier == "complex"
    assert embedder.embedded == []


async def test_a_missing_embedding_is_made_and_handed_on() -> None:
    """So that the write-back need not make it again."""
    embedder = HashingEmbedder()

    got = await _classify(await _by_examples(embedder), "name the lemma")

    assert got.classified is not None
    assert got.vector is not None
    assert got.embed_s == 0.0
    assert embedder.embedded == ["name the lemma"]


async def test_a_text_beyond_the_window_is_judged_by_its_features_with_doubt() -> None:
    """That is no trouble, and no reason to believe either."""
    got = await _classify(await _by_examples(HashingEmbedder(window_tokens=2)), "prove the bound")

    assert got.classified is not None
    assert got.classified.confidence < 0.8
    assert (got.vector, got.trouble) == (None, ())


async def test_what_is_farther_from_the_examples_than_the_config_allows_is_of_no_tier() -> None:
    """Routing then takes the most capable one; the embedding made for it is kept."""
    got = await _classify(await _by_examples(HashingEmbedder(), least_support=1.01), "prove the lemma")

    assert got.classified is None
    assert got.vector is not None
    assert got.trouble == ()


async def test_a_request_without_words_is_not_embedded() -> None:
    """A picture alone has no text; the features still say something."""
    embedder = HashingEmbedder()

    got = await _classify(await _by_examples(embedder), "  ")

    assert got.classified is not None
    assert embedder.embedded == []


async def test_an_embedder_in_trouble_is_left_alone_for_a_while() -> None:
    """One request finds out, the next ones do not wait for it, and it recovers by itself."""
    embedder, clock = HashingEmbedder(), FakeClock()
    classifier = await _by_examples(embedder, clock=clock)
    embedder.trouble = "broken"

    first = await _classify(classifier, "name the town")
    embedder.trouble = None
    second = await _classify(classifier, "name the town")
    clock.pass_by(10)
    third = await _classify(classifier, "name the town")

    assert (first.classified, first.trouble) == (None, ("embedder-error",))
    assert (second.classified, second.trouble) == (None, ("embedder-down",))
    assert third.classified is not None


async def test_an_embedder_that_hangs_costs_no_more_than_the_time_limit() -> None:
    """Routing goes on without an opinion."""
    got = await _classify(await _by_examples(HangingEmbedder(), timeout_s=0.01), "name the town")

    assert (got.classified, got.trouble) == (None, ("classifier-slow",))


async def test_a_models_word_is_taken_and_its_cost_counted() -> None:
    """100 tokens in and 10 out of gpt-4o-mini are 21 micro-dollars."""
    upstream = FakeUpstream(_says('{"tier": "simple", "confidence": 0.8}'))

    got = await _classify(_by_model(upstream), "name the town", key="sk-client")

    assert got.classified is not None
    assert (got.classified.tier, got.classified.confidence) == ("simple", 0.8)
    assert (got.cost_nano, got.trouble) == (100 * 150 + 10 * 600, ())
    (request,) = upstream.requests
    assert (request.path, request.model, request.client_key) == (
        "/v1/chat/completions",
        "gpt-4o-mini",
        "sk-client",
    )
    assert isinstance(request.body, bytes)
    assert b"name the town" in request.body
    assert upstream.replies[0].is_closed


async def test_an_unclear_answer_is_none_and_still_paid_for() -> None:
    """The provider charges for prose, too."""
    got = await _classify(_by_model(FakeUpstream(_says("I would say it is rather simple."))), "x")

    assert (got.classified, got.trouble) == (None, ("classifier-unclear",))
    assert got.cost_nano == 21_000


@pytest.mark.parametrize(
    ("upstream", "model"),
    [
        (FakeUpstream(_says("simple", usage=False)), "gpt-4o-mini"),
        (FakeUpstream(_says("simple")), "a-model-without-a-price"),
    ],
)
async def test_a_cost_that_is_not_known_is_told(upstream: FakeUpstream, model: str) -> None:
    """Zero without a word would pass for free."""
    got = await _classify(_by_model(upstream, model=model), "x")

    assert got.classified is not None
    assert (got.cost_nano, got.trouble) == (0, ("classifier-price-unknown",))


@pytest.mark.parametrize(
    ("script", "trouble"),
    [
        (Dead(), "classifier-upstream-unreachable"),
        (Scripted((b'{"error": {"message": "no"}}',), status=429), "classifier-refused"),
        (Scripted((b"<html>",)), "classifier-upstream-nonsense"),
        (Scripted((b'{"choices"',), is_cut=True), "classifier-upstream-broke"),
    ],
)
async def test_a_provider_in_trouble_is_no_opinion(script: Scripted | Dead, trouble: str) -> None:
    """No exception, and the trouble has a name."""
    got = await _classify(_by_model(FakeUpstream(script)), "x")

    assert (got.classified, got.cost_nano, got.trouble) == (None, 0, (trouble,))


async def test_a_model_that_does_not_answer_in_time_is_no_opinion() -> None:
    """The limit is the config's."""
    upstream = GatedUpstream()
    upstream.gate.clear()

    got = await _classify(_by_model(upstream, timeout_s=0.01), "x")

    assert (got.classified, got.trouble) == (None, ("classifier-slow",))


async def test_the_look_ups_vector_passes_through_a_model_classifier() -> None:
    """Whoever writes back gets it either way."""
    vector = await HashingEmbedder().embed("x")

    got = await _classify(_by_model(FakeUpstream(_says("complex"))), "x", vector=vector)

    assert got.vector is vector
