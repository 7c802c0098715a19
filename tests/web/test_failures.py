"""From an error to a status."""

import inspect

import pytest

from sparingly import errors
from sparingly.errors import InvalidRequest, ServiceError, SparinglyError, TextTooLong, TextUnreadable
from sparingly.web.failures import failure_of

_SERVICE_ERRORS: list[type[SparinglyError]] = [
    ServiceError,
    *ServiceError.__subclasses__(),
    TextTooLong,
    TextUnreadable,
]

STATUSES = {
    "BodyTooLarge": 413,
    "UnknownModel": 404,
    "NotAuthorized": 401,
    "UnknownRequest": 404,
    "UnknownAnswer": 404,
    "NotCached": 504,
    "InvalidRequest": 400,
    "RequestError": 400,
    "UpstreamError": 502,
    "UpstreamUnreachable": 502,
    "UpstreamBroke": 502,
    "UpstreamNonsense": 502,
} | {kind.__name__: 503 for kind in _SERVICE_ERRORS}

TREE = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, SparinglyError)]


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_every_error_has_a_status(kind: type[SparinglyError]) -> None:
    """What is neither the client's fault nor the provider's is ours."""
    failure = failure_of(kind("what happened"))

    assert failure.status == STATUSES.get(kind.__name__, 500)
    assert (failure.code, failure.message) == (kind.code, "what happened")


def test_a_clients_error_names_the_field() -> None:
    """Others have none."""
    assert failure_of(InvalidRequest("no", field="messages.0.role")).field == "messages.0.role"
    assert failure_of(SparinglyError("no")).field is None
