"""A whole gateway in a small world: two providers of one model, prices, a clock, a store, a ledger."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count

import msgspec

from sparingly.core.answer import Answer
from sparingly.core.catalog import Catalog, ProviderInfo
from sparingly.core.chat import Tenant
from sparingly.core.directives import Directives
from sparingly.core.judging.model import JudgeModel
from sparingly.core.keeping.freshness import FreshnessModel
from sparingly.core.ledger import LedgerEntry
from sparingly.core.policy import CachePolicy, Deployment, Model, Price, RoutingPolicy
from sparingly.core.pricing import ModelPrice, model_price
from sparingly.pipeline.assembly import Parts, Pipeline, assemble
from sparingly.pipeline.background import Background
from sparingly.pipeline.choosing.classify import TierClassifier
from sparingly.pipeline.exchange import Caller, Incoming, Reply, Summary
from sparingly.pipeline.watching.recalibrating import Recalibrating
from sparingly.ports import Prices
from sparingly.protocols.dialects import INBOUND
from tests.asks import NOW, TENANT
from tests.fakes.clock import FakeClock
from tests.fakes.ledger import ListLedger
from tests.fakes.upstream import Dead, Scripted
from tests.pipeline.parts import GatedUpstream, MeaningEmbedder, WatchedStore
from tests.pipeline.wire import request_body, whole

# Dollars per million tokens of input and output; in nano-dollars a token these are the same times 1000.
PRICES = {"gpt-4o": (2.5, 10.0), "gpt-4o-mini": (0.15, 0.6), "claude-haiku-4-5": (1.0, 5.0)}

QUESTION = "What is the capital of France?"
PARAPHRASE = "Which city is the capital of France?"


class TablePrices:
    """Prices from `PRICES`; no other model has one."""

    def price(self, provider: str, model: str, *, now: float) -> ModelPrice | None:
        del provider, now
        usd = PRICES.get(model)
        return model_price(Price(input_usd_per_mtok=usd[0], output_usd_per_mtok=usd[1])) if usd else None


class Served(msgspec.Struct, frozen=True):
    """What a client got, and what the ledger says of it."""

    status: int
    body: bytes
    content_type: str
    headers: dict[str, str]
    summary: Summary
    entry: LedgerEntry


CATALOG = Catalog(
    providers=(
        ProviderInfo("one", patterns=("gpt-*",)),
        ProviderInfo("two"),
        ProviderInfo("claude", "anthropic"),
    ),
    models={
        "gpt-4o": Model(deployments=(Deployment(provider="one"), Deployment(provider="two", weight=0.0))),
        "mixed": Model(deployments=(Deployment(provider="claude"), Deployment(provider="one", weight=0.0))),
        "claude-haiku-4-5": Model(deployments=(Deployment(provider="claude"),)),
    },
)


class World:
    """A gateway, what it works on, and what it did."""

    def __init__(
        self,
        background: Background,
        *,
        cache: CachePolicy,
        routing: RoutingPolicy,
        classifier: TierClassifier | None,
        patience_s: float | None,
        injects_usage: frozenset[str],
        one: GatedUpstream | None,
        troubles: list[tuple[str, str]],
        freshness: FreshnessModel | None = None,
        prices: Prices | None = None,
        judge: JudgeModel | None = None,
        recalibrating: Recalibrating | None = None,
        sampling: random.Random | None = None,
    ) -> None:
        self.background = background
        self.troubles = troubles
        self.clock = FakeClock(NOW)
        self.store = WatchedStore()
        self.embedder = MeaningEmbedder()
        self.embedder.know(PARAPHRASE, like=QUESTION, similarity=0.98)
        self.one = GatedUpstream(whole(), name="one") if one is None else one
        self.two = GatedUpstream(whole("From two."), name="two")
        self.claude = GatedUpstream(name="claude", dialect="anthropic")
        self.ledger = ListLedger()
        self.waits: list[float] = []
        self.settled: list[tuple[str, Answer | None]] = []
        self._ids = count(1)
        self.parts = Parts(
            embedder=self.embedder,
            store=self.store,
            upstreams={"one": self.one, "two": self.two, "claude": self.claude},
            ledger=self.ledger,
            prices=TablePrices() if prices is None else prices,
            catalog=CATALOG,
            classifier=classifier,
            background=background,
            clock=self.clock,
            sleep=self._sleep,
            rng=random.Random(0),
            injects_usage=injects_usage,
            client_keyed=frozenset({"one"}),
            patience_s=patience_s,
            freshness=freshness,
            judge=judge,
            recalibrating=recalibrating,
            sampling=sampling,
            on_settled=lambda incoming, answer, _: self.settled.append((incoming.id, answer)),
        )
        self.pipeline: Pipeline = assemble(self.parts, cache=cache, routing=routing)

    def script(self, *script: Scripted | Dead) -> None:
        """What provider one answers from now on."""
        self.one._script.clear()
        self.one._script.extend(script)

    def incoming(
        self,
        question: str = QUESTION,
        *,
        tenant: str = TENANT,
        key: str | None = None,
        directives: Directives | None = None,
        pin: str | None = None,
        path: str = "/v1/chat/completions",
        fields: Mapping[str, object] | None = None,
    ) -> Incoming:
        """A request as the web layer reads it; `fields` are those of the body."""
        body = request_body(question, **(fields or {}))
        return Incoming(
            id=f"req-{next(self._ids)}",
            path=path,
            dialect="openai",
            body=body,
            ask=INBOUND["openai"].read(body),
            caller=Caller(Tenant(tenant), key),
            directives=Directives() if directives is None else directives,
            time=self.clock.now(),
            arrived=self.clock.tick(),
            pin=pin,
        )

    async def reply(self, incoming: Incoming) -> Reply:
        """The beginning of an answer."""
        return await self.pipeline.gateway.answer(incoming)

    async def serve(self, incoming: Incoming) -> Served:
        """Answer a request, let the client read all of it, and wait for the write-back."""
        reply = await self.reply(incoming)
        body = (
            reply.body if isinstance(reply.body, bytes) else b"".join([piece async for piece in reply.body])
        )
        entry = reply.finish(True)
        await self.background.settle()
        return Served(
            reply.status, body, reply.content_type, dict(reply.provider_headers), reply.summary, entry
        )

    async def ask(self, question: str = QUESTION, **fields: object) -> Served:
        """Ask and be served; the fields are those of the request body."""
        return await self.serve(self.incoming(question, fields=fields))

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock.pass_by(seconds)
        await asyncio.sleep(0)


@asynccontextmanager
async def a_world(
    cache: CachePolicy | None = None,
    routing: RoutingPolicy | None = None,
    *,
    classifier: TierClassifier | None = None,
    patience_s: float | None = None,
    injects_usage: frozenset[str] = frozenset(),
    one: GatedUpstream | None = None,
    freshness: FreshnessModel | None = None,
    prices: Prices | None = None,
    judge: JudgeModel | None = None,
    recalibrating: Recalibrating | None = None,
    sampling: random.Random | None = None,
) -> AsyncIterator[World]:
    """A world, open; its background work may meet trouble but no bug."""
    troubles: list[tuple[str, str]] = []
    async with Background(on_trouble=lambda code, text: troubles.append((code, text))) as background:
        yield World(
            background,
            cache=cache or CachePolicy(),
            routing=routing or RoutingPolicy(),
            classifier=classifier,
            patience_s=patience_s,
            injects_usage=injects_usage,
            one=one,
            troubles=troubles,
            freshness=freshness,
            prices=prices,
            judge=judge,
            recalibrating=recalibrating,
            sampling=sampling,
        )
    bugs = [told for told in troubles if told[0] == "background-bug"]
    assert not bugs, bugs
