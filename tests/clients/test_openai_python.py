"""OpenAI's own Python client against a running gateway: nothing but the base URL changes."""

import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tests.clients.conftest import KEY
from tests.fakes.provider_server import ProviderServer
from tests.gateway_process import GatewayProcess

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(60)]

PROVIDERS = pytest.mark.parametrize("model", ["gpt-4o", "served-4o"])

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"],
        },
    },
}
PIXEL = base64.b64encode(b"\x89PNG not really").decode()


@pytest.fixture
def client(gateway: GatewayProcess) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{gateway.url}/v1", api_key=KEY, max_retries=0) as made:
        yield made


@pytest.fixture
async def async_client(gateway: GatewayProcess) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=KEY, max_retries=0) as made:
        yield made


def user(*content: object) -> Any:
    return [{"role": "user", "content": content[0] if len(content) == 1 else list(content)}]


def text_of(chunks: list[ChatCompletionChunk]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def essence(completion: ChatCompletion) -> dict[str, object]:
    """An answer without what is its own each time, and without what a count of tokens may tell besides."""
    told = completion.model_dump(exclude={"id", "created", "usage"}, exclude_none=True)
    assert completion.usage is not None
    counts = completion.usage.model_dump(include={"prompt_tokens", "completion_tokens", "total_tokens"})
    return told | {"usage": counts}


def kept(ask: Callable[[], str]) -> str:
    """Ask again until the first answer has been written back; the verdict that ends it."""
    for _ in range(200):
        verdict = ask()
        if verdict != "miss":
            return verdict
    raise AssertionError("nothing was ever kept")


@PROVIDERS
def test_a_whole_answer_and_its_hit_look_the_same(client: OpenAI, model: str) -> None:
    """All but id and time; each is its own."""

    def ask() -> tuple[str, ChatCompletion]:
        raw = client.chat.completions.with_raw_response.create(
            model=model, messages=user("Why is the sky blue?"), temperature=0.5, seed=7
        )
        return raw.headers["x-sparingly-cache"], raw.parse()

    verdict, first = ask()
    answers = [first]

    def again() -> str:
        found, answer = ask()
        answers.append(answer)
        return found

    assert (verdict, kept(again)) == ("miss", "exact")
    assert first.choices[0].message.content
    assert essence(answers[-1]) == essence(first)
    assert answers[-1].id != first.id


@PROVIDERS
def test_a_streamed_answer_and_its_hit_look_the_same(client: OpenAI, model: str) -> None:
    """Word for word, with its role, its end and its usage."""
    verdicts: list[str] = []

    def ask() -> str:
        with client.chat.completions.with_streaming_response.create(
            model=model,
            messages=user("Why is the sea salty?"),
            stream=True,
            stream_options={"include_usage": True},
        ) as response:
            verdicts.append(response.headers["x-sparingly-cache"])
            streams.append(list(response.parse()))
        return verdicts[-1]

    streams: list[list[ChatCompletionChunk]] = []
    ask()
    kept(ask)

    first, last = streams[0], streams[-1]
    assert (verdicts[0], verdicts[-1]) == ("miss", "exact")
    assert text_of(first) == text_of(last) != ""
    for chunks in (first, last):
        assert len({chunk.id for chunk in chunks}) == 1
        assert chunks[0].choices[0].delta.role == "assistant"
        assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
        assert chunks[-1].choices == []
    assert first[-1].usage is not None
    assert last[-1].usage is not None
    assert first[-1].usage.total_tokens == last[-1].usage.total_tokens


@PROVIDERS
def test_a_stream_without_usage_has_none(client: OpenAI, model: str) -> None:
    """A chunk without choices breaks clients that did not ask for it."""
    for _ in range(2):
        chunks = list(
            client.chat.completions.create(model=model, messages=user("Why is snow white?"), stream=True)
        )
        assert all(chunk.choices for chunk in chunks)
        assert all(chunk.usage is None for chunk in chunks)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@PROVIDERS
def test_tools_are_called_and_their_results_taken(client: OpenAI, model: str, stream: bool) -> None:  # noqa: FBT001
    """The round trip of every agent."""
    question = user(f"What is the weather in Paris, {stream=}?")
    create: Any = client.chat.completions.create

    for _ in range(2):
        answer = create(
            model=model, messages=question, tools=[WEATHER], tool_choice="required", stream=stream
        )
        call = _streamed_call(list(answer)) if stream else _whole_call(answer)
        assert call["name"] == "get_weather"
        assert isinstance(json.loads(call["arguments"])["city"], str)

        said: Any = {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": call["id"],
                    "type": "function",
                    "function": {"name": call["name"], "arguments": call["arguments"]},
                }
            ],
        }
        result: Any = {"role": "tool", "tool_call_id": call["id"], "content": "21 degrees"}
        final = client.chat.completions.create(
            model=model, messages=[*question, said, result], tools=[WEATHER]
        )
        assert final.choices[0].finish_reason == "stop"
        assert final.choices[0].message.content


