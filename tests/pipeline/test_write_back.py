"""Keeping answers after they were served."""

import msgspec
import pytest

from sparingly.core.entry import unread_mark
from sparingly.core.keeping.worth import worth
from sparingly.errors import EmbedderError, StoreError, TextTooLong, TextUnreadable
from sparingly.pipeline.write_back import WriteBack
from tests.asks import NOW, entry
from tests.fakes.clock import FakeClock
from tests.pipeline.parts import DOWN, MeaningEmbedder, WatchedStore

pytestmark = pytest.mark.anyio


class World:
    """A WriteBack and what it works on."""

    def __init__(self) -> None:
        self.embedder = MeaningEmbedder()
        self.store = WatchedStore()
        self.clock = FakeClock(NOW)
        self.write_back = WriteBack(embedder=self.embedder, store=self.store, clock=self.clock)


async def test_an_entry_is_embedded_where_the_look_up_did_not() -> None:
    """The first question of a scope is not embedded before it is answered."""
    world = World()
    kept = entry()

    await world.write_back.keep(kept, vector=None)

    assert world.store.entries == {kept.digest: kept}
    assert kept.digest in world.store.vectors
    assert world.embedder.embedded == [kept.text]


async def test_the_look_ups_embedding_is_used_again() -> None:
    """One embedding a request."""
    world = World()
    kept = entry()
    vector = await MeaningEmbedder().embed("anything")

    await world.write_back.keep(kept, vector=vector)

    assert world.store.vectors[kept.digest] is vector
    assert world.embedder.embedded == []


async def test_an_entry_for_the_exact_tier_gets_no_vector() -> None:
    """Whatever the look-up left over."""
    world = World()
    kept = msgspec.structs.replace(entry(), text=None)

    await world.write_back.keep(kept, vector=await MeaningEmbedder().embed("anything"))

    assert world.store.entries == {kept.digest: kept}
    assert world.store.vectors == {}
    assert world.embedder.embedded == []


async def test_a_text_that_has_no_vector_serves_the_exact_tier() -> None:
    """That is no trouble."""
    world = World()
    world.embedder.trouble = TextTooLong("300 word pieces")
    kept = entry()

    await world.write_back.keep(kept, vector=None)

    assert world.store.entries == {kept.digest: msgspec.structs.replace(kept, text=None)}
    assert world.store.vectors == {}


async def test_without_an_embedder_answers_are_kept_for_the_exact_tier() -> None:
    """And the trouble is raised to the background task, which tells it."""
    world = World()
    world.embedder.trouble = EmbedderError("the model is gone")
    kept = entry()

    with pytest.raises(EmbedderError):
        await world.write_back.keep(kept, vector=None)

    assert world.store.entries == {kept.digest: msgspec.structs.replace(kept, text=None)}


async def test_a_store_that_fails_is_raised_to_the_background_task() -> None:
    """Nobody else can be told."""
    world = World()
    world.store.trouble = DOWN

    with pytest.raises(StoreError, match="the disk is full"):
        await world.write_back.keep(entry(), vector=None)


async def test_an_entry_that_was_served_is_worth_more() -> None:
    """It was used now, and once more."""
    world = World()
    kept = entry(hits=2, cost_nano=5_000_000)
    await world.store.put(kept, None)
    world.clock.pass_by(100.0)

    await world.write_back.served(kept, to=kept.tenant)

    served = world.store.entries[kept.digest]
    assert served.hits == 3
    assert served.worth == worth(last_used=NOW + 100.0, hits=3, cost_nano=5_000_000)


async def test_sweeping_forgets_what_has_expired_and_what_is_worth_least() -> None:
    """As the store's contract has it; the count comes back."""
    world = World()
    for number in range(4):
        made = msgspec.structs.replace(
            entry(worth=float(number), expires_at=NOW + (10.0 if number else 0.0)), digest=f"{number:032}"
        )
        await world.store.put(made, None)

    gone = await world.write_back.sweep(max_entries=2)

    assert gone == 2
    assert sorted(kept.worth for kept in world.store.entries.values()) == [2.0, 3.0]


async def test_an_entry_with_unreadable_words_is_kept_with_their_mark() -> None:
    """A question with the same ones may be given its answer for closeness."""
    world = World()
    world.embedder.trouble = TextUnreadable("no such word", words=["\u4f60"])
    kept = entry()

    await world.write_back.keep(kept, vector=None)

    assert world.store.entries[kept.digest] == msgspec.structs.replace(kept, unread=unread_mark(["\u4f60"]))
    assert kept.digest in world.store.vectors
