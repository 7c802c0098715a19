"""Relay a path that the gateway does not answer itself, to whoever can."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from types import MappingProxyType

from litestar.types import HTTPScope, Receive, Send

from sparingly.errors import InvalidRequest, UnknownAnswer, UpstreamError
from sparingly.pipeline.holders import Holders
from sparingly.ports import Upstream, UpstreamReply, UpstreamRequest
from sparingly.protocols.openai_responses import shapes
from sparingly.protocols.openai_responses.ids import asked_id, providers_path
from sparingly.web.asgi import body_pieces, send_stream
from sparingly.web.headers import body_headers, house_of, own_headers, relayable
from sparingly.web.visit import Desk, Visit

_NOT_FOUND = 404


class Relays:
    """The providers that paths are relayed to."""

    def __init__(
        self,
        *,
        default: Upstream,
        upstreams: Mapping[str, Upstream],
        holders: Holders,
        by_house: Mapping[str, Upstream] = MappingProxyType({}),
    ) -> None:
        """`default` takes all paths, but for clients of the houses that are named, and for answers held elsewhere."""
        self._default = default
        self._upstreams = upstreams
        self._holders = holders
        self._by_house = by_house

    def takers(self, path: str, headers: Mapping[str, str]) -> Sequence[Upstream]:
        """Who may take a path, the likeliest first; more than one only where nobody knows who holds what it names.

        Raises:
            UnknownAnswer: it names an answer, and nobody here can hold one.
        """
        answer = asked_id(path)
        if answer is None:
            return (self._by_house.get(house_of(headers), self._default),)
        holder = self._upstreams.get(self._holders.holder(answer) or "")
        if holder is not None:
            return (holder,)
        everyone = (self._default, *(one for one in self._upstreams.values() if one is not self._default))
        speakers = tuple(one for one in everyone if shapes.NAME in one.dialects)
        if not speakers:
            raise UnknownAnswer(
                f"no provider holds the answer {answer[:64]!r}: none of this gateway's speaks the Responses API"
            )
        return speakers


async def relayed(request: UpstreamRequest, takers: Sequence[Upstream]) -> tuple[Upstream, UpstreamReply]:
    """Ask until somebody knows what is asked for; the last one's word counts.

    A body can be sent only once, so a request that has one goes to the first.

    Raises:
        UpstreamError: one that was asked cannot be reached.
    """
    asked = takers if request.body == b"" else takers[:1]
    for upstream in asked[:-1]:
        reply = await upstream.send(request)
        if reply.status != _NOT_FOUND:
            return upstream, reply
        await reply.aclose()
    return asked[-1], await asked[-1].send(request)


class RelayedPaths:
    """Everything beneath /v1 that has no endpoint here, streamed both ways."""

    def __init__(self, relays: Relays, desk: Desk, *, max_body_bytes: int) -> None:
        self._relays = relays
        self._desk = desk
        self._max_body_bytes = max_body_bytes

    async def serve(self, visit: Visit, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Relay one request.

        Raises:
            InvalidRequest: its path could mean another one to the provider.
            UpstreamError: the provider cannot be reached, or broke off.
            ClientGone: the client left before an answer began.
        """
        caller = self._desk.enter(visit)
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
            headers=self._desk.travelling(visit),
            body=body,
            client_key=caller.key,
            plain=False,
        )
        await self._desk.while_there(visit, receive, self._passed_on(visit, request, takers, send), read=read)

    async def _passed_on(
        self, visit: Visit, request: UpstreamRequest, takers: Sequence[Upstream], send: Send
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
            self._desk.leave(visit, reply.status, reason, provider=upstream.name, complete=delivered)


def _raw_path(scope: HTTPScope) -> str:
    """The path as it was sent: a decoded one would not mean the same upstream."""
    raw = scope.get("raw_path")
    return raw.decode("latin-1").partition("?")[0] if raw else scope["path"]