@PROVIDERS
def test_several_choices_come_back_with_their_hit(client: OpenAI, model: str) -> None:
    """In order, each with its own words."""
    for _ in range(3):
        answer = client.chat.completions.create(model=model, messages=user("Name a color."), n=2)
        assert [choice.index for choice in answer.choices] == [0, 1]
        assert len({choice.message.content for choice in answer.choices}) == 2


@PROVIDERS
def test_a_response_format_is_kept_to(client: OpenAI, model: str) -> None:
    """Objects, and schemas through the client's own parser."""
    free = client.chat.completions.create(
        model=model, messages=user("Give me JSON."), response_format={"type": "json_object"}
    )
    shaped = client.chat.completions.create(
        model=model,
        messages=user("Give me a city."),
        response_format={
            "type": "json_schema",
            "json_schema": {
                "name": "city",
                "strict": True,
                "schema": {
                    "type": "object",
                    "properties": {"name": {"type": "string"}},
                    "required": ["name"],
                    "additionalProperties": False,
                },
            },
        },
    )

    assert isinstance(json.loads(free.choices[0].message.content or ""), dict)
    assert isinstance(json.loads(shaped.choices[0].message.content or "")["name"], str)


@PROVIDERS
def test_images_travel(client: OpenAI, model: str, served: ProviderServer) -> None:
    """By address and in the request; another image is another question."""
    text = {"type": "text", "text": "What is in this picture?"}
    verdicts = []
    for url in (f"data:image/png;base64,{PIXEL}", "https://example.com/a.png", "https://example.com/b.png"):
        raw = client.chat.completions.with_raw_response.create(
            model=model,
            messages=user(text, {"type": "image_url", "image_url": {"url": url, "detail": "low"}}),
        )
        verdicts.append(raw.headers["x-sparingly-cache"])
        assert raw.parse().choices[0].message.content

    assert verdicts == ["miss"] * 3
    if model.startswith("served"):
        assert b"https://example.com/b.png" in served.requests[-1].body


def test_what_nobody_here_knows_travels_both_ways(client: OpenAI, served: ProviderServer) -> None:
    """Log probabilities, reasoning effort, a field of tomorrow."""
    client.chat.completions.create(
        model="served-4o",
        messages=user("How are you?"),
        logprobs=True,
        top_logprobs=2,
        reasoning_effort="low",
        extra_body={"x_tomorrow": {"a": [1]}},
        extra_headers={"OpenAI-Beta": "x=1"},
        user="u-1",
    )

    request = served.requests[-1]
    sent = json.loads(request.body)
    assert (sent["logprobs"], sent["top_logprobs"], sent["reasoning_effort"]) == (True, 2, "low")
    assert sent["x_tomorrow"] == {"a": [1]}
    assert request.header("openai-beta") == "x=1"
    assert request.header("authorization") == "Bearer sk-served"
    assert KEY not in repr(request)


def test_models_are_listed(client: OpenAI) -> None:
    """As the client reads them."""
    models = {model.id: model.object for model in client.models.list()}

    assert models["fast"] == models["gpt-4o"] == "model"


def test_one_model_is_told_of(client: OpenAI) -> None:
    """A path that is only relayed."""
    assert client.models.retrieve("gpt-4o").id == "gpt-4o"


def test_a_file_is_uploaded_and_an_answer_is_read_as_bytes(client: OpenAI) -> None:
    """A multipart body and a raw answer; the simulated provider tells what came."""
    body = client.files.with_raw_response.create(
        file=("log.jsonl", b"\x00\x01binary\xff" * 10), purpose="batch"
    ).text
    told = json.loads(body)
    binary = client.files.content("file-1").read()

    assert told["path"] == "/v1/files"
    assert dict(told["headers"])["content-type"].startswith("multipart/form-data; boundary=")
    assert b"log.jsonl" in base64.b64decode(told["body_base64"])
    assert json.loads(binary)["path"] == "/v1/files/file-1/content"


