"""The LLM endpoints: read a request, let the gateway answer it, send the answer, tell what it was.

Whatever happens, the client gets an error in its own dialect and the ledger
gets its line.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import msgspec
from litestar.types import HTTPScope, Receive, Send

from sparingly.core.chat import Ask, Tenant
from sparingly.core.directives import CONVERSATION, directives_of, pin_of
from sparingly.core.ledger import LedgerEntry
from sparingly.errors import InvalidRequest, SparinglyError, UpstreamError
from sparingly.pipeline import counting
from sparingly.pipeline.accounts import Ended, ended
from sparingly.pipeline.counting import TokenCounter
from sparingly.pipeline.exchange import Caller, Incoming, Reply
from sparingly.pipeline.gateway import Gateway
from sparingly.pipeline.large import by_size
from sparingly.pipeline.turns import Turns
from sparingly.ports import Clock, Ledger, Upstream, UpstreamRequest
from sparingly.protocols.dialect import Failure
from sparingly.protocols.dialects import INBOUND
from sparingly.protocols.openai_responses.ids import providers_path
from sparingly.web.asgi import (
    ClientGone,
    body_pieces,
    read_body,
    send_stream,
    send_whole,
    while_connected,
)
from sparingly.web.auth import DEFAULT_TENANT, Door
from sparingly.web.failures import failure_of
from sparingly.web.headers import (
    CREDENTIALS,
    body_headers,
    credential,
    house_of,
    own_headers,
    read_headers,
    relayable,
    summary_headers,
)
from sparingly.web.models import ModelList
from sparingly.web.relaying import Relays, relayed

# nginx's word for a client that left before its answer; it never goes over the wire.
_CLIENT_LEFT = 499
# This server stopped before it could answer; that never goes over the wire either.
_STOPPED = 503
# Of requests that come together; each holds the event loop for about half a millisecond.
_BEGUN_AT_ONCE = 4

ENDPOINTS: Mapping[str, str] = MappingProxyType(
    {
        "/v1/chat/completions": "openai",
        "/v1/responses": "openai-responses",
        "/v1/embeddings": "openai-embeddings",
        "/v1/messages": "anthropic",
    }
)
"""Paths the gateway answers itself, and the dialect spoken there."""

# OpenAI's list of the answers that it was told to hold has the path of the endpoint that makes them.
_LIST_OF_ANSWERS = ("GET", "/v1/chat/completions")


class InFlightGauge(Protocol):
    """Counts the requests under way."""

    def began(self) -> None: ...

    def ended(self) -> None: ...


class _Visit(msgspec.Struct):
    """One request at the door, before and after it is read."""

    id: str
    path: str
    query: str
    method: str
    headers: dict[str, str]
    time: float
    arrived: float
    tenant: Tenant = DEFAULT_TENANT
    asked: str = ""
    streamed: bool = False
    begun: bool = False
    """Whether an answer has begun, so that no error body can follow."""


class _Delivery(msgspec.Struct):
    """The gateway's reply, once there is one, and whether all of it was sent."""

    reply: Reply | None = None
    is_complete: bool = False


