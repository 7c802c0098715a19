"""Clients that leave, at every moment there is: the provider stops, and the ledger has one line."""

import pytest

from sparingly.core.ledger import LedgerEntry
from sparingly.core.policy import CachePolicy
from tests.pipeline.parts import StalledUpstream
from tests.pipeline.wire import PARIS, chunk, pieces, request_body, stream, whole
from tests.pipeline.world import QUESTION
from tests.web.front import a_front
from tests.web.harness import eventually, fetch, visiting

pytestmark = pytest.mark.anyio

ASK = request_body(QUESTION)
STREAMED = request_body(QUESTION, stream=True)


def end_of(entry: LedgerEntry) -> tuple[int, str, bool]:
    return entry.status, entry.reason, entry.complete


async def test_leaving_while_the_body_is_read_asks_nobody() -> None:
    """Half a question is none."""
    async with a_front() as front, visiting(front.app, body=None) as visit:
        visit.upload(ASK[:20])
        visit.leave()

    assert front.world.one.asked == 0
    assert end_of(front.line) == (499, "client-left", False)
    assert visit.status is None


@pytest.mark.parametrize("body", [ASK, STREAMED], ids=["whole", "streamed"])
async def test_leaving_while_the_answer_is_awaited_gives_the_provider_up(body: bytes) -> None:
    """The gate stays shut, so this ends only if the call is given up."""
    async with a_front() as front:
        front.world.one.gate.clear()
        async with visiting(front.app, body=body) as visit:
            await eventually(lambda: front.world.one.asked)
            visit.leave()

    assert front.world.one.replies == []
    assert end_of(front.line) == (499, "client-left", False)
    assert front.line.asked == "gpt-4o"


async def test_leaving_before_the_first_content_hangs_up() -> None:
    """Headers have come, words have not."""
    silent = StalledUpstream(stream(chunk({"role": "assistant", "content": ""})))
    async with a_front(one=silent) as front, visiting(front.app, body=STREAMED) as visit:
        await silent.stalled.wait()
        visit.leave()

    assert [reply.is_closed for reply in silent.replies] == [True]
    assert end_of(front.line) == (499, "client-left", False)


async def test_leaving_in_the_middle_of_a_stream_hangs_up() -> None:
    """The line says what was begun: status 200, not complete, and the words so far were paid for."""
    stalled = StalledUpstream(stream(*pieces()[:4]))
    async with a_front(one=stalled) as front, visiting(front.app, body=STREAMED) as visit:
        await visit.heard(b"is ")
        visit.leave()

    assert [reply.is_closed for reply in stalled.replies] == [True]
    assert end_of(front.line) == (200, "empty-scope", False)
    assert front.line.usage.output_tokens > 0
    assert front.world.store.entries == {}


async def test_leaving_after_the_last_byte_is_no_leaving() -> None:
    """The connection closes some day."""
    async with a_front() as front:
        async with visiting(front.app, body=STREAMED) as visit:
            await visit.until(lambda one: one.is_whole)
            visit.leave()
        await front.world.background.settle()

    assert front.line.complete
    assert len(front.world.store.entries) == 1


async def test_leaving_during_a_paced_hit_is_entered_as_incomplete() -> None:
    """Nobody is paid for it, and the ledger says how it ended all the same."""
    async with a_front(CachePolicy(pace_tokens_per_s=1.0)) as front:
        front.world.script(whole("word " * 1_000))
        await fetch(front.app, body=ASK)
        await front.world.background.settle()
        async with visiting(front.app, body=STREAMED) as visit:
            await visit.begun()
            visit.leave()

    assert end_of(front.world.ledger.entries[-1]) == (200, "same", False)


async def test_those_who_wait_for_the_same_answer_do_not_leave_with_the_first() -> None:
    """They ask for themselves, and get their answer."""
    async with a_front() as front:
        front.world.one.gate.clear()
        async with visiting(front.app, body=ASK) as first, visiting(front.app, body=ASK) as second:
            await eventually(lambda: front.gauge.now == 2 and front.world.one.asked)
            first.leave()
            await eventually(lambda: front.world.one.asked == 2)
            front.world.one.gate.set()

    assert first.status is None
    assert second.got().status == 200
    assert PARIS in second.got().body.decode()
    assert [end_of(entry) for entry in front.world.ledger.entries] == [
        (499, "client-left", False),
        (200, "empty-scope", True),
    ]
