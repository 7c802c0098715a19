"""The preset for coding agents does what its comments say."""

from pathlib import Path

import msgspec
import pytest

from sparingly.config.catalog import catalog_of
from sparingly.config.loading import load_settings
from sparingly.config.yaml_text import parse
from sparingly.core.catalog import places
from sparingly.core.features import Features
from sparingly.core.routing.rules import Sight
from sparingly.core.routing.target import resolve
from sparingly.opening import client_keyed
from sparingly.settings import Settings

PRESET = Path(__file__).parents[2] / "config" / "agents.yaml"
SETTINGS = load_settings(PRESET, {})
CLAUDE, CODEX = "/v1/messages", "/v1/responses"

WORK = Features(tools=20, agent_session=True, max_tokens=32_000)
TITLE = Features(agent_session=True, max_tokens=32_000)
PROBE = Features(max_tokens=1)

CASES = [
    ("claude-opus-4-6", CLAUDE, WORK, "claude-opus-4-6", "anthropic"),
    ("claude-opus-4-6", CLAUDE, TITLE, "claude-haiku-4-5", "anthropic"),
    ("claude-opus-4-6", CLAUDE, PROBE, "claude-haiku-4-5", "anthropic"),
    ("claude-sonnet-4-6", CLAUDE, WORK, "claude-sonnet-4-6", "anthropic"),
    ("gpt-6-codex", CODEX, WORK, "gpt-6-codex", "openai"),
    ("codex-mini-latest", CODEX, TITLE, "codex-mini-latest", "openai"),
]


@pytest.mark.parametrize(("asked", "path", "features", "model", "provider"), CASES)
def test_agents_get_the_models_they_ask_for_and_background_work_another(
    asked: str, path: str, features: Features, model: str, provider: str
) -> None:
    """Each from its own house; what is background is told by the request, not by the model's name."""
    target = resolve(SETTINGS.routing, asked=asked, tenant="default", path=path, sight=Sight(features))

    assert target.model == model
    assert [place.provider for place in places(catalog_of(SETTINGS), model)] == [provider]


def test_claude_code_pays_with_its_own_login() -> None:
    """It goes to Anthropic, and to nobody else."""
    assert client_keyed(SETTINGS) == {"anthropic"}


def test_requests_are_not_rewritten_for_our_own_ends() -> None:
    """A body that differs by a byte misses the provider's prompt cache."""
    assert {one.stream_usage for one in SETTINGS.providers.values()} == {"as_asked"}


def test_an_agents_turns_hit_only_when_they_are_equal() -> None:
    """Half of what an agent says looks like what it said before."""
    assert not SETTINGS.cache.semantic
    assert SETTINGS.cache.mode == "on"


def test_every_setting_of_it_changes_something() -> None:
    """None only repeats a default."""
    values = parse(PRESET.read_text(), source="agents.yaml").values

    assert isinstance(values, dict)
    for section in ("cache", "routing"):
        default = msgspec.to_builtins(getattr(Settings(), section))
        repeated = [name for name, value in values[section].items() if default[name] == value]
        assert repeated == []
