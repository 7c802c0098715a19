"""From an error to a status: the only place that knows both."""

from http import HTTPStatus

from sparingly.errors import (
    BodyTooLarge,
    NotAuthorized,
    NotCached,
    RequestError,
    ServiceError,
    SparinglyError,
    UnknownAnswer,
    UnknownModel,
    UnknownRequest,
    UpstreamError,
)
from sparingly.protocols.dialect import Failure

# The most specific class first.
_STATUSES: tuple[tuple[type[SparinglyError], HTTPStatus], ...] = (
    (BodyTooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (UnknownModel, HTTPStatus.NOT_FOUND),
    (UnknownRequest, HTTPStatus.NOT_FOUND),
    (UnknownAnswer, HTTPStatus.NOT_FOUND),
    (NotAuthorized, HTTPStatus.UNAUTHORIZED),
    # RFC 9111, section 5.2.1.7: only-if-cached without a stored answer is a gateway time-out.
    (NotCached, HTTPStatus.GATEWAY_TIMEOUT),
    (RequestError, HTTPStatus.BAD_REQUEST),
    (UpstreamError, HTTPStatus.BAD_GATEWAY),
    # Of the parts that may fail while requests flow, only the admin API tells.
    (ServiceError, HTTPStatus.SERVICE_UNAVAILABLE),
    (SparinglyError, HTTPStatus.INTERNAL_SERVER_ERROR),
)


def failure_of(error: SparinglyError) -> Failure:
    """What to tell the client."""
    status = next(status for kind, status in _STATUSES if isinstance(error, kind))
    field = error.field if isinstance(error, RequestError) else None
    return Failure(status=status.value, code=error.code, message=error.message, field=field)
