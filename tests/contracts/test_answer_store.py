"""What `ports.AnswerStore` promises, checked for every implementation (see `conftest.py`)."""

import msgspec
import numpy as np
import pytest

from sparingly.core.chat import Image, Opaque, Tenant, Text, ToolCall, canonical_json
from sparingly.core.entry import Entry, Selector
from sparingly.core.vectors import Vector
from sparingly.errors import StoreError
from sparingly.ports import AnswerStore
from tests.asks import NOW, answer
from tests.contracts.answers import DIMENSIONS, at, said
from tests.fakes.store import FakeStore

pytestmark = [
    pytest.mark.anyio,
    # The client says so of its local mode, once; only servers have indexes.
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant:UserWarning"),
]


async def texts(
    store: AnswerStore, of: Entry, vector: Vector, *, limit: int = 5, now: float = NOW
) -> list[str]:
    """The questions of the neighbors, closest first."""
    near = await store.neighbors(of.scope, vector, limit=limit, now=now)
    return [neighbor.entry.text or "" for neighbor in near]


async def test_an_entry_comes_back_as_it_was_put(store: AnswerStore) -> None:
    """Every field and every kind of block, by digest and as a neighbor."""
    whole = said(
        "a",
        answer=answer(
            Text('Caf\u00e9 \u2192 "x"\n'),
            ToolCall("c1", "weather", '{"city": "Paris",  "n": 1.0}'),
            Opaque(canonical_json({"type": "audio", "n": [1, 2.5, None]})),
        ),
        source="req-7",
        cost_nano=123_456_789_012,
        worth=NOW + 0.25,
        hits=3,
        tags=("faq", "v2"),
    )

    await store.put(whole, at(0))

    assert await store.exact(whole.digest, now=NOW) == whole
    assert [neighbor.entry for neighbor in await store.neighbors(whole.scope, at(0), limit=5, now=NOW)] == [
        whole
    ]


async def test_an_unknown_digest_finds_nothing(store: AnswerStore) -> None:
    await store.put(said("a"), at(0))

    found = await store.exact(said("b").digest, now=NOW)

    assert found is None


async def test_neighbors_never_cross_a_scope(store: AnswerStore) -> None:
    """Not even for an identical vector."""
    await store.put(said("a", system="x"), at(0))
    other = said("b", system="y")
    await store.put(other, at(60))

    assert await texts(store, other, at(0)) == ["b"]


async def test_the_closest_comes_first(store: AnswerStore) -> None:
    """Similarity is the cosine; at most `limit` are returned."""
    for name, degrees in {"far": 50, "close": 10, "near": 30, "opposite": 180}.items():
        await store.put(said(name), at(degrees))

    near = await store.neighbors(said("far").scope, at(0), limit=3, now=NOW)

    assert [neighbor.entry.text for neighbor in near] == ["close", "near", "far"]
    assert [neighbor.similarity for neighbor in near] == pytest.approx(
        np.cos(np.radians([10, 30, 50])).tolist(), abs=1e-6
    )


async def test_every_write_is_visible_to_the_next_read(store: AnswerStore) -> None:
    for number in range(30):
        one = said(str(number))
        await store.put(one, at(number))
        assert await store.exact(one.digest, now=NOW) == one
        assert (await texts(store, one, at(number), limit=1)) == [str(number)]


async def test_an_expired_entry_is_never_returned(store: AnswerStore) -> None:
    """`expires_at` itself is too late, for both tiers."""
    one = said("a", expires_at=NOW)
    await store.put(one, at(0))

    assert await store.exact(one.digest, now=NOW) is None
    assert await texts(store, one, at(0)) == []
    assert await texts(store, one, at(0), now=NOW - 1.0) == ["a"]


async def test_expired_entries_do_not_stand_in_the_way_of_others(store: AnswerStore) -> None:
    """However many of them are closer."""
    for number in range(7):
        await store.put(said(f"stale {number}", expires_at=NOW - 1.0), at(number))
    await store.put(said("fresh"), at(40))
    await store.put(said("also fresh"), at(50))

    assert await texts(store, said("fresh"), at(0), limit=2) == ["fresh", "also fresh"]


async def test_a_put_with_a_known_digest_replaces_the_entry(store: AnswerStore) -> None:
    await store.put(said("a", hits=4), at(0))
    newer = said("a", answer=answer("Lyon."), created_at=NOW)

    await store.put(newer, at(90))

    assert await store.exact(newer.digest, now=NOW) == newer
    assert await store.count() == 1
    [found] = await store.neighbors(newer.scope, at(90), limit=5, now=NOW)
    assert found.similarity == pytest.approx(1.0, abs=1e-6)


async def test_an_entry_without_a_vector_is_found_by_its_digest_only(store: AnswerStore) -> None:
    one = said("a", text=None)
    await store.put(one, None)
    await store.put(said("b"), at(120))

    assert await store.exact(one.digest, now=NOW) == one
    assert await texts(store, one, at(0)) == ["b"]


async def test_a_put_without_a_vector_takes_the_old_vector_away(store: AnswerStore) -> None:
    await store.put(said("a"), at(0))
    await store.put(said("a"), None)

    assert await texts(store, said("a"), at(0)) == []
    assert await store.is_empty(said("a").scope)


async def test_a_scope_is_empty_until_an_entry_has_a_vector(store: AnswerStore) -> None:
    """Entries of the exact tier do not count: there is nothing to be close to."""
    scope = said("a").scope
    assert await store.is_empty(scope)
    await store.put(said("a"), None)
    assert await store.is_empty(scope)

    await store.put(said("b"), at(0))

    assert not await store.is_empty(scope)
    assert await store.is_empty(said("b", system="other").scope)


