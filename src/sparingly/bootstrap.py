"""The composition root: the only place that chooses among implementations.

No registry, plugin loader or container: constructor calls, and one
AsyncExitStack that closes in reverse order what was opened.  Only here are the
real clock, real randomness and the environment handed in.
"""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
from litestar.types import ControllerRouterHandler

from sparingly.clock import SystemClock
from sparingly.config.catalog import catalog_of
from sparingly.core.answer import Answer
from sparingly.core.catalog import known_models
from sparingly.core.ledger import LedgerEntry
from sparingly.errors import StartupError, StoreError
from sparingly.ledgers.history import NoHistory, SqliteHistory
from sparingly.ledgers.nothing import NoLedger
from sparingly.ledgers.sqlite import FILE_NAME as LEDGER_FILE
from sparingly.ledgers.sqlite import SqliteLedger
from sparingly.opening import (
    Asked,
    admin_key,
    default_provider,
    open_asked,
    open_door,
    open_embedder,
    open_estimator,
    open_freshness,
    open_judge,
    open_store,
    realm_of,
)
from sparingly.pipeline.assembly import Parts, Pipeline, assemble
from sparingly.pipeline.background import Background
from sparingly.pipeline.exchange import Incoming
from sparingly.pipeline.serve import stamp_of
from sparingly.pipeline.steering.curating import Curator
from sparingly.pipeline.watching.feedback import Feedback
from sparingly.ports import AnswerStore, Carrier, Embedder, History, Upstream
from sparingly.protocols.dialects import INBOUND
from sparingly.settings import Settings
from sparingly.telemetry.logs import EventLog
from sparingly.telemetry.metrics import Metrics
from sparingly.telemetry.teller import Teller
from sparingly.telemetry.traffic_log import TrafficLogWriter
from sparingly.watching import keep_watches, open_recalibrating, save_watches, tell_of_missing_points
from sparingly.web.admin import AdminApi, Guard, admin_router
from sparingly.web.app import App, Port, build_app
from sparingly.web.auth import Door
from sparingly.web.feedback import feedback_route
from sparingly.web.llm import ENDPOINTS, LlmEndpoints
from sparingly.web.models import ModelList
from sparingly.web.relaying import Relays


class Brought(msgspec.Struct, frozen=True):
    """What a program that has the gateway within it brings along; a server has nothing of it."""

    upstreams: Mapping[str, Upstream] = {}
    """Instead of the config's providers of these names; whoever brings them closes them."""
    door: Door | None = None
    endpoints: Mapping[str, str] = ENDPOINTS
    carrier: Carrier | None = None
    """What the config's providers are asked over, if not a client of ours; closed by whoever brings it."""


class Opened(msgspec.Struct, frozen=True):
    """What `open_app` opened: the app to serve, the LLM endpoints and the pipeline within it."""

    app: App
    llm: LlmEndpoints
    pipeline: Pipeline
    beside: Callable[[Settings, Brought], Awaitable[LlmEndpoints]]
    """The endpoints of another config, on the same memory and ledger."""


