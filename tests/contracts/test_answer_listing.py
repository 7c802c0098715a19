"""What `ports.AnswerStore` promises of listing, counting and crediting, checked for every implementation."""

import msgspec
import pytest

from sparingly.core.chat import Tenant
from sparingly.core.entry import Entry, Place, Selector, place_of
from sparingly.ports import AnswerStore
from tests.asks import NOW
from tests.contracts.answers import at, said

pytestmark = [
    pytest.mark.anyio,
    # The client says so of its local mode, once; only servers have indexes.
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant:UserWarning"),
]


async def test_a_credit_renews_what_was_said_of_an_entry(store: AnswerStore) -> None:
    """And nothing else of it; an entry that is gone stays gone."""
    one = said("a", hits=2)
    await store.put(one, at(0))

    await store.credit(one.digest, confirmed=3, denied=1)
    await store.credit(said("b").digest, confirmed=1, denied=0)

    assert await store.exact(one.digest, now=NOW) == msgspec.structs.replace(one, confirmed=3, denied=1)
    assert await store.count() == 1


async def paged(store: AnswerStore, selector: Selector | None, *, limit: int) -> list[Entry]:
    """Every selected entry, page by page."""
    entries: list[Entry] = []
    after: Place | None = None
    while found := await store.page(selector, limit=limit, after=after):
        assert len(found) <= limit
        entries += found
        after = place_of(found[-1])
    return entries


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
async def test_pages_go_from_the_newest_to_the_oldest(store: AnswerStore, limit: int) -> None:
    """Each entry once, also where many are of one moment; vectors and expiry do not matter."""
    for number in range(11):
        stale = said(str(number), created_at=NOW - number // 4, expires_at=NOW + 5 - number)
        await store.put(stale, at(number) if number % 2 else None)

    entries = await paged(store, None, limit=limit)

    assert [one.created_at for one in entries] == [NOW - number // 4 for number in range(11)]
    assert entries == sorted(entries, key=lambda one: (-one.created_at, one.digest))
    assert {one.text for one in entries} == {str(number) for number in range(11)}


async def test_a_page_holds_the_selected_only(store: AnswerStore) -> None:
    for number in range(9):
        tags = ("odd",) if number % 2 else ("even",)
        await store.put(said(str(number), tags=tags, created_at=NOW - number // 3), at(number))

    entries = await paged(store, Selector(tag="odd"), limit=2)

    assert {one.text for one in entries} == {"1", "3", "5", "7"}


async def test_the_place_of_a_forgotten_entry_is_still_a_place(store: AnswerStore) -> None:
    """A listing goes on after its last entry was forgotten."""
    for number in range(5):
        await store.put(said(str(number), created_at=NOW), None)
    first = await store.page(None, limit=2)
    await store.forget(Selector(digests=(first[-1].digest,)))

    rest = await store.page(None, limit=5, after=place_of(first[-1]))

    assert len(rest) == 3
    assert not {one.digest for one in rest} & {one.digest for one in first}


async def test_entries_are_counted_by_their_values(store: AnswerStore) -> None:
    """An entry with two tags counts for both; the commonest come when there are too many."""
    await store.put(said("a", tags=("faq", "v1"), served="small"), None)
    await store.put(said("b", tags=("faq",), tenant=Tenant("globex")), None)

    assert await store.tally("tags", limit=10) == {"faq": 2, "v1": 1}
    assert await store.tally("tags", limit=1) == {"faq": 2}
    assert await store.tally("tenant", limit=10) == {"acme": 1, "globex": 1}
    assert await store.tally("served", limit=10) == {"small": 1, "gpt-4o": 1}
    assert await store.tally("scope", limit=10) == {said("a").scope: 2}
    assert await store.tally("tags", limit=10, within=Selector(tenant=Tenant("globex"))) == {"faq": 1}
    assert await store.tally("tags", limit=10, within=Selector()) == {}
