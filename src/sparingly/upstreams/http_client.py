"""The only home of the HTTP client: one exchange with a server over HTTP/1.1.

Which library?  aiohttp, although pyreqwest costs about 70 us less a request
(benchmarks/results/http_clients.json): when a request is given up before its
headers have come, pyreqwest 0.15.1 leaves the connection open until the read
timeout, so the provider works on, and is paid, for nobody.  httpx on pyreqwest
inherits that and costs more; httpx alone costs nine times as much.  aiohttp also
hands over all that has arrived in one piece.

The wire carries what the caller gave and hands back what came: no redirects,
cookies, decompression, added headers, or proxies from the environment.  Every
foreign exception is translated here.  Messages name the origin only, and a
cause that holds the request is dropped, since headers and queries hold keys.
"""

import errno
import os
import ssl
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlsplit

import certifi
from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    client_exceptions,
    http_exceptions,
)
from aiohttp.client_proto import ResponseHandler
from multidict import CIMultiDict
from yarl import URL

from sparingly.errors import UpstreamBroke, UpstreamUnreachable

# Everything that may come out of the library or the event loop; TimeoutError and TLS errors are OSErrors,
# RuntimeError is what a closed session raises, ValueError what cannot be written as HTTP.
FOREIGN = (ClientError, http_exceptions.HttpProcessingError, OSError, ValueError, RuntimeError)

# The first match wins, so the special stands above the general.
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (client_exceptions.ClientConnectorDNSError, "the host name was not found"),
    (client_exceptions.ClientConnectorCertificateError, "its TLS certificate is not trusted"),
    (client_exceptions.ServerFingerprintMismatch, "its TLS certificate is not the expected one"),
    (client_exceptions.ClientSSLError, "TLS failed"),
    (client_exceptions.ClientProxyConnectionError, "the proxy cannot be reached"),
    (client_exceptions.ClientHttpProxyError, "the proxy refused"),
    (client_exceptions.ClientConnectorError, "cannot connect"),
    (client_exceptions.ConnectionTimeoutError, "connecting took too long"),
    (client_exceptions.SocketTimeoutError, "nothing came within the read timeout"),
    (client_exceptions.ServerTimeoutError, "it took too long"),
    (client_exceptions.ServerDisconnectedError, "it closed the connection before it answered"),
    (client_exceptions.UploadAbortedError, "it stopped reading the request"),
    (client_exceptions.ClientPayloadError, "the body ended before it was complete"),
    (client_exceptions.InvalidURL, "the address cannot be read"),
    (client_exceptions.NonHttpUrlClientError, "the address is not an HTTP address"),
    (client_exceptions.RedirectClientError, "a redirect was followed"),
    (client_exceptions.ContentTypeError, "the content type is not the expected one"),
    (client_exceptions.WSServerHandshakeError, "the websocket handshake failed"),
    (client_exceptions.ClientResponseError, "what it sent is not HTTP"),
    (http_exceptions.HttpProcessingError, "what it sent is not HTTP"),
    (client_exceptions.ClientOSError, "the connection failed"),
    (client_exceptions.ClientConnectionError, "the connection was closed"),
    (TimeoutError, "it took too long"),
    (OSError, "the connection failed"),
    (RuntimeError, "the client is closed"),
    (ValueError, "the request cannot be written as HTTP"),
)

# These carry the request or quote its address.
_TELLTALES = (
    client_exceptions.ClientResponseError,
    client_exceptions.NonHttpUrlClientError,
    client_exceptions.ServerTimeoutError,
    ValueError,
)

# Many servers drop idle connections after 60 s or more; one that closes earlier is noticed at once.
_IDLE_S = 30.0
# Some providers send long security headers; aiohttp's own limit is 8 KiB.
_MAX_HEADER_BYTES = 64 * 1024
# A large body is written in slices, so that other requests get their turn between them.
_SLICE_BYTES = 256 * 1024


