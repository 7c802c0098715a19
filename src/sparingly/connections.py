"""A client's connection, whose offers to speak another protocol are declined.

Java's HTTP client, and all that is built on it, offers HTTP/2 with every
plain-text request (`Upgrade: h2c`).  A server may ignore that (RFC 9110, section
7.8), but httptools takes the body of such a request for the new protocol's
first words, and uvicorn then drops it.  Here the request is read a second time,
without the offer.
"""

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# What belongs to the offer: the header itself, what it needs, and the list that names both.
_OFFER = frozenset({b"upgrade", b"http2-settings", b"connection"})


class Connection(HttpToolsProtocol):
    """Satisfies uvicorn's idea of an HTTP protocol."""

    def on_headers_complete(self) -> None:
        """Begin with the request, unless it will be read again."""
        if not self.parser.should_upgrade():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End the request's body, unless it has not been read yet."""
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Read what came."""
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            self._read_again(data[offer.args[0] :])
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")

    def _read_again(self, rest: bytes) -> None:
        method = self.parser.get_method()
        if method == b"CONNECT":
            self.send_400_response("This server is no proxy.")
            return
        head = b"%b %b HTTP/%b\r\n" % (method, self.url, self.parser.get_http_version().encode())
        fields = [(name, value) for name, value in self.headers if name not in _OFFER]
        if any(name == b"connection" and b"close" in value.lower() for name, value in self.headers):
            fields.append((b"connection", b"close"))
        head += b"".join(b"%b: %b\r\n" % field for field in fields)
        self.parser = httptools.HttpRequestParser(self)
        self.data_received(head + b"\r\n" + rest)
