"""Every implementation of `ports.AnswerStore`, one after the other.

A real Qdrant server takes part where there is one: a Docker engine starts one
(`-m docker`), or QDRANT_URL names one (`-m server`; collections named
`sparingly-test-*` are made there and dropped).
"""

import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from qdrant_client import AsyncQdrantClient

from sparingly.ports import AnswerStore
from sparingly.stores.edge import EdgeStore
from sparingly.stores.qdrant import QdrantStore
from tests.contracts.answers import DIMENSIONS
from tests.fakes.store import FakeStore


@pytest.fixture(scope="session")
def docker_server() -> Iterator[tuple[str, int]]:
    """URL and gRPC port of a server in a container."""
    if "DOCKER_HOST" not in os.environ and not Path("/var/run/docker.sock").exists():
        pytest.skip("there is no Docker engine: DOCKER_HOST is not set, /var/run/docker.sock does not exist")
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - it looks for an engine
    from testcontainers.core.wait_strategies import HttpWaitStrategy  # noqa: PLC0415

    image = DockerContainer("qdrant/qdrant:v1.16.3").with_exposed_ports(6333, 6334)
    with image.waiting_for(HttpWaitStrategy(6333, "/readyz")) as server:
        host = server.get_container_host_ip()
        yield f"http://{host}:{server.get_exposed_port(6333)}", int(server.get_exposed_port(6334))


@pytest.fixture(
    params=[
        "fake",
        "edge",
        "qdrant-local",
        pytest.param("qdrant-docker", marks=[pytest.mark.docker, pytest.mark.timeout(300)]),
        pytest.param("qdrant-server", marks=pytest.mark.server),
    ]
)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AnswerStore]:
    collection = f"sparingly-test-{uuid.uuid4().hex}"
    match request.param:
        case "fake":
            yield FakeStore()
        case "edge":
            edge = EdgeStore(tmp_path, dimensions=DIMENSIONS)
            yield edge
            await edge.aclose()
        case "qdrant-local":
            local = QdrantStore(AsyncQdrantClient(":memory:"), collection=collection, dimensions=DIMENSIONS)
            yield local
            await local.aclose()
        case "qdrant-docker":
            url, grpc_port = request.getfixturevalue("docker_server")
            async for remote in on_server(url, collection, grpc_port=grpc_port):
                yield remote
        case _:
            if "QDRANT_URL" not in os.environ:
                pytest.skip("QDRANT_URL names no Qdrant server")
            async for remote in on_server(os.environ["QDRANT_URL"], collection):
                yield remote


async def on_server(url: str, collection: str, *, grpc_port: int = 6334) -> AsyncIterator[AnswerStore]:
    api_key = os.environ.get("QDRANT_API_KEY")
    remote = QdrantStore.connect(
        url, api_key=api_key, collection=collection, dimensions=DIMENSIONS, grpc_port=grpc_port
    )
    yield remote
    await remote.aclose()
    client = AsyncQdrantClient(url=url, api_key=api_key, check_compatibility=False)
    await client.delete_collection(collection)
    await client.close()
