"""Cut a store into pages, newest first, however many entries are of one moment.

Both engines can list points by id, or by a field's value with ties in no order
worth the name.  A page that ends among entries of one moment is therefore
finished by listing that moment by id, and the next page begins there.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from sparingly.core.entry import Entry, Place
from sparingly.stores.qdrant_points import At, Before, Condition, Listing

List: TypeAlias = Callable[[Listing], Awaitable[list[Entry]]]


async def page(
    conditions: tuple[Condition, ...], *, limit: int, after: Place | None, listed: List
) -> list[Entry]:
    """Up to `limit` entries that meet the conditions, from behind `after` on; `listed` asks the engine."""
    found: list[Entry] = []
    older = conditions
    if after is not None:
        # One more: the listing begins with the place itself, if it is still there.
        same = Listing((*conditions, At("created_at", after.created_at)), limit + 1, start=after.digest)
        found = [entry for entry in await listed(same) if entry.digest != after.digest][:limit]
        older = (*conditions, Before("created_at", after.created_at))
    room = limit - len(found)
    if room == 0:
        return found
    newest = await listed(Listing(older, room, newest_first=True))
    if len(newest) < room:
        return found + _in_order(newest)
    moment = newest[-1].created_at
    whole = [entry for entry in newest if entry.created_at != moment]
    last = Listing((*conditions, At("created_at", moment)), room - len(whole))
    return found + _in_order(whole) + await listed(last)


def _in_order(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (-entry.created_at, entry.digest))
