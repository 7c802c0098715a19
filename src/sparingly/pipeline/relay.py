"""Pass a streamed answer on while it arrives, and learn what it was.

Two ways.  Same dialect: the provider's bytes go to the client as they are, in
the pieces they came in, and are read only afterwards.  Other dialect: every
piece is read and written anew.  Either way a stream that is cut ends with the
client dialect's explicit error event: nothing partial is passed off as whole.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

from sparingly.core.answer import Answer
from sparingly.core.transcript import Delta, fold, has_content
from sparingly.errors import UpstreamBroke, UpstreamError
from sparingly.pipeline.patient import PatientPieces
from sparingly.pipeline.turns import Turns
from sparingly.ports import UpstreamReply
from sparingly.protocols.dialect import Failure, Inbound, StreamReader, StreamWriter
from sparingly.protocols.openai_chat.outbound import UsageStripper

# Pieces are read in portions of this many bytes: reading each by itself costs more in all, and reading a long
# answer at its end would hold the event loop (about 1 ms for a portion).
_PORTION_BYTES = 16 * 1024


class Relay:
    """One streamed answer.  `open` waits for the first content, not forever; `pieces` yields all of it."""

    def __init__(
        self,
        reply: UpstreamReply,
        *,
        reader: StreamReader,
        inbound: Inbound,
        writer: StreamWriter | None,
        stripper: UsageStripper | None,
        turns: Turns,
        hold_s: float,
    ) -> None:
        """`writer` is None where both sides speak one dialect; `stripper` takes injected usage out again.

        `turns` are shared by the streams of one loop, see `_last_portion`; `hold_s` is how long `open` waits.
        """
        self._reply = reply
        self._source = PatientPieces(reply.body())
        self._reader = reader
        self._inbound = inbound
        self._writer = writer
        self._stripper = stripper
        self._turns = turns
        self._hold_s = hold_s
        self._deltas: list[Delta] = []
        self._early: list[bytes] = []
        self._unread: list[bytes] = []
        self._unread_bytes = 0
        self.complete = False
        self.trouble: UpstreamError | None = None

    async def open(self) -> None:
        """Read up to the first content, so that a failure before it can still go to another candidate.

        A model may think for minutes before its first word.  So what has come after a while is passed on as it
        is: clients, and whatever is between, take a silence without even headers for a dead connection.

        Raises:
            UpstreamError: the stream broke, ended, carried an error or made no sense before any content.
        """
        until = asyncio.get_running_loop().time() + self._hold_s
        while await self._source.come_by(until):
            try:
                piece = await anext(self._source)
            except StopAsyncIteration:
                raise UpstreamBroke("the provider's stream ended before it held anything") from None
            deltas = self._reader.feed(piece)
            self._deltas += deltas
            out = self._written(piece, deltas)
            if out:
                self._early.append(out)
            if has_content(deltas) or self._reader.is_complete:
                return

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """What the client gets, piece by piece."""
        for piece in self._early:
            yield piece
        try:
            async for piece in self._source:
                out = self._pass_on(piece)
                if out:
                    yield out
            await self._last_portion()
            tail = self._tail()
        except UpstreamError as error:
            self.trouble = error
            yield self._cut(error)
            return
        if tail:
            yield tail

    def answer(self) -> Answer | None:
        """The folded answer, or None unless it is complete."""
        return fold(self._deltas) if self.complete else None

    def partial(self) -> Answer:
        """What had arrived, for the ledger's count of tokens."""
        with suppress(UpstreamError):
            # What makes no sense cannot be counted, and whoever left does not hear of it.
            self._catch_up()
        return fold(self._deltas)

    async def aclose(self) -> None:
        """Stop reading; the provider is told by the closed connection."""
        try:
            await self._source.aclose()
        finally:
            await self._reply.aclose()

    def _pass_on(self, piece: bytes) -> bytes:
        if self._writer is not None:
            deltas = self._reader.feed(piece)
            self._deltas += deltas
            return self._writer.write(deltas)
        self._unread.append(piece)
        self._unread_bytes += len(piece)
        if self._unread_bytes >= _PORTION_BYTES:
            self._catch_up()
        return self._written(piece, ())

    def _written(self, piece: bytes, deltas: list[Delta] | tuple[()]) -> bytes:
        if self._writer is not None:
            return self._writer.write(deltas)
        return piece if self._stripper is None else self._stripper.feed(piece)

    async def _last_portion(self) -> None:
        """Read what is left unread, when nobody else does.

        Streams often end together, and then what is left of all of them would be read in one turn of the loop, while
        pieces of others wait.  So one is read a turn, and whoever has something to pass on comes first.
        """
        if self._unread:
            await self._turns.take()
            self._catch_up()

    def _catch_up(self) -> None:
        """Read what was passed on unread."""
        portion, self._unread, self._unread_bytes = b"".join(self._unread), [], 0
        if portion:
            self._deltas += self._reader.feed(portion)

    def _tail(self) -> bytes:
        """What ends the stream: the dialect's closing events, or an error when it was cut."""
        self.complete = self._reader.is_complete
        held = self._stripper.close() if self._stripper is not None else b""
        if not self.complete:
            self.trouble = UpstreamBroke("the provider's stream ended before the answer was complete")
            return held + self._cut(self.trouble)
        return held + (self._writer.close() if self._writer is not None else b"")

    def _cut(self, error: UpstreamError) -> bytes:
        """The event that says why nothing more comes; whoever asks again may have more luck."""
        with suppress(UpstreamError):
            # What was passed on unread says how far it got; its own troubles are told by now.
            self._catch_up()
        reached = (self._writer or self._reader).reached
        return self._inbound.error_event(
            Failure(status=502, code=error.code, message=error.message, reached=reached)
        )
