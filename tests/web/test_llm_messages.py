"""Clients of Anthropic's Messages API: in their own dialect, in translation, and from memory."""

import asyncio
import json
from typing import Any

import pytest

from sparingly.core.policy import RoutingPolicy
from tests.fakes.upstream import EVENTS, JSON, Dead, FakeUpstream, Scripted
from tests.pipeline.wire import PARIS, chunk, messages, messages_stream, pieces, refusal, stream, whole
from tests.pipeline.world import QUESTION
from tests.protocols.anthropic.events import checked, events_of, told_usage
from tests.web.front import Front, a_front
from tests.web.harness import Got, fetch

pytestmark = pytest.mark.anyio

CLAUDE = "claude-haiku-4-5"
PATHS = {"anthropic": "/v1/messages", "openai": "/v1/chat/completions"}


def body(content: object = QUESTION, *, model: str = CLAUDE, **fields: object) -> bytes:
    asked = {"model": model, "max_tokens": 99, "messages": [{"role": "user", "content": content}]}
    return json.dumps(asked | fields).encode()


async def ask(front: Front, asked: bytes, *, headers: tuple[tuple[str, str], ...] = ()) -> Got:
    got = await fetch(front.app, path="/v1/messages", body=asked, headers=headers)
    await front.world.background.settle()
    return got


def claude_says(front: Front, *script: Scripted | Dead) -> None:
    front.world.claude._script.clear()
    front.world.claude._script.extend(script)


def sent(front: Front) -> Any:
    request = front.world.one.requests[-1]
    assert isinstance(request.body, bytes)
    return json.loads(request.body)


def said(got: Got) -> str:
    """The words of an answer in either dialect and mode."""
    if not got.headers["content-type"].startswith("text/event-stream"):
        answer = got.json()
        if "content" in answer:
            return "".join(block["text"] for block in answer["content"])
        return str(answer["choices"][0]["message"]["content"])
    if got.body.startswith(b"event: message_start"):
        return "".join(block.text for block in checked(got.body).content if block.type == "text")
    lines = [line.removeprefix("data: ") for line in got.body.decode().split("\n\n") if line]
    chunks = [json.loads(line) for line in lines if line != "[DONE]"]
    return "".join(one["choices"][0]["delta"].get("content") or "" for one in chunks if one["choices"])


async def test_a_request_in_the_providers_dialect_goes_on_byte_by_byte() -> None:
    """The provider's prompt cache goes by what it gets; marks for it stay on calls and results."""
    mark = {"cache_control": {"type": "ephemeral"}}
    conversation = [
        {"role": "user", "content": [{"type": "text", "text": "é  ", **mark}]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}, **mark}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "1", **mark}]},
    ]
    asked = body(messages=conversation, system=[{"type": "text", "text": "S", **mark}], x_new=[1.0])
    async with a_front() as front:
        claude_says(front, messages())
        got = await ask(front, asked, headers=(("anthropic-beta", "b1"), ("anthropic-version", "2026-10-21")))

    (request,) = front.world.claude.requests
    assert (request.body, got.body) == (asked, messages().pieces[0])
    assert {("anthropic-beta", "b1"), ("anthropic-version", "2026-10-21")} <= set(request.headers)