ERRORS = [
    ({"model": "nobody-serves-this"}, openai.NotFoundError, "unknown-model"),
    ({"messages": []}, openai.BadRequestError, "invalid-request"),
    ({"temperature": "hot"}, openai.BadRequestError, "invalid-request"),
    ({"extra_headers": {"Cache-Control": "max-age=x"}}, openai.BadRequestError, "invalid-request"),
    ({"extra_headers": {"Cache-Control": "only-if-cached"}}, openai.InternalServerError, "not-cached"),
    ({"model": "limited-1"}, openai.RateLimitError, "provider-error"),
    ({"model": "broken-1"}, openai.InternalServerError, "provider-error"),
    ({"model": "down-1"}, openai.InternalServerError, "upstream-unreachable"),
    ({"tool_choice": "required"}, openai.BadRequestError, "provider-error"),
]


@pytest.mark.parametrize(("fields", "kind", "reason"), ERRORS, ids=[str(fields) for fields, _, _ in ERRORS])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_errors_are_the_clients_own_exceptions(
    client: OpenAI,
    fields: dict[str, Any],
    kind: type[openai.APIStatusError],
    reason: str,
    stream: bool,  # noqa: FBT001
) -> None:
    """With a message that can be shown, and a mark that tells whose error it was."""
    ask: dict[str, Any] = {"model": "gpt-4o", "messages": user("What is wrong here?")} | fields

    with pytest.raises(kind) as caught:
        client.chat.completions.create(**ask, stream=stream)

    assert caught.value.response.headers["x-sparingly-reason"] == reason
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["message"]
    assert str(caught.value.body["message"]) in str(caught.value)


def test_a_wrong_key_is_an_authentication_error(gateway: GatewayProcess) -> None:
    """And is quoted by nobody."""
    with (
        OpenAI(base_url=f"{gateway.url}/v1", api_key="wrong-key", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError) as caught,
    ):
        client.models.list()

    assert "wrong-key" not in str(caught.value)


def test_a_stream_that_breaks_is_an_error_and_no_answer(client: OpenAI) -> None:
    """After its first words, so no other provider can take over."""
    words: list[str] = []
    stream = client.chat.completions.create(model="cut-1", messages=user("Tell me a story."), stream=True)

    with pytest.raises(openai.APIError, match="cut its answer"):
        words.extend(chunk.choices[0].delta.content or "" for chunk in stream)


@PROVIDERS
async def test_the_asynchronous_client_is_served_alike(async_client: AsyncOpenAI, model: str) -> None:
    """Whole, streamed, and what is only relayed."""
    whole = await async_client.chat.completions.create(model=model, messages=user("What is rain?"))
    stream = await async_client.chat.completions.create(
        model=model, messages=user("What is rain?"), stream=True
    )
    chunks = [chunk async for chunk in stream]
    models = [one.id async for one in async_client.models.list()]

    assert text_of(chunks) == whole.choices[0].message.content
    assert models
    with pytest.raises(openai.NotFoundError):
        await async_client.chat.completions.create(model="nobody", messages=user("Hi"))


async def test_a_client_that_leaves_a_stream_is_no_trouble_to_others(async_client: AsyncOpenAI) -> None:
    """The next request on the same client is served."""
    stream = await async_client.chat.completions.create(
        model="served-4o", messages=user("Count to a thousand."), stream=True
    )
    await anext(aiter(stream))
    await stream.close()

    again = await async_client.chat.completions.create(model="served-4o", messages=user("Count to ten."))

    assert again.choices[0].message.content


def _whole_call(answer: ChatCompletion) -> dict[str, str]:
    (choice,) = answer.choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls is not None
    (call,) = choice.message.tool_calls
    assert call.type == "function"
    return {"id": call.id, "name": call.function.name, "arguments": call.function.arguments}


def _streamed_call(chunks: list[ChatCompletionChunk]) -> dict[str, str]:
    call = {"id": "", "name": "", "arguments": ""}
    for chunk in chunks:
        for delta in chunk.choices[0].delta.tool_calls or ():
            assert delta.index == 0
            call["id"] += delta.id or ""
            if delta.function is not None:
                call["name"] += delta.function.name or ""
                call["arguments"] += delta.function.arguments or ""
    assert [chunk.choices[0].finish_reason for chunk in chunks][-1] == "tool_calls"
    return call
