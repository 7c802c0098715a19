"""Request headers we read, and response headers we write (FORMATS: names and meanings are a contract)."""

from collections.abc import Iterable, Mapping, Sequence

from sparingly.errors import InvalidRequest
from sparingly.pipeline.exchange import Summary

# RFC 9110, section 7.6.1; what this server sets for itself; what speaks of the provider's own origin.
_NOT_RELAYED = frozenset(
    {
        "alt-svc",
        "connection",
        "content-length",
        "date",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "server",
        "set-cookie",
        "strict-transport-security",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


# A server takes a length for a promise.
_WITHOUT_BODY = frozenset({204, 304})

CREDENTIALS = frozenset({"authorization", "x-api-key", "api-key", "cookie", "proxy-authorization"})
"""Request headers that can hold a key to this gateway."""


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name; repeated ones joined as RFC 9110, section 5.3 has it."""
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def headers_of_lines(lines: Iterable[str]) -> dict[str, str]:
    """Headers by lower-case name, from lines as people write them; raises InvalidRequest."""
    pairs: list[tuple[bytes, bytes]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or not line.isascii():
            raise InvalidRequest(
                f"expected 'name: value' in plain letters, got {line[:60]!r}", field="header"
            )
        pairs.append((name.strip().encode(), value.strip().encode()))
    return read_headers(pairs)


def relayable(headers: Sequence[tuple[str, str]], *, encoded: bool) -> list[tuple[str, str]]:
    """A provider's response headers that go on to the client.

    `encoded` says that the body goes on as it came, so that its encoding still holds.
    """
    named_by_connection = {
        name.strip().lower()
        for key, value in headers
        if key.lower() == "connection"
        for name in value.split(",")
    }
    dropped = _NOT_RELAYED | named_by_connection | {"content-type"}
    if not encoded:
        dropped |= {"content-encoding"}
    return [
        (name, value)
        for name, value in headers
        if name.lower() not in dropped and not name.lower().startswith(("x-sparingly-", "cache-status"))
    ]


def body_headers(status: int, headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """What a body that is relayed as it came is: its type and, where a body may follow, its length."""
    kept = {"content-type"} if status in _WITHOUT_BODY else {"content-type", "content-length"}
    return [(name, value) for name, value in headers if name.lower() in kept]


def summary_headers(summary: Summary) -> list[tuple[str, str]]:
    """What the client is told about its answer."""
    headers = [
        ("cache-status", _cache_status(summary)),
        ("x-sparingly-id", summary.id),
        ("x-sparingly-cache", summary.verdict),
        ("x-sparingly-reason", summary.reason),
        ("x-sparingly-route", _safe(summary.route)),
    ]
    if summary.tier is not None:
        headers.append(("x-sparingly-tier", _safe(summary.tier)))
    if summary.route_reason is not None:
        headers.append(("x-sparingly-route-reason", _safe(summary.route_reason)))
    if summary.served is not None:
        headers.append(("x-sparingly-model", _safe(summary.served)))
    if summary.source is not None:
        headers.append(("x-sparingly-source", _safe(summary.source)))
    if summary.similarity is not None:
        headers.append(("x-sparingly-similarity", f"{summary.similarity:.4f}"))
    if summary.cost_nano is not None:
        headers.append(("x-sparingly-cost-usd", dollars(summary.cost_nano)))
    if summary.saved_nano is not None:
        headers.append(("x-sparingly-saved-usd", dollars(summary.saved_nano)))
    if summary.age_s is not None:
        headers.append(("age", str(int(summary.age_s))))
    return headers


def own_headers(request_id: str, reason: str) -> list[tuple[str, str]]:
    """What marks an answer in which the cache had no part: our own errors and lists, and what is relayed."""
    return [
        ("cache-status", "sparingly; fwd=bypass"),
        ("x-sparingly-id", request_id),
        ("x-sparingly-cache", "bypass"),
        ("x-sparingly-reason", reason),
    ]


def credential(headers: Mapping[str, str]) -> str | None:
    """The caller's key: a Bearer token, `x-api-key`, `api-key`, or whatever else stands in `Authorization`.

    Any of them may tell a provider who pays, so any of them tells tenants apart.
    """
    authorization = headers.get("authorization", "").strip()
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    others = (headers.get("x-api-key", "").strip(), headers.get("api-key", "").strip(), authorization)
    return next((key for key in others if key and key.lower() != "bearer"), None)


def house_of(headers: Mapping[str, str]) -> str:
    """Whose API a client speaks where the path does not say: Anthropic's clients name a version of theirs."""
    return "anthropic" if "anthropic-version" in headers else "openai"


def dollars(nano: int) -> str:
    """Nano-dollars as a decimal number of dollars, without rounding."""
    sign, nano = ("-", -nano) if nano < 0 else ("", nano)
    return f"{sign}{nano // 1_000_000_000}.{nano % 1_000_000_000:09d}"


def _cache_status(summary: Summary) -> str:
    """RFC 9211.  `request` and `bypass` are its words for a caller's and an operator's no."""
    match summary.verdict:
        case "exact" | "semantic":
            return f"sparingly; hit; detail={summary.verdict}"
        case "bypass":
            forward = "request" if summary.reason in {"no-cache", "no-store"} else "bypass"
            return f"sparingly; fwd={forward}; detail={summary.reason}"
        case _:
            return f"sparingly; fwd=miss; detail={summary.reason}"


def _safe(value: str) -> str:
    """A name that came from a client or a config, made fit for a header."""
    if len(value) <= 128 and value.isascii() and value.isprintable():
        return value
    return "".join(char if " " <= char <= "~" else "?" for char in value[:128])
