"""The composition root: the only place that chooses among implementations.

No registry, plugin loader or container: constructor calls, and one
AsyncExitStack that closes in reverse order what was opened.  Only here are the
real clock, real randomness and the environment handed in.
"""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from sparingly.clock import SystemClock
from sparingly.config.catalog import catalog_of, host_of
from sparingly.core.answer import Answer
from sparingly.core.catalog import known_models, places
from sparingly.core.classifying import TierModel
from sparingly.core.ledger import LedgerEntry
from sparingly.core.routing.tiers import classifier_kind
from sparingly.errors import StartupError, StoreError
from sparingly.learning.tier_examples import tier_model
from sparingly.ledgers.nothing import NoLedger
from sparingly.ledgers.sqlite import FILE_NAME as LEDGER_FILE
from sparingly.ledgers.sqlite import SqliteLedger
from sparingly.pipeline.assembly import Parts, Pipeline, assemble
from sparingly.pipeline.background import Background
from sparingly.pipeline.classify import EmbeddingClassifier, LlmClassifier, TierClassifier
from sparingly.pipeline.exchange import Incoming
from sparingly.pipeline.serve import stamp_of
from sparingly.ports import AnswerStore, Clock, Embedder, Prices, Upstream
from sparingly.prices import PriceSource, PriceTable
from sparingly.protocols.dialects import INBOUND, OUTBOUND
from sparingly.settings import Provider, Settings
from sparingly.stores.edge import EdgeStore
from sparingly.telemetry.logs import EventLog
from sparingly.telemetry.metrics import Metrics
from sparingly.telemetry.traffic_log import TrafficLogWriter
from sparingly.upstreams.http_client import HttpClient
from sparingly.upstreams.provider import HttpUpstream
from sparingly.upstreams.simulated import SimulatedUpstream
from sparingly.upstreams.simulated_log import read_answers
from sparingly.web.app import App, Port, build_app
from sparingly.web.auth import Door, read_keys
from sparingly.web.llm import LlmEndpoints
from sparingly.web.models import ModelList


class Opened(msgspec.Struct, frozen=True):
    """What `open_app` opened: the app to serve, and the pipeline within it."""

    app: App
    pipeline: Pipeline


@asynccontextmanager
async def open_app(
    settings: Settings, environ: Mapping[str, str], *, data: Path, events: EventLog
) -> AsyncIterator[Opened]:
    """Open everything a gateway needs, in the folder `data`; close it on leaving.

    Raises:
        StartupError: a part cannot be opened; one line says which and why.
    """
    clock = SystemClock()
    rng = random.Random()  # noqa: S311 - balances load and spreads retries; no secret depends on it
    prepare_folder(data)
    async with AsyncExitStack() as stack:
        metrics = Metrics(known_models=settings.models)

        def on_trouble(code: str, message: str) -> None:
            metrics.trouble(code)
            events.trouble(code, message)

        embedder = await open_embedder(settings)
        stack.push_async_callback(embedder.aclose)
        store = open_store(settings, environ, data=data, dimensions=embedder.dimensions)
        stack.push_async_callback(store.aclose)
        await _first_look(store, on_trouble, is_ours=settings.store.kind == "edge")
        upstreams = open_upstreams(settings, environ, stack, clock)
        ledger = SqliteLedger(data / LEDGER_FILE) if settings.ledger.enabled else NoLedger()
        stack.push_async_callback(ledger.aclose)
        metrics.watch_lost("ledger", lambda: ledger.dropped)
        traffic = _open_traffic_log(settings, data, stack, metrics)
        prices = open_prices(settings)
        background = await stack.enter_async_context(Background(on_trouble=on_trouble))
        catalog = catalog_of(settings)

        def on_settled(incoming: Incoming, answer: Answer | None, entry: LedgerEntry) -> None:
            if traffic is not None:
                body = None if answer is None else INBOUND[incoming.dialect].whole(answer, stamp_of(incoming))
                traffic.enter(entry, request=incoming.body, response=body)

        pipeline = assemble(
            Parts(
                embedder=embedder,
                store=store,
                upstreams=upstreams,
                ledger=ledger,
                prices=prices,
                catalog=catalog,
                classifier=open_classifier(
                    settings,
                    await open_tier_model(settings, embedder),
                    embedder=embedder,
                    upstreams=upstreams,
                    prices=prices,
                    clock=clock,
                ),
                background=background,
                clock=clock,
                sleep=asyncio.sleep,
                rng=rng,
                injects_usage=usage_injectors(settings),
                on_settled=on_settled,
            ),
            cache=settings.cache,
            routing=settings.routing,
            realm=realm_of(settings),
        )
        background.keep_running("sweep", _sweep(pipeline, settings, store, metrics))

        def observe(entry: LedgerEntry) -> None:
            metrics.observe(entry)
            events.request(entry)

        default = upstreams[default_provider(settings)]
        llm = LlmEndpoints(
            gateway=pipeline.gateway,
            relay_to=default,
            models=ModelList(catalog=catalog, policy=settings.routing, upstream=default),
            door=open_door(settings, environ),
            ledger=ledger,
            observe=observe,
            clock=clock,
            new_id=lambda: uuid.uuid4().hex,
            max_body_bytes=settings.server.max_body_bytes,
        )
        ports = (
            Port("embedder", embedder.ping),
            Port("store", store.ping),
            Port("ledger", ledger.ping),
            *(Port(f"provider {name}", one.ping, essential="provider") for name, one in upstreams.items()),
        )
        yield Opened(build_app(llm=llm, ports=ports, metrics=metrics.render), pipeline)


