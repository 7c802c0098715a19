"""POST /v1/sparingly/feedback: a caller says whether an answer was right.

The body is `{"id": "<x-sparingly-id>", "verdict": "right" | "wrong"}`, the key the
caller's own: nobody speaks for another tenant's requests.
"""

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from sparingly.core.judging.standing import Said
from sparingly.errors import InvalidRequest
from sparingly.pipeline.watching.feedback import Feedback
from sparingly.web.auth import Door
from sparingly.web.headers import credential

PREFIX = "/v1/sparingly/"
"""Beneath it are paths of ours, which no provider has."""

_MOST_BYTES = 16 * 1024


class _Word(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    verdict: Said


def feedback_route(feedback: Feedback, door: Door) -> HTTPRouteHandler:
    """The endpoint."""

    @post(f"{PREFIX}feedback", status_code=200, request_max_body_size=_MOST_BYTES)
    async def take(request: Request[object, object, State]) -> Response[bytes]:
        caller = door.admit(credential({name.lower(): value for name, value in request.headers.items()}))
        try:
            word = msgspec.json.decode(await request.body(), type=_Word)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidRequest(f"the body is not understood: {error}") from error
        taken = await feedback.take(word.id, word.verdict, tenant=caller.tenant)
        return Response(msgspec.json.encode(taken), media_type="application/json")

    return take
