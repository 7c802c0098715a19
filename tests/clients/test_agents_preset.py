"""`config/agents.yaml` with the agents themselves, as its comments say; only the houses are simulated."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.installed import command, skip_without_any, told_as_json, told_by
from tests.clients.test_coding_agents import SECRET, task
from tests.fakes.provider_server import ProviderServer
from tests.gateway_process import GatewayProcess

pytestmark = [pytest.mark.clients, pytest.mark.slow, pytest.mark.timeout(120)]

PRESET = Path(__file__).parents[2] / "config" / "agents.yaml"
CODEX_KEY = "sk-codex"


@pytest.fixture
def house() -> Iterator[ProviderServer]:
    skip_without_any("claude", "codex")
    with ProviderServer() as server:
        yield server


@pytest.fixture
def gateway(house: ProviderServer, tmp_path: Path) -> Iterator[GatewayProcess]:
    """The preset, at other addresses; at OpenAI's own its models need not be named."""
    config = PRESET.read_text().replace("https://api.anthropic.com", house.url)
    config = config.replace("https://api.openai.com/v1", f"{house.url}/v1\n    models: [gpt-*]")
    with GatewayProcess(tmp_path / "gateway", config=config, env={"OPENAI_API_KEY": CODEX_KEY}) as process:
        yield process


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A project with a file to be read."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "secret.txt").write_text(SECRET)
    (tmp_path / "codex").mkdir()
    return tmp_path / "work"


def verdicts(gateway: GatewayProcess, path: str) -> list[object]:
    events = [event for event in gateway.events() if event.get("path") == path]
    assert {event["status"] for event in events} == {200}
    return [event["verdict"] for event in events]


def test_claude_code_pays_itself_and_repeats_from_memory(
    house: ProviderServer, gateway: GatewayProcess, work: Path
) -> None:
    """Its own key reaches its house; the same task again reaches nobody."""
    asked = [command("claude"), "--print", task("Read", file_path=str(work / "secret.txt"))]
    own = {"HOME": str(work.parent), "ANTHROPIC_BASE_URL": gateway.url, "ANTHROPIC_API_KEY": "sk-claude"}

    told = [told_as_json([*asked, "--output-format", "json"], cwd=work, **own) for _ in range(2)]

    assert all(SECRET in one["result"] for one in told)
    assert {one.header("x-api-key") for one in house.requests} == {"sk-claude"}
    seen = verdicts(gateway, "/v1/messages")
    assert seen == ["miss"] * (len(seen) // 2) + ["exact"] * (len(seen) // 2)


def test_codex_is_paid_with_the_configs_key_and_repeats_from_memory(
    house: ProviderServer, gateway: GatewayProcess, work: Path
) -> None:
    """With the model that it takes by itself, whose tools stand in an item of its input."""
    provider = (
        f'{{name="sparingly", wire_api="responses", base_url="{gateway.url}/v1", env_key="OPENAI_API_KEY"}}'
    )
    options = ["-c", 'model_provider="sparingly"', "-c", f"model_providers.sparingly={provider}"]
    asked = [command("codex"), "exec", "--skip-git-repo-check", *options, "What is the secret word?"]
    own = {"HOME": str(work.parent), "CODEX_HOME": str(work.parent / "codex"), "OPENAI_API_KEY": "sk-other"}

    told = [told_by(asked, cwd=work, **own) for _ in range(2)]

    assert told[0] == told[1]
    assert {one.header("authorization") for one in house.requests} == {f"Bearer {CODEX_KEY}"}
    assert verdicts(gateway, "/v1/responses") == ["miss", "exact"]
