import asyncio
import gc
import inspect

import pytest
from aiohttp import client_exceptions, http_exceptions

from sparingly.errors import UpstreamBroke, UpstreamError, UpstreamUnreachable
from sparingly.upstreams.http_client import FOREIGN, HttpClient, origin, reason
from tests.fakes.raw_server import Line, RawServer
from tests.upstreams.exchanges import HELLO, SOON_S, answering, resetting, send

pytestmark = pytest.mark.anyio

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "closed the connection before it answered"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "closed the connection before it answered"),
        (b"good day\r\n\r\n", "what it sent is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", "not HTTP"),
    ],
    ids=["nothing", "half a head", "no HTTP", "two lengths"],
)
async def test_no_proper_head_is_no_answer(client: HttpClient, answer: bytes, words: str) -> None:
    """Another attempt is safe as long as nothing could be told to the client."""
    async with RawServer(answering(answer)) as server:
        with pytest.raises(UpstreamUnreachable, match=words):
            await send(client, server.url)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    ],
    ids=["short length", "no last chunk", "short chunk", "no last line"],
)
async def test_a_body_that_is_too_short_never_ends_well(client: HttpClient, answer: bytes) -> None:
    """Nothing partial is passed off as whole."""
    async with RawServer(answering(answer)) as server:
        reply = await send(client, server.url)
        with pytest.raises(UpstreamBroke, match="ended before it was complete"):
            await reply.read()


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 50\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n32\r\n", b"\r\n"],
    ids=["length", "chunked", "until it closes"],
)
async def test_a_reset_within_the_body_breaks_the_answer(client: HttpClient, head: bytes) -> None:
    """However the body's length is declared."""
    may_go = asyncio.Event()
    async with RawServer(resetting(b"HTTP/1.1 200 OK\r\n" + head + b"hello", may_go)) as server:
        reply = await send(client, server.url)
        body = aiter(reply.body())
        first = await anext(body)
        may_go.set()
        with pytest.raises(UpstreamBroke):
            await anext(body)
        await reply.aclose()

    assert first == b"hello"


async def test_a_body_without_a_length_ends_with_its_connection(client: HttpClient) -> None:
    """HTTP/1.0 servers answer so, and HTTP knows no better sign."""
    async with RawServer(answering(b"HTTP/1.0 200 OK\r\n\r\nhello")) as server:
        reply = await send(client, server.url)

        assert await reply.read() == b"hello"


async def test_a_dead_server_cannot_be_reached(client: HttpClient) -> None:
    """A refused connection says so."""
    async with RawServer(answering(b"")) as server:
        url = server.url

    with pytest.raises(UpstreamUnreachable, match=r"cannot connect \(Connection refused\)"):
        await send(client, url)


async def test_a_server_that_never_answers_is_given_up(client: HttpClient) -> None:
    """The read timeout counts from the moment the request is out."""

    async def script(line: Line) -> None:
        await line.hung_up()

    async with RawServer(script) as server:
        with pytest.raises(UpstreamUnreachable, match="nothing came within the read timeout"):
            await send(client, server.url, read_timeout_s=0.05)


async def test_a_server_that_falls_silent_is_given_up(client: HttpClient) -> None:
    """The read timeout bounds every wait, not the first one only."""

    async def script(line: Line) -> None:
        await line.request()
        await line.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello")
        await line.hung_up()

    async with RawServer(script) as server:
        reply = await send(client, server.url, read_timeout_s=0.05)
        with pytest.raises(UpstreamBroke, match="nothing came within the read timeout"):
            await reply.read()


async def test_the_total_timeout_bounds_the_whole_exchange(client: HttpClient) -> None:
    """A drip of bytes does not prolong it."""

    async def script(line: Line) -> None:
        await line.request()
        await line.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await line.write(b"1\r\nx\r\n")
            await asyncio.sleep(0)

    async with RawServer(script) as server:
        reply = await client.send(
            "POST",
            server.url,
            (),
            b"{}",
            connect_timeout_s=SOON_S,
            read_timeout_s=SOON_S,
            total_timeout_s=0.05,
        )
        with pytest.raises(UpstreamBroke, match="too long"):
            await reply.read()


@pytest.mark.parametrize(
    ("says", "words"), [(b"", "took too long"), (HELLO, "TLS failed")], ids=["silence", "plain HTTP"]
)
async def test_a_server_without_tls_cannot_be_reached_over_https(
    client: HttpClient, says: bytes, words: str
) -> None:
    """The handshake belongs to connecting."""

    async def script(line: Line) -> None:
        await line.write(says)
        await line.hung_up()

    async with RawServer(script) as server:
        url = server.url.replace("http:", "https:")
        with pytest.raises(UpstreamUnreachable, match=words):
            await client.send("GET", url, (), connect_timeout_s=0.2, read_timeout_s=SOON_S)


async def test_cancelling_before_the_headers_hangs_up(client: HttpClient) -> None:
    """A provider must not work on for a client that has left."""
    asked, left = asyncio.Event(), asyncio.Event()

    async def script(line: Line) -> None:
        await line.request()
        asked.set()
        await line.hung_up()
        left.set()

    async with RawServer(script) as server, asyncio.TaskGroup() as group:
        task = group.create_task(send(client, server.url))
        await asked.wait()
        task.cancel()
        await asyncio.wait_for(left.wait(), SOON_S)

    assert task.cancelled()


