"""The way of a request, from memory or from upstream."""

import json

import msgspec
import pytest

from sparingly.core.directives import Directives
from sparingly.core.guarantee.awaiting import Label
from sparingly.core.judging.standing import Said
from sparingly.core.policy import CachePolicy, RouteCache, RoutingPolicy
from sparingly.errors import NotCached, UnknownModel
from sparingly.pipeline.watching.recalibrating import Recalibrating
from tests.pipeline.wire import PARIS, request_body, stream, text_of, whole
from tests.pipeline.world import PARAPHRASE, QUESTION, Served, a_world

pytestmark = pytest.mark.anyio

OTHER_QUESTION = "Who wrote Faust?"


def told(served: Served) -> tuple[str, str]:
    """Verdict and reason, which headers and ledger must tell alike."""
    assert (served.summary.verdict, served.summary.reason) == (served.entry.verdict, served.entry.reason)
    return served.entry.verdict, served.entry.reason


async def test_a_miss_is_answered_by_the_provider_and_the_next_equal_request_from_memory() -> None:
    """The whole idea."""
    async with a_world() as world:
        first, second = await world.ask(), await world.ask()

    assert told(first) == ("miss", "empty-scope")
    assert told(second) == ("exact", "same")
    assert text_of(first.body) == text_of(second.body) == PARIS
    assert len(world.one.requests) == 1


async def test_a_paraphrase_is_answered_from_memory() -> None:
    """The semantic tier names the request that wrote the answer."""
    async with a_world() as world:
        first, second = await world.ask(), await world.ask(PARAPHRASE)

    assert told(second) == ("semantic", "close")
    assert second.summary.source == first.entry.id
    assert second.summary.similarity == pytest.approx(0.98, abs=1e-6)
    assert text_of(second.body) == PARIS
    assert len(world.one.requests) == 1


async def test_another_question_is_asked_upstream() -> None:
    """It is compared and found too far."""
    async with a_world() as world:
        world.script(whole(), whole("Goethe."))
        await world.ask()
        second = await world.ask(OTHER_QUESTION)

    assert told(second) == ("miss", "too-far")
    assert text_of(second.body) == "Goethe."


async def test_the_client_gets_the_providers_own_bytes() -> None:
    """And the provider the client's: unknown fields survive both ways."""
    async with a_world() as world:
        incoming = world.incoming(fields={"x_new": [1, 2], "user": "u"})
        served = await world.serve(incoming)

    assert served.body == b"".join(whole().pieces)
    assert world.one.requests[0].body == incoming.body


async def test_a_streamed_answer_is_served_whole_later() -> None:
    """One stored answer for both."""
    async with a_world() as world:
        world.script(stream())
        first, second = await world.ask(stream=True), await world.ask()

    assert first.body == b"".join(stream().pieces)
    assert told(second) == ("exact", "same")
    assert second.content_type == "application/json"
    assert text_of(second.body) == PARIS


async def test_a_whole_answer_is_served_as_a_stream_later() -> None:
    """As the client asks, with an id of its own and its proper end."""
    async with a_world() as world:
        await world.ask()
        second = await world.ask(stream=True)

    assert told(second) == ("exact", "same")
    assert second.content_type.startswith("text/event-stream")
    assert text_of(second.body) == PARIS
    assert second.body.endswith(b"data: [DONE]\n\n")
    assert second.entry.id.encode() in second.body


async def test_only_one_embedding_is_made_for_a_miss() -> None:
    """The look-up's is used for the write-back."""
    async with a_world() as world:
        await world.ask()
        world.embedder.embedded.clear()
        await world.ask(OTHER_QUESTION)

    assert world.embedder.embedded == [OTHER_QUESTION]
    assert world.store.calls["put"] == 2


async def test_an_empty_scope_costs_no_embedding_before_the_answer() -> None:
    """Nothing to be close to: embedding waits until the client is served."""
    async with a_world() as world:
        reply = await world.reply(world.incoming())
        before = list(world.embedder.embedded), world.store.calls["neighbors"]
        reply.finish(True)

    assert before == ([], 0)
    assert world.embedder.embedded == [QUESTION]