async def test_a_scope_is_empty_again_when_its_last_vector_is_gone(store: AnswerStore) -> None:
    one, two = said("a"), said("b")
    await store.put(one, at(0))
    await store.put(two, at(1))
    await store.forget(Selector(digests=(one.digest,)))
    assert not await store.is_empty(one.scope)

    await store.forget(Selector(digests=(two.digest,)))

    assert await store.is_empty(one.scope)


async def test_a_touch_renews_worth_and_hits(store: AnswerStore) -> None:
    one = said("a")
    await store.put(one, at(0))

    await store.touch(one.digest, worth=NOW + 5.0, hits=6)

    touched = msgspec.structs.replace(one, worth=NOW + 5.0, hits=6)
    assert await store.exact(one.digest, now=NOW) == touched
    assert await texts(store, one, at(0)) == ["a"]


async def test_a_touch_of_a_forgotten_entry_does_nothing(store: AnswerStore) -> None:
    await store.touch(said("a").digest, worth=1.0, hits=1)

    assert await store.count() == 0


SELECTORS = {
    "by digest": (
        Selector(digests=(said("a").digest, said("c").digest, said("not there").digest)),
        {"a", "c"},
    ),
    "by tenant": (Selector(tenant=Tenant("globex")), {"b", "d"}),
    "by tag": (Selector(tag="faq"), {"a", "b"}),
    "by served model": (Selector(served="small"), {"c", "d"}),
    "by age": (Selector(older_than=NOW - 50.0), {"a"}),
    "by the requests that wrote them": (Selector(sources=("req-b", "req-d", "req-z")), {"b", "d"}),
    "by scope": (Selector(scope=said("a").scope), {"a", "b", "c", "d"}),
    "by another scope": (Selector(scope=said("a", system="other").scope), set()),
    "by two conditions": (Selector(tenant=Tenant("globex"), tag="faq"), {"b"}),
    "by conditions that nobody meets": (Selector(tenant=Tenant("acme"), served="none"), set()),
    "by nothing": (Selector(), set()),
}


@pytest.mark.parametrize(("selector", "gone"), SELECTORS.values(), ids=SELECTORS.keys())
async def test_forgetting(store: AnswerStore, selector: Selector, gone: set[str]) -> None:
    """All conditions must hold; without any, nothing is selected."""
    globex = Tenant("globex")
    entries = {
        "a": said("a", tags=("faq", "v1"), created_at=NOW - 60.0),
        "b": said("b", tags=("faq",), tenant=globex, created_at=NOW - 50.0, source="req-b"),
        "c": said("c", served="small", created_at=NOW - 40.0),
        "d": said("d", served="small", tenant=globex, created_at=NOW - 30.0, source="req-d"),
    }
    for number, one in enumerate(entries.values()):
        await store.put(one, at(number))
    counted = await store.count(selector)
    listed = await store.page(selector, limit=10)

    count = await store.forget(selector)

    assert count == counted == len(gone)
    assert {one.text for one in listed} == gone
    left = {name for name, one in entries.items() if await store.exact(one.digest, now=NOW) is not None}
    assert left == set(entries) - gone


async def test_a_sweep_deletes_what_has_expired(store: AnswerStore) -> None:
    """And nothing else while there is room."""
    await store.put(said("a", expires_at=NOW - 1.0, worth=9.0), at(0))
    await store.put(said("b", expires_at=NOW), None)
    await store.put(said("c", expires_at=NOW + 1.0), at(2))

    count = await store.sweep(now=NOW, max_entries=10)

    assert count == 2
    assert await store.count() == 1


async def test_a_sweep_keeps_the_entries_of_most_worth(store: AnswerStore) -> None:
    """The worth of the last touch counts, not that of the put."""
    for number in range(12):
        await store.put(said(str(number), worth=float(number)), at(number))
    await store.touch(said("0").digest, worth=50.0, hits=1)

    count = await store.sweep(now=NOW, max_entries=4)

    assert count == 8
    assert set(await texts(store, said("0"), at(0), limit=12)) == {"0", "9", "10", "11"}


async def test_a_sweep_of_a_store_within_bounds_does_nothing(store: AnswerStore) -> None:
    await store.put(said("a"), at(0))

    assert await store.sweep(now=NOW, max_entries=1) == 0


async def test_more_is_deleted_than_fits_one_portion(store: AnswerStore) -> None:
    """Implementations delete in portions; the caller sees one number."""
    for number in range(300):
        await store.put(said(str(number), tags=("old",)), None)

    assert await store.forget(Selector(tag="old")) == 300
    assert await store.count() == 0


async def test_vectors_of_another_size_are_trouble(store: AnswerStore) -> None:
    """Nothing but StoreError comes out, and the store is as good as before."""
    if isinstance(store, FakeStore):
        pytest.skip("the fake compares whatever it is given")
    wrong = np.ones(DIMENSIONS + 1, dtype=np.float32)

    with pytest.raises(StoreError):
        await store.put(said("a"), wrong)
    with pytest.raises(StoreError):
        await store.neighbors(said("a").scope, wrong, limit=5, now=NOW)

    assert await store.count() == 0


async def test_a_large_answer_is_kept_whole(store: AnswerStore) -> None:
    """A quarter of a megabyte is the default limit of admission."""
    large = said("a", answer=answer("word " * 60_000, Image("data:image/png;base64," + "A" * 50_000).url))

    await store.put(large, at(0))

    assert await store.exact(large.digest, now=NOW) == large


async def test_a_store_answers_a_ping(store: AnswerStore) -> None:
    await store.ping()

    assert await store.count() == 0
