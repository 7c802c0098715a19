from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType

import pytest

from sparingly.errors import UpstreamUnreachable
from sparingly.ports import UpstreamRequest
from sparingly.upstreams.http_client import HttpClient
from sparingly.upstreams.provider import HttpUpstream, address, outgoing
from tests.fakes.clock import FakeClock
from tests.fakes.provider_server import ProviderServer
from tests.fakes.raw_server import Line, RawServer

CHAT = "/v1/chat/completions"


def request(*headers: tuple[str, str], client_key: str | None = None) -> UpstreamRequest:
    return UpstreamRequest("POST", CHAT, headers, b"{}", model="m", client_key=client_key)


def sent(
    asked: UpstreamRequest,
    *,
    dialect: str = "openai",
    key: str | None = None,
    takes_client_key: bool = True,
    fixed: Mapping[str, str] = MappingProxyType({}),
) -> list[tuple[str, str]]:
    """What goes to the provider, but for the encoding that always does."""
    headers = outgoing(asked, dialect=dialect, key=key, takes_client_key=takes_client_key, fixed=fixed)
    assert ("accept-encoding", "identity") in headers
    return [pair for pair in headers if pair[0] != "accept-encoding"]


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("https://api.openai.com", "https://api.openai.com/v1/chat/completions"),
        ("https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions"),
        ("http://v1.example.com:8000", "http://v1.example.com:8000/v1/chat/completions"),
        ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1/chat/completions"),
        (
            "https://generativelanguage.googleapis.com/v1beta/openai",
            "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
        ),
        ("https://open.bigmodel.cn/api/paas/v4", "https://open.bigmodel.cn/api/paas/v4/chat/completions"),
        ("https://host/service/vision", "https://host/service/vision/v1/chat/completions"),
    ],
)
def test_a_base_url_is_taken_as_its_documentation_gives_it(base_url: str, url: str) -> None:
    """A base that holds a version takes the place of `/v1`; one without is put before it."""
    assert address(base_url, CHAT) == url


def test_the_query_stays() -> None:
    """Relayed paths come with theirs."""
    assert address("http://x/v1", "/v1/files?limit=2") == "http://x/v1/files?limit=2"


def test_unknown_headers_pass() -> None:
    """Providers give meaning to names nobody here knows; repeated ones stay repeated."""
    passed = [
        ("openai-organization", "org"),
        ("OpenAI-Project", "p"),
        ("anthropic-beta", "b1"),
        ("anthropic-beta", "b2"),
        ("idempotency-key", "i"),
    ]

    assert sent(request(*passed)) == passed


def test_headers_of_the_clients_connection_stay_here() -> None:
    """RFC 9110, section 7.6.1, names listed in Connection included; host, length and encoding are remade."""
    asked = request(
        ("Connection", "keep-alive, X-Private"),
        ("x-private", "1"),
        ("Keep-Alive", "5"),
        ("TE", "trailers"),
        ("Transfer-Encoding", "chunked"),
        ("Upgrade", "h2c"),
        ("Proxy-Authorization", "p"),
        ("Trailer", "t"),
        ("Host", "localhost"),
        ("Content-Length", "2"),
        ("Accept-Encoding", "gzip"),
        ("Expect", "100-continue"),
        ("x-public", "1"),
    )

    assert sent(asked) == [("x-public", "1")]


def test_headers_for_the_gateway_stay_here() -> None:
    """Ours, and those that describe the machine of the client's SDK."""
    asked = request(("X-Sparingly-Model", "m"), ("x-stainless-os", "Linux"), ("user-agent", "sdk"))

    assert sent(asked) == [("user-agent", "sdk")]


def test_the_length_of_a_streamed_upload_stays() -> None:
    """Not every server takes a chunked request."""

    async def upload() -> AsyncIterator[bytes]:
        yield b""

    asked = UpstreamRequest("POST", "/v1/files", (("content-length", "6"),), upload())

    assert sent(asked) == [("content-length", "6")]


def test_a_configured_key_replaces_every_credential_of_the_client() -> None:
    """No secret of the client's leaves the house."""
    asked = request(
        ("Authorization", "Bearer theirs"),
        ("x-api-key", "theirs"),
        ("api-key", "theirs"),
        ("cookie", "session=theirs"),
        client_key="theirs",
    )

    assert sent(asked, key="ours") == [("authorization", "Bearer ours")]


def test_without_a_configured_key_the_clients_goes_through_as_written() -> None:
    """Also a form the dialect does not use: the client knows its provider."""
    asked = request(("x-api-key", "theirs"), client_key="theirs")

    assert sent(asked) == [("x-api-key", "theirs")]


