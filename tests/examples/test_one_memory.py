"""Three clients, one memory, two houses."""

from pathlib import Path

import pytest

from tests.examples.running import told_by
from tests.fakes.provider_server import ProviderServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]


def test_each_client_asks_its_own_house_and_equals_share(tmp_path: Path) -> None:
    """Keys do not mix."""
    with ProviderServer() as openai, ProviderServer() as anthropic:
        told = told_by(
            "sparingly.examples.one_memory",
            tmp_path,
            OPENAI_API_KEY="sk-openai",
            OPENAI_BASE_URL=f"{openai.url}/v1",
            ANTHROPIC_API_KEY="sk-ant",
            ANTHROPIC_BASE_URL=anthropic.url,
        )
        seen = {
            "openai": [(one.path, one.header("authorization")) for one in openai.requests],
            "anthropic": [(one.path, one.header("authorization")) for one in anthropic.requests],
        }

    assert told == ["OpenAI miss", "AsyncOpenAI exact", "Anthropic miss"]
    assert seen == {
        "openai": [("/v1/chat/completions", "Bearer sk-openai")],
        "anthropic": [("/v1/messages", "Bearer sk-ant")],
    }