async def test_closing_within_the_body_hangs_up(client: HttpClient) -> None:
    """Also where another task is waiting for the next bytes: it must not take the end for a good one."""
    left = asyncio.Event()

    async def script(line: Line) -> None:
        await line.request()
        await line.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await line.hung_up()
        left.set()

    async with RawServer(script) as server:
        reply = await send(client, server.url)
        body = aiter(reply.body())
        await anext(body)
        waiting = asyncio.ensure_future(anext(body))
        await asyncio.sleep(0)
        await reply.aclose()
        await reply.aclose()
        await asyncio.wait_for(left.wait(), SOON_S)
        with pytest.raises(UpstreamBroke):
            await waiting


async def test_a_cancelled_reader_can_still_close(client: HttpClient) -> None:
    """Closing after a cancellation hangs up."""
    left = asyncio.Event()

    async def script(line: Line) -> None:
        await line.request()
        await line.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello")
        await line.hung_up()
        left.set()

    async with RawServer(script) as server:
        reply = await send(client, server.url)
        task = asyncio.ensure_future(reply.read())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(left.wait(), SOON_S)


async def test_nothing_is_printed_when_requests_are_given_up(
    client: HttpClient, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither the loop nor the garbage collector may complain on stderr."""
    asked = asyncio.Event()

    async def script(line: Line) -> None:
        await line.request()
        asked.set()
        await line.hung_up()

    complaints: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    async with RawServer(script) as server:
        for _ in range(3):
            asked.clear()
            task = asyncio.ensure_future(send(client, server.url))
            await asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            del task
        gc.collect()
        await asyncio.sleep(0)
    loop.set_exception_handler(None)

    assert complaints == []
    assert capfd.readouterr() == ("", "")


async def test_closing_the_client_breaks_what_is_under_way(client: HttpClient) -> None:
    """And refuses what comes later."""

    async def script(line: Line) -> None:
        await line.request()
        await line.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello")
        await line.hung_up()

    async with RawServer(script) as server:
        reply = await send(client, server.url)
        body = aiter(reply.body())
        await anext(body)
        await client.aclose()

        with pytest.raises(UpstreamBroke):
            await anext(body)
        with pytest.raises(UpstreamUnreachable, match="the client is closed"):
            await send(client, server.url)


@pytest.mark.parametrize(
    "url",
    [
        f"http://user:{SECRET}@127.0.0.1:1/?key={SECRET}",
        f"http://127.0.0.1:1/{SECRET}?key={SECRET}",
        f"http://[::{SECRET}",
        f"ftp://{SECRET}@x/{SECRET}",
        f"http://127.0.0.1:99999/{SECRET}",
        f"{SECRET}",
    ],
)
async def test_errors_tell_no_secrets(client: HttpClient, url: str) -> None:
    """Neither the message nor what a traceback prints beneath it holds headers, query or userinfo."""
    with pytest.raises(UpstreamUnreachable) as caught:
        await send(client, url, headers=(("authorization", SECRET), ("x-bad", f"{SECRET}\n")))

    assert SECRET not in repr(caught.value)
    assert SECRET not in repr(caught.value.__cause__)
    assert caught.value.__suppress_context__


async def test_broken_answers_tell_no_secrets(client: HttpClient) -> None:
    """The library's own error for a bad answer carries the request with its headers."""
    async with RawServer(answering(b"good day\r\n\r\n")) as server:
        with pytest.raises(UpstreamUnreachable) as caught:
            await send(client, f"{server.url}/?key={SECRET}", headers=(("authorization", SECRET),))

    assert SECRET not in repr(caught.value)
    assert caught.value.__cause__ is None


def library_errors() -> list[type[Exception]]:
    """Every exception class of the client library that a request can end in."""
    # The root has no words, so that a new branch stands out; websockets are not used.
    left_out = (client_exceptions.ClientError, client_exceptions.WSMessageTypeError)
    return [
        kind
        for module in (client_exceptions, http_exceptions)
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == module.__name__ and kind not in left_out
    ]


@pytest.mark.parametrize("kind", library_errors(), ids=lambda kind: str(kind.__name__))
def test_every_error_of_the_library_is_translated(kind: type[Exception]) -> None:
    """A class that is new there fails here until it is given words."""
    error = kind.__new__(kind)

    assert issubclass(kind, FOREIGN)
    assert reason(error) != "an unknown error"


def test_the_list_of_library_errors_is_not_empty() -> None:
    """The test above must have something to enumerate."""
    assert len(library_errors()) > 30


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://user:pw@api.example.com/v1?key=x", "https://api.example.com"),
        ("http://10.0.0.1:8000/v1", "http://10.0.0.1:8000"),
        ("http://[::1", "an unreadable address"),
    ],
)
def test_only_the_origin_of_an_address_is_told(url: str, told: str) -> None:
    """Userinfo, path and query may hold keys."""
    assert origin(url) == told


def test_unreachable_and_broken_are_the_providers_fault() -> None:
    """The fallback treats both as upstream errors."""
    assert issubclass(UpstreamUnreachable, UpstreamError)
    assert issubclass(UpstreamBroke, UpstreamError)
