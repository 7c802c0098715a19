"""A provider in this process that needs no network and answers the same every time.

It serves the demo, the tests and the benchmarks: answers from a seed, a script
or a log in every dialect, model lists, embeddings, and an echo for any other
path, with faults and pace as configured.  Which requests fail is decided by a hash of the
request, so a run can be repeated; the same request fails every time, and
another model may still answer it.
"""

import base64
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Annotated

import msgspec

from sparingly.errors import UpstreamBroke
from sparingly.ports import UpstreamReply, UpstreamRequest
from sparingly.settings import Simulation
from sparingly.upstreams import simulated_messages as messages
from sparingly.upstreams import simulated_responses as responses
from sparingly.upstreams.simulated_chat import (
    CREATED,
    completion,
    events,
    read_request,
    recorded,
    relabeled,
    whole,
)
from sparingly.upstreams.simulated_log import answer_to
from sparingly.upstreams.simulated_reply import Refused
from sparingly.upstreams.simulated_words import digest, share, tokens, vector

_JSON = ("content-type", "application/json")
_EVENTS = ("content-type", "text/event-stream; charset=utf-8")
_MESSAGES = "/v1/messages"

DIALECTS = frozenset({"openai", "openai-responses", "openai-embeddings", "anthropic"})

_CREDENTIALS = frozenset({"authorization", "x-api-key", "api-key", "cookie"})

# Enough for distances to spread, small enough to read; OpenAI's own have 1,536.
_EMBEDDING_DIMENSIONS = 256


class _Embed(msgspec.Struct):
    model: str
    input: msgspec.Raw
    dimensions: Annotated[int, msgspec.Meta(ge=1, le=4096)] = _EMBEDDING_DIMENSIONS
    encoding_format: str = "float"


class SimulatedReply:
    """An answer in pieces; `is_cut` ends it halfway, as a lost connection would."""

    def __init__(
        self,
        status: int,
        headers: Sequence[tuple[str, str]],
        pieces: AsyncIterator[bytes],
        *,
        is_cut: bool = False,
    ) -> None:
        self._status = status
        self._headers = headers
        self._pieces = pieces
        self._is_cut = is_cut
        self._is_closed = False

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._status

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        """The headers, with names in lower case."""
        return self._headers

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the pieces at their pace; raises UpstreamBroke when cut or closed."""
        async for piece in self._pieces:
            if self._is_closed:
                raise UpstreamBroke("the simulated provider's answer was closed before its end")
            yield piece
        if self._is_cut:
            raise UpstreamBroke("the simulated provider cut its answer, as configured")

    async def read(self) -> bytes:
        """The whole body; closes the reply."""
        try:
            return b"".join([piece async for piece in self.body()])
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Let no further piece out."""
        self._is_closed = True


