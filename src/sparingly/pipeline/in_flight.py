"""Requests that are equal to one under way wait for its answer instead of paying for a second.

The first of them leads.  The others wait; when the leader ends without an
answer that may be kept, the next one leads, so a failure never spreads.
"""

import asyncio

from sparingly.core.entry import Digest, Entry


class Lead:
    """The right, and the duty, to answer one digest; `end` must be called whatever happens."""

    def __init__(self, flights: dict[Digest, asyncio.Future[Entry | None]], digest: Digest) -> None:
        self._flights = flights
        self._digest = digest
        self._future: asyncio.Future[Entry | None] = asyncio.get_running_loop().create_future()
        flights[digest] = self._future

    def end(self, entry: Entry | None) -> None:
        """Hand `entry` to all who wait; None sends them on their own way.  Safe to call twice."""
        if self._flights.get(self._digest) is self._future:
            del self._flights[self._digest]
        if not self._future.done():
            self._future.set_result(entry)


class InFlight:
    """Who answers what at this moment, in this process."""

    def __init__(self) -> None:
        self._flights: dict[Digest, asyncio.Future[Entry | None]] = {}

    async def lead_or_wait(self, digest: Digest) -> Lead | Entry:
        """Become the leader for a digest, or wait for the one there is and take its entry."""
        while (flight := self._flights.get(digest)) is not None:
            # Shielded: a follower that is cancelled must not cancel the others' future.
            entry = await asyncio.shield(flight)
            if entry is not None:
                return entry
        return Lead(self._flights, digest)

    def __len__(self) -> int:
        return len(self._flights)