async def test_under_another_name_all_but_the_name_stays() -> None:
    """Every nested value, byte by byte: the prefix that the provider has cached."""
    system = '[ {"text": "\\u00e9",  "type": "text", "cache_control": {"type": "ephemeral"}} ]'
    asked = f'{{"system": {system}, "model": "fast", "max_tokens": 9, "messages": [{{"role":"user","content":"Hi"}}]}}'
    async with a_front(routing=RoutingPolicy(names={"fast": CLAUDE})) as front:
        claude_says(front, messages())
        await ask(front, asked.encode())

    patched = front.world.claude.requests[0].body
    assert isinstance(patched, bytes)
    assert system.encode() in patched
    assert json.loads(patched) == json.loads(asked) | {"model": CLAUDE}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_request_is_translated_for_another_house(*, streamed: bool) -> None:
    """And its answer back, with its usage, under an id of this dialect."""
    answer = stream() if streamed else whole()
    async with a_front() as front:
        front.world.script(answer)
        got = await ask(front, body(model="gpt-4o", system="Be brief.", stream=streamed))

    assert got.status == 200
    assert sent(front)["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": QUESTION},
    ]
    assert sent(front).get("stream_options") == ({"include_usage": True} if streamed else None)
    assert said(got) == PARIS
    if streamed:
        assert told_usage(got.body)["input_tokens"] == 12
        assert told_usage(got.body)["output_tokens"] == 8
        assert checked(got.body).model == "gpt-4o-2024-08-06"
    else:
        assert got.json()["usage"]["input_tokens"] == 12
        assert got.json()["model"] == "gpt-4o-2024-08-06"


@pytest.mark.parametrize("second_streams", [False, True], ids=["to whole", "to streamed"])
@pytest.mark.parametrize("first_streams", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("first", "second"), [("openai", "anthropic"), ("anthropic", "openai")])
async def test_one_stored_answer_serves_both_dialects(
    first: str, second: str, *, first_streams: bool, second_streams: bool
) -> None:
    """In both modes, under a fresh id, with its tokens marked as read from a cache."""
    async with a_front() as front:
        front.world.script(stream() if first_streams else whole())
        one = await fetch(
            front.app,
            path=PATHS[first],
            body=body(
                model="gpt-4o",
                stream=first_streams,
                **(
                    {"stream_options": {"include_usage": True}} if first == "openai" and first_streams else {}
                ),
            ),
        )
        await front.world.background.settle()
        other = await fetch(front.app, path=PATHS[second], body=body(model="gpt-4o", stream=second_streams))

    assert len(front.world.one.requests) == 1
    assert other.headers["x-sparingly-cache"] == "exact"
    assert said(one) == said(other) == PARIS
    if second == "anthropic" and not second_streams:
        answer = other.json()
        assert answer["usage"] == {
            "input_tokens": 0,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 12,
            "output_tokens": 8,
            "cached": True,
        }
        assert answer["id"] == f"msg_{other.headers['x-sparingly-id']}"
    if second == "anthropic" and second_streams:
        assert told_usage(other.body)["cache_read_input_tokens"] == 12
        assert checked(other.body).id == f"msg_{other.headers['x-sparingly-id']}"


async def test_a_feature_in_trial_is_a_scope_of_its_own() -> None:
    """An answer made with it is not given without it; who merely asks by the SDK's other name is the same."""
    async with a_front() as front:
        claude_says(front, messages())
        await ask(front, body())
        plain = await ask(front, body(), headers=(("anthropic-version", "2023-06-01"),))
        trial = await ask(front, body(), headers=(("anthropic-beta", "x"),))
        again = await fetch(front.app, path="/v1/messages", query="beta=true", body=body())

    verdicts = [got.headers["x-sparingly-cache"] for got in (plain, trial, again)]
    assert verdicts == ["exact", "miss", "exact"]


async def test_reasoning_is_kept_on_later_turns() -> None:
    """A server that wants its reasoning back gets it, though this dialect would have it signed."""
    async with a_front() as front:
        front.world.script(whole("Well.", reasoning_content="hm"), whole())
        first = await ask(front, body(model="gpt-4o"))
        conversation = [
            {"role": "user", "content": QUESTION},
            {"role": "assistant", "content": first.json()["content"]},
            {"role": "user", "content": "Sure?"},
        ]
        await ask(front, body(model="gpt-4o", messages=conversation))

    assert [block["type"] for block in first.json()["content"]] == ["thinking", "text"]
    said_before = {"role": "assistant", "content": "Well.", "reasoning_content": "hm"}
    assert sent(front)["messages"][1] == said_before