class SimulatedUpstream:
    """Satisfies `Upstream` and speaks every dialect."""

    def __init__(
        self,
        *,
        name: str,
        simulation: Simulation,
        models: Sequence[str],
        answers: Mapping[bytes, bytes],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        """`models` are listed, any is answered; `answers` come from `simulated_log.read_answers`."""
        self._name = name
        self._knobs = simulation
        self._models = tuple(models)
        self._answers = answers
        self._sleep = sleep

    @property
    def name(self) -> str:
        """The provider's name in the config."""
        return self._name

    @property
    def dialect(self) -> str:
        """The wire form that others are translated into."""
        return "openai"

    @property
    def dialects(self) -> frozenset[str]:
        """The wire forms it speaks."""
        return DIALECTS

    async def send(self, request: UpstreamRequest) -> UpstreamReply:
        """Answer as configured; never unreachable."""
        body = request.body
        if not isinstance(body, bytes):
            body = b"".join([piece async for piece in body])
        await self._wait(self._knobs.latency_s)
        fate = digest(self._knobs.seed, request.path, body)
        draw = share(fate, "error")
        refused = _refusals(request.path)
        if draw < self._knobs.error_rate:
            return refused(500, "The simulated provider failed, as configured.", None)
        if draw < self._knobs.error_rate + self._knobs.rate_limit_rate:
            return refused(429, "The simulated provider's rate limit was reached, as configured.", None)
        try:
            return await self._answer(request, body, is_cut=share(fate, "cut") < self._knobs.cut_rate)
        except Refused as refusal:
            return refused(400, refusal.message, refusal.param)

    async def ping(self) -> None:
        """It is always there."""

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _answer(self, request: UpstreamRequest, body: bytes, *, is_cut: bool) -> SimulatedReply:
        path = request.path.partition("?")[0]
        match request.method, path:
            case "POST", "/v1/chat/completions":
                return await self._chat(body, is_cut=is_cut)
            case "POST", "/v1/responses":
                return await self._responses(body, is_cut=is_cut)
            case "POST", "/v1/messages":
                return await self._messages(body, version=_version(request), is_cut=is_cut)
            case "POST", "/v1/messages/count_tokens":
                counted = messages.input_tokens(messages.read_request(body, is_counted=True))
                return _reply(msgspec.json.encode({"input_tokens": counted}))
            case "POST", "/v1/embeddings":
                return _reply(_embeddings(body), is_cut=is_cut)
            case "GET", "/v1/models":
                return _reply(_listed(self._models, for_anthropic=bool(_version(request))))
            case "GET", _ if path.startswith("/v1/models/"):
                return _reply(msgspec.json.encode(_model(path.removeprefix("/v1/models/"))))
            case _:
                return _reply(_echo(request, body), is_cut=is_cut)

    async def _chat(self, body: bytes, *, is_cut: bool) -> SimulatedReply:
        request = read_request(body)
        knobs = self._knobs
        logged = answer_to(body, self._answers)
        answer = recorded(logged, model=request.model) if logged is not None else None
        if answer is None:
            logged, answer = None, completion(request, seed=knobs.seed, answer_tokens=knobs.answer_tokens)
        said = whole(answer) if logged is None else relabeled(logged, model=request.model)
        pieces = events(answer, chunk_tokens=knobs.chunk_tokens, wants_usage=request.wants_usage)
        return await self._told(said, list(pieces), stream=request.stream, name=answer.id, is_cut=is_cut)

    async def _responses(self, body: bytes, *, is_cut: bool) -> SimulatedReply:
        request, knobs = responses.read_request(body), self._knobs
        answer = responses.response(request, seed=knobs.seed, answer_tokens=knobs.answer_tokens)
        pieces = list(responses.events(answer, chunk_tokens=knobs.chunk_tokens))
        name = str(answer["id"])
        return await self._told(
            responses.whole(answer), pieces, stream=request.stream, name=name, is_cut=is_cut
        )

    async def _messages(self, body: bytes, *, version: str, is_cut: bool) -> SimulatedReply:
        request, knobs = messages.read_request(body, version=version), self._knobs
        answer = messages.message(request, body, seed=knobs.seed, answer_tokens=knobs.answer_tokens)
        pieces = list(messages.events(answer, chunk_tokens=knobs.chunk_tokens))
        name = str(answer["id"])
        return await self._told(
            messages.whole(answer), pieces, stream=request.stream, name=name, is_cut=is_cut
        )

    async def _told(
        self, said: bytes, pieces: list[bytes], *, stream: bool | None, name: str, is_cut: bool
    ) -> SimulatedReply:
        """An answer whole or in pieces; both ways take equally long."""
        if not stream:
            await self._wait(self._knobs.first_token_s + self._knobs.chunk_s * (len(pieces) - 1))
            return _reply(said, is_cut=is_cut)
        if is_cut:
            pieces = pieces[: len(pieces) // 2]
        headers = (_EVENTS, ("x-request-id", name))
        return SimulatedReply(200, headers, self._paced(pieces), is_cut=is_cut)

    async def _paced(self, pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
        wait_s = self._knobs.first_token_s
        for piece in pieces:
            await self._wait(wait_s)
            yield piece
            wait_s = self._knobs.chunk_s

    async def _wait(self, wait_s: float) -> None:
        if wait_s > 0:
            await self._sleep(wait_s)


def _reply(body: bytes, *, status: int = 200, is_cut: bool = False) -> SimulatedReply:
    """A body that is there at once, or the first half of it."""
    headers = (_JSON, ("x-request-id", f"req_sim_{digest(body).hex()[:16]}"))
    return SimulatedReply(
        status, headers, _at_once(body[: len(body) // 2] if is_cut else body), is_cut=is_cut
    )


def _refusals(path: str) -> Callable[[int, str, str | None], SimulatedReply]:
    """How an error is told to who asks a path."""
    return _anthropic_error if path.startswith(_MESSAGES) else _openai_error


def _openai_error(status: int, message: str, param: str | None) -> SimulatedReply:
    kind = {400: "invalid_request_error", 429: "requests"}.get(status, "server_error")
    code = "rate_limit_exceeded" if status == 429 else None
    error = {"message": message, "type": kind, "param": param, "code": code}
    return _error(status, msgspec.json.encode({"error": error}))


def _anthropic_error(status: int, message: str, _: str | None) -> SimulatedReply:
    kind = {400: "invalid_request_error", 429: "rate_limit_error"}.get(status, "api_error")
    return _error(status, messages.error(kind, message))


def _error(status: int, body: bytes) -> SimulatedReply:
    headers = (_JSON, ("retry-after", "1")) if status == 429 else (_JSON,)
    return SimulatedReply(status, headers, _at_once(body))


async def _at_once(body: bytes) -> AsyncIterator[bytes]:
    yield body


def _version(request: UpstreamRequest) -> str:
    """The version of Anthropic's API that is spoken; empty where another house's is."""
    return next((value for name, value in request.headers if name.lower() == "anthropic-version"), "")


def _listed(models: Sequence[str], *, for_anthropic: bool) -> bytes:
    """The list of models, in the form of whoever asks."""
    if not for_anthropic:
        return msgspec.json.encode({"object": "list", "data": [_model(name) for name in models]})
    data = [
        {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}
        for name in models
    ]
    ends = {"first_id": models[0] if models else None, "last_id": models[-1] if models else None}
    return msgspec.json.encode({"data": data, "has_more": False, **ends})


def _model(name: str) -> dict[str, str | int]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "simulated"}


def _embeddings(body: bytes) -> bytes:
    try:
        request = msgspec.json.decode(body, type=_Embed)
    except msgspec.DecodeError as error:
        raise Refused(str(error)) from error
    texts = _texts(msgspec.json.decode(request.input))
    spent = sum(max(1, len(tokens(text))) for text in texts)
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": _written(vector(text, request.dimensions), request),
        }
        for index, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": spent, "total_tokens": spent}
    return msgspec.json.encode({"object": "list", "data": data, "model": request.model, "usage": usage})


def _texts(wanted: object) -> list[str]:
    """One text an embedding: a string, token numbers, or a list of either."""
    if isinstance(wanted, list) and wanted and not isinstance(wanted[0], int):
        return [str(item) for item in wanted]
    if isinstance(wanted, str | list) and wanted:
        return [str(wanted)]
    raise Refused("'input' must be a text, a list of texts or a list of tokens", param="input")


def _written(entries: list[float], request: _Embed) -> list[float] | str:
    if request.encoding_format != "base64":
        return entries
    return base64.b64encode(struct.pack(f"<{len(entries)}f", *entries)).decode()


def _echo(request: UpstreamRequest, body: bytes) -> bytes:
    """What came, told back; credentials are not."""
    headers = [pair for pair in request.headers if pair[0].lower() not in _CREDENTIALS]
    try:
        said: dict[str, object] = {"body": body.decode()}
    except UnicodeDecodeError:
        said = {"body_base64": base64.b64encode(body).decode()}
    return msgspec.json.encode({"method": request.method, "path": request.path, "headers": headers, **said})
