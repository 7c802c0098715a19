"""The misses that were nearly hits, with the questions themselves."""

import msgspec
import pytest

from sparingly.core.chat import Tenant
from sparingly.core.ledger import Past
from sparingly.pipeline.watching.near_misses import near_misses
from tests.asks import NOW, TENANT, ask, entry, mark
from tests.fakes.history import ListHistory
from tests.fakes.store import FakeStore

pytestmark = pytest.mark.anyio


def a_miss(request_id: str, candidate: str, *, tenant: Tenant = TENANT) -> Past:
    return Past(
        request_id, NOW, tenant, "miss", "too-far", "gpt-4o", "gpt-4o", 0.9, candidate, 0.7, candidate
    )


async def test_a_near_miss_shows_both_questions() -> None:
    """As long as the store has them; a forgotten one is None."""
    store = FakeStore()
    for source, words in (("r1", "stored"), ("r2", "asked")):
        await store.put(msgspec.structs.replace(entry(mark(ask(words))), source=source), None)
    history = ListHistory(a_miss("r2", "r1"), a_miss("r3", "gone"))

    first, second = await near_misses(history, store, tenant=None, since=0.0, limit=10)

    assert (first.question, first.candidate_question) == ("asked", "stored")
    assert (first.id, first.similarity, first.probability) == ("r2", 0.9, 0.7)
    assert (second.question, second.candidate_question) == (None, None)


async def test_without_a_near_miss_the_store_is_not_asked() -> None:
    """A selector of nothing selects nothing."""
    store = FakeStore()
    await store.put(entry(), None)

    assert await near_misses(ListHistory(), store, tenant=None, since=0.0, limit=10) == []
