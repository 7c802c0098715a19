"""What is particular to servers; what every store does is in tests/contracts."""

import asyncio
import inspect
import json
from collections.abc import Callable
from types import ModuleType

import grpc
import httpx
import numpy as np
import pytest
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common import client_exceptions
from qdrant_client.http import exceptions

from sparingly.core.entry import Digest, Entry, Selector
from sparingly.errors import StoreError
from sparingly.stores.qdrant import FOREIGN, QdrantStore
from sparingly.stores.qdrant_points import INDEXED
from tests.asks import NOW, ask, entry, mark

pytestmark = [
    pytest.mark.anyio,
    # The client says so of its local mode, once; only servers have indexes.
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant:UserWarning"),
]

UP = np.array([0, 1], dtype=np.float32)
UNKNOWN = Digest("f" * 32)


def local(client: AsyncQdrantClient) -> QdrantStore:
    return QdrantStore(client, collection="answers", dimensions=2)


def remote(answer: Callable[[httpx.Request], httpx.Response]) -> QdrantStore:
    """A store whose server is a function."""
    client = AsyncQdrantClient(
        url="http://qdrant.test", check_compatibility=False, transport=httpx.MockTransport(answer)
    )
    return QdrantStore(client, collection="answers", dimensions=2, replicas=3)


def said(words: str) -> Entry:
    return entry(mark(ask(words)))


@pytest.mark.parametrize("module", [exceptions, client_exceptions])
def test_every_error_of_the_client_is_translated(module: ModuleType) -> None:
    """A new one must be added to FOREIGN."""
    own = [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == module.__name__
    ]

    assert own
    assert [kind for kind in own if not issubclass(kind, FOREIGN)] == []
    assert issubclass(grpc.aio.AioRpcError, FOREIGN)


@pytest.mark.parametrize("prefer_grpc", [True, False])
async def test_a_server_that_is_not_there_is_trouble(*, prefer_grpc: bool) -> None:
    """In one line, without the key; nothing is sent before the first use."""
    store = QdrantStore.connect(
        "https://127.0.0.1:1",
        api_key="secret",
        collection="answers",
        dimensions=2,
        prefer_grpc=prefer_grpc,
        grpc_port=1,
    )

    with pytest.raises(StoreError) as caught:
        await store.exact(UNKNOWN, now=NOW)

    assert caught.value.message.startswith("cannot read in Qdrant: ")
    assert "\n" not in caught.value.message
    assert "secret" not in caught.value.message
    await store.aclose()


def test_an_address_that_is_none_is_trouble() -> None:
    with pytest.raises(StoreError, match="ftp://x is not the address of a Qdrant server"):
        QdrantStore.connect("ftp://x", api_key=None, collection="answers", dimensions=2)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_a_server_that_refuses_is_trouble(status: int) -> None:
    store = remote(lambda _: httpx.Response(status, json={"status": {"error": "no\nnot now"}}))

    with pytest.raises(StoreError, match=f"cannot count in Qdrant: .*{status}") as caught:
        await store.ping()

    assert "\n" not in caught.value.message
    await store.aclose()


async def test_an_answer_that_is_none_is_trouble() -> None:
    """Such as a proxy's error page."""
    store = remote(lambda _: httpx.Response(200, text="<html>"))

    with pytest.raises(StoreError):
        await store.ping()
    await store.aclose()


async def test_the_collection_is_made_for_many_tenants_and_strict() -> None:
    """A collection laid out by scope, an index on every field that is filtered, no unindexed filters."""
    server = Server()
    store = remote(server)

    await store.ping()
    await store.aclose()

    made = server.bodies["PUT /collections/answers"]
    assert made["vectors"] == {"text": {"size": 2, "distance": "Cosine"}}
    assert made["replication_factor"] == 3
    assert made["hnsw_config"] == {"m": 0, "payload_m": 16}
    assert made["strict_mode_config"] == {
        "enabled": True,
        "unindexed_filtering_retrieve": False,
        "unindexed_filtering_update": False,
        "max_query_limit": 1000,
    }
    assert set(server.indexes) == set(INDEXED)
    assert server.indexes["scope"] == {"type": "keyword", "is_tenant": True}
    assert server.indexes["tenant"] == {"type": "keyword", "enable_hnsw": False}
    assert server.indexes["expires_at"] == {"type": "float", "enable_hnsw": False}