@pytest.mark.parametrize(
    ("dialect", "credential"),
    [("openai", ("authorization", "Bearer theirs")), ("anthropic", ("x-api-key", "theirs"))],
)
def test_a_translated_request_carries_the_clients_key_in_the_providers_form(
    dialect: str, credential: tuple[str, str]
) -> None:
    """Translation drops the client's headers, so its key is handed over beside them."""
    assert credential in sent(request(client_key="theirs"), dialect=dialect)


def test_nobody_s_key_is_no_header() -> None:
    """A local server may want none."""
    assert sent(request()) == []


def test_anthropic_is_told_its_version() -> None:
    """The API refuses requests without one; a client's own choice stays."""
    plain = sent(request(), dialect="anthropic", key="k")
    chosen = sent(request(("anthropic-version", "2027-01-01")), dialect="anthropic", key="k")

    assert plain == [("x-api-key", "k"), ("anthropic-version", "2023-06-01")]
    assert chosen == [("anthropic-version", "2027-01-01"), ("x-api-key", "k")]


def test_configured_headers_win() -> None:
    """The operator has the last word, on credentials too."""
    asked = request(("x-team", "client"))

    assert sent(asked, fixed={"x-team": "ops"}) == [("x-team", "ops")]


def test_a_body_has_one_content_type() -> None:
    """The last one, from whoever wrote the body."""
    asked = request(("content-type", "text/plain"), ("x-a", "1"), ("Content-Type", "application/json"))

    assert sent(asked) == [("x-a", "1"), ("Content-Type", "application/json")]


def test_a_relayed_request_accepts_what_its_client_accepts() -> None:
    """Its body is not read here, so its encoding is the client's business."""
    asked = UpstreamRequest("GET", "/v1/files", (("accept-encoding", "br"),), plain=False)

    headers = outgoing(asked, dialect="openai", key=None, takes_client_key=True, fixed={})

    assert headers == [("accept-encoding", "br")]


@pytest.mark.parametrize("name", ["authorization", "x-api-key", "api-key", "cookie"])
def test_a_clients_key_reaches_no_house_it_was_not_meant_for(name: str) -> None:
    """Where routing leads away from the default provider, the caller's credentials stay behind."""
    asked = request((name, "Bearer s3cret"), client_key="s3cret")

    assert sent(asked, takes_client_key=False) == []


def upstream(url: str, client: HttpClient, clock: FakeClock | None = None) -> HttpUpstream:
    return HttpUpstream(
        name="house",
        dialect="openai",
        base_url=f"{url}/v1/",
        key="k3y",
        takes_client_key=True,
        headers={"X-Team": "ops"},
        client=client,
        clock=clock or FakeClock(),
        connect_timeout_s=5.0,
        read_timeout_s=5.0,
    )


@pytest.mark.anyio
async def test_a_request_arrives_whole(client: HttpClient) -> None:
    """Method, path, query, headers and body reach the provider."""
    with ProviderServer() as server:
        asked = UpstreamRequest("PATCH", "/v1/files/1?a=b", (("x-a", "1"),), b"body")
        reply = await upstream(server.url, client).send(asked)
        await reply.read()

    [received] = server.requests
    assert (received.method, received.path, received.body) == ("PATCH", "/v1/files/1?a=b", b"body")
    assert received.header("x-a") == "1"
    assert received.header("x-team") == "ops"
    assert received.header("authorization") == "Bearer k3y"
    assert received.header("host") == server.url.removeprefix("http://")


@pytest.mark.anyio
async def test_a_requests_own_timeout_bounds_it(client: HttpClient) -> None:
    """A classifier's question must not wait as long as an answer may."""

    async def script(line: Line) -> None:
        await line.hung_up()

    async with RawServer(script) as server:
        asked = UpstreamRequest("POST", CHAT, (), b"{}", timeout_s=0.05)
        with pytest.raises(UpstreamUnreachable, match="too long"):
            await upstream(server.url, client).send(asked)


@pytest.mark.anyio
async def test_a_ping_is_content_with_any_status_and_remembers_it(client: HttpClient) -> None:
    """Readiness probes come every second and must not become traffic; no key goes with them."""
    clock = FakeClock()
    with ProviderServer() as server:
        pinged = upstream(server.url, client, clock)
        await pinged.ping()
        await pinged.ping()
        first = len(server.requests)
        clock.pass_by(60)
        await pinged.ping()

    assert first == 1
    assert len(server.requests) == 2
    assert {received.method for received in server.requests} == {"HEAD"}
    assert {received.header("authorization") for received in server.requests} == {None}


@pytest.mark.anyio
async def test_a_ping_that_fails_names_the_provider(client: HttpClient) -> None:
    """And is tried again the next time."""
    with ProviderServer() as server:
        gone = server.url
    pinged = upstream(gone, client)

    for _ in range(2):
        with pytest.raises(UpstreamUnreachable, match=r"provider house: .*Connection refused"):
            await pinged.ping()
