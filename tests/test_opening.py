"""One part each, as a config asks for it."""

import json
import os
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest

from sparingly.clock import SystemClock
from sparingly.config.environment import with_defaults
from sparingly.core.policy import Classifier, Model, Price, RoutingPolicy, Tier
from sparingly.errors import ConfigError
from sparingly.opening import (
    client_keyed,
    default_provider,
    open_classifier,
    open_door,
    open_embedder,
    open_prices,
    open_store,
    open_tier_model,
    open_upstreams,
    realm_of,
    usage_injectors,
)
from sparingly.pipeline.choosing.classify import EmbeddingClassifier, LlmClassifier
from sparingly.ports import UpstreamRequest
from sparingly.settings import Provider, Server, Settings, Simulation, Store
from sparingly.stores.edge import EdgeStore
from sparingly.stores.qdrant import QdrantStore
from sparingly.upstreams.provider import HttpUpstream
from sparingly.upstreams.simulated import SimulatedUpstream
from tests.fakes.embedder import HashingEmbedder
from tests.fakes.upstream import FakeUpstream
from tests.pipeline.wire import request_body, whole
from tests.pipeline.world import TablePrices

pytestmark = pytest.mark.anyio

TWO_TIERS = RoutingPolicy(tiers={"simple": Tier(model="gpt-4o-mini"), "complex": Tier(model="gpt-4o")})

SIMULATED = Provider(kind="simulated")
HERE = Provider(kind="openai", base_url="http://127.0.0.1:1", key_env="KEY")
THERE = Provider(kind="anthropic", base_url="http://127.0.0.1:2")


def some(routing: RoutingPolicy | None = None, **providers: Provider) -> Settings:
    return Settings(providers=providers, routing=routing or RoutingPolicy())


@pytest.mark.slow
async def test_the_embedder_is_the_packages_own() -> None:
    """Nothing is downloaded."""
    embedder = await open_embedder(Settings())
    try:
        assert embedder.name.startswith("minilm")
        assert len(await embedder.embed("Hello")) == embedder.dimensions == 384
    finally:
        await embedder.aclose()


async def test_the_store_is_a_folder_or_a_server(tmp_path: Path) -> None:
    """Vectors of another size have a folder of their own; no server is called before it is used."""
    local = open_store(Settings(), {}, data=tmp_path, dimensions=8)
    remote = open_store(
        Settings(store=Store(kind="qdrant", url="http://127.0.0.1:1", prefer_grpc=False)),
        {},
        data=tmp_path,
        dimensions=8,
    )

    assert isinstance(local, EdgeStore)
    assert isinstance(remote, QdrantStore)
    await local.ping()
    await local.aclose()
    await remote.aclose()
    assert os.listdir(tmp_path) == ["answers-8"]  # noqa: PTH208 - in an async test


async def test_every_provider_is_opened_as_its_kind() -> None:
    """Under the name that the config gives it."""
    async with AsyncExitStack() as stack:
        opened = open_upstreams(some(a=SIMULATED, b=HERE, c=THERE), {"KEY": "sk"}, stack, SystemClock())

        kinds = {name: (type(one), one.name, one.dialect) for name, one in opened.items()}

    assert kinds == {
        "a": (SimulatedUpstream, "a", "openai"),
        "b": (HttpUpstream, "b", "openai"),
        "c": (HttpUpstream, "c", "anthropic"),
    }


async def test_a_callers_key_goes_to_the_default_provider_only() -> None:
    """It belongs to one house; an operator's key goes to its own."""
    settings = some(first=THERE, second=msgspec.structs.replace(THERE, kind="openai"), third=HERE)
    request = UpstreamRequest(
        "POST", "/v1/x", (("authorization", "Bearer sk-caller"),), client_key="sk-caller"
    )

    async with AsyncExitStack() as stack:
        opened = open_upstreams(settings, {"KEY": "sk-operator"}, stack, SystemClock())
        sent = {
            name: repr(one._outgoing(request))
            for name, one in opened.items()
            if isinstance(one, HttpUpstream)
        }

    assert "sk-caller" in sent["first"]
    assert "sk-caller" not in sent["second"] + sent["third"]
    assert "sk-operator" in sent["third"]
    assert client_keyed(settings) == {"first"}
    assert client_keyed(some(only=HERE)) == frozenset()


