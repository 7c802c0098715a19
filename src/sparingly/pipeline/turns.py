"""Take turns: of much that could be done at once, a few pieces a turn of the event loop.

Requests often begin together, and streams end together.  Done as they come, what
256 of them need would hold the loop for a fifth of a second, while pieces of other
streams wait to be passed on.
"""

import asyncio


class Turns:
    """Lets a few through a turn of the loop, in the order in which they came; who is alone need not wait."""

    def __init__(self, *, at_once: int = 1) -> None:
        """`at_once` are let through together: more hold the loop for longer, fewer make it go round more often."""
        self._free = asyncio.Semaphore(at_once)

    async def take(self) -> None:
        """Return when it is the caller's turn; the next one's comes after what the loop has to do by then."""
        await self._free.acquire()
        asyncio.get_running_loop().call_soon(self._free.release)