async def test_a_collection_is_looked_for_once() -> None:
    server = Server()
    store = remote(server)
    await asyncio.gather(store.ping(), store.ping())
    made = len(server.log)

    await store.ping()

    assert server.log[made:] == ["POST /collections/answers/points/count"]
    assert server.log.count("PUT /collections/answers") == 1
    await store.aclose()


async def test_another_gateway_may_make_the_collection_first() -> None:
    """The server says 409, and all is well."""
    server = Server(made_by_another=True)
    store = remote(server)

    await store.ping()

    assert "PUT /collections/answers" in server.log
    await store.aclose()


async def test_a_collection_for_other_vectors_is_refused() -> None:
    """The message says what to change."""
    client = AsyncQdrantClient(":memory:")
    vector = models.VectorParams(size=3, distance=models.Distance.COSINE)
    await client.create_collection("answers", vectors_config={"text": vector})
    store = local(client)

    with pytest.raises(StoreError) as caught:
        await store.put(said("a"), UP)

    assert caught.value.message == (
        "collection answers is not for vectors of 2 dimensions: choose another name in store.collection"
    )
    await store.aclose()


async def test_two_gateways_share_one_collection() -> None:
    client = AsyncQdrantClient(":memory:")
    one, other = local(client), local(client)
    question = said("a")

    await one.put(question, UP)

    assert not await other.is_empty(question.scope)
    assert await other.exact(question.digest, now=NOW) == question
    assert await other.forget(Selector(tenant=question.tenant)) == 1
    assert await one.exact(question.digest, now=NOW) is None
    await one.aclose()


async def test_a_collection_that_was_dropped_is_made_again() -> None:
    """After one failed call, without a restart."""
    client = AsyncQdrantClient(":memory:")
    store = local(client)
    await store.ping()
    await client.delete_collection("answers")

    with pytest.raises(StoreError):
        await store.put(said("a"), UP)
    await store.put(said("a"), UP)

    assert await store.count() == 1
    await store.aclose()


async def test_an_entry_of_an_unknown_form_is_trouble() -> None:
    """A later version may have written it."""
    client = AsyncQdrantClient(":memory:")
    store = local(client)
    question = said("a")
    await store.put(question, UP)
    await client.set_payload("answers", {"entry": "{}"}, points=[question.digest])

    with pytest.raises(StoreError, match="cannot read in Qdrant"):
        await store.exact(question.digest, now=NOW)
    await store.aclose()


class Server:
    """As much of a Qdrant server as making a collection and counting takes."""

    def __init__(self, *, made_by_another: bool = False) -> None:
        self.log: list[str] = []
        self.bodies: dict[str, dict[str, object]] = {}
        self.indexes: dict[str, object] = {}
        self._made_by_another = made_by_another
        self._exists = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        call = f"{request.method} {request.url.path}"
        body = json.loads(request.content) if request.content else {}
        self.log.append(call)
        self.bodies[call] = body
        match call:
            case "GET /collections/answers/exists":
                return _result({"exists": self._exists})
            case "PUT /collections/answers":
                self._exists = True
                status = 409 if self._made_by_another else 200
                return _result(True, status=status)
            case "GET /collections/answers":
                return _result(_INFO)
            case "PUT /collections/answers/index":
                self.indexes[body["field_name"]] = body["field_schema"]
                return _result({"operation_id": 1, "status": "completed"})
            case "POST /collections/answers/points/count":
                return _result({"count": 0})
            case _:
                return httpx.Response(404)


def _result(result: object, *, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json={"time": 0.0, "status": "ok", "result": result})


_INFO = {
    "status": "green",
    "optimizer_status": "ok",
    "segments_count": 1,
    "config": {
        "params": {"vectors": {"text": {"size": 2, "distance": "Cosine"}}},
        "hnsw_config": {"m": 0, "ef_construct": 100, "full_scan_threshold": 10000},
        "optimizer_config": {
            "deleted_threshold": 0.2,
            "vacuum_min_vector_number": 1000,
            "default_segment_number": 0,
            "flush_interval_sec": 5,
        },
    },
    "payload_schema": {},
}