async def test_later_turns_of_a_conversation_are_never_embedded() -> None:
    """They are kept for the exact tier only."""
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": QUESTION},
    ]
    async with a_world() as world:
        await world.ask()
        world.embedder.embedded.clear()
        first, second = await world.ask(messages=turns), await world.ask(messages=turns)

    assert told(first) == ("miss", "later-turn")
    assert told(second) == ("exact", "same")
    assert world.embedder.embedded == []


async def test_tenants_never_see_each_others_answers() -> None:
    """Neither equal nor close questions cross."""
    async with a_world() as world:
        await world.serve(world.incoming(tenant="acme"))
        equal = await world.serve(world.incoming(tenant="rival"))
        close = await world.serve(world.incoming(PARAPHRASE, tenant="third"))

    assert told(equal) == told(close) == ("miss", "empty-scope")
    assert len(world.one.requests) == 3


async def test_with_the_cache_off_nothing_is_looked_up_or_kept() -> None:
    """A gateway that only routes costs what routing costs."""
    async with a_world(CachePolicy(mode="off")) as world:
        first, second = await world.ask(), await world.ask()

    assert told(first) == told(second) == ("bypass", "cache-off")
    assert world.store.calls == {}
    assert world.embedder.embedded == []
    assert len(world.one.requests) == 2


async def test_with_the_cache_off_errors_come_out_as_they_are() -> None:
    """There is no lead to give back."""
    async with a_world(CachePolicy(mode="off")) as world:
        with pytest.raises(UnknownModel):
            await world.ask(model="claude-haiku-9")


async def test_a_routes_settings_lie_over_the_others() -> None:
    """Here the asked model's name is its route."""
    async with a_world(CachePolicy(routes={"gpt-4o": RouteCache(mode="off")})) as world:
        off, on = await world.ask(), await world.ask(model="gpt-4o-mini")

    assert told(off) == ("bypass", "cache-off")
    assert told(on) == ("miss", "empty-scope")


async def test_observing_writes_down_what_would_have_been_served() -> None:
    """Beside what came back from upstream, which is what the client gets."""
    async with a_world(CachePolicy(mode="observe")) as world:
        world.script(whole(), whole("It is Paris."))
        first, second = await world.ask(), await world.ask(PARAPHRASE)

    assert told(second) == ("miss", "observed")
    assert text_of(second.body) == "It is Paris."
    assert second.summary.source is None
    seen = second.entry.observed
    assert seen is not None
    assert (seen.tier, seen.source) == ("semantic", first.entry.id)
    assert (seen.stored_text, seen.fresh_text) == (PARIS, "It is Paris.")
    assert second.entry.saved_nano == 0
    assert seen.agreement == "right"


@pytest.mark.parametrize(
    ("fresh", "said"),
    [("It is Paris.", ["right"]), ("Paris is not the capital of France.", ["wrong"]), ("Perhaps.", [])],
)
async def test_an_observed_hit_is_a_label_where_the_answers_are_clear(fresh: str, said: list[Said]) -> None:
    """What would have been served beside what came back; an unclear pair says nothing."""
    labels: list[Label] = []
    watch = Recalibrating(model=None, on_label=labels.append)
    async with a_world(CachePolicy(mode="observe"), recalibrating=watch) as world:
        world.script(whole(), whole(fresh))
        await world.ask()
        await world.ask(PARAPHRASE)

    assert labels == [Label("gpt-4o", "req-2", word, "observed") for word in said]


async def test_no_cache_asks_upstream_and_replaces_what_was_stored() -> None:
    """It is how a caller refreshes an answer."""
    async with a_world() as world:
        world.script(whole(), whole("Still Paris."))
        await world.ask()
        fresh = await world.serve(world.incoming(directives=Directives(look=False)))
        third = await world.ask()

    assert told(fresh) == ("bypass", "no-cache")
    assert text_of(third.body) == "Still Paris."


async def test_no_store_leaves_no_trace_in_the_store() -> None:
    """Neither read nor written."""
    async with a_world() as world:
        served = await world.serve(world.incoming(directives=Directives(look=False, keep=False)))

    assert told(served) == ("bypass", "no-store")
    assert world.store.calls == {}