class LlmEndpoints:
    """Everything beneath /v1."""

    def __init__(
        self,
        *,
        gateway: Gateway,
        counter: TokenCounter,
        relays: Relays,
        models: ModelList,
        door: Door,
        ledger: Ledger,
        observe: Callable[[LedgerEntry], None],
        in_flight: InFlightGauge,
        clock: Clock,
        new_id: Callable[[], str],
        max_body_bytes: int,
        endpoints: Mapping[str, str] = ENDPOINTS,
    ) -> None:
        """`relays` say who takes the paths that the gateway does not answer; `observe` sees every ledger entry."""
        self._gateway = gateway
        self._counter = counter
        self._relays = relays
        self._models = models
        self._door = door
        self._ledger = ledger
        self._observe = observe
        self._in_flight = in_flight
        self._clock = clock
        self._new_id = new_id
        self._max_body_bytes = max_body_bytes
        self._dialects = endpoints
        self._turns = Turns(at_once=_BEGUN_AT_ONCE)

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        visit = _Visit(
            id=self._new_id(),
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            method=scope["method"],
            headers=read_headers(scope["headers"]),
            time=self._clock.now(),
            arrived=self._clock.tick(),
        )
        dialect = self._dialects.get(visit.path)
        self._in_flight.began()
        try:
            if visit.method == "GET" and self._models.answers(visit.path):
                await self._list_models(visit, send)
            elif visit.path == counting.PATH and visit.method == "POST":
                await self._count(visit, receive, send)
            elif dialect is None or (visit.method, visit.path) == _LIST_OF_ANSWERS:
                await self._relay(visit, scope, receive, send)
            elif visit.method != "POST":
                await self._wrong_method(visit, dialect, send)
            else:
                await self._answer(visit, dialect, receive, send)
        except SparinglyError as error:
            await self._fail(visit, dialect or house_of(visit.headers), error, send)
        except ClientGone:
            self._end(visit, _CLIENT_LEFT, "client-left")
        except asyncio.CancelledError:
            if not visit.begun:
                self._end(visit, _STOPPED, "stopped")
            raise
        except Exception:
            # A bug of ours: the client is told in its dialect, and the server, which logs it, gets it next.
            bug = SparinglyError("the gateway failed on this request; its log says why")
            await self._fail(visit, dialect or house_of(visit.headers), bug, send)
            raise
        finally:
            self._in_flight.ended()

    async def _answer(self, visit: _Visit, dialect: str, receive: Receive, send: Send) -> None:
        caller = self._enter(visit)
        body = await read_body(receive, limit=self._max_body_bytes)
        await self._turns.take()
        ask = await by_size(len(body), lambda: INBOUND[dialect].read(body))
        visit.asked, visit.streamed = ask.model, ask.stream
        incoming = self._incoming(visit, dialect, body, ask, caller)
        delivery = _Delivery()

        async def work() -> None:
            delivery.reply = await self._gateway.answer(incoming)
            await self._deliver(visit, delivery.reply, send)
            delivery.is_complete = True

        try:
            await self._while_there(visit, receive, work())
        finally:
            # Not in `work`: the server writes when the event loop comes round, so what is done right after
            # sending keeps the client waiting for its last bytes.
            if delivery.reply is not None:
                self._observe(delivery.reply.finish(delivery.is_complete))

    async def _while_there(
        self,
        visit: _Visit,
        receive: Receive,
        work: Coroutine[object, object, None],
        *,
        read: asyncio.Event | None = None,
    ) -> None:
        """Do `work` while the client is there; raise what it raises, or ClientGone before an answer began."""
        failed: list[SparinglyError] = []

        async def guarded() -> None:
            try:
                await work
            except SparinglyError as error:
                # Kept for outside: in a task group it would come out wrapped.
                failed.append(error)

        stayed = await while_connected(receive, guarded(), read=read)
        if failed:
            raise failed[0]
        if not stayed and not visit.begun:
            raise ClientGone

    async def _deliver(self, visit: _Visit, reply: Reply, send: Send) -> None:
        visit.begun = True
        headers = [
            ("content-type", reply.content_type),
            *relayable(reply.provider_headers, encoded=isinstance(reply.body, bytes)),
            *summary_headers(reply.summary),
        ]
        if isinstance(reply.body, bytes):
            await send_whole(send, reply.status, headers, reply.body)
            return
        if all(name != "cache-control" for name, _ in headers):
            headers.append(("cache-control", "no-cache"))
        await send_stream(send, reply.status, headers, reply.body)

    async def _relay(self, visit: _Visit, scope: HTTPScope, receive: Receive, send: Send) -> None:
        caller = self._enter(visit)
        if not {".", ".."}.isdisjoint(visit.path.split("/")):
            # A provider that resolves them would open what lies beside its /v1, with the operator's key.
            raise InvalidRequest("the path must not hold `.` or `..` between slashes")
        read = asyncio.Event()
        chunked = visit.headers.get("transfer-encoding", "").lower() == "chunked"
        body: bytes | AsyncIterator[bytes] = b""
        if chunked or visit.headers.get("content-length", "0") != "0":
            body = body_pieces(receive, limit=self._max_body_bytes, read=read)
        else:
            read.set()
        path = providers_path(_raw_path(scope))
        takers = self._relays.takers(path, visit.headers)
        request = UpstreamRequest(
            method=visit.method,
            path=path + (f"?{visit.query}" if visit.query else ""),
            headers=self._travelling(visit),
            body=body,
            client_key=caller.key,
            plain=False,
        )
        await self._while_there(visit, receive, self._relayed(visit, request, takers, send), read=read)

    async def _relayed(
        self, visit: _Visit, request: UpstreamRequest, takers: Sequence[Upstream], send: Send
    ) -> None:
        upstream, reply = await relayed(request, takers)
        visit.begun = True
        headers = [
            *body_headers(reply.status, reply.headers),
            *relayable(reply.headers, encoded=True),
            *own_headers(visit.id, "relayed"),
        ]
        reason, delivered = "relayed", False
        try:
            await send_stream(send, reply.status, headers, reply.body())
            delivered = True
        except UpstreamError as error:
            reason = error.code
            raise
        finally:
            await reply.aclose()
            self._end(visit, reply.status, reason, provider=upstream.name, complete=delivered)

    async def _count(self, visit: _Visit, receive: Receive, send: Send) -> None:
        caller = self._enter(visit)
        body = await read_body(receive, limit=self._max_body_bytes)

        async def work() -> None:
            counted = await self._counter.count(
                body,
                caller=caller,
                pin=pin_of(visit.headers),
                headers=self._travelling(visit),
                query=visit.query,
            )
            visit.begun, visit.asked = True, counted.asked
            is_guess = counted.provider is None
            headers = [
                ("content-type", "application/json"),
                *relayable(counted.headers, encoded=False),
                *own_headers(visit.id, "estimated" if is_guess else "relayed"),
                *([("x-sparingly-estimated", "true")] if is_guess else []),
            ]
            await send_whole(send, counted.status, headers, counted.body)
            reason = "estimated" if is_guess else "relayed"
            self._end(visit, counted.status, reason, provider=counted.provider, complete=True)

        await self._while_there(visit, receive, work())

    async def _list_models(self, visit: _Visit, send: Send) -> None:
        caller = self._enter(visit)
        body = await self._models.body(caller, headers=self._travelling(visit), path=visit.path)
        headers = [("content-type", "application/json"), *own_headers(visit.id, "models")]
        await send_whole(send, 200, headers, body)
        self._end(visit, 200, "models", complete=True)

    def _enter(self, visit: _Visit) -> Caller:
        caller = self._door.admit(credential(visit.headers))
        visit.tenant = caller.tenant
        return caller

    def _travelling(self, visit: _Visit) -> tuple[tuple[str, str], ...]:
        """The headers that may go to a provider: a key to this gateway opens no other door."""
        if not self._door.has_keys:
            return tuple(visit.headers.items())
        return tuple(item for item in visit.headers.items() if item[0] not in CREDENTIALS)

    def _incoming(self, visit: _Visit, dialect: str, body: bytes, ask: Ask, caller: Caller) -> Incoming:
        headers = visit.headers
        return Incoming(
            id=visit.id,
            path=visit.path,
            dialect=dialect,
            body=body,
            ask=ask,
            caller=caller,
            directives=directives_of(headers),
            time=visit.time,
            arrived=visit.arrived,
            headers=self._travelling(visit),
            query=visit.query,
            pin=pin_of(headers),
            conversation=headers.get(CONVERSATION),
        )

    async def _wrong_method(self, visit: _Visit, dialect: str, send: Send) -> None:
        failure = Failure(405, "method-not-allowed", f"{visit.path} takes POST, not {visit.method}")
        await self._send_failure(visit, dialect, failure, send, [("allow", "POST")])

    async def _fail(self, visit: _Visit, dialect: str, error: SparinglyError, send: Send) -> None:
        failure = failure_of(error)
        if visit.begun:
            # An error body cannot follow half an answer, which has its line; the closed connection tells.
            return
        extra = [("www-authenticate", "Bearer")] if failure.status == 401 else []
        await self._send_failure(visit, dialect, failure, send, extra)

    async def _send_failure(
        self, visit: _Visit, dialect: str, failure: Failure, send: Send, extra: Sequence[tuple[str, str]]
    ) -> None:
        visit.begun = True
        headers = [("content-type", "application/json"), *own_headers(visit.id, failure.code), *extra]
        try:
            await send_whole(send, failure.status, headers, INBOUND[dialect].error(failure))
        finally:
            self._end(visit, failure.status, failure.code)

    def _end(
        self, visit: _Visit, status: int, reason: str, *, provider: str | None = None, complete: bool = False
    ) -> None:
        entry = ended(
            Ended(
                id=visit.id,
                time=visit.time,
                tenant=visit.tenant,
                path=visit.path,
                status=status,
                reason=reason,
                total_s=self._clock.tick() - visit.arrived,
                asked=visit.asked,
                streamed=visit.streamed,
                provider=provider,
                complete=complete,
            )
        )
        self._ledger.enter(entry)
        self._observe(entry)


def _raw_path(scope: HTTPScope) -> str:
    """The path as it was sent: a decoded one would not mean the same upstream."""
    raw = scope.get("raw_path")
    return raw.decode("latin-1").partition("?")[0] if raw else scope["path"]
