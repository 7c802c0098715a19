"""The LLM endpoints: right requests get their answer, wrong ones a clear error, each one line in the ledger."""

import asyncio
import json

import pytest

from sparingly.core.chat import Tenant
from sparingly.core.policy import CachePolicy, RoutingPolicy
from sparingly.ports import UpstreamReply, UpstreamRequest
from tests.fakes.upstream import EVENTS, Scripted
from tests.pipeline.parts import GatedUpstream
from tests.pipeline.wire import PARIS, refusal, request_body, stream, text_of, whole
from tests.pipeline.world import PARAPHRASE, QUESTION
from tests.web.front import a_front
from tests.web.harness import Got, eventually, fetch, visiting

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


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
async def test_the_wrong_method_is_told_the_right_one(method: str) -> None:
    """RFC 9110, section 15.5.6; nobody is asked."""
    async with a_front() as front:
        got = await fetch(front.app, method, body=ASK)

    assert (got.status, got.headers["allow"]) == (405, "POST")
    assert got.error["code"] == got.headers["x-sparingly-reason"] == "method-not-allowed"
    assert "takes POST" in got.error["message"]
    assert (front.line.status, front.line.reason) == (405, "method-not-allowed")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", None),
        (b"{", None),
        (b"\xff\xfe", None),
        (b"[]", None),
        (b'"text"', None),
        (b"null", None),
        (b"[" * 900, None),
        (b'{"messages": []}', "model"),
        (b'{"model": 7, "messages": []}', "model"),
        (b'{"model": "", "messages": []}', "model"),
        (b'{"model": "m"}', "messages"),
        (b'{"model": "m", "messages": null}', "messages"),
        (b'{"model": "m", "messages": {}}', "messages"),
        (b'{"model": "m", "messages": []}', "messages"),
        (b'{"model": "m", "messages": ["hi"]}', "messages.0"),
        (b'{"model": "m", "messages": [{"content": "hi"}]}', "messages.0.role"),
        (b'{"model": "m", "messages": [{"role": "king", "content": "hi"}]}', "messages.0.role"),
        (b'{"model": "m", "messages": [{"role": "user", "content": 7}]}', "messages.0.content"),
        (b'{"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": "yes"}', "stream"),
        (b'{"model": "m", "messages": [{"role": "user", "content": "hi"}], "n": 0}', "n"),
        (b'{"model": "\\ud800", "messages": [{"role": "user", "content": "hi"}]}', None),
    ],
)
async def test_a_wrong_body_is_a_bad_request_that_names_the_field(body: bytes, field: str | None) -> None:
    """In OpenAI's shape, marked as the gateway's own; nobody is asked."""
    async with a_front() as front:
        got = await fetch(front.app, body=body)

    assert got.status == 400
    assert got.headers["content-type"] == "application/json"
    assert got.error["type"] == "invalid_request_error"
    assert got.error["code"] == got.headers["x-sparingly-reason"] == "invalid-request"
    assert got.error["param"] == field
    assert got.error["message"]
    assert front.world.one.asked == 0
    assert (front.line.status, front.line.reason, front.line.complete) == (400, "invalid-request", False)


async def test_a_model_nobody_serves_is_not_found_and_told_what_is() -> None:
    """The way OpenAI answers, with names to choose from."""
    async with a_front() as front:
        got = await fetch(front.app, body=request_body(QUESTION, model="claude-9"))

    assert got.status == 404
    assert got.error["code"] == got.headers["x-sparingly-reason"] == "unknown-model"
    assert got.error["param"] == "model"
    assert "claude-9" in got.error["message"]
    assert "gpt-4o" in got.error["message"]
    assert (front.line.status, front.line.asked) == (404, "claude-9")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cache-control", "max-age=soon"),
        ("cache-control", "max-age"),
        ("cache-control", "max-age=-1"),
        ("cache-control", "min-fresh=1.5"),
        ("cache-control", "only-if-cached, no-cache"),
        ("x-sparingly-max-error", "nan"),
        ("x-sparingly-max-error", "2"),
        ("x-sparingly-max-error", ""),
        ("x-sparingly-tags", ",".join(str(number) for number in range(17))),
        ("x-sparingly-tags", "t" * 65),
    ],
)
async def test_a_wrong_header_is_a_bad_request_that_names_it(name: str, value: str) -> None:
    """A caller who asks for care gets it or an error, never less."""
    async with a_front() as front:
        got = await fetch(front.app, headers=[(name, value)], body=ASK)

    assert got.status == 400
    assert got.error["param"].lower() == name
    assert front.line.reason == "invalid-request"


