"""Open one part each, as a config asks for it: which implementation, with which settings and secrets.

The composition roots (`bootstrap.py` for serving, `replaying.py` for replays) put
the parts together; nothing else imports this module.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from importlib.resources import files
from pathlib import Path

import msgspec

from sparingly.clock import SystemClock
from sparingly.config.catalog import catalog_of, host_of
from sparingly.core.catalog import Catalog, known_models, places
from sparingly.core.judging.model import JudgeModel, load_judge
from sparingly.core.keeping.freshness import FreshnessModel
from sparingly.core.policy import for_route
from sparingly.core.routing.classifying import TierModel
from sparingly.core.routing.tiers import DEFAULT_TIERS, classifier_kind
from sparingly.errors import ConfigError
from sparingly.learning.judge.train_freshness import shipped_freshness
from sparingly.learning.router.tier_examples import tier_model
from sparingly.pipeline.choosing.classify import EmbeddingClassifier, LlmClassifier, TierClassifier
from sparingly.pipeline.choosing.estimate import Estimator
from sparingly.pipeline.choosing.small_model import SmallModel
from sparingly.pipeline.timed_embedder import TimedEmbedder
from sparingly.ports import AnswerStore, Carrier, Clock, Embedder, Prices, Upstream
from sparingly.prices import PriceSource, PriceTable
from sparingly.protocols.dialects import OUTBOUND
from sparingly.settings import Provider, Settings
from sparingly.stores.edge import EdgeStore
from sparingly.upstreams.http_client import HttpClient
from sparingly.upstreams.provider import HttpUpstream
from sparingly.upstreams.simulated import SimulatedUpstream
from sparingly.upstreams.simulated_log import read_answers
from sparingly.web.auth import Door, read_keys


class Asked(msgspec.Struct, frozen=True):
    """What of the pipeline's parts depends on who may be asked."""

    upstreams: dict[str, Upstream]
    prices: PriceTable
    catalog: Catalog
    classifier: TierClassifier | None
    injects_usage: frozenset[str]
    client_keyed: frozenset[str]
    small_judge: SmallModel | None


async def open_asked(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    embedder: Embedder,
    stack: AsyncExitStack,
    given: Mapping[str, Upstream],
    carrier: Carrier | None = None,
) -> Asked:
    """All providers of a config, those in `given` as they are there, and what asks and prices them."""
    clock = SystemClock()
    upstreams = open_upstreams(settings, environ, stack, clock, carrier) | dict(given)
    prices = open_prices(settings)
    known = await open_tier_model(settings, embedder)
    return Asked(
        upstreams=upstreams,
        prices=prices,
        catalog=catalog_of(settings),
        classifier=open_classifier(
            settings, known, embedder=embedder, upstreams=upstreams, prices=prices, clock=clock
        ),
        injects_usage=usage_injectors(settings),
        client_keyed=client_keyed(settings),
        small_judge=open_small_judge(settings, upstreams=upstreams, prices=prices, clock=clock),
    )


async def open_embedder(settings: Settings) -> Embedder:
    """The embedder of a config."""
    from sparingly.embedders.local import LocalEmbedder  # noqa: PLC0415 - ONNX Runtime loads only where used

    chosen = settings.embedder
    return await LocalEmbedder.open(chosen.model, threads=chosen.threads, max_batch=chosen.max_batch)


def open_store(settings: Settings, environ: Mapping[str, str], *, data: Path, dimensions: int) -> AnswerStore:
    """The answer store of a config."""
    chosen = settings.store
    if chosen.kind == "edge":
        return EdgeStore(data / f"answers-{dimensions}", dimensions=dimensions)
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
    settings: Settings,
    environ: Mapping[str, str],
    stack: AsyncExitStack,
    clock: SystemClock,
    carrier: Carrier | None = None,
) -> dict[str, Upstream]:
    """All providers of a config, on one HTTP client, or on a `carrier` that whoever brings it closes."""
    client = carrier
    if client is None:
        client = HttpClient()
        stack.push_async_callback(client.aclose)
    return {
        name: _simulated(name, settings)
        if provider.kind == "simulated"
        else HttpUpstream(
            name=name,
            dialect=dialects_of(provider)[0],
            also_speaks=frozenset(dialects_of(provider)[1:]),
            base_url=provider.base_url or f"https://{host_of(provider)}",
            key=_secret(environ, provider.key_env),
            takes_client_key=name in client_keyed(settings),
            headers=provider.headers,
            client=client,
            clock=clock,
            connect_timeout_s=provider.connect_timeout_s,
            read_timeout_s=provider.read_timeout_s,
        )
        for name, provider in settings.providers.items()
    }


