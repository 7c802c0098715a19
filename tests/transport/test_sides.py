"""What users of an HTTP client expect of it, whichever library and half it is."""

import asyncio
import gc
import json
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest

import sparingly.transport.httpx
import sparingly.transport.httpx2
from sparingly.settings import Simulation
from sparingly.transport.local_gateway import LocalGateway
from tests.fakes.provider_server import ProviderServer
from tests.fakes.raw_server import Line, RawServer
from tests.pipeline.wire import request_body

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(60)]

KEY = {"authorization": "Bearer sk-mine"}
OURS: dict[str, tuple[ModuleType, ModuleType]] = {
    "httpx": (httpx, sparingly.transport.httpx),
    "httpx2": (httpx2, sparingly.transport.httpx2),
}


@pytest.fixture(params=sorted(OURS))
def library(request: pytest.FixtureRequest) -> Any:
    """The library, and our module for it."""
    return OURS[request.param]


@pytest.fixture
def client(library: Any, gateway: LocalGateway, provider: ProviderServer) -> Iterator[Any]:
    theirs, ours = library
    transport = ours.SparinglyTransport(gateway)
    with theirs.Client(transport=transport, base_url=provider.url, headers=KEY) as made:
        yield made


@pytest.fixture
async def async_client(library: Any, gateway: LocalGateway, provider: ProviderServer) -> AsyncIterator[Any]:
    theirs, ours = library
    transport = ours.AsyncSparinglyTransport(gateway)
    async with theirs.AsyncClient(transport=transport, base_url=provider.url, headers=KEY) as made:
        yield made


def asked(client: Any, question: str, *, stream: bool = False) -> Any:
    return client.post("/v1/chat/completions", content=request_body(question, stream=stream))


def hit(client: Any, question: str) -> Any:
    """Ask until the answer comes from memory."""
    for _ in range(200):
        answer = asked(client, question)
        if answer.headers["x-sparingly-cache"] != "miss":
            return answer
    raise AssertionError("nothing was ever kept")


def test_the_second_time_the_answer_comes_from_memory(
    client: Any, library: Any, provider: ProviderServer
) -> None:
    """The provider is asked once, at the client's address and with its key."""
    question = f"Where is {library[0].__name__}?"
    before = len(provider.requests)

    first, last = asked(client, question), hit(client, question)

    assert first.headers["x-sparingly-cache"] == "miss"
    assert last.headers["x-sparingly-cache"] == "exact"
    assert first.json()["choices"] == last.json()["choices"]
    (seen,) = provider.requests[before:]
    assert (seen.path, seen.header("authorization")) == ("/v1/chat/completions", "Bearer sk-mine")


async def test_sync_and_async_clients_share_one_memory(client: Any, async_client: Any, library: Any) -> None:
    """Of one gateway."""
    question = f"Who wrote {library[0].__name__}?"
    await asyncio.to_thread(hit, client, question)

    answer = await async_client.post("/v1/chat/completions", content=request_body(question))

    assert answer.headers["x-sparingly-cache"] == "exact"


def test_another_key_is_another_tenant(client: Any, library: Any) -> None:
    """Answers that one key paid for are not given to another."""
    question = f"What is {library[0].__name__} for?"
    hit(client, question)

    client.headers["authorization"] = "Bearer sk-other"
    answer = asked(client, question)

    assert answer.headers["x-sparingly-cache"] == "miss"


def test_another_address_is_another_world(
    library: Any, gateway: LocalGateway, provider: ProviderServer, client: Any
) -> None:
    """A model's name means something else there."""
    theirs, ours = library
    question = f"Which world is {library[0].__name__} in?"
    hit(client, question)

    with (
        ProviderServer(Simulation(seed=7)) as other,
        theirs.Client(transport=ours.SparinglyTransport(gateway), base_url=other.url, headers=KEY) as second,
    ):
        answer = asked(second, question)
        asked_there = len(other.requests)

    assert (answer.headers["x-sparingly-cache"], asked_there) == ("miss", 1)
    assert provider.requests


