"""A caller's word on an answer: once, for its own requests only, and with effect."""

import msgspec
import pytest

from sparingly.core.chat import Tenant
from sparingly.core.guarantee.awaiting import Label
from sparingly.core.judging.standing import Said
from sparingly.core.ledger import Past
from sparingly.errors import LedgerError, StoreError, UnknownRequest
from sparingly.pipeline.watching.feedback import Feedback, Taken
from tests.asks import NOW, TENANT, ask, entry, mark
from tests.fakes.clock import FakeClock
from tests.fakes.history import ListHistory
from tests.fakes.store import FakeStore
from tests.pipeline.parts import MeaningEmbedder

pytestmark = pytest.mark.anyio

STORED = msgspec.structs.replace(entry(mark(ask("stored"))), source="r1")
NEIGHBOR = msgspec.structs.replace(entry(mark(ask("neighbor"))), source="r5")
STRANGER = msgspec.structs.replace(entry(mark(ask("neighbor", system="another scope"))), source="r6")


class Desk:
    """Feedback with all that it works on: one stored answer, a neighbor of it, and one of another scope."""

    def __init__(self, *, revoke_similarity: float | None = None) -> None:
        self.store = FakeStore()
        self.embedder = MeaningEmbedder()
        self.embedder.know("neighbor", like="stored", similarity=0.95)
        self.history = ListHistory()
        self.learned: list[Label] = []
        self.feedback = Feedback(
            store=self.store,
            embedder=self.embedder,
            history=self.history,
            clock=FakeClock(NOW),
            revoke_similarity=revoke_similarity,
            learn=self.learned.append,
        )

    async def fill(self) -> None:
        for one in (STORED, NEIGHBOR, STRANGER):
            await self.store.put(one, await self.embedder.embed(one.text or ""))

    def served(self, verdict: str, *, candidate: str | None = "r1", request_id: str = "r2") -> None:
        self.history.pasts.append(
            Past(request_id, NOW, TENANT, verdict, "x", "gpt-4o", "gpt-4o", 0.9, candidate, 0.8, candidate)
        )

    async def say(self, said: Said, *, request_id: str = "r2", tenant: Tenant = TENANT) -> Taken:
        return await self.feedback.take(request_id, said, tenant=tenant)


async def a_desk(*, revoke_similarity: float | None = None) -> Desk:
    desk = Desk(revoke_similarity=revoke_similarity)
    await desk.fill()
    return desk


@pytest.mark.parametrize("verdict", ["exact", "semantic"])
async def test_a_denied_hit_is_revoked(verdict: str) -> None:
    """And nothing else, unless the operator says so."""
    desk = await a_desk()
    desk.served(verdict)

    taken = await desk.say("wrong")

    assert taken == Taken("r2", "wrong", "revoked", 1)
    assert set(desk.store.entries) == {NEIGHBOR.digest, STRANGER.digest}


async def test_a_denied_hit_takes_its_close_ones_along() -> None:
    """Those of its own scope that are as similar as the operator says."""
    desk = await a_desk(revoke_similarity=0.9)
    desk.served("semantic")

    taken = await desk.say("wrong")

    assert taken.entries == 2
    assert set(desk.store.entries) == {STRANGER.digest}


async def test_close_ones_below_the_bar_stay() -> None:
    desk = await a_desk(revoke_similarity=0.96)
    desk.served("semantic")

    assert (await desk.say("wrong")).entries == 1
    assert NEIGHBOR.digest in desk.store.entries


async def test_a_denied_fresh_answer_is_not_kept_for_others() -> None:
    """On a miss the entry is the one that the request itself wrote, not the one it came close to."""
    desk = await a_desk()
    desk.served("miss", candidate="r1", request_id="r5")

    await desk.say("wrong", request_id="r5")

    assert STORED.digest in desk.store.entries
    assert NEIGHBOR.digest not in desk.store.entries


async def test_a_confirmed_semantic_hit_earns_trust() -> None:
    """Its entry was right for another question than its own."""
    desk = await a_desk()
    desk.served("semantic")

    assert await desk.say("right") == Taken("r2", "right", "confirmed", 1)
    assert desk.store.entries[STORED.digest].confirmed == 1


@pytest.mark.parametrize("verdict", ["exact", "miss", "bypass"])
async def test_other_answers_earn_none(verdict: str) -> None:
    """An answer that is right for its own question says nothing of others."""
    desk = await a_desk()
    desk.served(verdict)

    assert await desk.say("right") == Taken("r2", "right", "noted")
    assert desk.store.entries[STORED.digest].confirmed == 0
    assert desk.learned == []


@pytest.mark.parametrize("said", ["right", "wrong"])
async def test_a_judged_hit_is_a_lesson(said: Said) -> None:
    """The route's watch is told which request was judged, how and by whom."""
    desk = await a_desk()
    desk.served("semantic")

    await desk.say(said)

    assert desk.learned == [Label("gpt-4o", "r2", said, "feedback")]


async def test_a_word_counts_once() -> None:
    """Who repeats it does not make an entry more trusted."""
    desk = await a_desk()
    desk.served("semantic")
    await desk.say("right")

    assert await desk.say("right") == Taken("r2", "right", "known-already")
    assert desk.store.entries[STORED.digest].confirmed == 1
    assert len(desk.learned) == 1


async def test_nobody_speaks_for_another_tenant() -> None:
    """And nobody learns whether the other's request exists."""
    desk = await a_desk()
    desk.served("semantic")

    with pytest.raises(UnknownRequest) as theirs:
        await desk.say("wrong", tenant=Tenant("globex"))
    with pytest.raises(UnknownRequest) as nobodys:
        await desk.say("wrong", request_id="r9")

    assert theirs.value.message.replace("r2", "") == nobodys.value.message.replace("r9", "")
    assert STORED.digest in desk.store.entries


async def test_a_word_on_a_forgotten_entry_is_noted() -> None:
    desk = await a_desk()
    desk.served("semantic", candidate="long-gone")

    assert (await desk.say("wrong")).done == "noted"


async def test_a_word_that_met_trouble_may_be_said_again() -> None:
    """Nothing was done, so nothing is remembered."""
    desk = await a_desk()
    desk.served("semantic")
    desk.history.trouble = LedgerError("locked")
    with pytest.raises(LedgerError):
        await desk.say("wrong")
    desk.history.trouble = None
    desk.store.trouble = StoreError("full")
    with pytest.raises(StoreError):
        await desk.say("wrong")
    desk.store.trouble = None

    assert (await desk.say("wrong")).done == "revoked"
