"""Getting an answer, or the next best: retries, other candidates, and errors that are passed on."""

import asyncio

import msgspec
import pytest

from sparingly.core.policy import CachePolicy, Retry, RoutingPolicy
from sparingly.errors import InvalidRequest, UpstreamBroke, UpstreamUnreachable
from sparingly.pipeline.assembly import assemble
from sparingly.pipeline.serve import stamp_of
from tests.fakes.upstream import EVENTS, Dead, Scripted
from tests.pipeline.parts import StalledUpstream
from tests.pipeline.wire import PARIS, chunk, pieces, refusal, stream, text_of, whole
from tests.pipeline.world import a_world

pytestmark = pytest.mark.anyio

OPENING = chunk({"role": "assistant", "content": ""})
ERROR_EVENT = b'data: {"error": {"message": "overloaded"}}\n\n'
ONCE = RoutingPolicy(retry=Retry(attempts=1))


async def test_a_provider_that_cannot_be_reached_is_asked_again_after_a_wait() -> None:
    """An exponential one with jitter: half to the whole of a quarter second."""
    async with a_world() as world:
        world.script(Dead(), whole())
        served = await world.ask()

    assert text_of(served.body) == PARIS
    assert served.entry.attempts == 2
    assert len(world.waits) == 1
    assert 0.125 <= world.waits[0] <= 0.25


async def test_when_its_attempts_are_used_up_the_next_candidate_is_asked() -> None:
    """At once."""
    async with a_world() as world:
        world.script(Dead())
        served = await world.ask()

    assert text_of(served.body) == "From two."
    assert (served.entry.provider, served.entry.attempts) == ("two", 3)
    assert len(world.waits) == 1


async def test_a_provider_that_asks_to_wait_is_given_its_time() -> None:
    """Retry-After, and jitter only on top of it."""
    async with a_world() as world:
        world.script(refusal(429, retry_after="2"), whole())
        served = await world.ask()

    assert text_of(served.body) == PARIS
    assert len(world.waits) == 1
    assert 2.0 <= world.waits[0] <= 2.25


async def test_a_wait_longer_than_the_operators_patience_means_the_next_candidate() -> None:
    """Without any wait."""
    async with a_world() as world:
        world.script(refusal(429, retry_after="60"))
        served = await world.ask()

    assert text_of(served.body) == "From two."
    assert world.waits == []


async def test_a_request_at_fault_gets_the_providers_own_words() -> None:
    """Status and body pass through; no other candidate is asked."""
    async with a_world() as world:
        world.script(refusal(400, message="max_tokens is too large"))
        served = await world.ask()

    assert served.status == 400
    assert served.body == refusal(400, message="max_tokens is too large").pieces[0]
    assert (served.entry.reason, served.entry.trouble) == ("provider-error", ("provider-400",))
    assert world.two.requests == []
    assert world.store.entries == {}


async def test_the_last_providers_error_is_passed_on_when_all_refuse() -> None:
    """With the header that says when to come back."""
    async with a_world(routing=ONCE) as world:
        world.script(refusal(500))
        world.two._script[0] = refusal(429, retry_after="60")
        served = await world.ask()

    assert (served.status, served.entry.attempts) == (429, 2)
    assert served.headers["retry-after"] == "60"


async def test_a_providers_error_is_passed_on_even_when_a_later_one_could_not_be_reached() -> None:
    """What a provider said tells more than our own error would."""
    async with a_world(routing=ONCE) as world:
        world.script(refusal(429, retry_after="60"))
        world.two._script[0] = Dead()
        served = await world.ask()

    assert (served.status, served.entry.provider, served.entry.attempts) == (429, "one", 2)


async def test_when_nobody_can_be_reached_the_error_is_ours() -> None:
    """It says what the last one said."""
    async with a_world() as world:
        world.script(Dead("refused"))
        world.two._script[0] = Dead("timed out")
        with pytest.raises(UpstreamUnreachable, match="timed out"):
            await world.ask()

    assert (len(world.one.requests), len(world.two.requests)) == (2, 2)


async def test_a_bad_key_of_the_clients_own_is_not_handed_to_others() -> None:
    """It is the client's business."""
    async with a_world() as world:
        world.script(refusal(401))
        served = await world.serve(world.incoming(key="sk-mine"))

    assert served.status == 401
    assert world.one.requests[0].client_key == "sk-mine"
    assert world.two.requests == []


async def test_a_bad_key_of_the_operators_is_the_next_candidates_chance() -> None:
    """The client brought a key too, but this provider was asked with its own."""
    async with a_world() as world:
        parts = msgspec.structs.replace(world.parts, client_keyed=frozenset())
        world.pipeline = assemble(parts, cache=CachePolicy(), routing=RoutingPolicy())
        world.script(refusal(401))
        served = await world.serve(world.incoming(key="sk-mine"))

    assert (served.status, served.entry.provider) == (200, "two")