@asynccontextmanager
async def open_app(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    data: Path,
    events: EventLog,
    brought: Brought = Brought(),  # noqa: B008 - frozen, and opens nothing
) -> AsyncIterator[Opened]:
    """Open everything a gateway needs, in the folder `data`; close it on leaving.

    Raises:
        StartupError: a part cannot be opened; one line says which and why.
    """
    prepare_folder(data)
    catalog = catalog_of(settings)
    metrics = Metrics(
        known_models=[model.name for model in known_models(catalog, settings.routing)],
        known_routes=settings.routing.routes,
    )
    teller = Teller(events, metrics)
    async with AsyncExitStack() as providers, AsyncExitStack() as stack:
        parts = await _open_parts(settings, environ, data=data, stack=stack, teller=teller, brought=brought)
        pipeline = assemble(parts, cache=settings.cache, routing=settings.routing, realm=realm_of(settings))
        parts.background.keep_running("sweep", _sweep(pipeline, settings, parts.store, metrics))
        parts.background.keep_running("watches", keep_watches(pipeline.recalibrating, data, teller))
        llm = _endpoints(settings, environ, parts=parts, pipeline=pipeline, teller=teller, brought=brought)
        more = _steering(settings, environ, parts=parts, pipeline=pipeline, data=data)

        async def beside(other: Settings, theirs: Brought) -> LlmEndpoints:
            asked = await _asked(other, environ, embedder=parts.embedder, stack=providers, brought=theirs)
            both = msgspec.structs.replace(parts, **msgspec.structs.asdict(asked))
            line = assemble(both, cache=other.cache, routing=other.routing, realm=realm_of(other))
            return _endpoints(other, environ, parts=both, pipeline=line, teller=teller, brought=theirs)

        app = build_app(llm=llm, ports=_ports(parts), metrics=metrics.render, more=more)
        yield Opened(app, llm, pipeline, beside)


async def _open_parts(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    data: Path,
    stack: AsyncExitStack,
    teller: Teller,
    brought: Brought,
) -> Parts:
    """Open what the pipeline needs; the stack closes it, background work first and the embedder last."""
    embedder = await open_embedder(settings)
    stack.push_async_callback(embedder.aclose)
    store = open_store(settings, environ, data=data, dimensions=embedder.dimensions)
    stack.push_async_callback(store.aclose)
    await _first_look(store, teller, is_ours=settings.store.kind == "edge")
    asked = await _asked(settings, environ, embedder=embedder, stack=stack, brought=brought)
    ledger = SqliteLedger(data / LEDGER_FILE) if settings.ledger.enabled else NoLedger()
    stack.push_async_callback(ledger.aclose)
    teller.metrics.watch_lost("ledger", lambda: ledger.dropped)
    traffic = _open_traffic_log(settings, data, stack, teller.metrics)
    judge = open_judge(settings, embedder=embedder.name)
    tell_of_missing_points(settings, judge, teller)
    recalibrating = open_recalibrating(settings, judge, data, teller)
    stack.push_async_callback(save_watches, recalibrating, data, teller)
    return Parts(
        embedder=embedder,
        store=store,
        ledger=ledger,
        background=await stack.enter_async_context(Background(on_trouble=teller.trouble)),
        clock=SystemClock(),
        sleep=asyncio.sleep,
        rng=random.Random(),  # noqa: S311 - balances load and spreads retries; no secret depends on it
        freshness=open_freshness(settings),
        judge=judge,
        recalibrating=recalibrating,
        sampling=random.Random(),  # noqa: S311 - draws a sample; no secret depends on it
        estimator=open_estimator(settings, embedder=embedder, clock=SystemClock()),
        on_settled=_written_to(traffic) if traffic is not None else None,
        **msgspec.structs.asdict(asked),
    )


async def _asked(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    embedder: Embedder,
    stack: AsyncExitStack,
    brought: Brought,
) -> Asked:
    return await open_asked(
        settings, environ, embedder=embedder, stack=stack, given=brought.upstreams, carrier=brought.carrier
    )


def _endpoints(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    parts: Parts,
    pipeline: Pipeline,
    teller: Teller,
    brought: Brought,
) -> LlmEndpoints:
    default = parts.upstreams[default_provider(settings)]
    return LlmEndpoints(
        gateway=pipeline.gateway,
        counter=pipeline.counter,
        relays=Relays(
            default=default,
            upstreams=parts.upstreams,
            holders=pipeline.holders,
            by_house=_houses(default, parts.upstreams.values()),
        ),
        models=ModelList(catalog=parts.catalog, policy=settings.routing, upstream=default),
        door=brought.door or open_door(settings, environ),
        endpoints=brought.endpoints,
        ledger=parts.ledger,
        observe=teller.request,
        in_flight=teller.metrics,
        clock=parts.clock,
        new_id=lambda: uuid.uuid4().hex,
        max_body_bytes=settings.server.max_body_bytes,
    )


