import asyncio
from collections.abc import AsyncIterator

import pytest

from sparingly.errors import BodyTooLarge
from sparingly.upstreams.http_client import HttpClient
from tests.fakes.raw_server import Line, RawServer
from tests.upstreams.exchanges import HELLO, SOON_S, answering, send

pytestmark = pytest.mark.anyio


async def test_an_answer_comes_as_it_was_sent(client: HttpClient) -> None:
    """Repeated headers, Latin-1 values and encoded bytes are handed back untouched."""
    answer = (
        b"HTTP/1.1 418 No\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Name: caf\xe9\r\n"
        b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"
    )
    async with RawServer(answering(answer)) as server:
        reply = await send(client, server.url)
        body = await reply.read()

    assert reply.status == 418
    assert list(reply.headers) == [
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("x-name", "caf\xe9"),
        ("content-encoding", "gzip"),
        ("content-length", "5"),
    ]
    assert body == b"hello"


async def test_a_request_goes_out_as_it_was_given(client: HttpClient) -> None:
    """No header is added but host and length; path and query are not re-quoted."""
    seen: list[tuple[bytes, bytes]] = []

    async def script(line: Line) -> None:
        seen.append(await line.request())
        await line.write(HELLO)

    async with RawServer(script) as server:
        reply = await send(
            client,
            f"{server.url}/a%2Fb/../c?q=%20y+z",
            headers=(("X-A", "1"), ("X-A", "2"), ("x-name", "caf\xc3\xa9")),
        )
        await reply.read()

    host = server.url.removeprefix("http://").encode()
    assert seen == [
        (
            b"POST /a%2Fb/../c?q=%20y+z HTTP/1.1\r\nHost: " + host + b"\r\n"
            b"X-A: 1\r\nX-A: 2\r\nx-name: caf\xc3\xa9\r\nContent-Length: 2\r\n\r\n",
            b"{}",
        )
    ]


@pytest.mark.parametrize("size", [0, 1, 256 * 1024, 256 * 1024 + 1, 3_000_000])
async def test_a_body_of_any_size_goes_out_with_its_length(client: HttpClient, size: int) -> None:
    """Large bodies are written in slices but declared like small ones; an empty POST says so."""
    seen: list[tuple[bytes, bytes]] = []

    async def script(line: Line) -> None:
        seen.append(await line.request())
        await line.write(HELLO)

    async with RawServer(script) as server:
        reply = await send(client, server.url, body=b"x" * size)
        await reply.read()

    [(head, body)] = seen
    assert f"\r\nContent-Length: {size}\r\n".encode() in head
    assert b"Transfer-Encoding" not in head
    assert body == b"x" * size


async def test_a_streamed_request_body_is_sent_as_it_comes(client: HttpClient) -> None:
    """A relayed upload of known length keeps it."""
    seen: list[tuple[bytes, bytes]] = []

    async def script(line: Line) -> None:
        seen.append(await line.request())
        await line.write(HELLO)

    async def upload() -> AsyncIterator[bytes]:
        yield b"abc"
        yield b"def"

    async with RawServer(script) as server:
        reply = await send(client, server.url, body=upload(), headers=(("content-length", "6"),))
        await reply.read()

    assert seen[0][1] == b"abcdef"


async def test_what_an_upload_raises_comes_through(client: HttpClient) -> None:
    """A client that left, or sent too much, is not the provider's fault."""
    left = asyncio.Event()

    async def script(line: Line) -> None:
        await line.hung_up()
        left.set()

    async def upload() -> AsyncIterator[bytes]:
        yield b"abc"
        raise BodyTooLarge("more than was allowed")

    async with RawServer(script) as server:
        with pytest.raises(BodyTooLarge):
            await send(client, server.url, body=upload())
        await asyncio.wait_for(left.wait(), SOON_S)


async def test_redirects_are_handed_back(client: HttpClient) -> None:
    """Following one could carry a key to another host."""
    answer = b"HTTP/1.1 307 Go\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    async with RawServer(answering(answer)) as server:
        reply = await send(client, server.url)
        await reply.read()

    assert reply.status == 307
    assert server.connections == 1


async def test_a_connection_is_used_again(client: HttpClient) -> None:
    """A body read to its end gives the connection back to the pool; cookies are not kept."""
    heads: list[bytes] = []

    async def script(line: Line) -> None:
        while True:
            heads.append((await line.request())[0])
            await line.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 2\r\n\r\nok")

    async with RawServer(script) as server:
        for _ in range(3):
            reply = await send(client, server.url)
            assert await reply.read() == b"ok"

        assert server.connections == 1
    assert not any(b"Cookie" in head for head in heads)


async def test_what_has_arrived_comes_in_one_piece(client: HttpClient) -> None:
    """A slow reader is not made to take every chunk singly."""
    chunks = b"".join(b"5\r\nhello\r\n" for _ in range(50))
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    async with RawServer(answering(answer)) as server:
        reply = await send(client, server.url)
        pieces = [piece async for piece in reply.body()]

    assert b"".join(pieces) == b"hello" * 50
    assert len(pieces) < 5


async def test_bytes_come_before_the_body_ends(client: HttpClient) -> None:
    """The first event of a stream does not wait for the last."""
    may_go = asyncio.Event()

    async def script(line: Line) -> None:
        await line.request()
        await line.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await may_go.wait()
        await line.write(b"4\r\nlast\r\n0\r\n\r\n")

    async with RawServer(script) as server:
        reply = await send(client, server.url)
        body = aiter(reply.body())
        first = await anext(body)
        may_go.set()
        rest = [piece async for piece in body]

    assert first == b"first"
    assert rest == [b"last"]
