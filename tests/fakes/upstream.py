"""An upstream that answers what a test has put in its queue."""

from collections import deque
from collections.abc import AsyncIterator, Sequence

import msgspec

from sparingly.errors import UpstreamBroke, UpstreamUnreachable
from sparingly.ports import UpstreamReply, UpstreamRequest

JSON = (("content-type", "application/json"),)
EVENTS = (("content-type", "text/event-stream"),)


class Scripted(msgspec.Struct, frozen=True):
    """One answer; `is_cut` breaks it off after its last piece."""

    pieces: tuple[bytes, ...] = (b"{}",)
    status: int = 200
    headers: Sequence[tuple[str, str]] = JSON
    is_cut: bool = False


class Dead(msgspec.Struct, frozen=True):
    """No answer begins."""

    message: str = "the scripted provider is down"


class ScriptedReply:
    """Hands out pieces; remembers that it was closed."""

    def __init__(self, scripted: Scripted) -> None:
        self._scripted = scripted
        self._left = deque(scripted.pieces)
        self.is_closed = False

    @property
    def status(self) -> int:
        return self._scripted.status

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        return self._scripted.headers

    async def body(self) -> AsyncIterator[bytes]:
        while self._left:
            if self.is_closed:
                raise UpstreamBroke("the reply was closed")
            yield self._left.popleft()
        if self._scripted.is_cut:
            raise UpstreamBroke("the scripted provider broke off")

    async def read(self) -> bytes:
        try:
            return b"".join([piece async for piece in self.body()])
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        self.is_closed = True


class FakeUpstream:
    """Answers from its queue, the last entry again and again; keeps requests and replies to look at."""

    def __init__(self, *script: Scripted | Dead, name: str = "fake", dialect: str = "openai") -> None:
        self._script = deque(script or (Scripted(),))
        self._name = name
        self._dialect = dialect
        self.requests: list[UpstreamRequest] = []
        self.replies: list[ScriptedReply] = []
        self.is_closed = False

    @property
    def name(self) -> str:
        return self._name

    @property
    def dialect(self) -> str:
        return self._dialect

    @property
    def dialects(self) -> frozenset[str]:
        return frozenset({self._dialect})

    async def send(self, request: UpstreamRequest) -> UpstreamReply:
        if not isinstance(request.body, bytes):
            request = msgspec.structs.replace(request, body=b"".join([piece async for piece in request.body]))
        self.requests.append(request)
        match self._script.popleft() if len(self._script) > 1 else self._script[0]:
            case Dead(message):
                raise UpstreamUnreachable(message)
            case Scripted() as scripted:
                self.replies.append(reply := ScriptedReply(scripted))
                return reply

    async def ping(self) -> None:
        if isinstance(self._script[0], Dead):
            raise UpstreamUnreachable(self._script[0].message)

    async def aclose(self) -> None:
        self.is_closed = True
