"""Anthropic's API on loopback: it answers what api.anthropic.com once did, and refuses as it does."""

import json

from sparingly.ports import UpstreamReply, UpstreamRequest
from tests.fakes.upstream import EVENTS, JSON, Scripted, ScriptedReply
from tests.protocols.anthropic.golden import STREAM, WHOLE

OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}

# Cut where TCP might: in the middle of events, and of a line.
_PIECE_BYTES = 700


class GoldenClaude:
    """An upstream that speaks Anthropic's Messages API; `asked` are the bodies it got, `bodies` their bytes."""

    name, dialect, dialects = "claude", "anthropic", frozenset({"anthropic"})

    def __init__(self) -> None:
        self.asked: list[dict[str, object]] = []
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []

    async def send(self, request: UpstreamRequest) -> UpstreamReply:
        assert isinstance(request.body, bytes)
        if request.path != "/v1/messages":
            return _reply(Scripted((b"{}",), status=404))
        body = json.loads(request.body)
        self.asked.append(body)
        self.bodies.append(request.body)
        self.headers.append(dict(request.headers))
        if body["model"] == "claude-overloaded":
            return _reply(Scripted((json.dumps(OVERLOADED).encode(),), status=529))
        if body.get("stream"):
            pieces = [STREAM[start : start + _PIECE_BYTES] for start in range(0, len(STREAM), _PIECE_BYTES)]
            return _reply(Scripted(tuple(pieces), headers=EVENTS))
        return _reply(Scripted((WHOLE,), headers=(*JSON, ("request-id", "req_golden"))))

    async def ping(self) -> None:
        pass

    async def aclose(self) -> None:
        pass


def _reply(scripted: Scripted) -> UpstreamReply:
    return ScriptedReply(scripted)
