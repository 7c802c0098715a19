"""OpenAI's own Python client of Responses against a running gateway, whatever its provider speaks."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.responses import Response
from pydantic import BaseModel

from tests.clients.conftest import KEY
from tests.clients.crossing import UPSTREAMS, crossing_gateway, key_to
from tests.clients.scripts import WEATHER_ANSWER, weather
from tests.gateway_process import GatewayProcess

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(60)]

WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}


class City(BaseModel):
    name: str
    inhabitants: int


@pytest.fixture(scope="module")
def crossing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with crossing_gateway(tmp_path_factory.mktemp("crossing")) as gateway:
        yield gateway


@pytest.fixture(params=UPSTREAMS)
def upstream(request: pytest.FixtureRequest) -> str:
    """What the requests are translated into; `any` is not at all."""
    name: str = request.param
    return name


@pytest.fixture
def client(crossing: GatewayProcess, upstream: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{crossing.url}/v1", api_key=key_to(upstream), max_retries=0) as made:
        yield made


@pytest.fixture
async def async_client(crossing: GatewayProcess, upstream: str) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{crossing.url}/v1", api_key=key_to(upstream), max_retries=0) as made:
        yield made


@pytest.fixture
def own(crossing: GatewayProcess) -> Iterator[OpenAI]:
    """A client whose provider speaks its dialect."""
    with OpenAI(base_url=f"{crossing.url}/v1", api_key=key_to("any"), max_retries=0) as made:
        yield made


def kept(ask: Callable[[], str]) -> str:
    """Ask again until the first answer has been written back; the verdict that ends it."""
    for _ in range(200):
        verdict = ask()
        if verdict != "miss":
            return verdict
    raise AssertionError("nothing was ever kept")


def essence(answer: Response) -> dict[str, object]:
    """An answer without what is its own each time."""
    items = [item.model_dump(exclude={"id", "status"}, exclude_none=True) for item in answer.output]
    assert answer.usage is not None
    return {
        "model": answer.model,
        "status": answer.status,
        "output": items,
        "tokens": (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens),
    }


def test_a_whole_answer_and_its_hit_look_the_same(client: OpenAI) -> None:
    """All but id and time; each is its own."""
    answers: list[Response] = []

    def ask() -> str:
        raw = client.responses.with_raw_response.create(
            model="gpt-4o", input="Why is the sky blue?", instructions="Be brief.", temperature=0.5
        )
        answers.append(raw.parse())
        return raw.headers["x-sparingly-cache"]

    assert (ask(), kept(ask)) == ("miss", "exact")
    first, last = answers[0], answers[-1]
    assert first.output_text
    assert essence(first) == essence(last)
    assert first.id != last.id
    assert getattr(last.usage, "cached", None) is True
    assert (last.instructions, last.temperature) == ("Be brief.", 0.5)


def test_the_streaming_helper_sees_every_event(client: OpenAI) -> None:
    """Fresh and from memory: it checks the order, the indexes and the ids, and puts the answer together."""
    finals: list[Response] = []
    kinds: list[list[str]] = []

    def ask() -> str:
        with client.responses.stream(model="gpt-4o", input="Why is the sea salty?") as stream:
            kinds.append([event.type for event in stream])
            finals.append(stream.get_final_response())
            return str(stream._response.headers["x-sparingly-cache"])

    assert (ask(), kept(ask)) == ("miss", "exact")
    assert essence(finals[0]) == essence(finals[-1])
    assert finals[0].output_text
    for seen in (kinds[0], kinds[-1]):
        assert seen[:4] == [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
        ]
        assert seen[-4:] == [
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
        assert set(seen[4:-4]) == {"response.output_text.delta"}


async def test_the_asynchronous_client_gets_whole_and_streamed_answers(async_client: AsyncOpenAI) -> None:
    """The same words either way."""
    whole = await async_client.responses.create(model="gpt-4o", input="Why is snow white?")
    stream = await async_client.responses.create(model="gpt-4o", input="Why is snow white?", stream=True)

    told = [event async for event in stream]

    words = "".join(event.delta for event in told if event.type == "response.output_text.delta")
    assert words == whole.output_text != ""
    assert [event.sequence_number for event in told] == list(range(len(told)))


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_tools_are_called_and_their_results_taken(client: OpenAI, stream: bool) -> None:  # noqa: FBT001
    """The round trip of every agent, a second time from memory; the items go back as they came."""
    question: Any = [{"role": "user", "content": weather()}]
    for _ in range(2):
        first = _answered(client, question, stream=stream)
        (call,) = [item for item in first.output if item.type == "function_call"]
        assert (call.name, json.loads(call.arguments)) == ("get_weather", {"city": "Paris"})
        assert first.output_text == "Let me look."

        result = {"type": "function_call_output", "call_id": call.call_id, "output": "21 degrees in Paris"}
        back = [item.model_dump(exclude_none=True) for item in first.output]
        last = _answered(client, [*question, *back, result], stream=stream)
        assert last.output_text == WEATHER_ANSWER


def test_a_tool_that_must_be_called_is_called(client: OpenAI) -> None:
    """By its name in this dialect."""
    choice: Any = {"type": "function", "name": "get_weather"}

    answer = client.responses.create(
        model="gpt-4o", input="Paris?", tools=[WEATHER], tool_choice=choice, parallel_tool_calls=False
    )

    assert [item.type for item in answer.output] == ["function_call"]
    assert [tool.type for tool in answer.tools] == ["function"]


def test_a_structured_answer_is_parsed(client: OpenAI) -> None:
    """By the client's own parser, fresh, streamed and from memory."""
    ask = client.responses.parse
    parsed = ask(model="gpt-4o", input="Give me a city.", text_format=City).output_parsed
    again = ask(model="gpt-4o", input="Give me a city.", text_format=City).output_parsed
    assert isinstance(parsed, City)
    assert again == parsed

    with client.responses.stream(model="gpt-4o", input="Give me a city.", text_format=City) as stream:
        assert stream.get_final_response().output_parsed == parsed


