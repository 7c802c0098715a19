"""Play a log, request by request, through the pipeline that serves live traffic.

One request is finished, write-back included, before the next begins: what a
live gateway knows a moment after an answer, a replay knows at once, and the same
log gives the same decisions every time.  Nothing here counts or judges.

No label arrives while a log is played: no caller says anything, no hit is checked
upstream, so no bar moves and no entry is denied.  A replay decides as a gateway
that nobody has corrected yet.
"""

import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

import msgspec

from sparingly.core.catalog import Catalog
from sparingly.core.chat import Ask
from sparingly.core.directives import Directives
from sparingly.core.judging.model import JudgeModel
from sparingly.core.keeping.freshness import FreshnessModel
from sparingly.core.ledger import LedgerEntry
from sparingly.core.policy import CachePolicy, RoutingPolicy
from sparingly.errors import RequestError, UpstreamError
from sparingly.ledgers.nothing import NoLedger
from sparingly.pipeline.accounts import Ended, ended
from sparingly.pipeline.assembly import Parts, Pipeline, assemble
from sparingly.pipeline.background import Background
from sparingly.pipeline.choosing.classify import TierClassifier
from sparingly.pipeline.choosing.estimate import Estimator
from sparingly.pipeline.exchange import Caller, Incoming
from sparingly.ports import AnswerStore, Clock, Embedder, Prices, Upstream
from sparingly.protocols.dialects import INBOUND, OUTBOUND
from sparingly.replay.conversations import Conversations
from sparingly.replay.logged import Logged
from sparingly.replay.recorded import RecordedUpstream, Recording
from sparingly.replay.report import Insert
from sparingly.replay.virtual_clock import VirtualClock

DIALECTS: Mapping[str, str] = {OUTBOUND[name].path: name for name in INBOUND}
"""The dialect of each endpoint whose requests can be played."""

# A request that looks nothing up and keeps its answer: how `--insert all` stores what was served from memory.
_KEEP_ONLY = Directives(look=False)
# Live, the store is swept every minute; a replay has no minutes.  It may hold this many too many for a while.
_SWEEP_EVERY = 1_000

OpenStore: TypeAlias = Callable[[], AbstractAsyncContextManager[AnswerStore]]
MakeEstimator: TypeAlias = Callable[[Embedder, Clock], Estimator | None]
MakeClassifier: TypeAlias = Callable[[Mapping[str, Upstream], Embedder, Clock], TierClassifier | None]


class World(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay needs from outside.

    `open_store` opens a new, empty store each time, never the live one;
    `make_classifier` is given the recorded upstreams; `stopwatch` is a
    monotonic reading in seconds.
    """

    embedder: Embedder
    open_store: OpenStore
    prices: Prices
    catalog: Catalog
    make_classifier: MakeClassifier
    stopwatch: Callable[[], float]
    freshness: FreshnessModel | None = None
    judge: JudgeModel | None = None
    make_estimator: MakeEstimator | None = None
    """Given the replay's embedder, which remembers vectors; None: nothing was fitted."""


class Act(msgspec.Struct, frozen=True):
    """What became of one request: its ledger entry, and the conversation it belongs to."""

    entry: LedgerEntry
    conversation: str


class Troubles:
    """Counts what failed behind the scenes, by code; an undisturbed replay has none."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def add(self, code: str, _detail: str = "") -> None:
        """Count one."""
        self.counts[code] = self.counts.get(code, 0) + 1


class Player:
    """Plays requests in order; made by `opened_player`."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        background: Background,
        clock: VirtualClock,
        recording: Recording,
        max_entries: int,
    ) -> None:
        self._pipeline = pipeline
        self._background = background
        self._clock = clock
        self._recording = recording
        self._max_entries = max_entries
        self._conversations = Conversations()
        self._played = 0

    async def play(self, logged: Logged, *, insert: Insert) -> Act:
        """One request, until everything about it is settled."""
        arrived = self._clock.tick()
        dialect = DIALECTS[logged.path.partition("?")[0]]
        self._clock.set(logged.time)
        self._recording.play(logged, dialect=dialect)
        try:
            ask = INBOUND[dialect].read(logged.request)
        except RequestError as error:
            return Act(_refused(logged, "", error.code), logged.id)
        incoming = _incoming(logged, dialect, ask, arrived)
        entry = await self._answered(logged, incoming)
        if insert == "all" and entry.verdict in ("exact", "semantic"):
            await self._answered(logged, msgspec.structs.replace(incoming, directives=_KEEP_ONLY))
        await self._sweep_now_and_then()
        return Act(entry, self._conversations.name(ask, tenant=logged.tenant, id_=logged.id))

    async def _answered(self, logged: Logged, incoming: Incoming) -> LedgerEntry:
        try:
            reply = await self._pipeline.gateway.answer(incoming)
        except (RequestError, UpstreamError) as error:
            # The client would have been told so; for a replay it is a result like any other.
            return _refused(logged, incoming.ask.model, error.code)
        if not isinstance(reply.body, bytes):
            async for _ in reply.body:
                pass
        entry = reply.finish(True)
        await self._background.settle()
        return entry

    async def _sweep_now_and_then(self) -> None:
        self._played += 1
        if self._played % _SWEEP_EVERY == 0:
            await self._pipeline.write_back.sweep(max_entries=self._max_entries)


@asynccontextmanager
async def opened_player(
    world: World,
    *,
    cache: CachePolicy,
    routing: RoutingPolicy,
    store: AnswerStore,
    embedder: Embedder,
    seed: int,
    troubles: Troubles,
) -> AsyncIterator[Player]:
    """A player on a pipeline of its own; its upstreams are the recording, whatever the config calls them."""
    clock, recording = VirtualClock(stopwatch=world.stopwatch), Recording()
    upstreams: dict[str, Upstream] = {
        provider.name: RecordedUpstream(provider.name, recording) for provider in world.catalog.providers
    }
    async with Background(on_trouble=troubles.add) as background:
        parts = Parts(
            embedder=embedder,
            store=store,
            upstreams=upstreams,
            ledger=NoLedger(),
            prices=world.prices,
            catalog=world.catalog,
            classifier=world.make_classifier(upstreams, embedder, clock),
            background=background,
            clock=clock,
            sleep=_no_sleep,
            rng=random.Random(seed),  # noqa: S311 - it balances load; a seed makes it repeatable
            # A replay waits: a slow look-up must not turn into a miss.
            patience_s=None,
            freshness=world.freshness,
            judge=world.judge,
            estimator=world.make_estimator(embedder, clock) if world.make_estimator is not None else None,
        )
        yield Player(
            pipeline=assemble(parts, cache=cache, routing=routing),
            background=background,
            clock=clock,
            recording=recording,
            max_entries=cache.max_entries,
        )


async def _no_sleep(_seconds: float) -> None:
    """Recordings need no patience."""


def _incoming(logged: Logged, dialect: str, ask: Ask, arrived: float) -> Incoming:
    return Incoming(
        id=logged.id,
        path=logged.path,
        dialect=dialect,
        body=logged.request,
        ask=ask,
        caller=Caller(logged.tenant),
        directives=Directives(),
        time=logged.time,
        arrived=arrived,
    )


def _refused(logged: Logged, asked: str, code: str) -> LedgerEntry:
    return ended(
        Ended(
            id=logged.id,
            time=logged.time,
            tenant=logged.tenant,
            path=logged.path,
            status=400,
            reason=code,
            total_s=0.0,
            asked=asked,
        )
    )
