"""Put the pipeline together from its ports: constructor calls, in order, and nothing else.

Serving, replay and tests call the same function with different parts.
"""

import random
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from sparingly.core.answer import Answer
from sparingly.core.catalog import Catalog
from sparingly.core.fingerprint import canon
from sparingly.core.freshness import FreshnessModel
from sparingly.core.judge_model import JudgeModel
from sparingly.core.ledger import LedgerEntry
from sparingly.core.policy import CachePolicy, RoutingPolicy
from sparingly.core.recalibration import Observation
from sparingly.pipeline.accounts import Accounts
from sparingly.pipeline.background import Background
from sparingly.pipeline.call import Call
from sparingly.pipeline.classify import TierClassifier
from sparingly.pipeline.counting import TokenCounter
from sparingly.pipeline.exchange import Incoming
from sparingly.pipeline.explaining import Explainer
from sparingly.pipeline.gateway import Gateway
from sparingly.pipeline.lookup import PATIENCE_S, Lookup
from sparingly.pipeline.route import Router
from sparingly.pipeline.second_look import SecondLook
from sparingly.pipeline.serve import Serve
from sparingly.pipeline.small_model import SmallModel
from sparingly.pipeline.write_back import WriteBack
from sparingly.ports import AnswerStore, Clock, Embedder, Ledger, Prices, Upstream


def _unheard(_: Observation) -> None:
    """Nobody recalibrates."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the pipeline needs of the world.

    `injects_usage` names providers whose streams are always asked for token
    counts, `client_keyed` those that are asked with the caller's own key; `patience_s` bounds a look-up, None for a replay, which waits;
    `on_settled` is told of every finished request, `learn` of every judged candidate.
    """

    embedder: Embedder
    store: AnswerStore
    upstreams: Mapping[str, Upstream]
    ledger: Ledger
    prices: Prices
    catalog: Catalog
    classifier: TierClassifier | None
    background: Background
    clock: Clock
    sleep: Callable[[float], Awaitable[None]]
    rng: random.Random
    injects_usage: frozenset[str] = frozenset()
    client_keyed: frozenset[str] = frozenset()
    patience_s: float | None = PATIENCE_S
    on_settled: Callable[[Incoming, Answer | None, LedgerEntry], None] | None = None
    small_judge: SmallModel | None = None
    """Who takes second looks; None: nobody."""
    learn: Callable[[Observation], None] = _unheard
    freshness: FreshnessModel | None = None
    """Without it every question counts as timeless."""
    judge: JudgeModel | None = None
    """None judges by closeness alone."""


class Pipeline(msgspec.Struct, frozen=True):
    """The assembled gateway, what explains it, what counts tokens for it, and the write-back.

    Somebody must call the write-back's `sweep` now and then.
    """

    gateway: Gateway
    write_back: WriteBack
    explainer: Explainer
    counter: TokenCounter


def assemble(parts: Parts, *, cache: CachePolicy, routing: RoutingPolicy, realm: str = "") -> Pipeline:
    """Connect the parts; `realm` names the world that answers come from."""
    router = Router(
        policy=routing,
        catalog=parts.catalog,
        classifier=parts.classifier,
        clock=parts.clock,
        rng=parts.rng,
    )
    call = Call(
        upstreams=parts.upstreams,
        injects_usage=parts.injects_usage,
        client_keyed=parts.client_keyed,
        router=router,
        retry=routing.retry,
        clock=parts.clock,
        sleep=parts.sleep,
        rng=parts.rng,
    )
    write_back = WriteBack(embedder=parts.embedder, store=parts.store, clock=parts.clock)
    serve = Serve(
        accounts=Accounts(prices=parts.prices, catalog=parts.catalog),
        write_back=write_back,
        background=parts.background,
        ledger=parts.ledger,
        clock=parts.clock,
        sleep=parts.sleep,
        on_settled=parts.on_settled,
    )
    lookup = Lookup(
        embedder=parts.embedder,
        store=parts.store,
        clock=parts.clock,
        patience_s=parts.patience_s,
        freshness=parts.freshness,
        model=parts.judge,
    )
    world = canon(cache.scope, embedder=parts.embedder.name, realm=realm)
    gateway = Gateway(
        cache=cache,
        canon=world,
        lookup=lookup,
        router=router,
        call=call,
        serve=serve,
        second_look=_second_look(parts),
    )
    explainer = Explainer(
        cache=cache,
        canon=world,
        lookup=lookup,
        router=router,
        store=parts.store,
        embedder=parts.embedder,
        clock=parts.clock,
    )
    counter = TokenCounter(router=router, upstreams=parts.upstreams)
    return Pipeline(gateway, write_back, explainer, counter)


def _second_look(parts: Parts) -> SecondLook | None:
    if parts.small_judge is None:
        return None
    return SecondLook(
        model=parts.small_judge,
        store=parts.store,
        ledger=parts.ledger,
        background=parts.background,
        clock=parts.clock,
        learn=parts.learn,
    )
