"""Anthropic's own Python client against a running gateway: nothing but the base URL changes."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from anthropic import Anthropic, AsyncAnthropic
from anthropic.types import Message
from pydantic import BaseModel

from tests.clients.anthropic_asking import PROVIDERS, kept, said, scripted, user
from tests.clients.conftest import KEY
from tests.gateway_process import GatewayProcess

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(60)]

WEATHER: Any = {
    "name": "get_weather",
    "description": "The weather in a city.",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city"],
    },
}


class City(BaseModel):
    name: str
    inhabitants: int


@pytest.fixture
def client(gateway: GatewayProcess) -> Iterator[Anthropic]:
    with Anthropic(base_url=gateway.url, api_key=KEY, max_retries=0) as made:
        yield made


@pytest.fixture
async def async_client(gateway: GatewayProcess) -> AsyncIterator[AsyncAnthropic]:
    async with AsyncAnthropic(base_url=gateway.url, api_key=KEY, max_retries=0) as made:
        yield made


@PROVIDERS
def test_a_whole_answer_and_its_hit_look_the_same(client: Anthropic, model: str) -> None:
    """All but the id and the marks of the cache."""
    answers: list[Message] = []

    def ask() -> str:
        raw = client.messages.with_raw_response.create(
            model=model, max_tokens=300, system="Be brief.", messages=user("Why is the sky blue, Claude?")
        )
        answers.append(raw.parse())
        return raw.headers["x-sparingly-cache"]

    assert (ask(), kept(ask)) == ("miss", "exact")
    first, last = answers[0], answers[-1]
    assert said(first) == said(last) != ""
    assert (last.model, last.stop_reason, last.role) == (first.model, first.stop_reason, first.role)
    assert first.id != last.id
    assert last.id.startswith("msg_")
    assert first.usage.input_tokens > 0
    assert last.usage.cache_read_input_tokens == first.usage.input_tokens
    assert last.usage.output_tokens == first.usage.output_tokens > 0


@PROVIDERS
def test_the_streaming_helper_sees_every_event(client: Anthropic, model: str) -> None:
    """Fresh and from memory: start, words, stop, final message."""
    finals: list[Message] = []
    kinds: list[list[str]] = []

    def ask() -> str:
        with client.messages.stream(
            model=model, max_tokens=300, messages=user("Why is the sea salty, Claude?")
        ) as stream:
            kinds.append([event.type for event in stream])
            finals.append(stream.get_final_message())
            return str(stream.response.headers["x-sparingly-cache"])

    assert (ask(), kept(ask)) == ("miss", "exact")
    assert said(finals[0]) == said(finals[-1]) != ""
    for seen in (kinds[0], kinds[-1]):
        assert (seen[0], seen[-1]) == ("message_start", "message_stop")
        assert {"content_block_start", "text", "content_block_stop", "message_delta"} <= set(seen)
    assert finals[0].usage.output_tokens == finals[-1].usage.output_tokens > 0
    assert finals[-1].usage.cache_read_input_tokens == finals[0].usage.input_tokens > 0


@PROVIDERS
async def test_the_asynchronous_client_streams_words(async_client: AsyncAnthropic, model: str) -> None:
    """As they come."""
    async with async_client.messages.stream(
        model=model, max_tokens=300, messages=user("Count to three, Claude.")
    ) as stream:
        words = [text async for text in stream.text_stream]
        final = await stream.get_final_message()

    assert len(words) > 1
    assert "".join(words) == said(final)


@PROVIDERS
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_conversation_with_tools_goes_on(client: Anthropic, model: str, *, streamed: bool) -> None:
    """Two calls in one turn, their results, the last word."""
    goal = scripted(
        {
            "text": "Let me look.",
            "tools": [{"name": "get_weather", "input": {"city": "Paris"}}, {"name": "now", "input": {}}],
        },
        {"text": "It is {result}."},
        goal=f"Weather, {model}, {streamed}?",
    )
    tools = [WEATHER, {"name": "now", "input_schema": {"type": "object"}}]
    conversation = user(goal)

    def ask() -> Message:
        if not streamed:
            return client.messages.create(model=model, max_tokens=300, tools=tools, messages=conversation)
        with client.messages.stream(
            model=model, max_tokens=300, tools=tools, messages=conversation
        ) as stream:
            return stream.get_final_message()

    called = ask()
    calls = [block for block in called.content if block.type == "tool_use"]
    conversation.append({"role": "assistant", "content": called.content})
    results = [
        {"type": "tool_result", "tool_use_id": call.id, "content": f"{call.name} is fine"} for call in calls
    ]
    conversation.append({"role": "user", "content": results})
    last = ask()

    assert called.stop_reason == "tool_use"
    assert [block.type for block in called.content] == ["text", "tool_use", "tool_use"]
    assert [(call.name, call.input) for call in calls] == [("get_weather", {"city": "Paris"}), ("now", {})]
    assert (said(last), last.stop_reason) == ("It is get_weather is fine\nnow is fine.", "end_turn")


@PROVIDERS
def test_a_tool_that_must_be_called_is(client: Anthropic, model: str) -> None:
    """With arguments that fit its schema."""
    message = client.messages.create(
        model=model,
        max_tokens=300,
        tools=[WEATHER],
        tool_choice={"type": "tool", "name": "get_weather", "disable_parallel_tool_use": True},
        messages=user("Is it wet, Claude?"),
    )

    (call,) = [block for block in message.content if block.type == "tool_use"]
    assert isinstance(call.input, dict)
    assert isinstance(call.input["city"], str)


@PROVIDERS
def test_an_answer_is_parsed_into_a_model(client: Anthropic, model: str) -> None:
    """Structured outputs, by the client's own parser."""
    parsed = client.messages.parse(
        model=model, max_tokens=300, output_format=City, messages=user("A city, Claude?")
    )

    assert isinstance(parsed.parsed_output, City)


def test_thinking_goes_back_signed(client: Anthropic) -> None:
    """The provider refuses a block whose signature was lost on the way."""
    goal = scripted(
        {"thinking": "I need the weather.", "tools": [{"name": "get_weather", "input": {"city": "Rome"}}]},
        {"text": "{result}"},
        goal="Think, Claude.",
    )
    conversation = user(goal)
    thinking: Any = {"type": "enabled", "budget_tokens": 1024}
    with client.messages.stream(
        model="gpt-4o", max_tokens=2000, thinking=thinking, tools=[WEATHER], messages=conversation
    ) as stream:
        first = stream.get_final_message()
    call = first.content[-1]
    assert call.type == "tool_use"
    conversation += [
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "sun"}]},
    ]

    last = client.messages.create(
        model="gpt-4o", max_tokens=2000, thinking=thinking, tools=[WEATHER], messages=conversation
    )

    assert [block.type for block in first.content] == ["thinking", "tool_use"]
    assert said(last) == "sun"