def prepare_folder(data: Path) -> None:
    """Make the data folder, for its owner only: it holds what users wrote."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = data / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StartupError(f"cannot write the data folder {data}: {error.strerror or error}") from error


async def open_embedder(settings: Settings) -> Embedder:
    """The embedder of a config."""
    from sparingly.embedders.local import LocalEmbedder  # noqa: PLC0415 - ONNX Runtime loads only where used

    chosen = settings.embedder
    return await LocalEmbedder.open(chosen.model, threads=chosen.threads, max_batch=chosen.max_batch)


def open_store(settings: Settings, environ: Mapping[str, str], *, data: Path, dimensions: int) -> AnswerStore:
    """The answer store of a config."""
    chosen = settings.store
    if chosen.kind == "edge":
        return EdgeStore(data / "answers", dimensions=dimensions)
    from sparingly.stores.qdrant import QdrantStore  # noqa: PLC0415 - gRPC loads only where used

    return QdrantStore.connect(
        chosen.url or "http://localhost:6333",
        api_key=_secret(environ, chosen.key_env),
        prefer_grpc=chosen.prefer_grpc,
        grpc_port=chosen.grpc_port,
        collection=chosen.collection,
        replicas=chosen.replicas,
        dimensions=dimensions,
    )


def open_upstreams(
    settings: Settings, environ: Mapping[str, str], stack: AsyncExitStack, clock: SystemClock
) -> dict[str, Upstream]:
    """All providers of a config, on one HTTP client."""
    client = HttpClient()
    stack.push_async_callback(client.aclose)
    return {
        name: _open_provider(name, provider, settings, environ, client, clock)
        for name, provider in settings.providers.items()
    }


def open_prices(settings: Settings) -> PriceTable:
    """List prices, with the config's own laid over them, loaded before the first request needs one."""
    table = PriceTable(
        models=settings.models,
        providers={
            name: PriceSource(kind=one.kind, base_url=one.base_url)
            for name, one in settings.providers.items()
        },
    )
    table.warm()
    return table


async def open_tier_model(settings: Settings, embedder: Embedder) -> TierModel | None:
    """What the local classifier knows; None where no tier is to be chosen or a model is asked for it."""
    routing = settings.routing
    if len(routing.tiers) < 2 or classifier_kind(routing) != "embedding":
        return None
    return await tier_model(routing.classifier, tiers=tuple(routing.tiers), embedder=embedder)


def open_classifier(
    settings: Settings,
    known: TierModel | None,
    *,
    embedder: Embedder,
    upstreams: Mapping[str, Upstream],
    prices: Prices,
    clock: Clock,
) -> TierClassifier | None:
    """Who sorts requests into the tiers of a config; None where nobody need."""
    tiers, chosen = tuple(settings.routing.tiers), settings.routing.classifier
    if known is not None:
        return EmbeddingClassifier(
            embedder=embedder, model=known, tiers=tiers, timeout_s=chosen.timeout_s, clock=clock
        )
    if len(tiers) < 2 or chosen.model is None:
        return None
    place = places(catalog_of(settings), chosen.model)[0]
    upstream = upstreams[place.provider]
    return LlmClassifier(
        upstream=upstream,
        outbound=OUTBOUND[upstream.dialect],
        model=place.model,
        tiers=tiers,
        max_tokens=chosen.max_tokens,
        timeout_s=chosen.timeout_s,
        prices=prices,
        clock=clock,
    )


def open_door(settings: Settings, environ: Mapping[str, str]) -> Door:
    """Who is let in."""
    variable = settings.server.keys_env
    if variable is None:
        return Door({})
    return Door(read_keys(environ.get(variable, ""), variable=variable))


def default_provider(settings: Settings) -> str:
    """The provider that takes what the gateway does not answer itself."""
    return settings.default_provider or next(iter(settings.providers))


def usage_injectors(settings: Settings) -> frozenset[str]:
    """The providers whose streams are always asked for their token counts."""
    return frozenset(name for name, one in settings.providers.items() if one.stream_usage == "inject")


def realm_of(settings: Settings) -> str:
    """Which world answers come from.

    A model's name means something else at another address, and nothing at all at
    the simulated provider's: answers of one realm are never given in another.
    """
    places = sorted(
        f"simulated:{one.simulation.seed}" if one.kind == "simulated" else one.base_url or host_of(one)
        for one in settings.providers.values()
    )
    return " ".join(places)


def _open_provider(
    name: str,
    provider: Provider,
    settings: Settings,
    environ: Mapping[str, str],
    client: HttpClient,
    clock: SystemClock,
) -> Upstream:
    if provider.kind == "simulated":
        log = provider.simulation.log
        return SimulatedUpstream(
            name=name,
            simulation=provider.simulation,
            models=sorted(model.name for model in known_models(catalog_of(settings), settings.routing)),
            answers=read_answers(Path(log)) if log is not None else {},
            sleep=asyncio.sleep,
        )
    return HttpUpstream(
        name=name,
        dialect=provider.kind,
        base_url=provider.base_url or f"https://{host_of(provider)}",
        key=_secret(environ, provider.key_env),
        headers=provider.headers,
        client=client,
        clock=clock,
        connect_timeout_s=provider.connect_timeout_s,
        read_timeout_s=provider.read_timeout_s,
    )


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


async def _first_look(store: AnswerStore, on_trouble: Callable[[str, str], None], *, is_ours: bool) -> None:
    """A folder of ours that cannot be used is the operator's to mend; a server may come back by itself."""
    try:
        await store.ping()
    except StoreError as error:
        if is_ours:
            raise StartupError(error.message) from error
        on_trouble(error.code, error.message)


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


def _secret(environ: Mapping[str, str], variable: str | None) -> str | None:
    return environ.get(variable) or None if variable is not None else None