def test_a_limit_is_told_as_such(client: OpenAI) -> None:
    """An incomplete answer says why, and serves as such."""
    for _ in range(2):
        answer = client.responses.create(model="gpt-4o", input="Tell me all about it.", max_output_tokens=16)
        assert answer.status == "incomplete"
        assert answer.incomplete_details is not None
        assert answer.incomplete_details.reason == "max_output_tokens"


@pytest.mark.parametrize("upstream", ["any", "messages"], indirect=True)
def test_reasoning_goes_back_to_whoever_made_it(client: OpenAI, upstream: str) -> None:
    """Both simulated providers refuse reasoning that is not theirs, to the character."""
    how: Any = {"effort": "low"} if upstream == "any" else None
    more: Any = {"thinking": {"type": "enabled", "budget_tokens": 1024}} if upstream == "messages" else {}
    question: Any = [{"role": "user", "content": "What is on your mind?"}]
    create: Any = client.responses.create

    for stream in (False, True, True):
        asked: dict[str, Any] = {
            "model": "gpt-4o",
            "reasoning": how,
            "include": ["reasoning.encrypted_content"],
            "store": False,
            "max_output_tokens": 2_000,
        }
        asked = {name: value for name, value in asked.items() if value is not None}
        first = _whole(create(**asked, input=question, stream=stream, extra_body=more), stream=stream)
        assert [item.type for item in first.output] == ["reasoning", "message"]

        back = [item.model_dump(exclude_none=True) for item in first.output]
        follow_up = [*question, *back, {"role": "user", "content": "And now?"}]
        assert create(**asked, input=follow_up, extra_body=more).output_text


def test_an_answer_from_memory_can_be_continued_where_it_is_held(own: OpenAI) -> None:
    """Its id is its own, and leads to the provider's."""
    ids: list[str] = []

    def ask() -> str:
        raw = own.responses.with_raw_response.create(model="gpt-4o", input="What can be continued?")
        ids.append(raw.parse().id)
        return raw.headers["x-sparingly-cache"]

    assert (ask(), kept(ask)) == ("miss", "exact")
    assert ids[0] != ids[-1]
    for previous in (ids[0], ids[-1]):
        raw = own.responses.with_raw_response.create(
            model="gpt-4o", input="Go on.", previous_response_id=previous
        )
        assert raw.headers["x-sparingly-reason"] == "held-by-provider"
        assert raw.parse().previous_response_id == ids[0]


