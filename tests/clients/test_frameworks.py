"""LangChain, LlamaIndex, the LiteLLM SDK and the Vercel AI SDK, each in the dialects that it speaks.

Each program asks a question whole and streamed, calls a tool, and fills a schema
where it can; `programs/` has them as their users would write them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.crossing import UPSTREAMS, crossing_gateway, key_to
from tests.clients.installed import PROGRAMS, node_modules_with, python_with, skip_without_any, told_as_json
from tests.clients.scripts import WEATHER_ANSWER, weather
from tests.gateway_process import GatewayProcess

pytestmark = [pytest.mark.clients, pytest.mark.slow, pytest.mark.timeout(120)]

HOUSES = pytest.mark.parametrize("house", ["openai", "responses", "anthropic"])

# In which of the upstreams' dialects each house speaks itself; "any" is spoken to in the caller's.
_OWN = {"openai": "chat", "responses": "responses", "anthropic": "messages"}
CROSSINGS = [(house, upstream) for house in _OWN for upstream in UPSTREAMS[1:] if upstream != _OWN[house]]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    skip_without_any()
    with crossing_gateway(tmp_path_factory.mktemp("gateway")) as process:
        yield process


def asked(program: list[str], gateway: GatewayProcess, house: str, upstream: str = "any") -> dict[str, Any]:
    question = f"Why is the sky blue, {Path(program[-1]).stem}, {house}, {upstream}?"
    told = told_as_json(
        [*program, house, gateway.url, key_to(upstream), question, weather()],
        # LiteLLM would look for prices on the network.
        LITELLM_LOCAL_MODEL_COST_MAP="True",
    )
    assert question in told["whole"]
    assert told["streamed"] == told["whole"]
    assert told["tool"].endswith(WEATHER_ANSWER)
    assert told.get("usage", 1) > 0
    return told


@HOUSES
def test_langchain_asks_streams_calls_tools_and_fills_schemas(gateway: GatewayProcess, house: str) -> None:
    """ChatOpenAI on both of OpenAI's APIs, and ChatAnthropic."""
    module = "langchain_anthropic" if house == "anthropic" else "langchain_openai"
    program = [python_with(module), str(PROGRAMS / "langchain_chat.py")]

    assert asked(program, gateway, house)["structured"] == ["str", "str"]


@HOUSES
def test_llama_index_asks_streams_and_calls_tools(gateway: GatewayProcess, house: str) -> None:
    """OpenAI, OpenAIResponses and Anthropic."""
    module = "llama_index.llms.anthropic" if house == "anthropic" else "llama_index.llms.openai"
    program = [python_with(module), str(PROGRAMS / "llama_index_chat.py")]

    asked(program, gateway, house)


@HOUSES
def test_litellm_asks_streams_and_calls_tools(gateway: GatewayProcess, house: str) -> None:
    """Sync and async."""
    program = [python_with("litellm"), str(PROGRAMS / "litellm_chat.py")]

    told = asked(program, gateway, house)

    assert told["async"] == told["whole"]


def vercel(folder: Path) -> list[str]:
    """The program beside its packages: node looks for them from where a program lies."""
    modules = node_modules_with("ai", "@ai-sdk/openai", "@ai-sdk/anthropic", "zod")
    (folder / "node_modules").symlink_to(modules)
    program = folder / "vercel_chat.mjs"
    program.write_text((PROGRAMS / "vercel_chat.mjs").read_text())
    return ["node", str(program)]


@HOUSES
def test_the_vercel_ai_sdk_asks_streams_calls_tools_and_fills_schemas(
    gateway: GatewayProcess, house: str, tmp_path: Path
) -> None:
    """Through several steps by itself, whole and streamed."""
    told = asked(vercel(tmp_path), gateway, house)

    assert told["tool_streamed"].endswith(WEATHER_ANSWER)
    assert told["structured"] == ["string", "string"]


@pytest.mark.parametrize(("house", "upstream"), CROSSINGS)
def test_the_vercel_ai_sdk_is_served_from_any_dialect(
    gateway: GatewayProcess, house: str, upstream: str, tmp_path: Path
) -> None:
    """Whatever it speaks, and whatever the provider does."""
    told = asked(vercel(tmp_path), gateway, house, upstream)

    assert told["tool_streamed"].endswith(WEATHER_ANSWER)
    assert told["structured"] == ["string", "string"]
