"""Say who takes a path that the gateway does not answer itself."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sparingly.errors import UnknownAnswer
from sparingly.pipeline.holders import Holders
from sparingly.ports import Upstream, UpstreamReply, UpstreamRequest
from sparingly.protocols.openai_responses import shapes
from sparingly.protocols.openai_responses.ids import asked_id
from sparingly.web.headers import house_of

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
