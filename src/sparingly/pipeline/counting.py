"""Count the tokens of a Messages API request: by the provider that would answer it, or by estimate.

Only Anthropic's API counts.  Where the request would go elsewhere, or whoever it
goes to does not count, the answer is an estimate and says so: a client that
trims its conversation by the count is better served with a good guess than with
none.  A provider's own error is passed on as it came, since it is about the
request.
"""

from collections.abc import Mapping

import msgspec

from sparingly.core.catalog import places
from sparingly.core.chat import Ask
from sparingly.core.features import features_of
from sparingly.core.routing.baseline import baseline_model
from sparingly.core.routing.conversation import conversation_of
from sparingly.errors import UpstreamError
from sparingly.pipeline.choosing.route import Router
from sparingly.pipeline.exchange import Caller
from sparingly.pipeline.large import by_size
from sparingly.ports import Upstream, UpstreamRequest
from sparingly.protocols.anthropic.read_ask import read_ask
from sparingly.protocols.dialects import OUTBOUND
from sparingly.protocols.labels import metadata_of

DIALECT = "anthropic"
PATH = "/v1/messages/count_tokens"

# What Anthropic takes for a picture of the largest size it does not scale down (documentation, "Vision").
_TOKENS_A_PICTURE = 1_600
# The frame of a request: even an empty message takes a few.
_TOKENS_A_TURN = 4

# A server that lacks the endpoint says so in one of these ways.
_DOES_NOT_COUNT = frozenset({404, 405, 501})

_JSON = ("content-type", "application/json")


class Counted(msgspec.Struct, frozen=True):
    """A count ready to be sent; `provider` is who counted, None for an estimate."""

    asked: str
    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    provider: str | None = None


class TokenCounter:
    """Counts; raises InvalidRequest."""

    def __init__(self, *, router: Router, upstreams: Mapping[str, Upstream]) -> None:
        self._router = router
        self._upstreams = upstreams

    async def count(
        self,
        body: bytes,
        *,
        caller: Caller,
        pin: str | None,
        headers: tuple[tuple[str, str], ...],
        query: str,
    ) -> Counted:
        """The tokens of a request; `headers` are those that may travel on."""
        ask = await by_size(len(body), lambda: read_ask(body, is_to_be_answered=False))
        found = self._counts(ask, caller, pin, headers=dict(headers), metadata=metadata_of(body))
        if found is not None:
            upstream, model = found
            told = OUTBOUND[DIALECT].patch(body, model=model)
            request = UpstreamRequest(
                method="POST",
                path=f"{PATH}?{query}" if query else PATH,
                headers=(*headers, _JSON),
                body=told,
                model=model,
                client_key=caller.key,
                dialect=DIALECT,
            )
            counted = await _asked(upstream, request, ask.model)
            if counted is not None:
                return counted
        return Counted(ask.model, msgspec.json.encode({"input_tokens": estimated_tokens(ask)}))

    def _counts(
        self,
        ask: Ask,
        caller: Caller,
        pin: str | None,
        *,
        headers: Mapping[str, str],
        metadata: Mapping[str, str],
    ) -> tuple[Upstream, str] | None:
        """Who would answer and can count, and the model's name there; for the tiers the most capable one."""
        router = self._router
        conversation = conversation_of(
            ask, tenant=caller.tenant, headers=headers, metadata=metadata, policy=router.policy.sticky
        )
        target = router.target(
            ask,
            path="/v1/messages",
            conversation=conversation,
            pinned=pin,
            headers=headers,
            metadata=metadata,
        )
        model = target.model or baseline_model(
            target, asked=ask.model, policy=router.policy, catalog=router.catalog
        )
        for place in places(router.catalog, model):
            upstream = self._upstreams[place.provider]
            if DIALECT in upstream.dialects:
                return upstream, place.model
        return None


def estimated_tokens(ask: Ask) -> int:
    """About how many tokens a request has; never less than one."""
    features = features_of(ask, "")
    pictures = features.images * _TOKENS_A_PICTURE
    return features.estimated_tokens + pictures + _TOKENS_A_TURN * features.turns


async def _asked(upstream: Upstream, request: UpstreamRequest, asked: str) -> Counted | None:
    """The provider's count, or its error; None where it does not count."""
    try:
        reply = await upstream.send(request)
        body = await reply.read()
    except UpstreamError:
        # An estimate at once is worth more than the exact number later.
        return None
    if reply.status in _DOES_NOT_COUNT:
        return None
    return Counted(asked, body, reply.status, tuple(reply.headers), upstream.name)