async def test_words_and_tools_of_another_house_have_their_indexes() -> None:
    """Each block its own, arguments piece by piece as they come."""

    def call(index: int, **function: str) -> dict[str, object]:
        begun = {"id": f"c{index}", "type": "function"} if "name" in function else {}
        return {"tool_calls": [{"index": index, **begun, "function": function}]}

    events = (
        chunk({"role": "assistant", "content": "I look."}),
        chunk(call(0, name="f", arguments="")),
        chunk(call(0, arguments='{"a"')),
        chunk(call(0, arguments=":1}")),
        chunk(call(1, name="g", arguments="")),
        chunk({}, finish="tool_calls"),
        b"data: [DONE]\n\n",
    )
    async with a_front() as front:
        front.world.script(stream(*events))
        got = await ask(front, body(model="gpt-4o", stream=True))

    message = checked(got.body)
    pieces_told = [event["delta"].get("partial_json") for event in events_of(got.body) if "delta" in event]
    assert [block.type for block in message.content] == ["text", "tool_use", "tool_use"]
    assert [block.input for block in message.content if block.type == "tool_use"] == [{"a": 1}, {}]
    assert [piece for piece in pieces_told if piece] == ['{"a"', ":1}"]
    assert message.stop_reason == "tool_use"


@pytest.mark.parametrize(
    ("model", "answer"),
    [
        ("gpt-4o", stream(*pieces()[:3], is_cut=True)),
        ("gpt-4o", stream(*pieces()[:3])),
        (CLAUDE, messages_stream("Par", is_cut=True)),
        (CLAUDE, Scripted(messages_stream("Par", is_cut=True).pieces, headers=EVENTS)),
    ],
    ids=["translated, dropped", "translated, truncated", "relayed, dropped", "relayed, truncated"],
)
async def test_a_stream_that_is_cut_never_ends_cleanly(model: str, answer: Scripted) -> None:
    """It ends with this dialect's error event, and nothing of it is kept."""
    async with a_front() as front:
        front.world.script(answer)
        claude_says(front, answer)
        got = await ask(front, body(model=model, stream=True))
        again = await ask(front, body(model=model, stream=True))

    last = events_of(got.body)[-1]
    assert (last["type"], last["error"]["type"]) == ("error", "api_error")
    assert b"message_stop" not in got.body
    assert again.headers["x-sparingly-cache"] == "miss"


@pytest.mark.parametrize(
    "answer",
    [
        Dead(),
        stream(chunk({"role": "assistant"}), is_cut=True),
        Scripted((b'{"choi',), headers=JSON, is_cut=True),
    ],
    ids=["down", "dropped before words", "dropped while whole"],
)
async def test_a_network_drop_is_never_a_200(answer: Scripted | Dead) -> None:
    """The client is told with a status, in its own shape."""
    async with a_front(routing=RoutingPolicy()) as front:
        front.world.script(answer)
        front.world.two._script.clear()
        front.world.two._script.append(answer)
        got = await ask(
            front, body(model="gpt-4o", stream=isinstance(answer, Scripted) and answer.headers is EVENTS)
        )

    assert got.status == 502
    assert (got.json()["type"], got.error["type"]) == ("error", "api_error")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (404, "not_found_error"),
        (422, "invalid_request_error"),
    ],
)
async def test_another_houses_error_is_told_in_this_shape(status: int, kind: str) -> None:
    """With its status and its words."""
    async with a_front() as front:
        front.world.script(refusal(status, message="no such thing"))
        front.world.two._script.clear()
        front.world.two._script.append(refusal(status, message="no such thing"))
        got = await ask(front, body(model="gpt-4o"))

    assert got.status == status
    assert got.json() == {"type": "error", "error": {"type": kind, "message": "no such thing"}}


@pytest.mark.parametrize(
    ("asked", "status", "kind"),
    [
        (b"{", 400, "invalid_request_error"),
        (body(max_tokens=None), 400, "invalid_request_error"),
        (body(model="nobody-1"), 404, "not_found_error"),
        (body("x" * 2_000), 413, "request_too_large"),
    ],
)
async def test_our_own_errors_have_this_shape(asked: bytes, status: int, kind: str) -> None:
    """By which clients choose what to raise."""
    async with a_front() as front:
        got = await ask(front, asked)

    assert (got.status, got.json()["type"], got.error["type"]) == (status, "error", kind)


