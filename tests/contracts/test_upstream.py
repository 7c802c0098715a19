"""What every Upstream promises (see the Protocol's contract in ports.py)."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeAlias

import httpx
import pytest

from sparingly.errors import UpstreamBroke, UpstreamUnreachable
from sparingly.ports import Carrier, Upstream, UpstreamRequest
from sparingly.settings import Simulation
from sparingly.transport.inner import Carried
from sparingly.upstreams.http_client import HttpClient
from sparingly.upstreams.provider import HttpUpstream
from sparingly.upstreams.simulated import SimulatedUpstream
from tests.fakes.clock import FakeClock
from tests.fakes.provider_server import ProviderServer
from tests.fakes.upstream import EVENTS, Dead, FakeUpstream, Scripted

pytestmark = pytest.mark.anyio

ASK = b'{"model": "m", "messages": [{"role": "user", "content": "hello"}]}'
STREAMED = ASK.replace(b'"m"', b'"m", "stream": true')

# Each kind of trouble, and how the simulated provider is brought to it.
KNOBS = {
    "well": Simulation(),
    "failing": Simulation(error_rate=1.0),
    "cut": Simulation(cut_rate=1.0),
}
# What the scripted one says for a whole answer and for a stream.
SCRIPTS = {
    "well": (Scripted((b'{"id": 1}',)), Scripted((b"data: 1\n\n", b"data: [DONE]\n\n"), headers=EVENTS)),
    "failing": (Scripted((b'{"error": {}}',), status=500),),
    "cut": (Scripted((b'{"id"',), is_cut=True),),
}

Opener: TypeAlias = Callable[[str], AbstractContextManager[Upstream]]


@contextmanager
def scripted(trouble: str) -> Iterator[Upstream]:
    yield FakeUpstream(*SCRIPTS[trouble])


@contextmanager
def simulated(trouble: str) -> Iterator[Upstream]:
    yield SimulatedUpstream(
        name="fake", simulation=KNOBS[trouble], models=("m",), answers={}, sleep=asyncio.sleep
    )


def over_http(url: str, client: Carrier) -> HttpUpstream:
    return HttpUpstream(
        name="fake",
        dialect="openai",
        base_url=url,
        key="k",
        takes_client_key=True,
        headers={},
        client=client,
        clock=FakeClock(),
        connect_timeout_s=5.0,
        read_timeout_s=5.0,
    )


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    made = HttpClient()
    yield made
    await made.aclose()


@pytest.fixture
async def carried(request: pytest.FixtureRequest) -> AsyncIterator[Carrier]:
    """The transports of a library, of both halves."""
    made = Carried(
        httpx, httpx.HTTPTransport() if "threads" in request.node.name else httpx.AsyncHTTPTransport()
    )
    yield made
    await made.aclose()


@pytest.fixture(params=["scripted", "simulated", "http", "carried", "carried-in-threads"])
def opened(request: pytest.FixtureRequest, client: HttpClient, carried: Carrier) -> Opener:
    def served(carrier: Carrier) -> Opener:
        @contextmanager
        def open_(trouble: str) -> Iterator[Upstream]:
            with ProviderServer(KNOBS[trouble]) as server:
                yield over_http(server.url, carrier)

        return open_

    openers: dict[str, Opener] = {"scripted": scripted, "simulated": simulated, "http": served(client)}
    return openers.get(str(request.param)) or served(carried)


def ask(body: bytes | AsyncIterator[bytes] = ASK) -> UpstreamRequest:
    return UpstreamRequest(method="POST", path="/v1/chat/completions", body=body, model="m")


async def test_an_answer_has_status_headers_and_body(opened: Opener) -> None:
    """The plain case; header names are in lower case."""
    with opened("well") as upstream:
        reply = await upstream.send(ask())
        body = await reply.read()

    assert reply.status == 200
    assert dict(reply.headers)["content-type"].startswith("application/json")
    assert body.startswith(b"{")
    assert body.endswith(b"}")


async def test_a_stream_comes_to_its_end(opened: Opener) -> None:
    """`body` yields all of it, in order."""
    with opened("well") as upstream:
        await (await upstream.send(ask())).read()
        reply = await upstream.send(ask(STREAMED))
        pieces = [piece async for piece in reply.body()]
        await reply.aclose()

    assert b"".join(pieces).startswith(b"data: ")
    assert b"".join(pieces).endswith(b"data: [DONE]\n\n")


async def test_a_streamed_request_body_is_read(opened: Opener) -> None:
    """Relayed uploads come as a stream."""

    async def upload() -> AsyncIterator[bytes]:
        yield ASK[:10]
        yield ASK[10:]

    with opened("well") as upstream:
        reply = await upstream.send(ask(upload()))
        await reply.read()

    assert reply.status == 200


async def test_an_error_status_is_an_answer(opened: Opener) -> None:
    """What a provider says with it is for others to read."""
    with opened("failing") as upstream:
        reply = await upstream.send(ask())
        body = await reply.read()

    assert reply.status == 500
    assert b'"error"' in body


@pytest.mark.parametrize("body", [ASK, STREAMED], ids=["whole", "streamed"])
async def test_a_cut_answer_breaks(opened: Opener, body: bytes) -> None:
    """Nothing partial ends well."""
    with opened("cut") as upstream:
        reply = await upstream.send(ask(body))
        with pytest.raises(UpstreamBroke):
            await reply.read()


async def test_closing_is_safe_at_any_time(opened: Opener) -> None:
    """Before, within and after the body, once or twice."""
    with opened("well") as upstream:
        await (await upstream.send(ask())).read()
        unread = await upstream.send(ask(STREAMED))
        await unread.aclose()
        await unread.aclose()
        begun = await upstream.send(ask(STREAMED))
        async for _ in begun.body():
            break
        await begun.aclose()
        done = await upstream.send(ask(STREAMED))
        await done.read()
        await done.aclose()


async def test_a_closed_answer_is_no_whole_one(opened: Opener) -> None:
    """Whoever reads on after the close must not take what there is for all there was."""
    with opened("well") as upstream:
        await (await upstream.send(ask())).read()
        reply = await upstream.send(ask(STREAMED))
        await reply.aclose()

        with pytest.raises(UpstreamBroke):
            await reply.read()


async def test_one_that_works_can_be_pinged(opened: Opener) -> None:
    """No error is the answer."""
    with opened("well") as upstream:
        await upstream.ping()
        await upstream.ping()
        await upstream.aclose()


@pytest.mark.parametrize("kind", ["scripted", "http"])
async def test_one_that_is_down_is_unreachable(kind: str, client: HttpClient) -> None:
    """Asked or pinged; the simulated provider is never down."""
    with ProviderServer() as server:
        url = server.url
    upstream: Upstream = FakeUpstream(Dead()) if kind == "scripted" else over_http(url, client)

    with pytest.raises(UpstreamUnreachable):
        await upstream.send(ask())
    with pytest.raises(UpstreamUnreachable):
        await upstream.ping()


async def test_it_has_a_name_and_a_dialect(opened: Opener) -> None:
    """Both come from the config."""
    with opened("well") as upstream:
        assert upstream.name == "fake"
        assert upstream.dialect == "openai"
