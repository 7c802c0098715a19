"""Tests of `sparingly.pipeline.counting`."""

import json

import pytest

from sparingly.core.chat import Tenant
from sparingly.core.policy import RoutingPolicy
from sparingly.errors import InvalidRequest
from sparingly.pipeline.counting import Counted
from sparingly.pipeline.exchange import Caller
from tests.fakes.upstream import JSON, Dead, Scripted
from tests.pipeline.world import World, a_world

pytestmark = pytest.mark.anyio

CLAUDE = "claude-haiku-4-5"
EXACT = Scripted((b'{"input_tokens":17}',), headers=JSON)


def body(model: str = CLAUDE, content: object = "How many?", **fields: object) -> bytes:
    asked = {"model": model, "messages": [{"role": "user", "content": content}]} | fields
    return json.dumps(asked).encode()


async def count(
    world: World, asked: bytes, *, headers: tuple[tuple[str, str], ...] = (), pin: str | None = None
) -> Counted:
    caller = Caller(Tenant("acme"), "sk-theirs")
    return await world.pipeline.counter.count(
        asked, caller=caller, pin=pin, headers=headers, query="beta=true"
    )


def script(world: World, *answers: Scripted | Dead) -> None:
    world.claude._script.clear()
    world.claude._script.extend(answers)


async def test_the_provider_that_would_answer_counts() -> None:
    """The body goes on as it came, with its headers and its query."""
    async with a_world() as world:
        script(world, EXACT)
        counted = await count(world, body(), headers=(("anthropic-beta", "x"),))

    (request,) = world.claude.requests
    assert (counted.body, counted.provider, counted.asked) == (b'{"input_tokens":17}', "claude", CLAUDE)
    assert (request.path, request.body) == ("/v1/messages/count_tokens?beta=true", body())
    assert (request.client_key, request.dialect) == ("sk-theirs", "anthropic")
    assert ("anthropic-beta", "x") in request.headers


async def test_a_deployment_that_counts_is_found_behind_others() -> None:
    """The first that speaks the dialect; the model has its name there."""
    async with a_world(routing=RoutingPolicy(names={"fast": "mixed"})) as world:
        script(world, EXACT)
        await count(world, body("fast"))

    (request,) = world.claude.requests
    assert isinstance(request.body, bytes)
    assert json.loads(request.body)["model"] == "mixed"


async def test_what_would_be_answered_elsewhere_is_estimated() -> None:
    """Nobody is asked, and nobody is named."""
    async with a_world() as world:
        counted = await count(world, body("gpt-4o", "word " * 400))

    assert world.one.requests == []
    assert counted.provider is None
    assert 300 < json.loads(counted.body)["input_tokens"] < 1_000


async def test_an_estimate_grows_with_everything_that_is_billed() -> None:
    """System prompt, tools, turns, pictures, results."""
    picture = {"type": "image", "source": {"type": "url", "url": "https://a/b.png"}}
    tool = {"name": "f", "description": "d" * 400, "input_schema": {"type": "object"}}
    async with a_world() as world:
        sizes = [
            json.loads((await count(world, asked)).body)["input_tokens"]
            for asked in (
                body("gpt-4o", "Hi"),
                body("gpt-4o", "Hi", system="s" * 400),
                body("gpt-4o", "Hi", system="s" * 400, tools=[tool]),
                body("gpt-4o", [{"type": "text", "text": "Hi"}, picture], system="s" * 400, tools=[tool]),
            )
        ]

    assert sizes == sorted(set(sizes))
    assert sizes[0] >= 1


@pytest.mark.parametrize(
    "answer",
    [Dead(), Scripted(status=404), Scripted(status=405), Scripted(status=501), Scripted(is_cut=True)],
    ids=["down", "404", "405", "501", "cut"],
)
async def test_whoever_does_not_count_is_replaced_by_an_estimate(answer: Scripted | Dead) -> None:
    """Many compatible servers lack the endpoint."""
    async with a_world() as world:
        script(world, answer)
        counted = await count(world, body())

    assert counted.provider is None
    assert json.loads(counted.body)["input_tokens"] > 0


async def test_a_providers_own_error_is_passed_on() -> None:
    """It is about the request: a guess would hide it."""
    error = b'{"type":"error","error":{"type":"authentication_error","message":"no"}}'
    async with a_world() as world:
        script(world, Scripted((error,), status=401, headers=JSON))
        counted = await count(world, body())

    assert (counted.status, counted.body, counted.provider) == (401, error, "claude")


async def test_a_request_that_makes_no_sense_is_refused() -> None:
    """Here, by name."""
    async with a_world() as world:
        with pytest.raises(InvalidRequest, match="messages"):
            await count(world, b'{"model": "gpt-4o"}')


async def test_a_pinned_model_is_the_one_that_counts() -> None:
    """As it would be the one that answers."""
    async with a_world() as world:
        script(world, EXACT)
        await count(world, body("gpt-4o"), pin=CLAUDE)

    (request,) = world.claude.requests
    assert request.model == CLAUDE


async def test_a_model_nobody_serves_is_estimated_all_the_same() -> None:
    """The answer is needed before anybody asks for another."""
    async with a_world() as world:
        counted = await count(world, body("nobody-1"))

    assert counted.provider is None
