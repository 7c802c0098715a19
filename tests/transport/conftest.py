"""One gateway of this process for all tests of the transports, in front of a provider on loopback."""

from collections.abc import Iterator

import pytest

from sparingly.settings import Simulation
from sparingly.transport.local_gateway import LocalGateway
from tests.fakes.provider_server import ProviderServer


@pytest.fixture(scope="session")
def provider() -> Iterator[ProviderServer]:
    with ProviderServer(Simulation(answer_tokens=40)) as server:
        yield server


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalGateway]:
    """Every request of these tests enters the same cache: a test's questions are its own."""
    config = {
        "data_dir": str(tmp_path_factory.mktemp("gateway")),
        "routing": {"retry": {"attempts": 1}},
        # Tests ask alike, and mean it: only what is equal may hit.
        "cache": {"semantic": False},
    }
    with LocalGateway(config, environ={}) as local:
        yield local
