import base64
import json
import struct
from collections.abc import Awaitable, Callable

import pytest
from anthropic.types import Message

from sparingly.errors import UpstreamBroke
from sparingly.ports import UpstreamReply, UpstreamRequest
from sparingly.settings import Simulation
from sparingly.upstreams.simulated import SimulatedUpstream
from sparingly.upstreams.simulated_log import question
from tests.protocols.anthropic.events import checked

pytestmark = pytest.mark.anyio


class Naps:
    """A sleep that only remembers."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


async def no_nap(_: float) -> None:
    raise AssertionError("nothing was configured to wait for")


def upstream(
    knobs: Simulation | None = None,
    *,
    answers: dict[bytes, bytes] | None = None,
    sleep: Callable[[float], Awaitable[None]] = no_nap,
) -> SimulatedUpstream:
    return SimulatedUpstream(
        name="sim", simulation=knobs or Simulation(), models=("a", "b"), answers=answers or {}, sleep=sleep
    )


def chat(content: str = "hello", *, model: str = "m", stream: bool = False) -> UpstreamRequest:
    asked = {"model": model, "messages": [{"role": "user", "content": content}], "stream": stream}
    return UpstreamRequest("POST", "/v1/chat/completions", body=json.dumps(asked).encode(), model=model)


async def read(simulated: SimulatedUpstream, request: UpstreamRequest) -> tuple[int, bytes]:
    reply = await simulated.send(request)
    return reply.status, await reply.read()


async def read_until_broken(reply: UpstreamReply) -> bytes:
    """What came before the break; without one the test fails."""
    got = b""
    try:
        async for piece in reply.body():
            got += piece
    except UpstreamBroke:
        return got
    pytest.fail("the answer ended as if it were whole")


async def test_without_knobs_nothing_waits_or_fails() -> None:
    """A hundred answers, none like another."""
    simulated = upstream()

    replies = [await read(simulated, chat(f"question {n}")) for n in range(100)]

    assert {status for status, _ in replies} == {200}
    assert len({body for _, body in replies}) == 100


async def test_faults_fall_on_the_same_requests_in_every_run() -> None:
    """As often as configured, told in OpenAI's words; the seed moves them."""
    knobs = Simulation(error_rate=0.2, rate_limit_rate=0.3)

    async def statuses(chosen: Simulation) -> list[int]:
        return [(await read(upstream(chosen), chat(f"question {n}")))[0] for n in range(300)]

    first = await statuses(knobs)

    assert first == await statuses(knobs)
    assert first != await statuses(Simulation(seed=1, error_rate=0.2, rate_limit_rate=0.3))
    assert 40 < first.count(500) < 80
    assert 65 < first.count(429) < 115


async def test_another_model_may_answer_what_one_does_not() -> None:
    """Else no fallback could be shown."""
    simulated = upstream(Simulation(error_rate=0.5))

    statuses = [(await read(simulated, chat(model=f"m{n}")))[0] for n in range(20)]

    assert set(statuses) == {200, 500}


async def test_errors_have_openai_bodies() -> None:
    """And a rate limit says when to come back."""
    failing = await upstream(Simulation(error_rate=1)).send(chat())
    limited = await upstream(Simulation(rate_limit_rate=1)).send(chat())

    told = json.loads(await limited.read())
    assert json.loads(await failing.read())["error"]["type"] == "server_error"
    assert told["error"]["code"] == "rate_limit_exceeded"
    assert ("retry-after", "1") in limited.headers


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_cut_answer_begins_and_breaks(*, stream: bool) -> None:
    """About halfway, and never as if it had ended."""
    reply = await upstream(Simulation(cut_rate=1)).send(chat(stream=stream))
    full = await (await upstream().send(chat(stream=stream))).read()

    got = await read_until_broken(reply)

    assert reply.status == 200
    assert 0 < len(got) < len(full)
    assert full.startswith(got)


async def test_a_stream_keeps_its_pace() -> None:
    """The head after the latency, the first event after its own wait, then one wait an event."""
    naps = Naps()
    knobs = Simulation(latency_s=0.1, first_token_s=0.2, chunk_s=0.01)
    reply = await upstream(knobs, sleep=naps).send(chat(stream=True))
    before = list(naps.taken)

    pieces = [piece async for piece in reply.body()]

    assert before == [0.1]
    assert naps.taken == [0.1, 0.2] + [0.01] * (len(pieces) - 1)


async def test_a_whole_answer_takes_as_long_as_a_streamed_one() -> None:
    """A model writes no faster for a client that waits."""
    knobs = Simulation(latency_s=0.1, first_token_s=0.2, chunk_s=0.01)
    whole, streamed = Naps(), Naps()

    await read(upstream(knobs, sleep=whole), chat())
    await read(upstream(knobs, sleep=streamed), chat(stream=True))

    assert sum(whole.taken) == pytest.approx(sum(streamed.taken))


async def test_larger_chunks_make_fewer_events() -> None:
    """`chunk_tokens` is how much an event says."""
    small = (await read(upstream(Simulation(chunk_tokens=1)), chat(stream=True)))[1]
    large = (await read(upstream(Simulation(chunk_tokens=50)), chat(stream=True)))[1]

    assert small.count(b"data: ") > 4 * large.count(b"data: ")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_logged_question_gets_its_logged_answer(*, stream: bool) -> None:
    """Under the model that was asked."""
    logged = (
        b'{"id": "x", "model": "old", "note": 1, "choices": [{"index": 0,'
        b' "message": {"role": "assistant", "content": "logged words"}, "finish_reason": "stop"}]}'
    )
    asked = chat(stream=stream)
    assert isinstance(asked.body, bytes)
    key = question(asked.body)
    assert key is not None

    status, body = await read(upstream(answers={key: logged}), asked)

    assert status == 200
    assert b"logged words" in body
    assert b'"model":"m"' in body
    assert (b'"note":1' in body) is not stream


