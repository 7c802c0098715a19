"""Anthropic's Python client beside OpenAI's, at Anthropic's own API, and where things go wrong."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic
from anthropic.types import Message
from openai import OpenAI

from tests.clients.anthropic_asking import PROVIDERS, kept, said, user
from tests.clients.conftest import KEY
from tests.clients.golden_claude import GoldenClaude
from tests.gateway_process import GatewayProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]


@pytest.fixture
def client(gateway: GatewayProcess) -> Iterator[Anthropic]:
    with Anthropic(base_url=gateway.url, api_key=KEY, max_retries=0) as made:
        yield made


def test_an_answer_to_openais_client_serves_anthropics(client: Anthropic, gateway: GatewayProcess) -> None:
    """One question, one stored answer, whatever the dialect and the mode."""
    question, model = "Who wrote Faust, in both dialects?", "gpt-4o"
    with OpenAI(base_url=f"{gateway.url}/v1", api_key=KEY, max_retries=0) as openai:
        first = openai.chat.completions.create(model=model, max_tokens=300, messages=user(question))

    def whole() -> str:
        raw = client.messages.with_raw_response.create(model=model, max_tokens=300, messages=user(question))
        wholes.append(raw.parse())
        return raw.headers["x-sparingly-cache"]

    wholes: list[Message] = []
    verdict = kept(whole)
    with client.messages.stream(model=model, max_tokens=300, messages=user(question)) as stream:
        streamed = stream.get_final_message()
        verdicts = (verdict, stream.response.headers["x-sparingly-cache"])

    assert verdicts == ("exact", "exact")
    assert said(wholes[-1]) == said(streamed) == first.choices[0].message.content
    assert first.usage is not None
    for message in (wholes[-1], streamed):
        assert message.usage.cache_read_input_tokens == first.usage.prompt_tokens
        assert message.usage.output_tokens == first.usage.completion_tokens


def test_an_answer_to_anthropics_client_serves_openais(client: Anthropic, gateway: GatewayProcess) -> None:
    """And back."""
    question, model = "Who wrote Emma, in both dialects?", "gpt-4o"
    with client.messages.stream(model=model, max_tokens=300, messages=user(question)) as stream:
        first = stream.get_final_message()

    def ask() -> str:
        raw = openai.chat.completions.with_raw_response.create(
            model=model, max_tokens=300, messages=user(question)
        )
        answers.append(raw.parse())
        return raw.headers["x-sparingly-cache"]

    answers: list[Any] = []
    with OpenAI(base_url=f"{gateway.url}/v1", api_key=KEY, max_retries=0) as openai:
        verdict = kept(ask)
        chunks = list(
            openai.chat.completions.create(model=model, max_tokens=300, messages=user(question), stream=True)
        )

    assert verdict == "exact"
    streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert answers[-1].choices[0].message.content == streamed == said(first)
    assert answers[-1].usage.completion_tokens == first.usage.output_tokens


def test_the_body_reaches_anthropic_byte_by_byte(client: Anthropic, claude: GoldenClaude) -> None:
    """Its prompt cache goes by the bytes; trial features by their header."""
    system: Any = [{"type": "text", "text": "Be  brief.", "cache_control": {"type": "ephemeral"}}]
    raw = client.messages.with_raw_response.create(
        model="claude-sonnet-4-6",
        max_tokens=300,
        system=system,
        messages=user("Byte by byte?"),
        extra_headers={"anthropic-beta": "context-1m-2025-08-07"},
        extra_body={"x_new": {"b": 1, "a": [1.0, "é"]}},
    )

    headers = claude.headers[-1]
    assert claude.bodies[-1] == raw.http_request.content
    assert headers["anthropic-beta"] == "context-1m-2025-08-07"
    assert headers["anthropic-version"] == raw.http_request.headers["anthropic-version"]
    assert headers["x-api-key"] == "sk-claude"
    assert KEY not in repr(headers)
    assert not [name for name in headers if name.startswith(("x-stainless-", "x-sparingly-"))]


def test_what_anthropic_streams_arrives_as_it_is(client: Anthropic) -> None:
    """Every block in its place, the cache's tokens counted once."""
    with client.messages.stream(
        model="claude-sonnet-4-6", max_tokens=300, messages=user("As it is?")
    ) as stream:
        message = stream.get_final_message()

    kinds = [block.type for block in message.content]
    assert kinds == ["thinking", "redacted_thinking", "text", "text", "tool_use", "tool_use"]
    assert message.content[-1].type == "tool_use"
    assert message.content[-1].input == {}
    usage = message.usage
    counts = (usage.input_tokens, usage.cache_creation_input_tokens, usage.cache_read_input_tokens)
    assert (*counts, usage.output_tokens) == (21, 188, 1024, 305)


