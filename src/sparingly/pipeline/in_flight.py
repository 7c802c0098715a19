"""Requests that are equal to one under way wait for its answer instead of paying for a second.

The first of them leads, the others wait, but once only and not for long.  When
the leader ends without an answer that may be kept, one of them leads those that
come later and the rest ask for themselves: waiting in line for one refusal or
dead provider after another would cost the last of them all the time there is.

A request is under way until its answer can be looked up: whoever asks the same
while it is written back, as a script that repeats itself does, need not pay.
"""

import asyncio

from sparingly.core.entry import Digest, Entry

# Longer than most answers take.  A leader's answer ends when its client has read it, and a client may stop reading.
PATIENCE_S = 30.0


class Lead:
    """The right, and the duty, to answer one digest; `end` must be called whatever happens."""

    def __init__(self, flights: dict[Digest, asyncio.Future[Entry | None]], digest: Digest) -> None:
        self._flights = flights
        self._digest = digest
        self._future: asyncio.Future[Entry | None] = asyncio.get_running_loop().create_future()
        flights[digest] = self._future

    def share(self, entry: Entry) -> None:
        """Hand `entry` to all who wait, and to all who come until the end."""
        if not self._future.done():
            self._future.set_result(entry)

    def end(self, entry: Entry | None) -> None:
        """Hand `entry` to all who wait; None sends them on their own way.  Safe to call twice."""
        if self._flights.get(self._digest) is self._future:
            del self._flights[self._digest]
        if not self._future.done():
            self._future.set_result(entry)


class InFlight:
    """Who answers what at this moment, in this process."""

    def __init__(self, *, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._flights: dict[Digest, asyncio.Future[Entry | None]] = {}

    async def lead_or_wait(self, digest: Digest) -> Lead | Entry | None:
        """Become the leader for a digest, or take the leader's entry; None means to ask without leading."""
        flight = self._flights.get(digest)
        if flight is None:
            return Lead(self._flights, digest)
        try:
            async with asyncio.timeout(self._patience_s):
                # Shielded: a follower that is cancelled must not cancel the others' future.
                entry = await asyncio.shield(flight)
        except TimeoutError:
            # Nothing is wrong with this request: it asks for itself.
            return None
        if entry is not None:
            return entry
        return None if digest in self._flights else Lead(self._flights, digest)

    def __len__(self) -> int:
        return len(self._flights)