async def test_max_age_takes_young_answers_only() -> None:
    """The age of an answer counts from when it was made."""
    async with a_world() as world:
        await world.ask()
        world.clock.pass_by(61.0)
        old = await world.serve(world.incoming(directives=Directives(max_age_s=60.0)))
        young = await world.serve(world.incoming(directives=Directives(max_age_s=60.0)))

    assert told(old) == ("miss", "too-old")
    assert told(young) == ("exact", "same")


async def test_an_answer_expires() -> None:
    """After the policy's time to live."""
    async with a_world(CachePolicy(ttl_s=60)) as world:
        await world.ask()
        world.clock.pass_by(60.0)
        second = await world.ask()

    assert second.entry.verdict == "miss"


async def test_only_if_cached_serves_what_is_stored_and_asks_nobody() -> None:
    """Without a stored answer it is the client's error, and costs nothing."""
    only = Directives(only_if_cached=True)
    async with a_world() as world:
        with pytest.raises(NotCached, match="empty-scope"):
            await world.reply(world.incoming(directives=only))
        await world.ask()
        served = await world.serve(world.incoming(directives=only))

    assert told(served) == ("exact", "same")
    assert len(world.one.requests) == 1


@pytest.mark.parametrize("mode", ["off", "observe"])
async def test_only_if_cached_asks_nobody_where_nothing_stored_is_served(mode: str) -> None:
    """Even where the cache would have had an answer."""
    policy = msgspec.convert({"mode": mode}, CachePolicy)
    async with a_world(policy) as world:
        await world.ask()
        with pytest.raises(NotCached, match=mode):
            await world.reply(world.incoming(directives=Directives(only_if_cached=True)))

    assert len(world.one.requests) == 1


async def test_a_pinned_model_is_asked_under_its_name() -> None:
    """The body says so; the rest of it stays as it was."""
    async with a_world() as world:
        served = await world.serve(world.incoming(pin="gpt-4o-mini"))

    assert served.entry.routed == "gpt-4o-mini"
    assert world.one.sent() == json.loads(request_body(QUESTION, model="gpt-4o-mini"))


async def test_a_pinned_model_never_gets_another_models_answer() -> None:
    """Asking for `fast` is answered by the model the config maps it to; pinning `fast` is taken at its word."""
    routing = RoutingPolicy(names={"gpt-4o": "gpt-4o-mini"})
    async with a_world(routing=routing) as world:
        world.script(whole("From mini."), whole("From the pinned one."))
        mapped = await world.ask()
        pinned = await world.serve(world.incoming(pin="gpt-4o"))
        again = await world.serve(world.incoming(pin="gpt-4o"))

    assert (mapped.entry.routed, pinned.entry.routed) == ("gpt-4o-mini", "gpt-4o")
    assert text_of(pinned.body) == text_of(again.body) == "From the pinned one."
    assert told(again) == ("exact", "same")


async def test_a_model_nobody_serves_is_the_clients_error() -> None:
    """It names the model, every time: nobody waits for a leader that never asked."""
    async with a_world() as world:
        for _ in range(2):
            with pytest.raises(UnknownModel, match="claude-haiku-9"):
                await world.ask(model="claude-haiku-9")


async def test_a_hit_is_worth_more_afterwards() -> None:
    """Useful entries stay."""
    async with a_world() as world:
        await world.ask()
        before = next(iter(world.store.entries.values()))
        world.clock.pass_by(10.0)
        await world.ask()

    after = world.store.entries[before.digest]
    assert after.hits == 1
    assert after.worth > before.worth


async def test_every_finished_request_is_told_with_its_answer() -> None:
    """The traffic log writes them down."""
    async with a_world() as world:
        first, second = await world.ask(), await world.ask()

    assert [identity for identity, _ in world.settled] == [first.entry.id, second.entry.id]
    assert all(answer is not None and answer.text == PARIS for _, answer in world.settled)
    assert world.ledger.entries == [first.entry, second.entry]
