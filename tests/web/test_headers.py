"""Headers read and written; the names are a contract (FORMATS section 5)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.errors import InvalidRequest
from sparingly.pipeline.exchange import Summary
from sparingly.web.headers import (
    body_headers,
    credential,
    dollars,
    headers_of_lines,
    own_headers,
    read_headers,
    relayable,
    summary_headers,
)

# RFC 9211 and RFC 8941: one list member, a token, then parameters whose values are tokens.
_TOKEN = r"[a-zA-Z*][a-zA-Z0-9!#$%&'*+.^_`|~:/-]*"
CACHE_STATUS = re.compile(rf"{_TOKEN}(; [a-z*][a-z0-9_.*-]*(={_TOKEN})?)+")


def told(**fields: object) -> dict[str, str]:
    """The headers of a summary, by name."""
    plain: dict[str, object] = {"id": "req-1", "verdict": "miss", "reason": "too-far", "route": "faq"}
    pairs = summary_headers(Summary(**(plain | fields)))  # type: ignore[arg-type]  # checked by the struct's users
    assert len({name for name, _ in pairs}) == len(pairs)
    return dict(pairs)


def test_header_names_are_read_in_lower_case_and_repeated_ones_joined() -> None:
    """RFC 9110, section 5.3; bytes beyond ASCII stay what they were."""
    read = read_headers([(b"X-A", b"1"), (b"x-b", b"caf\xe9"), (b"x-a", b"2")])

    assert read == {"x-a": "1, 2", "x-b": "caf\xe9"}


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({}, None),
        ({"authorization": "Bearer k1"}, "k1"),
        ({"authorization": "bearer  k1 "}, "k1"),
        ({"authorization": "Bearer"}, None),
        ({"authorization": "Bearer "}, None),
        ({"authorization": ""}, None),
        ({"x-api-key": "k2"}, "k2"),
        ({"x-api-key": " "}, None),
        ({"api-key": "k3"}, "k3"),
        ({"authorization": "Bearer k1", "x-api-key": "k2"}, "k1"),
        ({"authorization": "Bearer ", "x-api-key": "k2", "api-key": "k3"}, "k2"),
        ({"authorization": "Basic dTpw"}, "Basic dTpw"),
        ({"authorization": "Basic dTpw", "api-key": "k3"}, "k3"),
    ],
)
def test_a_callers_key_is_found_wherever_clients_put_it(headers: dict[str, str], key: str | None) -> None:
    """Two callers with different keys must never look like one, however they send them."""
    assert credential(headers) == key


def test_headers_that_people_write_are_read_as_those_that_come() -> None:
    """A value may hold colons; a name twice is joined."""
    lines = ["X-Team: research", "x-url:http://a/b", "x-team: ops"]

    assert headers_of_lines(lines) == {"x-team": "research, ops", "x-url": "http://a/b"}
    with pytest.raises(InvalidRequest, match="name: value"):
        headers_of_lines(["x-team"])


def test_a_providers_headers_go_on() -> None:
    """All but those of its connection and its origin, and those that are ours to write."""
    headers = [
        ("Retry-After", "7"),
        ("x-request-id", "r1"),
        ("openai-processing-ms", "12"),
        ("X-RateLimit-Remaining", "1"),
        *[(name, "x") for name in ("date", "server", "set-cookie", "transfer-encoding", "content-length")],
        *[(name, "x") for name in ("content-type", "strict-transport-security", "trailer", "upgrade")],
        ("X-Sparingly-Cache", "exact"),
        ("Cache-Status", "other; hit"),
        ("Connection", "close, X-Hop"),
        ("x-hop", "1"),
    ]

    assert relayable(headers, encoded=True) == headers[:4]


@pytest.mark.parametrize("encoded", [True, False])
def test_an_encoding_goes_on_with_the_bytes_it_is_of(encoded: bool) -> None:  # noqa: FBT001
    """Not with a body that was written anew."""
    headers = [("content-encoding", "gzip")]

    assert relayable(headers, encoded=encoded) == (headers if encoded else [])


@pytest.mark.parametrize(
    ("status", "has_length"), [(200, True), (206, True), (404, True), (204, False), (304, False)]
)
def test_a_length_goes_on_where_a_body_may_follow(status: int, has_length: bool) -> None:  # noqa: FBT001
    """The type goes on anyway."""
    headers = [("content-length", "5"), ("Content-Type", "a/b"), ("etag", "1")]

    assert body_headers(status, headers) == (headers[:2] if has_length else headers[1:2])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"verdict": "exact", "reason": "same"}, "sparingly; hit; detail=exact"),
        ({"verdict": "semantic", "reason": "close"}, "sparingly; hit; detail=semantic"),
        ({"verdict": "miss", "reason": "too-far"}, "sparingly; fwd=miss; detail=too-far"),
        ({"verdict": "miss", "reason": "provider-error"}, "sparingly; fwd=miss; detail=provider-error"),
        ({"verdict": "bypass", "reason": "no-cache"}, "sparingly; fwd=request; detail=no-cache"),
        ({"verdict": "bypass", "reason": "no-store"}, "sparingly; fwd=request; detail=no-store"),
        ({"verdict": "bypass", "reason": "cache-off"}, "sparingly; fwd=bypass; detail=cache-off"),
    ],
)
def test_the_cache_tells_what_it_did_in_the_words_of_rfc_9211(
    fields: dict[str, object], expected: str
) -> None:
    """`request` where the caller wanted it so, `bypass` where the operator did."""
    status = told(**fields)["cache-status"]

    assert status == expected
    assert CACHE_STATUS.fullmatch(status)


def test_what_is_not_known_is_not_told() -> None:
    """A streamed answer's cost comes last."""
    assert told().keys() == {
        "cache-status",
        *("x-sparingly-id", "x-sparingly-cache", "x-sparingly-reason", "x-sparingly-route"),
    }


