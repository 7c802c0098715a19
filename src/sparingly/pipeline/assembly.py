"""Put the pipeline together from its ports: constructor calls, in order, and nothing else.

Serving, replay and tests call the same function with different parts.
"""

import random
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from sparingly.core.answer import Answer
from sparingly.core.catalog import Catalog
from sparingly.core.evidence.word_table import WordTable, empty_table
from sparingly.core.fingerprint import canon
from sparingly.core.judging.model import JudgeModel
from sparingly.core.keeping.freshness import FreshnessModel
from sparingly.core.ledger import LedgerEntry
from sparingly.core.policy import CachePolicy, RoutingPolicy
from sparingly.pipeline.accounts import Accounts
from sparingly.pipeline.background import Background
from sparingly.pipeline.call import Call
from sparingly.pipeline.choosing.classify import TierClassifier
from sparingly.pipeline.choosing.estimate import Estimator
from sparingly.pipeline.choosing.route import Router
from sparingly.pipeline.choosing.small_model import SmallModel
from sparingly.pipeline.counting import TokenCounter
from sparingly.pipeline.exchange import Incoming
from sparingly.pipeline.gateway import Gateway
from sparingly.pipeline.holders import Holders
from sparingly.pipeline.lookup import PATIENCE_S, Lookup
from sparingly.pipeline.second_look import SecondLook
from sparingly.pipeline.serve import Serve
from sparingly.pipeline.steering.explaining import Explainer
from sparingly.pipeline.watching.recalibrating import Recalibrating
from sparingly.pipeline.watching.recheck import Recheck
from sparingly.pipeline.write_back import WriteBack
from sparingly.ports import AnswerStore, Clock, Embedder, Ledger, Prices, Upstream


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the pipeline needs of the world.

    `injects_usage` names providers whose streams are always asked for token
    counts, `client_keyed` those that are asked with the caller's own key; `patience_s` bounds a look-up, None for a replay, which waits;
    `on_settled` is told of every finished request.
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
    recalibrating: Recalibrating | None = None
    """What raises bars while labels speak against them; None where no labels come, as in a replay."""
    sampling: random.Random | None = None
    """What draws hits for `cache.recheck`; None checks none."""
    freshness: FreshnessModel | None = None
    """Without it every question counts as timeless."""
    judge: JudgeModel | None = None
    """None judges by closeness alone."""
    estimator: Estimator | None = None
    """None: nothing was fitted, and strategies go by the config and the classifier."""


class Pipeline(msgspec.Struct, frozen=True):
    """The assembled gateway, what explains it, what counts tokens for it, the write-back, and who holds answers.

    Somebody must call the write-back's `sweep` now and then.
    """

    gateway: Gateway
    write_back: WriteBack
    explainer: Explainer
    counter: TokenCounter
    recalibrating: Recalibrating
    holders: Holders


def assemble(parts: Parts, *, cache: CachePolicy, routing: RoutingPolicy, realm: str = "") -> Pipeline:
    """Connect the parts; `realm` names the world that answers come from."""
    router = Router(
        policy=routing,
        catalog=parts.catalog,
        classifier=parts.classifier,
        clock=parts.clock,
        rng=parts.rng,
        prices=parts.prices,
        estimator=parts.estimator,
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
    recalibrating = parts.recalibrating or Recalibrating(model=None)
    table = empty_table() if parts.judge is None else parts.judge.table
    write_back = WriteBack(embedder=parts.embedder, store=parts.store, clock=parts.clock)
    lookup = Lookup(
        embedder=parts.embedder,
        store=parts.store,
        clock=parts.clock,
        patience_s=parts.patience_s,
        freshness=parts.freshness,
        model=parts.judge,
    )
    world = canon(cache.scope, embedder=parts.embedder.name, realm=realm)
    holders = Holders()
    gateway = Gateway(
        cache=cache,
        canon=world,
        lookup=lookup,
        router=router,
        call=call,
        serve=_serve(parts, router, write_back, table, recalibrating, holders=holders),
        recalibrating=recalibrating,
        second_look=_second_look(parts, recalibrating),
        recheck=_recheck(parts, router, call, table, recalibrating),
        holders=holders,
    )
    explainer = Explainer(
        cache=cache,
        canon=world,
        lookup=lookup,
        recalibrating=recalibrating,
        router=router,
        store=parts.store,
        embedder=parts.embedder,
        clock=parts.clock,
    )
    counter = TokenCounter(router=router, upstreams=parts.upstreams)
    return Pipeline(gateway, write_back, explainer, counter, recalibrating, holders)


def _serve(
    parts: Parts,
    router: Router,
    write_back: WriteBack,
    table: WordTable,
    recalibrating: Recalibrating,
    *,
    holders: Holders,
) -> Serve:
    def settled(incoming: Incoming, answer: Answer | None, entry: LedgerEntry) -> None:
        holders.settled(incoming, answer, entry)
        if parts.on_settled is not None:
            parts.on_settled(incoming, answer, entry)

    return Serve(
        accounts=Accounts(prices=parts.prices, catalog=parts.catalog),
        router=router,
        write_back=write_back,
        background=parts.background,
        ledger=parts.ledger,
        clock=parts.clock,
        sleep=parts.sleep,
        table=table,
        learn=recalibrating.judged,
        on_settled=settled,
    )


def _second_look(parts: Parts, recalibrating: Recalibrating) -> SecondLook | None:
    if parts.small_judge is None:
        return None
    return SecondLook(
        model=parts.small_judge,
        store=parts.store,
        ledger=parts.ledger,
        background=parts.background,
        clock=parts.clock,
        learn=recalibrating.judged,
    )


def _recheck(
    parts: Parts, router: Router, call: Call, table: WordTable, recalibrating: Recalibrating
) -> Recheck | None:
    if parts.sampling is None:
        return None
    return Recheck(
        router=router,
        call=call,
        store=parts.store,
        ledger=parts.ledger,
        prices=parts.prices,
        background=parts.background,
        clock=parts.clock,
        rng=parts.sampling,
        table=table,
        learn=recalibrating.judged,
    )