def _houses(default: Upstream, upstreams: Iterable[Upstream]) -> Mapping[str, Upstream]:
    """Who takes what clients of Anthropic's API ask beside messages: the default provider where it speaks that."""
    speakers = [one for one in (default, *upstreams) if "anthropic" in one.dialects]
    return {"anthropic": speakers[0]} if speakers else {}


def _steering(
    settings: Settings, environ: Mapping[str, str], *, parts: Parts, pipeline: Pipeline, data: Path
) -> tuple[ControllerRouterHandler, ...]:
    """What callers and operators may say of the cache."""
    history: History = NoHistory()
    if isinstance(parts.ledger, SqliteLedger):
        history = SqliteHistory(data / LEDGER_FILE, flush=parts.ledger.flush)
    feedback = Feedback(
        store=parts.store,
        embedder=parts.embedder,
        history=history,
        clock=parts.clock,
        revoke_similarity=settings.cache.revoke_similarity,
        learn=pipeline.recalibrating.judged,
    )
    api = AdminApi(
        curator=Curator(store=parts.store, embedder=parts.embedder, clock=parts.clock),
        store=parts.store,
        history=history,
        explainer=pipeline.explainer,
        clock=parts.clock,
    )
    guard = Guard(admin_key(settings, environ))
    return (
        admin_router(api, guard, max_body_bytes=settings.server.max_body_bytes),
        feedback_route(feedback, open_door(settings, environ)),
    )


def _ports(parts: Parts) -> tuple[Port, ...]:
    """Everything that readiness pings."""
    providers = (
        Port(f"provider {name}", one.ping, essential="provider") for name, one in parts.upstreams.items()
    )
    return (
        Port("embedder", parts.embedder.ping),
        Port("store", parts.store.ping),
        Port("ledger", parts.ledger.ping),
        *providers,
    )


def _written_to(traffic: TrafficLogWriter) -> Callable[[Incoming, Answer | None, LedgerEntry], None]:
    def write(incoming: Incoming, answer: Answer | None, entry: LedgerEntry) -> None:
        body = None if answer is None else INBOUND[incoming.dialect].whole(answer, stamp_of(incoming))
        traffic.enter(entry, request=incoming.body, response=body)

    return write


def prepare_folder(data: Path) -> None:
    """Make the data folder, for its owner only: it holds what users wrote."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = data / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StartupError(f"cannot write the data folder {data}: {error.strerror or error}") from error


def _open_traffic_log(
    settings: Settings, data: Path, stack: AsyncExitStack, metrics: Metrics
) -> TrafficLogWriter | None:
    chosen = settings.traffic_log
    if not chosen.enabled:
        return None
    writer = TrafficLogWriter(
        data / "traffic", max_bytes=chosen.max_bytes, keep_files=chosen.keep_files, redacted=chosen.redact
    )
    stack.push_async_callback(writer.aclose)
    metrics.watch_lost("traffic-log", lambda: writer.dropped)
    return writer


async def _first_look(store: AnswerStore, teller: Teller, *, is_ours: bool) -> None:
    """A folder of ours that cannot be used is the operator's to mend; a server may come back by itself."""
    try:
        await store.ping()
    except StoreError as error:
        if is_ours:
            raise StartupError(error.message) from error
        teller.trouble(error.code, error.message)


async def _sweep(pipeline: Pipeline, settings: Settings, store: AnswerStore, metrics: Metrics) -> None:
    """Keep the store within its bounds, now and then, for as long as the app runs."""
    while True:
        await asyncio.sleep(settings.store.sweep_every_s)
        try:
            await pipeline.write_back.sweep(max_entries=settings.cache.max_entries)
            metrics.set_store_entries(await store.count())
        except StoreError:
            # The look-ups tell of it; the next round tries again.
            continue
