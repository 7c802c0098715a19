"""Embeddings by OpenAI's own Python client against a running gateway: kept, and told to the digit."""

from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from tests.clients.crossing import crossing_gateway, key_to
from tests.gateway_process import GatewayProcess

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(60)]


@pytest.fixture(scope="module")
def crossing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with crossing_gateway(tmp_path_factory.mktemp("crossing")) as gateway:
        yield gateway


@pytest.fixture
def own(crossing: GatewayProcess) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{crossing.url}/v1", api_key=key_to("any"), max_retries=0) as made:
        yield made


def kept(ask: Callable[[], str]) -> str:
    """Ask again until the first answer has been written back; the verdict that ends it."""
    for _ in range(200):
        verdict = ask()
        if verdict != "miss":
            return verdict
    raise AssertionError("nothing was ever kept")


@pytest.mark.parametrize("dimensions", [None, 8])
@pytest.mark.parametrize("form", [None, "float"])
def test_embeddings_are_kept_to_the_digit(own: OpenAI, dimensions: int | None, form: Any) -> None:
    """In either form; other dimensions are other vectors."""
    more: dict[str, Any] = {"dimensions": dimensions, "encoding_format": form}
    more = {name: value for name, value in more.items() if value is not None}
    vectors: list[list[list[float]]] = []

    def ask() -> str:
        raw = own.embeddings.with_raw_response.create(
            model="text-embedding-3-small", input=["a fjord", "What is new today?"], **more
        )
        answer = raw.parse()
        vectors.append([one.embedding for one in answer.data])
        assert answer.usage.prompt_tokens > 0
        assert getattr(answer.usage, "cached", False) is (raw.headers["x-sparingly-cache"] == "exact")
        return raw.headers["x-sparingly-cache"]

    assert (ask(), kept(ask)) == ("miss", "exact")
    assert vectors[0] == vectors[-1]
    assert [len(one) for one in vectors[0]] == [dimensions or 256] * 2


async def test_embeddings_by_the_asynchronous_client(crossing: GatewayProcess) -> None:
    """Of text and of tokens."""
    async with AsyncOpenAI(base_url=f"{crossing.url}/v1", api_key=key_to("any"), max_retries=0) as client:
        words = await client.embeddings.create(model="text-embedding-3-small", input="a fjord")
        tokens = await client.embeddings.create(model="text-embedding-3-small", input=[1, 2, 3])

    assert len(words.data) == len(tokens.data) == 1
    assert words.data[0].embedding != tokens.data[0].embedding


def test_embeddings_are_asked_of_nobody_who_has_none(crossing: GatewayProcess) -> None:
    """Anthropic's API would take the words for a message."""
    client = OpenAI(base_url=f"{crossing.url}/v1", api_key=key_to("messages"), max_retries=0)

    with client, pytest.raises(openai.BadRequestError, match="cannot express `embeddings`"):
        client.embeddings.create(model="text-embedding-3-small", input="a fjord")