@pytest.mark.parametrize(
    "broken",
    [
        Scripted((), headers=EVENTS, is_cut=True),
        stream(OPENING, is_cut=True),
        stream(OPENING),
        stream(b""),
        stream(OPENING, ERROR_EVENT),
        stream(b"data: nonsense\n\n"),
        Scripted((b'{"choices"',), is_cut=True),
    ],
    ids=["cut at once", "cut early", "ends early", "is empty", "error event", "nonsense", "cut whole"],
)
async def test_an_answer_that_breaks_before_any_content_is_asked_for_elsewhere(broken: Scripted) -> None:
    """The client has seen nothing yet, so nothing of the broken one may reach it."""
    async with a_world(routing=ONCE) as world:
        world.script(broken)
        world.two._script[0] = stream()
        served = await world.ask(stream=True)

    assert served.body == b"".join(pieces())
    assert (served.entry.provider, served.entry.complete, served.entry.attempts) == ("two", True, 2)
    assert all(reply.is_closed for reply in world.one.replies)


async def test_a_stream_that_breaks_everywhere_is_an_error_not_an_empty_answer() -> None:
    """Nothing has been sent, so the client can be told with a status."""
    async with a_world(routing=ONCE) as world:
        world.script(stream(OPENING))
        world.two._script[0] = stream(OPENING, is_cut=True)
        with pytest.raises(UpstreamBroke):
            await world.ask(stream=True)


async def test_a_deployment_that_keeps_failing_rests() -> None:
    """After three failures in a row the other one is asked first; a success later forgets them."""
    async with a_world(routing=ONCE) as world:
        world.script(refusal(500), refusal(500), refusal(500), whole())
        for number in range(3):
            await world.ask(f"Question {number}?")
        asked = len(world.one.requests)
        await world.ask("Question 3?")
        rested = len(world.one.requests)
        world.clock.pass_by(5.0)
        await world.ask("Question 4?")

    assert (asked, rested, len(world.one.requests)) == (3, 3, 4)


async def test_a_deployment_that_fails_now_and_then_does_not_rest() -> None:
    """A success forgets the failures before it: two and two are not four."""
    async with a_world(routing=ONCE) as world:
        world.script(refusal(500), refusal(500), whole(), refusal(500), refusal(500), whole())
        for number in range(6):
            await world.ask(f"Question {number}?")

    assert len(world.one.requests) == 6


async def test_the_clients_headers_travel_on_in_its_own_dialect() -> None:
    """Providers give meaning to names we have never heard of."""
    async with a_world() as world:
        headers = (("openai-organization", "org-1"),)
        await world.serve(msgspec.structs.replace(world.incoming(), headers=headers))
        await world.serve(msgspec.structs.replace(world.incoming("Hm?"), headers=headers))

    sent = world.one.requests[0]
    assert sent.headers == (*headers, ("content-type", "application/json"))
    assert (sent.method, sent.path, sent.model) == ("POST", "/v1/chat/completions", "gpt-4o")


async def test_a_provider_of_another_dialect_is_asked_in_its_own() -> None:
    """Headers that mean something to one house stay there."""
    async with a_world() as world:
        world.claude._script[0] = refusal(500)
        incoming = world.incoming(fields={"model": "claude-haiku-4-5", "max_tokens": 5})
        await world.serve(msgspec.structs.replace(incoming, headers=(("openai-organization", "org-1"),)))

    sent = world.claude.requests[0]
    assert (sent.path, sent.headers) == ("/v1/messages", (("content-type", "application/json"),))
    assert world.claude.sent()["max_tokens"] == 5


async def test_a_request_that_one_dialect_cannot_express_goes_to_the_next_candidate() -> None:
    """Anthropic's API gives one draft only."""
    async with a_world() as world:
        served = await world.ask(model="mixed", n=2)

    assert (served.entry.provider, text_of(served.body)) == ("one", PARIS)
    assert world.claude.requests == []


async def test_a_request_that_nobody_can_express_is_the_clients_error() -> None:
    """It names the field."""
    async with a_world() as world:
        with pytest.raises(InvalidRequest) as caught:
            await world.ask(model="claude-haiku-4-5", n=2)

    assert caught.value.field == "n"


async def test_counts_are_asked_for_where_the_operator_wants_them() -> None:
    """And taken out again unless the client asked too."""
    without_counts = pieces(usage=None)
    async with a_world(injects_usage=frozenset({"one"})) as world:
        world.script(stream())
        unasked = await world.ask(stream=True)
        asked = await world.ask("Hm?", stream=True, stream_options={"include_usage": True})

    assert world.one.sent(0)["stream_options"] == {"include_usage": True}
    assert unasked.body == b"".join(without_counts)
    assert asked.body == b"".join(pieces())
    assert unasked.entry.usage.output_tokens == asked.entry.usage.output_tokens == 8


@pytest.mark.parametrize("begun", [stream(OPENING), Scripted((b"{",))], ids=["streamed", "whole"])
async def test_a_client_that_leaves_before_the_first_content_stops_the_provider(begun: Scripted) -> None:
    """Nobody pays for an answer that nobody reads."""
    provider = StalledUpstream(begun, name="one")
    async with a_world(one=provider) as world, asyncio.TaskGroup() as group:
        task = group.create_task(world.reply(world.incoming(fields={"stream": True})))
        await provider.stalled.wait()

        task.cancel()

    assert task.cancelled()
    assert provider.replies[0].is_closed


async def test_without_candidates_nobody_was_asked() -> None:
    """Routing never decides so; the error is clear all the same."""
    async with a_world() as world:
        incoming = world.incoming()
        with pytest.raises(UpstreamUnreachable, match="no provider was asked"):
            await world.pipeline.gateway._call.begin(incoming, [], stamp=stamp_of(incoming))