def test_what_the_gateway_does_not_know_is_relayed(client: Any) -> None:
    """Uploads, whole or in pieces, and answers that are no JSON of ours."""
    told = client.post("/v1/files?x=1", content=b"\x00whole").json()
    streamed = client.post("/v1/files", content=iter([b"in ", b"pieces"])).json()

    assert (told["method"], told["path"], told["body"]) == ("POST", "/v1/files?x=1", "\x00whole")
    assert streamed["body"] == "in pieces"


async def test_an_async_upload_goes_in_pieces(async_client: Any) -> None:
    """From an async iterator."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"in "
        yield b"pieces"

    answer = await async_client.post("/v1/files", content=pieces())

    assert answer.json()["body"] == "in pieces"


def test_an_error_of_the_gateway_is_an_answer_in_dialect(client: Any) -> None:
    """No exception: that is for when nothing can be said."""
    answer = client.post("/v1/chat/completions", content=b"{}")

    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_a_provider_that_is_down_is_an_answer_too(library: Any, gateway: LocalGateway) -> None:
    """502, as over HTTP: the client's own retries go by it."""
    theirs, ours = library
    with theirs.Client(transport=ours.SparinglyTransport(gateway), base_url="http://127.0.0.1:1") as client:
        answer = asked(client, "Is anybody there?")

    assert answer.status_code == 502
    assert answer.headers["x-sparingly-reason"] == "upstream-unreachable"


def test_many_threads_share_one_client(client: Any, library: Any) -> None:
    """Each gets its own answer."""

    def ask(number: int) -> tuple[str, str]:
        answer = asked(client, f"What is {library[0].__name__} {number} plus one?").json()
        again = hit(client, f"What is {library[0].__name__} {number} plus one?").json()
        return answer["choices"][0]["message"]["content"], again["choices"][0]["message"]["content"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(24)))

    assert all(first == again for first, again in answers)
    assert len({first for first, _ in answers}) == 24


