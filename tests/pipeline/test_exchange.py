"""What enters the pipeline and what leaves it."""

import pytest

from tests.pipeline.wire import refusal, stream
from tests.pipeline.world import a_world

pytestmark = pytest.mark.anyio


async def test_a_reply_brings_what_the_provider_said_beside_its_body() -> None:
    """Status and headers, unfiltered: what may travel on is the web layer's to say."""
    async with a_world() as world:
        world.script(refusal(400, retry_after="9"))
        reply = await world.reply(world.incoming())
        reply.finish(True)

    assert reply.status == 400
    assert ("retry-after", "9") in reply.provider_headers


async def test_nothing_is_entered_before_the_reply_is_finished() -> None:
    """What the ledger says of the delivery is known then."""
    async with a_world() as world:
        world.script(stream())
        reply = await world.reply(world.incoming(fields={"stream": True}))
        before = list(world.ledger.entries)
        entry = reply.finish(False)

    assert before == []
    assert world.ledger.entries == [entry]


async def test_a_summary_is_known_before_the_body_is_sent() -> None:
    """Headers come first; what a streamed answer costs is not among them."""
    async with a_world() as world:
        world.script(stream())
        reply = await world.reply(world.incoming(fields={"stream": True}))
        reply.finish(False)

    assert (reply.summary.id, reply.summary.verdict, reply.summary.served) == ("req-1", "miss", "gpt-4o")
    assert reply.summary.cost_nano is None