async def test_a_logged_error_gives_way_to_a_made_up_answer() -> None:
    """The log's failures are not the simulation's."""
    asked = chat()
    assert isinstance(asked.body, bytes)
    key = question(asked.body)
    assert key is not None

    assert await read(upstream(answers={key: b'{"error": {}}'}), asked) == await read(upstream(), asked)


async def test_a_wrong_request_is_told_so() -> None:
    """With OpenAI's status and the field's name."""
    status, body = await read(upstream(), UpstreamRequest("POST", "/v1/chat/completions", body=b"{}"))

    assert status == 400
    assert json.loads(body)["error"]["type"] == "invalid_request_error"
    assert "model" in json.loads(body)["error"]["message"]


async def test_models_are_listed() -> None:
    """All of them, or one."""
    _, listed = await read(upstream(), UpstreamRequest("GET", "/v1/models"))
    _, one = await read(upstream(), UpstreamRequest("GET", "/v1/models/a"))

    assert [model["id"] for model in json.loads(listed)["data"]] == ["a", "b"]
    assert json.loads(one)["id"] == "a"


async def embed(**fields: object) -> tuple[int, dict[str, list[dict[str, object]]]]:
    asked = json.dumps({"model": "e", "dimensions": 8, **fields}).encode()
    status, body = await read(upstream(), UpstreamRequest("POST", "/v1/embeddings", body=asked))
    return status, json.loads(body)


async def test_embeddings_depend_on_the_text_alone() -> None:
    """In either encoding that SDKs ask for."""
    _, lists = await embed(input=["x", "y", "x"])
    _, packed = await embed(input="x", encoding_format="base64")

    x, y, again = (line["embedding"] for line in lists["data"])
    unpacked = struct.unpack("<8f", base64.b64decode(str(packed["data"][0]["embedding"])))
    assert x == again != y
    assert list(unpacked) == pytest.approx(x)


@pytest.mark.parametrize("fields", [{}, {"input": []}, {"input": 3}, {"input": "x", "dimensions": 0}])
async def test_a_wrong_embedding_request_is_refused(fields: dict[str, object]) -> None:
    """With a 400, as OpenAI does."""
    assert (await embed(**fields))[0] == 400


async def test_any_other_path_is_echoed() -> None:
    """Method, path, headers and body, but no credential."""
    text = UpstreamRequest("PUT", "/v1/x?y=1", (("x-a", "1"), ("Authorization", "secret")), b"words")
    binary = UpstreamRequest("POST", "/v1/files", (), b"\xff\xfe")

    _, told = await read(upstream(), text)
    _, packed = await read(upstream(), binary)

    assert json.loads(told) == {
        "method": "PUT",
        "path": "/v1/x?y=1",
        "headers": [["x-a", "1"]],
        "body": "words",
    }
    assert base64.b64decode(json.loads(packed)["body_base64"]) == b"\xff\xfe"


def messages(**fields: object) -> UpstreamRequest:
    asked = {"model": "m", "max_tokens": 99, "messages": [{"role": "user", "content": "Hi"}]} | fields
    return UpstreamRequest("POST", "/v1/messages", body=json.dumps(asked).encode())


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_it_speaks_anthropics_dialect(*, stream: bool) -> None:
    """With the words that it has in any other."""
    _, chatted = await read(upstream(), chat("Hi", model="m"))
    status, body = await read(upstream(), messages(stream=stream))
    message = checked(body) if stream else Message.model_validate_json(body)

    (block,) = message.content
    assert status == 200
    assert block.type == "text"
    assert block.text == json.loads(chatted)["choices"][0]["message"]["content"]


async def test_it_counts_as_anthropic_does() -> None:
    """Without a limit."""
    asked = b'{"model": "m", "messages": [{"role": "user", "content": "Hi"}]}'
    _, body = await read(upstream(), UpstreamRequest("POST", "/v1/messages/count_tokens", body=asked))

    assert json.loads(body)["input_tokens"] > 0


@pytest.mark.parametrize(
    ("knobs", "request_", "status", "kind"),
    [
        (Simulation(), messages(max_tokens=None), 400, "invalid_request_error"),
        (Simulation(error_rate=1), messages(), 500, "api_error"),
        (Simulation(rate_limit_rate=1), messages(), 429, "rate_limit_error"),
    ],
)
async def test_it_fails_as_anthropic_does(
    knobs: Simulation, request_: UpstreamRequest, status: int, kind: str
) -> None:
    """In the shape that the path's clients expect."""
    got, body = await read(upstream(knobs), request_)

    assert (got, json.loads(body)["type"], json.loads(body)["error"]["type"]) == (status, "error", kind)


async def test_models_are_listed_in_the_form_of_whoever_asks() -> None:
    """Anthropic's clients name a version of their API."""
    asked = UpstreamRequest("GET", "/v1/models", (("anthropic-version", "2026-10-21"),))
    _, body = await read(upstream(), asked)

    assert [(model["type"], model["id"]) for model in json.loads(body)["data"]] == [
        ("model", "a"),
        ("model", "b"),
    ]