@pytest.mark.parametrize("upstream", ["chat", "messages"], indirect=True)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("previous_response_id", "resp_1"),
        ("conversation", "conv_1"),
        ("background", True),
        ("max_tool_calls", 3),
    ],
)
def test_what_another_dialect_cannot_express_is_refused_by_name(
    client: OpenAI, field: str, value: Any
) -> None:
    """Not dropped, and not left to the provider."""
    create: Any = client.responses.create

    with pytest.raises(openai.BadRequestError, match=field) as refused:
        create(model="gpt-4o", input="Hi", **{field: value})

    assert refused.value.param == field


@pytest.mark.parametrize("upstream", ["chat", "messages"], indirect=True)
def test_a_tool_of_the_providers_own_is_refused_elsewhere(client: OpenAI) -> None:
    """Nobody else can search its web."""
    with pytest.raises(openai.BadRequestError, match=r"tools\.0"):
        client.responses.create(model="gpt-4o", input="Hi", tools=[{"type": "web_search"}])


def test_one_answer_serves_both_dialects_and_both_modes(client: OpenAI) -> None:
    """Stored by one, told to the other, whole and streamed."""
    messages: Any = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Who crosses over?"},
    ]

    def by_chat() -> tuple[str, str]:
        raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=messages)
        return raw.headers["x-sparingly-cache"], raw.parse().choices[0].message.content or ""

    verdict, words = by_chat()
    kept(lambda: by_chat()[0])
    raw = client.responses.with_raw_response.create(
        model="gpt-4o", instructions="Be brief.", input="Who crosses over?"
    )
    with client.responses.stream(
        model="gpt-4o", instructions="Be brief.", input="Who crosses over?"
    ) as stream:
        final = stream.get_final_response()
        streamed = stream._response.headers["x-sparingly-cache"]

    assert (verdict, raw.headers["x-sparingly-cache"], streamed) == ("miss", "exact", "exact")
    assert raw.parse().output_text == final.output_text == words != ""


def test_an_answer_to_this_dialect_serves_chat(client: OpenAI) -> None:
    """The way back, streamed with its usage."""

    def ask() -> str:
        raw = client.responses.with_raw_response.create(model="gpt-4o", input="Who crosses back?")
        words.append(raw.parse().output_text)
        return raw.headers["x-sparingly-cache"]

    words: list[str] = []
    assert (ask(), kept(ask)) == ("miss", "exact")
    with client.chat.completions.with_streaming_response.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": "Who crosses back?"}],
        stream=True,
        stream_options={"include_usage": True},
    ) as response:
        verdict, chunks = response.headers["x-sparingly-cache"], list(response.parse())

    assert verdict == "exact"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == words[0]
    assert (chunks[-1].choices, chunks[-1].usage is not None) == ([], True)


@pytest.fixture
def faulty(gateway: GatewayProcess) -> Iterator[OpenAI]:
    """A client of providers that fail as their models' names say."""
    with OpenAI(base_url=f"{gateway.url}/v1", api_key=KEY, max_retries=0) as made:
        yield made


def test_a_cut_stream_raises_a_server_error(faulty: OpenAI) -> None:
    """It is no 400 and no clean end, so that agents try again."""
    told: list[str] = []

    with pytest.raises(openai.APIError, match="cut") as raised:
        told += [
            event.type
            for event in faulty.responses.create(model="cut-1", input="Tell me a story.", stream=True)
        ]

    assert "response.completed" not in told
    assert raised.value.type == "server_error"
    assert not isinstance(raised.value, openai.BadRequestError)


def test_a_cut_whole_answer_is_a_502(faulty: OpenAI) -> None:
    """A network drop is never a 200."""
    with pytest.raises(openai.InternalServerError) as raised:
        faulty.responses.create(model="cut-1", input="Tell me a story.")

    assert raised.value.status_code == 502


@pytest.mark.parametrize(
    ("model", "error"),
    [("broken-1", openai.InternalServerError), ("limited-1", openai.RateLimitError)],
)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_providers_error_keeps_its_status(
    faulty: OpenAI,
    model: str,
    error: type[openai.APIStatusError],
    stream: bool,  # noqa: FBT001
) -> None:
    """The client's own retries depend on it."""
    with pytest.raises(error):
        faulty.responses.create(model=model, input="Hi", stream=stream)


def _answered(client: OpenAI, items: Any, *, stream: bool) -> Response:
    create: Any = client.responses.create
    return _whole(create(model="gpt-4o", input=items, tools=[WEATHER], stream=stream), stream=stream)


def _whole(answer: Any, *, stream: bool) -> Response:
    told: Response = list(answer)[-1].response if stream else answer
    return told
