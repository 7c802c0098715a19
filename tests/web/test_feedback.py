"""A caller's word over HTTP: with the caller's own key, about the caller's own requests."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sparingly.core.chat import Tenant
from sparingly.pipeline.watching.feedback import Feedback
from sparingly.web.app import App, build_app
from sparingly.web.auth import Door
from sparingly.web.feedback import feedback_route
from tests.fakes.history import ListHistory
from tests.pipeline.world import PARAPHRASE, World, a_world
from tests.web.harness import Got, fetch

pytestmark = pytest.mark.anyio

PATH = "/v1/sparingly/feedback"


class Counter:
    """A world whose callers may say what they think; acme's key is `a`, globex's `g`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.history = ListHistory()
        feedback = Feedback(
            store=world.store,
            embedder=world.embedder,
            history=self.history,
            clock=world.clock,
            revoke_similarity=None,
            learn=lambda _: None,
        )
        door = Door({"a": Tenant("acme"), "g": Tenant("globex")})

        async def no_llm(*_: object) -> None:
            raise AssertionError("not an LLM request")

        self.app: App = build_app(
            llm=no_llm, ports=(), metrics=lambda: b"", more=[feedback_route(feedback, door)]
        )

    async def say(self, body: object, *, key: str | None = "a") -> Got:
        headers = () if key is None else (("authorization", f"Bearer {key}"),)
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await fetch(self.app, "POST", PATH, headers=headers, body=sent)


@asynccontextmanager
async def a_counter() -> AsyncIterator[Counter]:
    """One stored answer, served once more for a paraphrase."""
    async with a_world() as world:
        counter = Counter(world)
        for served in (await world.ask(), await world.ask(PARAPHRASE)):
            counter.history.add(served.entry)
        yield counter


async def test_a_denied_hit_is_gone() -> None:
    async with a_counter() as counter:
        got = await counter.say({"id": "req-2", "verdict": "wrong"})

        assert (got.status, got.json()["done"]) == (200, "revoked")
        assert not counter.world.store.entries


async def test_a_confirmed_hit_is_credited() -> None:
    async with a_counter() as counter:
        got = await counter.say({"id": "req-2", "verdict": "right"})

        assert got.json() == {"id": "req-2", "verdict": "right", "done": "confirmed", "entries": 1}


@pytest.mark.parametrize("key", [None, "wrong"])
async def test_a_caller_without_a_key_is_not_heard(key: str | None) -> None:
    async with a_counter() as counter:
        assert (await counter.say({"id": "req-2", "verdict": "wrong"}, key=key)).status == 401
        assert counter.world.store.entries


@pytest.mark.parametrize(("key", "request_id"), [("g", "req-2"), ("a", "req-9"), ("a", "")])
async def test_only_ones_own_requests_are_known(key: str, request_id: str) -> None:
    """404 for another's as for nobody's."""
    async with a_counter() as counter:
        got = await counter.say({"id": request_id, "verdict": "wrong"}, key=key)

        assert (got.status, got.error["code"]) == (404, "unknown-request")
        assert counter.world.store.entries


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        [],
        {},
        {"id": "req-2"},
        {"id": "req-2", "verdict": "bad"},
        {"id": 2, "verdict": "wrong"},
        {"id": "req-2", "verdict": "wrong", "tenant": "globex"},
    ],
)
async def test_a_word_that_is_not_understood_does_nothing(body: object) -> None:
    async with a_counter() as counter:
        assert (await counter.say(body)).status == 400
        assert counter.world.store.entries


async def test_a_long_speech_is_refused() -> None:
    async with a_counter() as counter:
        assert (await counter.say({"id": "x" * 20_000, "verdict": "wrong"})).status == 413


async def test_other_paths_of_ours_are_no_providers() -> None:
    """What is beneath the prefix is never relayed."""
    async with a_counter() as counter:
        got = await fetch(counter.app, "POST", "/v1/sparingly/other", body=b"{}")

        assert got.status == 404