async def test_a_count_of_our_own_says_that_it_is_an_estimate() -> None:
    """In a header; a provider's does not."""
    counted = body(model="gpt-4o", max_tokens=None)
    exact = body(max_tokens=None)
    path = "/v1/messages/count_tokens"
    async with a_front() as front:
        claude_says(front, Scripted((b'{"input_tokens":7}',), headers=JSON))
        guess = await fetch(front.app, path=path, body=counted)
        known = await fetch(front.app, path=path, body=exact)
        wrong = await fetch(front.app, path=path, body=b"{}")

    assert guess.headers["x-sparingly-estimated"] == "true"
    assert guess.json()["input_tokens"] > 0
    assert known.json() == {"input_tokens": 7}
    assert "x-sparingly-estimated" not in known.headers
    assert (wrong.status, wrong.error["type"]) == (400, "invalid_request_error")
    reasons = [entry.reason for entry in front.world.ledger.entries]
    assert reasons == ["estimated", "relayed", "invalid-request"]


@pytest.mark.parametrize("path", ["/messages", "/v1/messages", "/v1/v1/messages"])
async def test_the_version_may_be_anywhere(path: str) -> None:
    """It is one endpoint, also to the ledger."""
    async with a_front() as front:
        claude_says(front, messages())
        got = await fetch(front.app, path=path, body=body())

    assert got.status == 200
    assert front.line.path == "/v1/messages"


async def test_what_else_anthropics_clients_ask_goes_to_who_speaks_their_dialect() -> None:
    """Such as batches; other clients' paths still go to the default provider, and errors have each one's shape."""
    claude = FakeUpstream(Dead(), name="claude", dialect="anthropic")
    async with a_front(relay_by_house={"anthropic": claude}) as front:
        theirs = await fetch(
            front.app, "GET", "/v1/messages/batches", headers=[("anthropic-version", "2026-10-21")]
        )
        await fetch(front.app, "GET", "/v1/batches")

    assert [request.path for request in claude.requests] == ["/v1/messages/batches"]
    assert [request.path for request in front.world.one.requests] == ["/v1/batches"]
    assert (theirs.status, theirs.json()["type"]) == (502, "error")


async def test_a_stored_answer_that_this_dialect_cannot_say_is_a_miss() -> None:
    """A call with broken arguments is kept for a client that takes them as text."""
    broken = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":'}}
    async with a_front() as front:
        front.world.script(whole(None, finish="tool_calls", tool_calls=[broken]), whole())
        await fetch(front.app, path=PATHS["openai"], body=body(model="gpt-4o"))
        await front.world.background.settle()
        got = await ask(front, body(model="gpt-4o"))

    assert (got.status, said(got)) == (200, PARIS)
    assert got.headers["x-sparingly-reason"] == "inexpressible"


async def test_who_waited_for_an_answer_that_this_dialect_cannot_say_asks_for_another() -> None:
    """Equal requests under way share one call, also across dialects; what came is nobody's error."""
    broken = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":'}}
    async with a_front() as front:
        front.world.script(whole(None, finish="tool_calls", tool_calls=[broken]), whole())
        front.world.one.gate.clear()
        async with asyncio.TaskGroup() as group:
            first = group.create_task(fetch(front.app, path=PATHS["openai"], body=body(model="gpt-4o")))
            for _ in range(50):
                await asyncio.sleep(0)
            second = group.create_task(ask(front, body(model="gpt-4o")))
            for _ in range(50):
                await asyncio.sleep(0)
            waited = front.world.one.asked == 1
            front.world.one.gate.set()

    assert waited
    assert first.result().status == 200
    assert (second.result().status, said(second.result())) == (200, PARIS)
    assert second.result().headers["x-sparingly-reason"] == "inexpressible"
