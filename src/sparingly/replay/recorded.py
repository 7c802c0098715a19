"""An upstream that answers from the log that is being played.

It speaks the dialect of whoever asked, so no answer is ever translated.  A
request that was logged without an answer gets a short stand-in, because what
the cache would have done with it can be studied all the same; its tokens are
estimated and the report counts it.  A request that is not the logged one (a
classifier's question to a model) has no answer in any log: it is refused, and
the gateway does what it does when that model is down.
"""

from collections.abc import AsyncIterator, Sequence

import msgspec

from sparingly.core.answer import Answer, Choice
from sparingly.core.chat import Text
from sparingly.core.transcript import unfold
from sparingly.errors import UpstreamNonsense
from sparingly.ports import UpstreamReply, UpstreamRequest
from sparingly.protocols.dialect import Stamp
from sparingly.protocols.dialects import INBOUND, OUTBOUND
from sparingly.replay.logged import Logged

STAND_IN = "This request was logged without an answer."

_JSON = (("content-type", "application/json"),)
_EVENTS = (("content-type", "text/event-stream; charset=utf-8"),)
# Fields that the gateway itself may set on the way; whatever else differs makes it another request.
_PATCHED = frozenset({"model", "stream_options"})
_NOT_RECORDED = b'{"error":{"message":"the log holds no answer to this request","type":"not_recorded"}}'
# Not 5xx, which would be asked again: a recording does not get better.
_RECORDED_ERROR = 400

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Recording:
    """What is being played right now; all recorded upstreams of a replay share it."""

    def __init__(self) -> None:
        self.logged: Logged | None = None
        self.dialect = ""

    def play(self, logged: Logged, *, dialect: str) -> None:
        """Let the upstreams answer this request until the next one is played."""
        self.logged = logged
        self.dialect = dialect


class RecordedUpstream:
    """An Upstream under the name of a configured provider."""

    def __init__(self, name: str, recording: Recording) -> None:
        self._name = name
        self._recording = recording

    @property
    def name(self) -> str:
        """The provider it stands for."""
        return self._name

    @property
    def dialect(self) -> str:
        """That of the request being played."""
        return self._recording.dialect

    @property
    def dialects(self) -> frozenset[str]:
        """That one."""
        return frozenset({self._recording.dialect})

    async def send(self, request: UpstreamRequest) -> UpstreamReply:
        """Answer with what the log holds."""
        logged = self._recording.logged
        body = request.body if isinstance(request.body, bytes) else b""
        if logged is None or not is_the_logged_one(body, logged):
            return _Reply(404, _JSON, _NOT_RECORDED)
        if logged.response is not None and _is_error(logged.response):
            return _Reply(_RECORDED_ERROR, _JSON, logged.response)
        answer = self._answer(logged, request.model)
        if b'"stream"' in body and INBOUND[self.dialect].read(body).stream:
            return _Reply(200, _EVENTS, self._streamed(answer, body))
        return _Reply(200, _JSON, answer)

    async def ping(self) -> None:
        """A recording is always there."""

    async def aclose(self) -> None:
        """Nothing is open."""

    def _answer(self, logged: Logged, model: str | None) -> bytes:
        if logged.response is None:
            return _stand_in(model or "", self.dialect)
        return logged.response if model is None else _under_name(model, logged.response, logged.request)

    def _streamed(self, answer: bytes, request: bytes) -> bytes:
        """The recorded answer as the events that a provider would have sent."""
        try:
            whole = OUTBOUND[self.dialect].read(answer)
        except UpstreamNonsense:
            # Whoever reads it finds the same fault in it, as with an answer that is not streamed.
            return answer
        ask = INBOUND[self.dialect].read(request)
        writer = INBOUND[self.dialect].stream(
            msgspec.structs.replace(ask, include_usage=True), Stamp(id="recorded", created=0)
        )
        return writer.write(unfold(whole, piece_chars=None)) + writer.close()


class _Reply:
    """An UpstreamReply that is all there."""

    def __init__(self, status: int, headers: Sequence[tuple[str, str]], content: bytes) -> None:
        self.status = status
        self.headers = headers
        self._content = content

    async def body(self) -> AsyncIterator[bytes]:
        yield self._content

    async def read(self) -> bytes:
        return self._content

    async def aclose(self) -> None:
        pass


def is_the_logged_one(body: bytes, logged: Logged) -> bool:
    """Whether `body` is the logged request but for what the gateway sets on the way."""
    if body == logged.request:
        return True
    return _essence(body) == _essence(logged.request)


def has_answer(logged: Logged) -> bool:
    """Whether the log holds an answer that is not an error."""
    return logged.response is not None and not _is_error(logged.response)


def recorded_model(logged: Logged) -> str | None:
    """The model that the recorded answer names."""
    if logged.response is None:
        return None
    return _text(_fields.decode(logged.response).get("model"))


def _essence(body: bytes) -> dict[str, bytes]:
    return {name: bytes(raw) for name, raw in _fields.decode(body).items() if name not in _PATCHED}


def _is_error(response: bytes) -> bool:
    # Every dialect's error body has this field, and no answer of any has it set.
    return bytes(_fields.decode(response).get("error", b"null")) != b"null"


def _under_name(model: str, response: bytes, request: bytes) -> bytes:
    """The recorded answer under the name of the model that is asked now.

    Providers answer with a dated name ("gpt-5-2025-08-07" for "gpt-5"); that is
    the same model and stays.  Any other name means that routing chose otherwise.
    """
    fields = _fields.decode(response)
    recorded = _text(fields.get("model"))
    if recorded is not None and recorded.startswith(model):
        return response
    if model == _text(_fields.decode(request).get("model")):
        return response
    return msgspec.json.encode(fields | {"model": msgspec.Raw(msgspec.json.encode(model))})


def _text(raw: msgspec.Raw | None) -> str | None:
    value = None if raw is None else msgspec.json.decode(raw)
    return value if isinstance(value, str) else None


def _stand_in(model: str, dialect: str) -> bytes:
    answer = Answer(model, (Choice(0, (Text(STAND_IN),), finish="stop"),))
    return INBOUND[dialect].whole(answer, Stamp(id="stand-in", created=0))