async def test_only_if_cached_without_a_stored_answer_is_a_time_out() -> None:
    """RFC 9111, section 5.2.1.7; nobody is asked."""
    async with a_front() as front:
        got = await fetch(front.app, headers=[("cache-control", "only-if-cached")], body=ASK)

    assert (got.status, got.headers["x-sparingly-reason"]) == (504, "not-cached")
    assert front.world.one.asked == 0
    assert front.line.status == 504


@pytest.mark.parametrize(("size", "status"), [(0, 200), (1, 413)])
@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_body_at_the_limit_is_taken_and_one_byte_more_is_not(
    size: int,
    status: int,
    is_chunked: bool,  # noqa: FBT001
) -> None:
    """However it is sent."""
    limit = len(ASK) - size
    async with a_front(max_body_bytes=limit) as front:
        got = await fetch(front.app, body=[ASK[:50], ASK[50:]] if is_chunked else ASK)

    assert got.status == status
    assert front.line.status == status
    if status == 413:
        assert got.error["code"] == got.headers["x-sparingly-reason"] == "body-too-large"
        assert str(limit) in got.error["message"]


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("authorization", "Bearer wrong-key")],
        [("x-api-key", "wrong-key")],
        [("authorization", "Basic d3Jvbmcta2V5")],
        [("authorization", "Bearer wrong-key"), ("x-api-key", "right-key")],
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/chat/completions"), ("GET", "/v1/models"), ("GET", "/v1/files")]
)
async def test_without_the_right_key_nothing_is_done(
    headers: list[tuple[str, str]], method: str, path: str
) -> None:
    """401 and how to do better; no key is quoted in the answer or in the ledger."""
    async with a_front(keys={"right-key": ACME}) as front:
        got = await fetch(front.app, method, path, headers=headers, body=ASK)

    assert (got.status, got.headers["www-authenticate"]) == (401, "Bearer")
    assert got.error["type"] == "authentication_error"
    assert got.headers["x-sparingly-reason"] == "not-authorized"
    assert b"wrong-key" not in got.body
    assert b"right-key" not in got.body
    assert front.world.one.asked == 0
    assert front.line.status == 401
    assert "-key" not in repr(front.line).replace("x-api-key", "")


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


async def test_a_bug_of_ours_is_told_in_the_clients_dialect() -> None:
    """The server, which logs it, gets it next; the client hears no detail, and the ledger has its line."""

    class Buggy(GatedUpstream):
        async def send(self, request: UpstreamRequest) -> UpstreamReply:
            raise ZeroDivisionError(f"some detail of {request.path}")

    async with a_front(one=Buggy(name="one")) as front:
        visiting_it = visiting(front.app, body=ASK)
        with pytest.raises(ExceptionGroup) as caught:
            async with visiting_it as visit:
                pass

    assert caught.group_contains(ZeroDivisionError)
    got = visit.got()
    assert (got.status, got.error["type"], got.error["code"]) == (500, "server_error", "internal")
    assert b"some detail" not in got.body
    assert (front.line.status, front.line.reason) == (500, "internal")


async def test_a_server_that_stops_enters_what_it_could_not_answer() -> None:
    """Every request has its line."""
    async with a_front() as front:
        front.world.one.gate.clear()
        task = asyncio.ensure_future(fetch(front.app, body=ASK))
        await eventually(lambda: front.world.one.asked)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert (front.line.status, front.line.reason) == (503, "stopped")


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