@PROVIDERS
def test_tokens_are_counted(client: Anthropic, model: str) -> None:
    """By the provider where it can, else by estimate, which says so."""
    raw = client.messages.with_raw_response.count_tokens(model=model, messages=user("How many?"))

    assert raw.parse().input_tokens > 0
    assert raw.headers.get("x-sparingly-estimated") == (None if model == "gpt-4o" else "true")


@pytest.mark.parametrize("base", ["", "/v1"])
def test_the_base_url_may_hold_the_version(gateway: GatewayProcess, base: str) -> None:
    """Whichever way a client was configured."""
    with Anthropic(base_url=gateway.url + base, api_key=KEY, max_retries=0) as client:
        message = client.messages.create(model="gpt-4o", max_tokens=9, messages=user(f"Base {base}?"))
        models = [model.id for model in client.models.list()]
        one = client.models.retrieve("fast")

    assert said(message)
    assert "fast" in models
    assert (one.id, one.type) == ("fast", "model")


@pytest.mark.parametrize("base", ["", "/v1"])
def test_so_may_that_of_openais_client(gateway: GatewayProcess, base: str) -> None:
    """It appends no version of its own."""
    with OpenAI(base_url=gateway.url + base, api_key=KEY, max_retries=0) as client:
        answer = client.chat.completions.create(model="gpt-4o", messages=user(f"OpenAI's base {base}?"))
        models = [model.id for model in client.models.list()]

    assert answer.choices[0].message.content
    assert "fast" in models


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("nobody-serves-this", anthropic.NotFoundError),
        ("broken-1", anthropic.InternalServerError),
        ("limited-1", anthropic.RateLimitError),
        ("down-1", anthropic.InternalServerError),
    ],
)
def test_errors_are_the_clients_own(client: Anthropic, model: str, error: type[anthropic.APIError]) -> None:
    """By status and type, with the message in the place where the client looks."""
    with pytest.raises(error) as caught:
        client.messages.create(model=model, max_tokens=9, messages=user("Hi"))

    body: Any = caught.value.body
    assert body["type"] == "error"
    assert body["error"]["message"]


def test_a_wrong_key_is_an_authentication_error(gateway: GatewayProcess) -> None:
    """Whether it comes as a Bearer token or as x-api-key."""
    for headers in ({"x-api-key": "wrong"}, {"authorization": "Bearer wrong"}):
        with (
            Anthropic(base_url=gateway.url, api_key="wrong", max_retries=0) as client,
            pytest.raises(anthropic.AuthenticationError),
        ):
            client.messages.create(model="gpt-4o", max_tokens=9, messages=user("Hi"), extra_headers=headers)


def test_a_key_may_come_as_x_api_key(gateway: GatewayProcess) -> None:
    """As the older clients send it."""
    with gateway.client() as http:
        body = {"model": "gpt-4o", "max_tokens": 9, "messages": user("Which header?")}
        got = http.post("/v1/messages", json=body, headers={"x-api-key": KEY})

    assert got.status_code == 200


def test_a_stream_that_is_cut_is_an_error(client: Anthropic) -> None:
    """Never a message that looks whole."""
    with (
        pytest.raises(anthropic.APIError),
        client.messages.stream(model="cut-1", max_tokens=300, messages=user("Cut?")) as stream,
    ):
        stream.get_final_message()


def test_what_chat_completions_cannot_express_is_refused_by_name(client: Anthropic) -> None:
    """Dropping it would answer another question."""
    with pytest.raises(anthropic.BadRequestError, match="web_search") as caught:
        client.messages.create(
            model="served-4o",
            max_tokens=9,
            tools=[{"type": "web_search_20250305", "name": "web_search"}],
            messages=user("Search."),
        )

    body: Any = caught.value.body
    assert body["error"]["type"] == "invalid_request_error"
