"""The LLM endpoints: right requests get their answer, wrong ones a clear error, each one line in the ledger."""

import asyncio
import json
from collections import Counter

import pytest

from sparingly.core.chat import Tenant
from sparingly.core.policy import CachePolicy, RoutingPolicy
from tests.fakes.upstream import EVENTS, Scripted
from tests.pipeline.wire import PARIS, refusal, request_body, stream, text_of, whole
from tests.pipeline.world import PARAPHRASE, QUESTION
from tests.web.front import Front, a_front
from tests.web.harness import Got, fetch

pytestmark = pytest.mark.anyio

ACME = Tenant("acme")

ASK = request_body(QUESTION)
STREAMED = request_body(QUESTION, stream=True)


def told(got: Got) -> tuple[str, str]:
    return got.headers["x-sparingly-cache"], got.headers["x-sparingly-reason"]


async def test_an_answer_comes_with_what_it_was() -> None:
    """Body and type are the provider's, the rest is told in headers and in the ledger."""
    async with a_front() as front:
        got = await fetch(front.app, body=ASK)

    assert (got.status, got.body) == (200, whole().pieces[0])
    assert got.headers["content-type"] == "application/json"
    assert told(got) == ("miss", "empty-scope")
    assert got.headers["cache-status"] == "sparingly; fwd=miss; detail=empty-scope"
    assert got.headers["x-sparingly-model"] == "gpt-4o"
    # 12 tokens in at 2.5 and 8 out at 10 dollars a million.
    assert got.headers["x-sparingly-cost-usd"] == "0.000110000"
    assert got.headers["x-sparingly-id"] == front.line.id
    assert front.line.complete


async def test_the_second_equal_request_is_a_hit_and_says_how_old_it_is() -> None:
    """Nobody is asked; age and saving are told."""
    async with a_front() as front:
        first = await fetch(front.app, body=ASK)
        await front.world.background.settle()
        front.world.clock.pass_by(61.5)
        got = await fetch(front.app, body=ASK)

    assert told(got) == ("exact", "same")
    assert got.headers["cache-status"] == "sparingly; hit; detail=exact"
    assert got.headers["age"] == "61"
    assert got.headers["x-sparingly-saved-usd"] == "0.000110000"
    assert got.headers["x-sparingly-source"] == first.headers["x-sparingly-id"]
    assert text_of(got.body) == PARIS
    assert len(front.world.one.requests) == 1


async def test_a_close_question_is_a_hit_and_says_how_close() -> None:
    """The detail tells the tier."""
    async with a_front() as front:
        await fetch(front.app, body=ASK)
        await front.world.background.settle()
        got = await fetch(front.app, body=request_body(PARAPHRASE))

    assert told(got) == ("semantic", "close")
    assert got.headers["x-sparingly-similarity"] == "0.9800"
    assert got.headers["cache-status"] == "sparingly; hit; detail=semantic"


async def test_a_stream_is_relayed_and_later_answered_from_memory() -> None:
    """Both are event streams that no cache on the way may keep."""
    async with a_front() as front:
        front.world.script(stream())
        first = await fetch(front.app, body=STREAMED)
        await front.world.background.settle()
        second = await fetch(front.app, body=STREAMED)

    assert first.body == b"".join(stream().pieces)
    assert (told(first), told(second)) == (("miss", "empty-scope"), ("exact", "same"))
    assert text_of(second.body) == PARIS
    for got in (first, second):
        assert got.headers["content-type"].startswith("text/event-stream")
    assert first.headers["cache-control"] == "no-cache"


async def test_a_provider_that_says_how_to_cache_its_stream_is_taken_at_its_word() -> None:
    """One such header is enough."""
    async with a_front() as front:
        front.world.script(
            Scripted(stream().pieces, headers=(*EVENTS, ("cache-control", "no-cache, no-transform")))
        )
        got = await fetch(front.app, body=STREAMED)

    assert [value for name, value in got.pairs if name == "cache-control"] == ["no-cache, no-transform"]


async def test_with_the_right_key_the_caller_is_a_tenant() -> None:
    """Whose key never reaches the provider."""
    async with a_front(keys={"right-key": ACME}) as front:
        got = await fetch(front.app, headers=[("authorization", "Bearer right-key")], body=ASK)

    assert got.status == 200
    assert front.line.tenant == "acme"
    assert "right-key" not in repr(front.world.one.requests)


