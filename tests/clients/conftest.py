"""One gateway for all client tests: in front of the simulated provider, of servers, and of one that is down."""

from collections.abc import Iterator

import pytest

from tests.clients.golden_claude import GoldenClaude
from tests.fakes.provider_server import ProviderServer
from tests.gateway_process import GatewayProcess

CONFIG = """\
providers:
  simulated: {{kind: simulated, models: [gpt-*, text-embedding-*]}}
  served: {{kind: openai, base_url: "{served}", key_env: SERVED_KEY, models: [served-*]}}
  claude: {{kind: anthropic, base_url: "{claude}", key_env: CLAUDE_KEY, models: [claude-*]}}
  broken: {{kind: simulated, models: [broken-*], simulation: {{error_rate: 1}}}}
  limited: {{kind: simulated, models: [limited-*], simulation: {{rate_limit_rate: 1}}}}
  cutting: {{kind: simulated, models: [cut-*], simulation: {{cut_rate: 1}}}}
  down: {{kind: openai, base_url: "http://127.0.0.1:1", models: [down-*]}}
routing: {{names: {{fast: gpt-4o}}, retry: {{attempts: 1}}}}
server: {{keys_env: GATEWAY_KEYS}}
"""
KEY = "k-acme"
ENV = {"GATEWAY_KEYS": f"acme:{KEY}", "SERVED_KEY": "sk-served", "CLAUDE_KEY": "sk-claude"}


@pytest.fixture(scope="session")
def served() -> Iterator[ProviderServer]:
    with ProviderServer() as server:
        yield server


@pytest.fixture(scope="session")
def claude() -> GoldenClaude:
    return GoldenClaude()


@pytest.fixture(scope="session")
def gateway(
    tmp_path_factory: pytest.TempPathFactory, served: ProviderServer, claude: GoldenClaude
) -> Iterator[GatewayProcess]:
    """Every request of these tests enters the same cache: a test's questions are its own."""
    with ProviderServer(upstream=claude) as anthropic:
        config = CONFIG.format(served=served.url, claude=anthropic.url)
        with GatewayProcess(tmp_path_factory.mktemp("gateway"), config=config, env=ENV) as process:
            yield process