def test_a_hit_tells_its_age_source_closeness_and_saving() -> None:
    """Age in whole seconds (RFC 9111, section 5.1)."""
    headers = told(
        verdict="semantic",
        served="gpt-4o",
        source="req-0",
        similarity=0.98765,
        age_s=61.9,
        cost_nano=0,
        saved_nano=123_456_789,
    )

    assert headers["age"] == "61"
    assert headers["x-sparingly-source"] == "req-0"
    assert headers["x-sparingly-similarity"] == "0.9877"
    assert headers["x-sparingly-model"] == "gpt-4o"
    assert headers["x-sparingly-cost-usd"] == "0.000000000"
    assert headers["x-sparingly-saved-usd"] == "0.123456789"


def test_our_own_answers_say_so() -> None:
    """The reason tells errors of the gateway from a provider's."""
    assert dict(own_headers("req-1", "unknown-model")) == {
        "cache-status": "sparingly; fwd=bypass",
        "x-sparingly-id": "req-1",
        "x-sparingly-cache": "bypass",
        "x-sparingly-reason": "unknown-model",
    }


@given(st.text(max_size=300))
def test_no_name_can_break_a_response(name: str) -> None:
    """Names come from clients, configs and providers; what a header cannot hold becomes a question mark."""
    headers = told(route=name, served=name, source=name)

    for field in ("x-sparingly-route", "x-sparingly-model", "x-sparingly-source"):
        assert re.fullmatch(r"[\x20-\x7e]{0,128}", headers[field])


@pytest.mark.parametrize(
    ("nano", "expected"),
    [
        (0, "0.000000000"),
        (1, "0.000000001"),
        (1_500_000_000, "1.500000000"),
        (-1, "-0.000000001"),
        (-2_000_000_001, "-2.000000001"),
        (10**20, "100000000000.000000000"),
    ],
)
def test_dollars_are_written_without_rounding(nano: int, expected: str) -> None:
    """Money is whole nano-dollars."""
    assert dollars(nano) == expected
