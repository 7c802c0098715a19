"""Pages over an engine that lists by id or by time, ties in any order."""

import random

import msgspec
import pytest

from sparingly.core.entry import Digest, Entry, Place, place_of
from sparingly.stores.paging import page
from sparingly.stores.qdrant_points import At, Before, Equals, Listing
from tests.asks import entry

pytestmark = pytest.mark.anyio

SOME = (Equals("tags", "faq"),)


class Engine:
    """Entries and the listings it was asked for; what is of one moment comes in no order when asked by time."""

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = entries
        self._rng = random.Random(7)
        self.asked: list[Listing] = []

    async def listed(self, listing: Listing) -> list[Entry]:
        self.asked.append(listing)
        found = [one for one in self._entries if all(_holds(one, each) for each in listing.conditions)]
        if listing.newest_first:
            self._rng.shuffle(found)
            return sorted(found, key=lambda one: -one.created_at)[: listing.limit]
        start = listing.start or ""
        return sorted((one for one in found if one.digest >= start), key=lambda one: one.digest)[
            : listing.limit
        ]


def _holds(one: Entry, condition: object) -> bool:
    match condition:
        case At(_, value):
            return one.created_at == value
        case Before(_, bound):
            return one.created_at < bound
        case _:
            return True


def _entries(*moments: float) -> list[Entry]:
    plain = entry()
    return [
        msgspec.structs.replace(plain, digest=Digest(f"{number * 7919 % 997:032x}"), created_at=moment)
        for number, moment in enumerate(moments)
    ]


@pytest.mark.parametrize("limit", range(1, 8))
@pytest.mark.parametrize(
    "moments", [(1.0,) * 9, tuple(map(float, range(9))), (5.0, 5.0, 4.0, 4.0, 4.0, 4.0, 3.0)]
)
async def test_every_entry_is_on_one_page(limit: int, moments: tuple[float, ...]) -> None:
    """Newest first, and those of one moment by digest, whatever order the engine gives them in."""
    entries = _entries(*moments)
    engine = Engine(entries)
    after: Place | None = None
    seen: list[Entry] = []

    while found := await page(SOME, limit=limit, after=after, listed=engine.listed):
        assert len(found) <= limit
        seen += found
        after = place_of(found[-1])

    assert seen == sorted(entries, key=lambda one: (-one.created_at, one.digest))


async def test_the_conditions_are_part_of_every_listing() -> None:
    """A page of one tenant's entries must never show another's."""
    engine = Engine(_entries(2.0, 2.0, 1.0))

    await page(SOME, limit=2, after=Place(2.0, Digest("0" * 32)), listed=engine.listed)

    assert engine.asked
    assert all(listing.conditions[:1] == SOME for listing in engine.asked)
