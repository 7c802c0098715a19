"""A provider over HTTP: where it is, how it wants its key, and which headers go there.

A client's headers pass through, since providers give meaning to names we have
never heard of, except those that belong to the client's connection to us
(RFC 9110, section 7.6.1), those that speak to this gateway, and those that
would undo what it reads.  Where the provider has a key of its own, or is not the
one whose keys the callers bring, no credential of the client's leaves the house.
"""

import re
from collections.abc import Mapping, Sequence

from sparingly.errors import UpstreamUnreachable
from sparingly.ports import Carrier, Clock, UpstreamReply, UpstreamRequest

# A version of the API at the place of `/v1`, as in `/v1beta/openai` (Gemini) or `/api/paas/v4` (Zhipu).
_VERSION = re.compile(r"/v\d+[a-z0-9]*(?=/|$)")

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# `expect`: our server has answered it.
_OURS = frozenset({"content-length", "expect", "host"})
_NEVER = _HOP_BY_HOP | _OURS
# `x-stainless-*` describes the machine the client's SDK runs on.
_PRIVATE_PREFIXES = ("x-sparingly-", "x-stainless-")
_CREDENTIALS = frozenset({"authorization", "x-api-key", "api-key"})

# The version every Anthropic SDK sends; the API refuses requests without one.
_ANTHROPIC_VERSION = "2023-06-01"

# A readiness probe must answer soon, and must not become traffic of its own.
_PING_TIMEOUT_S = 1.5
_PING_HOLDS_S = 5.0


class HttpUpstream:
    """Satisfies `Upstream`; the client is shared, and closed by whoever made it."""

    def __init__(
        self,
        *,
        name: str,
        dialect: str,
        also_speaks: frozenset[str] = frozenset(),
        base_url: str,
        key: str | None,
        takes_client_key: bool,
        headers: Mapping[str, str],
        client: Carrier,
        clock: Clock,
        connect_timeout_s: float,
        read_timeout_s: float,
    ) -> None:
        """Describe the provider.

        `base_url` is with or without `/v1`; `takes_client_key` passes the caller's own
        key on where `key` is None; `headers` go with every request and win over the
        client's.
        """
        self._name = name
        self._dialect = dialect
        self._dialects = also_speaks | {dialect}
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._takes_client_key = takes_client_key
        self._fixed = {key.lower(): value for key, value in headers.items()}
        self._client = client
        self._clock = clock
        self._connect_timeout_s = connect_timeout_s
        self._read_timeout_s = read_timeout_s
        self._reached_until = float("-inf")

    @property
    def name(self) -> str:
        """The provider's name in the config."""
        return self._name

    @property
    def dialect(self) -> str:
        """The wire form that others are translated into."""
        return self._dialect

    @property
    def dialects(self) -> frozenset[str]:
        """The wire forms it speaks."""
        return self._dialects

    async def send(self, request: UpstreamRequest) -> UpstreamReply:
        """Ask; see the port."""
        return await self._client.send(
            request.method,
            address(self._base_url, request.path),
            self._outgoing(request),
            request.body,
            connect_timeout_s=self._connect_timeout_s,
            read_timeout_s=self._read_timeout_s,
            total_timeout_s=request.timeout_s,
        )

    def _outgoing(self, request: UpstreamRequest) -> list[tuple[str, str]]:
        return outgoing(
            request,
            dialect=request.dialect or self._dialect,
            key=self._key,
            takes_client_key=self._takes_client_key,
            fixed=self._fixed,
        )

    async def ping(self) -> None:
        """Raise UpstreamUnreachable unless it answered something, anything, within the last seconds.

        Goes without a key: whether a key is good is for real requests to learn.
        """
        if self._clock.tick() < self._reached_until:
            return
        try:
            reply = await self._client.send(
                "HEAD",
                address(self._base_url, "/v1/models"),
                (),
                connect_timeout_s=_PING_TIMEOUT_S,
                read_timeout_s=_PING_TIMEOUT_S,
                total_timeout_s=_PING_TIMEOUT_S,
            )
        except UpstreamUnreachable as error:
            raise UpstreamUnreachable(f"provider {self._name}: {error.message}") from error
        await reply.aclose()
        self._reached_until = self._clock.tick() + _PING_HOLDS_S

    async def aclose(self) -> None:
        """Nothing of its own is open."""


def address(base_url: str, path: str) -> str:
    """The URL of a path that begins with `/v1`, at a base that may hold a version already."""
    if _VERSION.search(base_url, base_url.find("://") + 3) and (path + "/").startswith("/v1/"):
        return base_url + path.removeprefix("/v1")
    return base_url + path


def outgoing(
    request: UpstreamRequest,
    *,
    dialect: str,
    key: str | None,
    takes_client_key: bool,
    fixed: Mapping[str, str],
) -> list[tuple[str, str]]:
    """The headers that go to the provider; `fixed` has lower-case names."""
    given = [(pair[0].lower(), pair) for pair in request.headers]
    unwanted = _NEVER | _named_by_connection(given) | fixed.keys()
    if request.plain:
        unwanted |= {"accept-encoding"}
    if key is not None or not takes_client_key:
        unwanted |= _CREDENTIALS | {"cookie"}
    if not isinstance(request.body, bytes):
        # A relayed upload of known length keeps it; not every server takes chunked requests.
        unwanted -= {"content-length"}
    kept = [one for one in given if one[0] not in unwanted and not one[0].startswith(_PRIVATE_PREFIXES)]
    # Only the last content type: whoever wrote the body came last.
    last = next((one for one in reversed(kept) if one[0] == "content-type"), None)
    headers = [one[1] for one in kept if one[0] != "content-type" or one is last]
    names = {low for low, _ in kept}
    if request.plain:
        headers.append(("accept-encoding", "identity"))
    # Without a key of the provider's own the client's goes through as the client wrote it.
    secret = key or (request.client_key if takes_client_key and names.isdisjoint(_CREDENTIALS) else None)
    if secret:
        headers.append(
            ("x-api-key", secret) if dialect == "anthropic" else ("authorization", f"Bearer {secret}")
        )
    if dialect == "anthropic" and "anthropic-version" not in names:
        headers.append(("anthropic-version", _ANTHROPIC_VERSION))
    return [*headers, *fixed.items()]


def _named_by_connection(headers: Sequence[tuple[str, tuple[str, str]]]) -> set[str]:
    return {
        name.strip().lower()
        for low, (_, value) in headers
        if low == "connection"
        for name in value.split(",")
    }