async def test_a_simulated_provider_answers_from_its_log(tmp_path: Path) -> None:
    """And lists the models that the config knows."""
    body = request_body("Hello?")
    answer = json.loads(whole("From the log.").pieces[0])
    log = tmp_path / "log.jsonl"
    log.write_text(json.dumps({"id": "1", "time": 0, "request": json.loads(body), "response": answer}))
    provider = Provider(kind="simulated", simulation=Simulation(log=str(log)))
    settings = some(RoutingPolicy(names={"fast": "gpt-4o"}), a=provider)

    async with AsyncExitStack() as stack:
        upstream = open_upstreams(settings, {}, stack, SystemClock())["a"]
        said = await (await upstream.send(UpstreamRequest("POST", "/v1/chat/completions", body=body))).read()
        listed = await (await upstream.send(UpstreamRequest("GET", "/v1/models"))).read()

    assert b"From the log." in said
    assert {line["id"] for line in json.loads(listed)["data"]} == {"fast", "gpt-4o"}


def test_prices_are_list_prices_under_the_configs_own() -> None:
    """A model that is dearer here costs what the config says."""
    own = Model(price=Price(input_usd_per_mtok=7.0, output_usd_per_mtok=9.0))
    plain = open_prices(some(openai=Provider(kind="openai", base_url="https://api.openai.com/v1")))
    priced = open_prices(msgspec.structs.replace(some(openai=HERE), models={"gpt-4o": own}))

    listed, set_here = plain.price("openai", "gpt-4o", now=0.0), priced.price("openai", "gpt-4o", now=0.0)

    assert listed is not None
    assert set_here is not None
    assert listed != set_here


@pytest.mark.parametrize(
    ("routing", "kind"),
    [
        (TWO_TIERS, EmbeddingClassifier),
        (
            msgspec.structs.replace(TWO_TIERS, classifier=Classifier(kind="llm", model="gpt-4o-mini")),
            LlmClassifier,
        ),
        (RoutingPolicy(), type(None)),
        (RoutingPolicy(tiers={"one": Tier(model="gpt-4o")}), type(None)),
    ],
)
async def test_tiers_are_sorted_into_as_the_config_says(routing: RoutingPolicy, kind: type) -> None:
    """Locally, by a model, or not at all where there is nothing to choose."""
    settings = with_defaults(some(routing, one=SIMULATED), {}, has_names=True)
    settings = msgspec.structs.replace(settings, routing=routing)
    embedder = HashingEmbedder(window_tokens=10_000)

    classifier = open_classifier(
        settings,
        await open_tier_model(settings, embedder),
        embedder=embedder,
        upstreams={"one": FakeUpstream(name="one")},
        prices=TablePrices(),
        clock=SystemClock(),
    )

    assert type(classifier) is kind


def test_a_door_has_keys_where_the_config_names_a_variable() -> None:
    """And none by default."""
    keyed = Settings(server=Server(keys_env="KEYS"))

    assert not open_door(Settings(), {"KEYS": "acme:k1"}).has_keys
    assert open_door(keyed, {"KEYS": "acme:k1"}).admit("k1").tenant == "acme"
    with pytest.raises(ConfigError, match="KEYS holds no tenant:key pair"):
        open_door(keyed, {})


def test_the_default_provider_is_named_or_the_first() -> None:
    """It takes what the gateway does not answer itself."""
    settings = some(a=SIMULATED, b=HERE)

    assert default_provider(settings) == "a"
    assert default_provider(msgspec.structs.replace(settings, default_provider="b")) == "b"


def test_token_counts_are_asked_of_those_the_config_names() -> None:
    """A server that does not know the field may refuse it."""
    injecting = msgspec.structs.replace(HERE, stream_usage="inject")

    assert usage_injectors(some(a=HERE, b=injecting, c=SIMULATED)) == {"b"}


def test_answers_of_one_world_are_never_given_in_another() -> None:
    """Another address or another seed is another world; another name in the config is not."""
    realms = [
        realm_of(some(a=SIMULATED)),
        realm_of(some(a=Provider(kind="simulated", simulation=Simulation(seed=1)))),
        realm_of(some(a=HERE)),
        realm_of(some(a=THERE)),
        realm_of(some(a=HERE, b=THERE)),
        realm_of(some(a=Provider())),
    ]

    assert len(set(realms)) == len(realms)
    assert realm_of(some(x=THERE, y=HERE)) == realm_of(some(a=HERE, b=THERE))
    assert "api.openai.com" in realm_of(some(a=Provider()))
