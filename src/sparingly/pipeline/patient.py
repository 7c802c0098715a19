"""Wait for the next piece of a reply for so long, and lose nothing by giving up.

A generator that is cancelled while it waits has ended; here the waiting goes on
beside, and whoever asks next gets what it brought.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Self


class PatientPieces:
    """Pieces of a reply, in order; one reader."""

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self._source = source
        self._awaited: asyncio.Future[bytes] | None = None

    async def come_by(self, deadline: float) -> bool:
        """Whether the next piece, the end or a failure is there by `deadline`, in seconds of the loop's clock."""
        if self._awaited is None:
            self._awaited = asyncio.ensure_future(anext(self._source))
        left = max(0.0, deadline - asyncio.get_running_loop().time())
        done, _ = await asyncio.wait({self._awaited}, timeout=left)
        return bool(done)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        awaited, self._awaited = self._awaited, None
        return await (anext(self._source) if awaited is None else awaited)

    async def aclose(self) -> None:
        """Stop waiting."""
        awaited, self._awaited = self._awaited, None
        if awaited is not None:
            awaited.cancel()
            # Waited for, not awaited: whoever cancels this call must not be mistaken for what it cancels.
            await asyncio.wait({awaited})
            if not awaited.cancelled():
                # What it met meanwhile is nobody's any more.
                awaited.exception()