async def test_callers_with_different_keys_never_share_an_answer() -> None:
    """In whatever header they send them."""
    async with a_front() as front:
        for headers in (
            [],
            [("authorization", "Bearer k1")],
            [("authorization", "Bearer k2")],
            [("x-api-key", "k3")],
            [("api-key", "k4")],
            [("api-key", "k5")],
            [("authorization", "Basic azY=")],
            [("authorization", "Basic azc=")],
        ):
            await fetch(front.app, headers=headers, body=ASK)
            await front.world.background.settle()

    assert {entry.verdict for entry in front.world.ledger.entries} == {"miss"}
    assert len({entry.tenant for entry in front.world.ledger.entries}) == 8


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
@pytest.mark.parametrize("body", [ASK, STREAMED], ids=["whole", "streamed"])
async def test_a_providers_error_passes_through_and_is_marked_as_its_own(status: int, body: bytes) -> None:
    """Status, body and headers."""
    async with a_front() as front:
        front.world.script(refusal(status, retry_after="7", message="says the provider"))
        got = await fetch(front.app, headers=[("x-sparingly-model", "gpt-4o-mini")], body=body)

    assert (got.status, got.headers["retry-after"]) == (status, "7")
    assert got.body == refusal(status, message="says the provider").pieces[0]
    assert got.headers["x-sparingly-reason"] == "provider-error"
    assert (front.line.status, front.line.reason) == (status, "provider-error")


HOSTILE = 'm\r\nset-cookie: a=b\u2028\u4e2d\x00"'


async def test_a_hostile_name_cannot_break_a_response() -> None:
    """Nor add a header to it."""
    async with a_front(routing=RoutingPolicy(names={HOSTILE: "gpt-4o"})) as front:
        got = await fetch(front.app, body=request_body(QUESTION, model=HOSTILE))

    assert got.status == 200
    assert "set-cookie" not in got.headers
    assert got.headers["x-sparingly-route"] == 'm??set-cookie: a=b???"'
    assert front.line.asked == HOSTILE


async def test_hostile_headers_cannot_break_a_response() -> None:
    """What a server lets through of them is written down and not sent back."""
    headers = [
        ("x-sparingly-tags", "caf\xe9, \x85"),
        ("x-sparingly-conversation", "c\x85\xff" * 100),
        ("x-sparingly-model", "m\xff\x85"),
    ]
    async with a_front() as front:
        got = await fetch(front.app, headers=headers, body=ASK)

    assert got.status == 404
    assert json.loads(got.body)["error"]["param"] == "model"


async def test_what_a_caller_says_of_a_request_is_written_down() -> None:
    """Tags and the conversation."""
    headers = [("x-sparingly-tags", "faq, v2"), ("x-sparingly-conversation", "c-1")]
    async with a_front() as front:
        await fetch(front.app, headers=headers, body=ASK)

    assert (front.line.tags, front.line.conversation) == (("faq", "v2"), "c-1")


@pytest.mark.parametrize(("pin", "asked"), [("gpt-4o-mini", "gpt-4o-mini"), (" ", "gpt-4o")])
async def test_a_caller_may_pin_a_model(pin: str, asked: str) -> None:
    """An empty pin is none."""
    async with a_front() as front:
        got = await fetch(front.app, headers=[("x-sparingly-model", pin)], body=ASK)

    assert got.headers["x-sparingly-model"] == asked
    assert front.world.one.sent()["model"] == asked


async def test_a_query_goes_to_the_provider_and_is_part_of_the_question() -> None:
    """Azure wants the version of its API there; another version may answer otherwise."""
    async with a_front() as front:
        for query in ("api-version=1", "api-version=2", "", "api-version=1"):
            await fetch(front.app, body=ASK, query=query)
            await front.world.background.settle()

    assert [request.path for request in front.world.one.requests] == [
        "/v1/chat/completions?api-version=1",
        "/v1/chat/completions?api-version=2",
        "/v1/chat/completions",
    ]
    assert [entry.verdict for entry in front.world.ledger.entries] == ["miss", "miss", "miss", "exact"]


async def test_models_are_listed_to_whoever_asks() -> None:
    """And the ledger has its line."""
    async with a_front() as front:
        got = await fetch(front.app, "GET", "/v1/models")

    assert got.status == 200
    assert {line["id"] for line in got.json()["data"]} >= {"gpt-4o", "claude-haiku-4-5"}
    assert told(got) == ("bypass", "models")
    assert (front.line.reason, front.line.complete) == ("models", True)


async def test_with_the_cache_off_the_headers_say_so() -> None:
    """An operator's no."""
    async with a_front(CachePolicy(mode="off")) as front:
        got = await fetch(front.app, body=ASK)

    assert got.headers["cache-status"] == "sparingly; fwd=bypass; detail=cache-off"


async def test_requests_that_come_together_begin_a_few_a_turn_of_the_loop() -> None:
    """Pieces of streams that wait to be passed on do not wait until a whole crowd has begun."""
    arrivals: list[int] = []
    turn = 0

    async def ask(front: Front, number: int) -> None:
        await fetch(front.app, body=request_body(f"{QUESTION} {number}"))

    async with a_front(CachePolicy(mode="off")) as front, asyncio.TaskGroup() as group:
        front.world.script(*[whole() for _ in range(40)])
        asking = [group.create_task(ask(front, number)) for number in range(40)]
        while not all(task.done() for task in asking):
            known = len(arrivals)
            arrivals += [turn] * (len(front.world.one.requests) - known)
            turn += 1
            await asyncio.sleep(0)

    assert len(arrivals) == 40
    assert max(Counter(arrivals).values()) <= 4
