"""Tell a failure of the gateway in OpenAI's words, which all of its APIs share."""

from sparingly.protocols.dialect import Failure

# The words of OpenAI's own errors (its guide to error codes); anything else is the client's.
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def error_of(failure: Failure) -> dict[str, object]:
    """The object under `error`."""
    kind = "server_error" if failure.status >= 500 else _TYPES.get(failure.status, "invalid_request_error")
    return {"message": failure.message, "type": kind, "param": failure.field, "code": failure.code}