class Paused:
    """A provider that streams a first piece and then waits; `gone` is set when its client has left."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self.go_on = asyncio.Event()

    async def __call__(self, line: Line) -> None:
        await line.request()
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o"}
        said = chunk | {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "Once"}}]}
        event = b"data: " + json.dumps(said).encode() + b"\n\n"
        await line.write(head + b"%x\r\n%b\r\n" % (len(event), event))
        await line.hung_up()
        self.gone.set()


def events_of(library: Any, gateway: LocalGateway, url: str, **options: Any) -> list[bytes]:
    """Stream an answer that never ends, and leave after its first piece or by a timeout."""
    theirs, ours = library
    got: list[bytes] = []
    with (
        theirs.Client(transport=ours.SparinglyTransport(gateway), base_url=url, **options) as client,
        client.stream(
            "POST", "/v1/chat/completions", content=request_body("Tell me a story.", stream=True)
        ) as answer,
    ):
        for piece in answer.iter_raw():
            got.append(piece)
            if "timeout" not in options:
                break
    return got


async def test_a_stream_comes_piece_by_piece_and_may_be_left(library: Any, gateway: LocalGateway) -> None:
    """The first piece is there while the provider still thinks; it is told when its reader leaves."""
    paused = Paused()
    async with RawServer(paused) as server:
        got = await asyncio.to_thread(events_of, library, gateway, server.url)
        await paused.gone.wait()

    assert b"Once" in got[0]


async def test_a_stream_that_is_dropped_unread_is_left(
    library: Any, gateway: LocalGateway, client: Any
) -> None:
    """Nobody closed it; nobody can read it any more."""
    theirs, ours = library
    asked(client, "Does another client keep the gateway open?")
    paused = Paused()

    def drop(url: str) -> None:
        mine = theirs.Client(transport=ours.SparinglyTransport(gateway), base_url=url)
        body = request_body("Tell me nothing.", stream=True)
        answer = mine.send(mine.build_request("POST", "/v1/chat/completions", content=body), stream=True)
        assert answer.status_code == 200
        mine.close()

    async with RawServer(paused) as server:
        await asyncio.to_thread(drop, server.url)
        gc.collect()
        await paused.gone.wait()


async def test_a_cancelled_async_request_is_given_up(library: Any, gateway: LocalGateway) -> None:
    """Before and within the answer."""
    theirs, ours = library
    paused = Paused()
    async with (
        RawServer(paused) as server,
        theirs.AsyncClient(transport=ours.AsyncSparinglyTransport(gateway), base_url=server.url) as client,
    ):
        first = asyncio.Event()

        async def read() -> None:
            body = request_body("Tell me another.", stream=True)
            async with client.stream("POST", "/v1/chat/completions", content=body) as answer:
                async for _ in answer.aiter_raw():
                    first.set()

        reading = asyncio.ensure_future(read())
        await first.wait()
        reading.cancel()
        await paused.gone.wait()
        with pytest.raises(asyncio.CancelledError):
            await reading


async def test_a_client_waits_no_longer_than_its_timeout(library: Any, gateway: LocalGateway) -> None:
    """In the middle of a stream, and for a head that never comes."""
    theirs, _ = library
    paused = Paused()
    async with RawServer(paused) as server:
        with pytest.raises(theirs.ReadTimeout):
            await asyncio.to_thread(events_of, library, gateway, server.url, timeout=0.2)
        await paused.gone.wait()

    async def silent(line: Line) -> None:
        await line.hung_up()
        gone.set()

    gone = asyncio.Event()
    async with RawServer(silent) as server:
        with pytest.raises(theirs.ReadTimeout):
            await asyncio.to_thread(events_of, library, gateway, server.url, timeout=0.2)
        await gone.wait()


async def test_an_answer_that_is_cut_is_an_exception(library: Any, gateway: LocalGateway) -> None:
    """A relayed download that ends early cannot say so in any dialect."""
    theirs, ours = library

    async def cut(line: Line) -> None:
        await line.request()
        await line.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")

    async with (
        RawServer(cut) as server,
        theirs.AsyncClient(transport=ours.AsyncSparinglyTransport(gateway), base_url=server.url) as client,
    ):
        with pytest.raises(theirs.RemoteProtocolError):
            await client.get("/v1/files/1/content")


def test_a_gateway_that_cannot_be_opened_is_a_connection_error(
    library: Any, gateway: LocalGateway, provider: ProviderServer, client: Any
) -> None:
    """It says which folder is in use, and that it is."""
    theirs, ours = library
    hit(client, "Are you open?")
    assert isinstance(gateway._config, dict)
    folder = str(gateway._config["data_dir"])

    with (
        theirs.Client(
            transport=ours.SparinglyTransport({"data_dir": folder}), base_url=provider.url
        ) as second,
        pytest.raises(theirs.ConnectError, match="in use") as caught,
    ):
        asked(second, "Are you, too?")

    assert folder in str(caught.value)


def test_a_closed_gateway_breaks_what_is_under_way(library: Any, tmp_path: Path) -> None:
    """Nobody waits for an answer that will not come."""
    theirs, ours = library
    local = LocalGateway({"data_dir": str(tmp_path)}, environ={})
    with (
        ProviderServer(Simulation(first_token_s=60)) as slow,
        theirs.Client(transport=ours.SparinglyTransport(local), base_url=slow.url) as client,
    ):
        caught: list[BaseException] = []

        def ask() -> None:
            try:
                asked(client, "Will you ever answer?")
            except theirs.HTTPError as error:
                caught.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        while not slow.requests:
            pass
        local.close()
        thread.join()

    assert [type(error) for error in caught] == [theirs.RemoteProtocolError]


def test_without_asyncio_the_async_half_says_so(library: Any, gateway: LocalGateway) -> None:
    """Trio's tasks, for one, have no such loop."""
    theirs, ours = library
    transport = ours.AsyncSparinglyTransport(gateway)
    work = transport.handle_async_request(theirs.Request("GET", "http://x/v1/models"))

    with pytest.raises(RuntimeError, match="needs asyncio"):
        work.send(None)
    with pytest.raises(StopIteration):
        transport.aclose().send(None)
