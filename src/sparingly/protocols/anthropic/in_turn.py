"""Put the deltas of blocks that come mixed one block after the other.

Other providers may write the arguments of several calls in turns; here a block
ends before the next begins and is never gone back to.  So what comes after a
call waits until the call's arguments are a whole object: then they are all there,
and what waited follows at once.  Where nothing is mixed they are whole when the
next block begins, and nothing waits.

Arguments that never become an object (broken ones, or none at all, which some
servers send for `{}`) hold back what follows until the answer ends; only then is
it known that no more of them come.
"""

import msgspec

from sparingly.core.transcript import (
    Delta,
    OpaqueDelta,
    RefusalDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegun,
    ToolCallDelta,
)
from sparingly.errors import UpstreamNonsense


class InTurn:
    """The deltas of one choice."""

    def __init__(self) -> None:
        self._call: int | None = None
        """The call under way."""
        self._arguments: list[str] = []
        self._waiting: list[Delta] = []
        self._ended: set[int] = set()

    def add(self, delta: Delta) -> list[Delta]:
        """What may be told by now.

        Raises:
            UpstreamNonsense: a call goes on whose arguments were whole.
        """
        match delta:
            case ToolCallDelta():
                return self._argued(delta)
            case TextDelta() | ThinkingDelta() | RefusalDelta() | OpaqueDelta() | ToolCallBegun():
                if self._waiting or not self._is_whole():
                    self._waiting.append(delta)
                    return []
                self._end()
                if isinstance(delta, ToolCallBegun):
                    self._call = delta.index
            case _:
                # It belongs to no block.
                pass
        return [delta]

    def close(self) -> list[Delta]:
        """What still waits when the answer ends."""
        told: list[Delta] = []
        while self._waiting:
            told += self._next()
        return told

    def _argued(self, delta: ToolCallDelta) -> list[Delta]:
        if delta.index == self._call:
            self._arguments.append(delta.arguments)
            # Cheap first: only a piece that closes an object can make it whole.
            if self._waiting and "}" in delta.arguments and self._is_whole():
                return [delta, *self._next()]
            return [delta]
        if delta.index not in self._ended:
            self._waiting.append(delta)
        elif delta.arguments.strip():
            raise UpstreamNonsense(
                "the provider goes on with the arguments of a tool call that were complete"
            )
        return []

    def _next(self) -> list[Delta]:
        """End the call under way, and tell what waited for it as if it came now."""
        self._end()
        waited, self._waiting = self._waiting, []
        return [told for delta in waited for told in self.add(delta)]

    def _end(self) -> None:
        if self._call is not None:
            self._ended.add(self._call)
        self._call, self._arguments = None, []

    def _is_whole(self) -> bool:
        """Whether nothing more belongs to what is under way."""
        if self._call is None:
            return True
        try:
            return isinstance(msgspec.json.decode("".join(self._arguments)), dict)
        except (msgspec.DecodeError, RecursionError):
            return False
