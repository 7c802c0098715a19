"""Ask upstream, now and then, what was answered from memory, and compare the two answers.

It happens after the client has its answer, in the background: `cache.recheck` is the share of look-ups that
are drawn, by a coin that knows nothing of the verdict, and of those the semantic hits are checked.
So what comes out is a fair sample of what is served.  A minute's budget ends the drawing, not
the checking of what was drawn, for the same reason.

A clear agreement is a label for the route's monitor and counts for or against the entry; what
an entry was denied for is no longer served by closeness (`core/judging/standing.py`).  The call is a line of its own
in the ledger, all overhead: the request's is written already.
"""

import asyncio
import random
from collections.abc import Callable

import msgspec

from sparingly.core.answer import Answer, Usage
from sparingly.core.evidence.word_table import WordTable
from sparingly.core.guarantee.agreement import Agreement, agreement
from sparingly.core.guarantee.awaiting import Label
from sparingly.core.judging.grey_zone import Budget, spend
from sparingly.core.judging.judge import standing_of
from sparingly.core.judging.standing import told
from sparingly.core.ledger import LedgerEntry, Timings
from sparingly.core.policy import CachePolicy
from sparingly.core.pricing import known_cost_nano
from sparingly.core.routing.conversation import Conversation
from sparingly.core.routing.target import Target
from sparingly.core.verdict import Hit
from sparingly.errors import RequestError, StoreError, UpstreamError
from sparingly.pipeline.accounts import usage_of
from sparingly.pipeline.background import Background
from sparingly.pipeline.call import Call, Called
from sparingly.pipeline.choosing.route import Chosen, Router
from sparingly.pipeline.exchange import Incoming
from sparingly.pipeline.serve import stamp_of
from sparingly.ports import AnswerStore, Clock, Ledger, Prices

PATH = "/recheck"
"""What the ledger names as the path of a check."""

# Nobody waits for it, but the background does at the end: longer than nearly all answers take.
_PATIENCE_S = 120.0


class _Again(msgspec.Struct):
    """How far asking again has come."""

    chosen: Chosen | None = None
    called: Called | None = None
    fresh: Answer | None = None
    trouble: tuple[str, ...] = ()


class Recheck:
    """Draws look-ups and checks hits; `learn` is told what came of it."""

    def __init__(
        self,
        *,
        router: Router,
        call: Call,
        store: AnswerStore,
        ledger: Ledger,
        prices: Prices,
        background: Background,
        clock: Clock,
        rng: random.Random,
        table: WordTable,
        learn: Callable[[Label], None],
    ) -> None:
        """`table` tells rare words from common ones."""
        self._router = router
        self._call = call
        self._store = store
        self._ledger = ledger
        self._prices = prices
        self._background = background
        self._clock = clock
        self._rng = rng
        self._table = table
        self._learn = learn
        self._budget = Budget()

    def draws(self, policy: CachePolicy) -> bool:
        """Whether the look-up that comes is drawn."""
        if policy.recheck <= 0.0 or self._rng.random() >= policy.recheck:
            return False
        return self._after(policy) is not None

    def start(
        self, incoming: Incoming, conversation: Conversation, target: Target, hit: Hit, policy: CachePolicy
    ) -> None:
        """Check a hit that was drawn, once it is served."""
        self._budget = self._after(policy) or self._budget
        self._background.spawn("recheck", self._check(incoming, conversation, target, hit))

    def _after(self, policy: CachePolicy) -> Budget | None:
        return spend(self._budget, per_minute=policy.recheck_per_minute, now=self._clock.now())

    async def _check(self, incoming: Incoming, conversation: Conversation, target: Target, hit: Hit) -> None:
        begun = self._clock.tick()
        again = await self._asked_again(incoming, conversation, target)
        said: Agreement | None = None
        if again.fresh is not None:
            said = agreement(hit.entry.answer, again.fresh, self._table)
        self._enter(incoming, again, said, seconds=self._clock.tick() - begun)
        if said is None or said == "unclear":
            return
        self._learn(Label(target.route, incoming.id, said, "recheck"))
        try:
            # It may have been credited, replaced or revoked since it was served.
            known = await self._store.exact(hit.entry.digest, now=self._clock.now())
            if known is not None and known.source == hit.entry.source:
                standing = told(standing_of(known), said)
                await self._store.credit(known.digest, confirmed=standing.confirmed, denied=standing.denied)
        except StoreError:
            # The label has reached the monitor; the look-ups tell of a store in trouble.
            return

    async def _asked_again(self, incoming: Incoming, conversation: Conversation, target: Target) -> _Again:
        """What the request gets upstream, as it would have without a hit."""
        again = _Again()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                again.chosen = await self._router.choose(
                    incoming.ask,
                    target,
                    conversation=conversation,
                    vector=None,
                    client_key=incoming.caller.key,
                )
                candidates = again.chosen.decision.candidates
                again.called = await self._call.begin(incoming, candidates, stamp=stamp_of(incoming))
                again.fresh = await _answer(again.called)
        except TimeoutError:
            # The client was served long ago; there is nothing to compare.
            again.trouble = ("recheck-slow",)
        except (UpstreamError, RequestError) as error:
            # As above; the ledger tells what it was.
            again.trouble = (f"recheck-{error.code}",)
        return again

    def _enter(self, incoming: Incoming, again: _Again, said: Agreement | None, *, seconds: float) -> None:
        chosen, called, trouble = again.chosen, again.called, again.trouble
        usage = usage_of(incoming, again.fresh) if again.fresh is not None else Usage()
        cost = chosen.classification.cost_nano if chosen is not None else 0
        candidate = called.candidate if called is not None else None
        if candidate is not None and again.fresh is not None:
            price = self._prices.price(candidate.provider, candidate.model, now=self._clock.now())
            paid = known_cost_nano(usage, price)
            if paid is None:
                trouble = (*trouble, "recheck-price-unknown")
            cost += paid or 0
        self._ledger.enter(
            LedgerEntry(
                id=f"{incoming.id}:recheck",
                time=self._clock.now(),
                tenant=incoming.caller.tenant,
                path=PATH,
                asked=incoming.ask.model,
                status=called.status if called is not None else 502,
                verdict="overhead",
                reason=f"recheck-{said or 'failed'}",
                routed=chosen.decision.routed if chosen is not None else None,
                served=candidate.model if candidate is not None else None,
                provider=candidate.provider if candidate is not None else None,
                usage=usage,
                cost_nano=cost,
                overhead_nano=cost,
                timings=Timings(total_s=seconds),
                trouble=trouble,
            )
        )


async def _answer(called: Called) -> Answer | None:
    """The whole answer, streamed or not; None where the provider refused or broke off."""
    try:
        if called.relay is not None:
            async for _ in called.relay.pieces():
                pass
            return called.relay.answer()
    finally:
        if called.relay is not None:
            await called.relay.aclose()
        called.work.end()
    return None if called.is_error else called.outbound.read(called.whole or b"")