def dialects_of(provider: Provider) -> tuple[str, ...]:
    """What a provider speaks, first what others are translated into.

    Servers that are compatible with one of OpenAI's APIs are taken to have the others, too: what a client
    asked in one of them is then the server's to refuse, as it would be without us.
    """
    if provider.kind == "anthropic":
        return provider.dialects or ("anthropic",)
    return (*(provider.dialects or ("openai", "openai-responses")), "openai-embeddings")


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
    routing, tiers = settings.routing, _classified_tiers(settings)
    if not tiers or classifier_kind(routing) != "embedding":
        return None
    return await tier_model(routing.classifier, tiers=tiers, embedder=embedder)


def _classified_tiers(settings: Settings) -> tuple[str, ...]:
    """The tiers that requests are sorted into; a pair without tiers goes by the package's."""
    routing = settings.routing
    if len(routing.tiers) > 1:
        return tuple(routing.tiers)
    is_scored = any(pair.score != "learned" for pair in routing.pairs.values())
    return DEFAULT_TIERS if is_scored else ()


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
    tiers, chosen = _classified_tiers(settings), settings.routing.classifier
    if known is not None:
        return EmbeddingClassifier(
            embedder=embedder,
            model=known,
            tiers=tiers,
            timeout_s=chosen.timeout_s,
            clock=clock,
            least_support=chosen.least_support,
        )
    if not tiers or chosen.model is None:
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


def open_estimator(settings: Settings, *, embedder: Embedder, clock: Clock) -> Estimator | None:
    """What estimates models for each prompt; None where the config names no file.

    Raises:
        StartupError: the file cannot be read, is damaged, was made for another embedder or
            version, or knows too few of the models that the config serves.
    """
    learned = settings.routing.learned
    if learned is None:
        return None
    from sparingly.served_estimates import open_estimates  # noqa: PLC0415 - only where a file is configured

    fitted = open_estimates(
        learned, catalog=catalog_of(settings), policy=settings.routing, embedder=embedder.name
    )
    timeout_s = settings.routing.classifier.timeout_s
    return Estimator(
        embedder=TimedEmbedder(embedder, timeout_s=timeout_s, clock=clock, slow="estimate-slow"),
        fitted=fitted,
    )


def open_small_judge(
    settings: Settings, *, upstreams: Mapping[str, Upstream], prices: Prices, clock: Clock
) -> SmallModel | None:
    """Who takes second looks at doubtful misses; None where nobody shall."""
    zone = settings.cache.grey_zone
    if zone.judge == "none" or zone.model is None:
        return None
    place = places(catalog_of(settings), zone.model)[0]
    upstream = upstreams[place.provider]
    return SmallModel(
        upstream=upstream,
        outbound=OUTBOUND[upstream.dialect],
        name=place.model,
        timeout_s=zone.timeout_s,
        prices=prices,
        clock=clock,
    )


def admin_key(settings: Settings, environ: Mapping[str, str]) -> str | None:
    """The key to /admin; None lets nobody in."""
    return _secret(environ, settings.server.admin_key_env)


def open_judge(settings: Settings, *, embedder: str) -> JudgeModel | None:
    """The fitted judge of a config; None where no route asks for it.

    Raises:
        StartupError: its file cannot be read, is damaged, or was made for another embedder or version.
    """
    cache = settings.cache
    policies = [cache, *(for_route(cache, name) for name in cache.routes)]
    if not any(one.judge == "fitted" and one.semantic and one.mode != "off" for one in policies):
        return None
    if cache.judge_file is None:
        data = files("sparingly.judge").joinpath("judge.bin").read_bytes()
        return load_judge(data, embedder=embedder, source="of the package")
    try:
        data = Path(cache.judge_file).read_bytes()
    except OSError as error:
        raise ConfigError(
            f"cannot read {cache.judge_file}: {error.strerror}", path="cache.judge_file"
        ) from error
    return load_judge(data, embedder=embedder, source=cache.judge_file)


def open_freshness(settings: Settings) -> FreshnessModel | None:
    """What tells questions whose answer depends on time; None where the config does not want it told."""
    return shipped_freshness() if settings.cache.ttl_classes.enabled else None


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


def client_keyed(settings: Settings) -> frozenset[str]:
    """The provider that is asked with the caller's own key; a key belongs to one house and goes to no other."""
    name = default_provider(settings)
    return frozenset({name} if settings.providers[name].key_env is None else ())


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


def _simulated(name: str, settings: Settings) -> SimulatedUpstream:
    simulation = settings.providers[name].simulation
    return SimulatedUpstream(
        name=name,
        simulation=simulation,
        models=[model.name for model in known_models(catalog_of(settings), settings.routing)],
        answers=read_answers(Path(simulation.log)) if simulation.log is not None else {},
        sleep=asyncio.sleep,
    )


def _secret(environ: Mapping[str, str], variable: str | None) -> str | None:
    return environ.get(variable) or None if variable is not None else None
