"""Claude Code and Codex, headless: one task with one tool call, through the gateway."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.crossing import crossing_gateway, key_to
from tests.clients.installed import command, skip_without_any, told_as_json, told_by
from tests.clients.scripts import script
from tests.gateway_process import GatewayProcess

pytestmark = [pytest.mark.clients, pytest.mark.slow, pytest.mark.timeout(120)]

SECRET = "The secret word is marzipan."


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    skip_without_any("claude", "codex")
    with crossing_gateway(tmp_path_factory.mktemp("gateway")) as process:
        yield process


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A project with a file to be read."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "secret.txt").write_text(SECRET)
    return tmp_path / "work"


def task(tool: str, **arguments: object) -> str:
    """A task that is done with one call of a tool."""
    return script(
        "What is the secret word?",
        {"text": "Let me look.", "tools": [{"name": tool, "input": arguments}]},
        {"text": "It says: {result}"},
    )


def all_served(gateway: GatewayProcess, path: str, tenant: str) -> None:
    """The agent's turns came through, and nothing it asked for was refused."""
    events = [event for event in gateway.events() if event.get("tenant") == tenant]
    turns = [event for event in events if event["path"] == path]
    assert len(turns) >= 2
    assert {event["status"] for event in events} == {200}
    assert all(event.get("complete", True) for event in turns)


@pytest.mark.parametrize("upstream", ["any", "chat", "responses"])
def test_claude_code_reads_a_file_and_tells(gateway: GatewayProcess, work: Path, upstream: str) -> None:
    """Headless print mode, streamed, with its own two dozen tools; also from a provider of another dialect."""
    told = told_as_json(
        [
            command("claude"),
            "--print",
            task("Read", file_path=str(work / "secret.txt")),
            "--model",
            "claude-sonnet-4-6",
            "--output-format",
            "json",
        ],
        cwd=work,
        HOME=str(work.parent),
        ANTHROPIC_BASE_URL=gateway.url,
        ANTHROPIC_AUTH_TOKEN=key_to(upstream),
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
    )

    assert told["is_error"] is False
    assert SECRET in told["result"]
    assert told["usage"]["output_tokens"] > 0
    all_served(gateway, "/v1/messages", upstream)


@pytest.mark.parametrize("upstream", ["any", "chat", "messages"])
def test_codex_reads_a_file_and_tells(gateway: GatewayProcess, work: Path, upstream: str) -> None:
    """`codex exec`, which speaks the Responses API only; also from a provider of another dialect."""
    provider = (
        f'{{name="sparingly", base_url="{gateway.url}/v1", env_key="GATEWAY_KEY", wire_api="responses"}}'
    )
    told = told_by(
        [
            command("codex"),
            "exec",
            "--skip-git-repo-check",
            # The sandbox is Codex' own, and not every build machine lets it make one.
            "--dangerously-bypass-approvals-and-sandbox",
            "-c",
            f"model_providers.sparingly={provider}",
            "-c",
            'model_provider="sparingly"',
            # Tools that OpenAI runs itself, and tools in groups: no other API has them.
            *(
                []
                if upstream == "any"
                else ["-c", "features.multi_agent=false", "-c", 'web_search="disabled"']
            ),
            "--model",
            "gpt-6-codex",
            task("exec_command", cmd="cat secret.txt"),
        ],
        cwd=work,
        HOME=str(work.parent),
        CODEX_HOME=str(_made(work.parent / "codex")),
        GATEWAY_KEY=key_to(upstream),
    )

    assert "It says: " in told
    assert SECRET in told
    all_served(gateway, "/v1/responses", upstream)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
