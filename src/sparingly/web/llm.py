"""The LLM endpoints: read a request, let the gateway answer it, send the answer, tell what it was.

Whatever happens, the client gets an error in its own dialect and the ledger
gets its line.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import msgspec
from litestar.types import HTTPScope, Receive, Send

from sparingly.core.chat import Ask
from sparingly.core.directives import CONVERSATION, directives_of, pin_of
from sparingly.core.ledger import LedgerEntry
from sparingly.errors import SparinglyError
from sparingly.pipeline import counting
from sparingly.pipeline.counting import TokenCounter
from sparingly.pipeline.exchange import Caller, Incoming, Reply
from sparingly.pipeline.gateway import Gateway
from sparingly.pipeline.large import by_size
from sparingly.pipeline.turns import Turns
from sparingly.ports import Clock, Ledger
from sparingly.protocols.dialect import Failure
from sparingly.protocols.dialects import INBOUND
from sparingly.web.asgi import (
    ClientGone,
    read_body,
    send_stream,
    send_whole,
)
from sparingly.web.auth import Door
from sparingly.web.failures import failure_of
from sparingly.web.headers import (
    house_of,
    own_headers,
    read_headers,
    relayable,
    summary_headers,
)
from sparingly.web.models import ModelList
from sparingly.web.relaying import RelayedPaths, Relays
from sparingly.web.visit import Desk, Visit

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
        self._models = models
        self._desk = Desk(door=door, ledger=ledger, observe=observe, clock=clock)
        self._relayed_paths = RelayedPaths(relays, self._desk, max_body_bytes=max_body_bytes)
        self._observe = observe
        self._in_flight = in_flight
        self._clock = clock
        self._new_id = new_id
        self._max_body_bytes = max_body_bytes
        self._dialects = endpoints
        self._turns = Turns(at_once=_BEGUN_AT_ONCE)

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        visit = Visit(
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
                await self._relayed_paths.serve(visit, scope, receive, send)
            elif visit.method != "POST":
                await self._wrong_method(visit, dialect, send)
            else:
                await self._answer(visit, dialect, receive, send)
        except SparinglyError as error:
            await self._fail(visit, dialect or house_of(visit.headers), error, send)
        except ClientGone:
            self._desk.leave(visit, _CLIENT_LEFT, "client-left")
        except asyncio.CancelledError:
            if not visit.begun:
                self._desk.leave(visit, _STOPPED, "stopped")
            raise
        except Exception:
            # A bug of ours: the client is told in its dialect, and the server, which logs it, gets it next.
            bug = SparinglyError("the gateway failed on this request; its log says why")
            await self._fail(visit, dialect or house_of(visit.headers), bug, send)
            raise
        finally:
            self._in_flight.ended()

    async def _answer(self, visit: Visit, dialect: str, receive: Receive, send: Send) -> None:
        caller = self._desk.enter(visit)
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
            await self._desk.while_there(visit, receive, work())
        finally:
            # Not in `work`: the server writes when the event loop comes round, so what is done right after
            # sending keeps the client waiting for its last bytes.
            if delivery.reply is not None:
                self._observe(delivery.reply.finish(delivery.is_complete))

    async def _deliver(self, visit: Visit, reply: Reply, send: Send) -> None:
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

    async def _count(self, visit: Visit, receive: Receive, send: Send) -> None:
        caller = self._desk.enter(visit)
        body = await read_body(receive, limit=self._max_body_bytes)

        async def work() -> None:
            counted = await self._counter.count(
                body,
                caller=caller,
                pin=pin_of(visit.headers),
                headers=self._desk.travelling(visit),
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
            self._desk.leave(visit, counted.status, reason, provider=counted.provider, complete=True)

        await self._desk.while_there(visit, receive, work())

    async def _list_models(self, visit: Visit, send: Send) -> None:
        caller = self._desk.enter(visit)
        body = await self._models.body(caller, headers=self._desk.travelling(visit), path=visit.path)
        headers = [("content-type", "application/json"), *own_headers(visit.id, "models")]
        await send_whole(send, 200, headers, body)
        self._desk.leave(visit, 200, "models", complete=True)

    def _incoming(self, visit: Visit, dialect: str, body: bytes, ask: Ask, caller: Caller) -> Incoming:
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
            headers=self._desk.travelling(visit),
            query=visit.query,
            pin=pin_of(headers),
            conversation=headers.get(CONVERSATION),
        )

    async def _wrong_method(self, visit: Visit, dialect: str, send: Send) -> None:
        failure = Failure(405, "method-not-allowed", f"{visit.path} takes POST, not {visit.method}")
        await self._send_failure(visit, dialect, failure, send, [("allow", "POST")])

    async def _fail(self, visit: Visit, dialect: str, error: SparinglyError, send: Send) -> None:
        failure = failure_of(error)
        if visit.begun:
            # An error body cannot follow half an answer, which has its line; the closed connection tells.
            return
        extra = [("www-authenticate", "Bearer")] if failure.status == 401 else []
        await self._send_failure(visit, dialect, failure, send, extra)

    async def _send_failure(
        self, visit: Visit, dialect: str, failure: Failure, send: Send, extra: Sequence[tuple[str, str]]
    ) -> None:
        visit.begun = True
        headers = [("content-type", "application/json"), *own_headers(visit.id, failure.code), *extra]
        try:
            await send_whole(send, failure.status, headers, INBOUND[dialect].error(failure))
        finally:
            self._desk.leave(visit, failure.status, failure.code)
