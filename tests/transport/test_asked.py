"""A request on its way from a client library to an ASGI endpoint."""

from sparingly.transport.asked import Asked, scope_of


def test_an_endpoint_sees_what_a_server_would_show_it() -> None:
    """Names of headers in lower case; the path decoded, and as it was sent."""
    scope = scope_of(Asked("POST", "/v1/x%20y", b"a=1", ((b"Content-Type", b"text/plain"),)))

    assert (scope["type"], scope["method"]) == ("http", "POST")
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == ("/v1/x y", b"/v1/x%20y", b"a=1")
    assert scope["headers"] == [(b"content-type", b"text/plain")]