class HttpReply:
    """An answer whose status and headers have come; header names are in lower case."""

    def __init__(self, response: ClientResponse) -> None:
        self._response = response
        self._headers: list[tuple[str, str]] | None = None
        self._lossy = _lossy_connection(response)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._response.status

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        """The headers as they came, repeated ones included; values are Latin-1, as in ASGI."""
        if self._headers is None:
            self._headers = [
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in self._response.raw_headers
            ]
        return self._headers

    async def body(self) -> AsyncIterator[bytes]:
        """Yield all that has arrived, in one piece, until the body is complete.

        Raises:
            UpstreamBroke: the body was cut, by the other side or by `aclose`.
        """
        content = self._response.content
        while True:
            try:
                piece = await content.readany()
            except FOREIGN as error:
                self._response.close()
                raise self._broke(error) from _shareable(error)
            if not piece:
                break
            yield piece
        loss = self._lossy.exception() if self._lossy is not None else None
        if isinstance(loss, OSError):
            raise self._broke(loss) from loss

    async def read(self) -> bytes:
        """The whole body; closes the reply."""
        try:
            return b"".join([piece async for piece in self.body()])
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Close the connection unless the body was read to its end, which hands it back to the pool."""
        self._response.close()

    def _broke(self, error: BaseException) -> UpstreamBroke:
        place = origin(str(self._response.url))
        return UpstreamBroke(f"{self._response.method} {place} broke off: {reason(error)}")


class HttpClient:
    """Keeps connections and sends requests over them; close it in the loop that used it."""

    def __init__(self) -> None:
        self._tls = _tls_context()
        self._session: ClientSession | None = None
        self._is_closed = False

    async def send(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes | AsyncIterator[bytes] = b"",
        *,
        connect_timeout_s: float,
        read_timeout_s: float,
        total_timeout_s: float | None = None,
    ) -> HttpReply:
        """Send a request and return as soon as status and headers are there.

        `read_timeout_s` bounds each wait for bytes, `total_timeout_s` the whole
        exchange.  Cancelling closes the connection.

        Raises:
            UpstreamUnreachable: no answer began.  What the caller's own body
                raises while it is read comes through as it is.
        """
        upload = None if isinstance(body, bytes) else _Upload(body)
        try:
            response = await self._open().request(
                method,
                URL(url, encoded=_is_clean(url)),
                headers=_wire_headers(headers, body),
                data=_payload(body) if isinstance(body, bytes) else upload,
                allow_redirects=False,
                timeout=ClientTimeout(
                    total=total_timeout_s, connect=connect_timeout_s, sock_read=read_timeout_s
                ),
            )
        except FOREIGN as error:
            if upload is not None and upload.trouble is not None:
                raise upload.trouble from None
            message = f"{method} {origin(url)} failed: {reason(error)}"
            raise UpstreamUnreachable(message) from _shareable(error)
        return HttpReply(response)

    async def aclose(self) -> None:
        """Close every connection; replies under way break off."""
        self._is_closed = True
        if self._session is not None:
            await self._session.close()

    def _open(self) -> ClientSession:
        """The session, made on first use because it belongs to the running loop."""
        if self._is_closed:
            raise RuntimeError("closed")
        if self._session is None:
            self._session = ClientSession(
                # limit=0: how many requests run at once is not the client's business.
                connector=TCPConnector(limit=0, ssl=self._tls, keepalive_timeout=_IDLE_S),
                cookie_jar=DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
                max_line_size=_MAX_HEADER_BYTES,
                max_field_size=_MAX_HEADER_BYTES,
            )
        return self._session


def origin(url: str) -> str:
    """Scheme, host and port of an address: what may be told of it, since the rest can hold keys."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an unreadable address"
    return f"{parts.scheme}://{parts.hostname or ''}{port}"


def reason(error: BaseException) -> str:
    """Say in our words what went wrong; of the foreign text only the system's own word is kept."""
    words = next((words for kind, words in _REASONS if isinstance(error, kind)), "an unknown error")
    number = error.errno if isinstance(error, OSError) and "TLS" not in words else None
    # OpenSSL's and the resolver's numbers are not the system's.
    return f"{words} ({os.strerror(number)})" if number is not None and number in errno.errorcode else words


def _lossy_connection(response: ClientResponse) -> ResponseHandler | None:
    """The connection whose end is the body's end, if it is: the library takes a reset there for a good end.

    Such a connection is never used again, so an error on it is this reply's.
    """
    if "Content-Length" in response.headers or "Transfer-Encoding" in response.headers:
        return None
    return response.connection.protocol if response.connection is not None else None


def _shareable(error: BaseException) -> BaseException | None:
    """The cause to keep: none whose text may hold the request's headers or address."""
    return None if isinstance(error, _TELLTALES) else error


def _tls_context() -> ssl.SSLContext:
    """Trust the system's roots, or Mozilla's where the system has none (slim images, macOS installers)."""
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:
        context.load_verify_locations(certifi.where())
    return context


def _is_clean(url: str) -> bool:
    """Whether an address can be written as it is; any other is escaped first."""
    return url.isascii() and url.isprintable() and " " not in url


def _wire_headers(headers: Sequence[tuple[str, str]], body: bytes | AsyncIterator[bytes]) -> CIMultiDict[str]:
    """The headers in the library's terms, repeated ones included."""
    wire = CIMultiDict([(name, _wire_text(value)) for name, value in headers])
    if isinstance(body, bytes) and len(body) > _SLICE_BYTES:
        # The slices of `_payload` have no length of their own, and not every server takes chunked requests.
        wire["Content-Length"] = str(len(body))
    return wire


def _wire_text(value: str) -> str:
    """The text that the library, which writes UTF-8, turns into the bytes behind a Latin-1 header value."""
    return value if value.isascii() else value.encode("latin-1", "replace").decode("utf-8", "replace")


class _Upload:
    """A caller's body stream that remembers how it failed: the library would tell of a lost connection."""

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self._body = body
        self.trouble: Exception | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._body:
                yield piece
        except Exception as error:
            self.trouble = error
            raise


def _payload(body: bytes) -> bytes | AsyncIterator[bytes] | None:
    """The body in the library's terms; an empty one is none."""
    if len(body) > _SLICE_BYTES:
        return _slices(body)
    return body or None


async def _slices(body: bytes) -> AsyncIterator[bytes]:
    """A large body piece by piece."""
    view = memoryview(body)
    for start in range(0, len(body), _SLICE_BYTES):
        yield bytes(view[start : start + _SLICE_BYTES])
