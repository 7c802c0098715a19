"""One exchange with an app of this process."""

import asyncio
from typing import cast

import pytest
from litestar.types import HTTPScope, Receive, Send

from sparingly.upstreams.asgi_exchange import Broken, Endpoint, Exchange, Head
from sparingly.web.asgi import read_body, send_stream, send_whole
from tests.web.harness import eventually

pytestmark = pytest.mark.anyio


def asking(endpoint: Endpoint, body: bytes | None = b"Hello") -> Exchange:
    scope: dict[str, object] = {"type": "http", "method": "POST", "path": "/v1/x y", "headers": []}
    return Exchange(endpoint, cast("HTTPScope", scope), body)


async def echo(scope: HTTPScope, receive: Receive, send: Send) -> None:
    body = await read_body(receive, limit=1000)
    await send_whole(send, 201, [("x-path", scope["path"])], body)


async def test_an_answer_is_handed_on_as_it_is() -> None:
    """Status, headers and body; the end is an empty piece."""
    exchange = asking(echo)

    assert await exchange.head() == Head(201, [(b"x-path", b"/v1/x y"), (b"content-length", b"5")])
    assert await exchange.pieces() == b"Hello"
    assert await exchange.pieces() == b""


async def test_a_request_may_be_sent_in_pieces() -> None:
    """Each as soon as there is room for it."""
    exchange = asking(echo, None)

    assert await exchange.upload(b"Hel", more=True)
    assert await exchange.upload(b"lo", more=False)

    assert (await exchange.head()).status == 201
    assert await exchange.pieces() == b"Hello"


async def test_an_answer_before_the_end_of_the_request_stops_the_upload() -> None:
    """As a server's early refusal does."""

    async def refuse(_scope: HTTPScope, _receive: Receive, send: Send) -> None:
        await send_whole(send, 413, [], b"too large")

    exchange = asking(refuse, None)
    await exchange.work

    assert not await exchange.upload(b"more", more=True)
    assert (await exchange.head()).status == 413


async def test_pieces_come_while_the_answer_is_made() -> None:
    """Nothing is gathered first."""
    go_on = asyncio.Event()

    async def slow(_scope: HTTPScope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"last", "more_body": False})

    exchange = asking(slow)
    await exchange.head()

    assert await exchange.pieces() == b"first"
    go_on.set()
    assert [await exchange.pieces(), await exchange.pieces()] == [b"last", b""]


async def test_an_endpoint_does_not_run_far_ahead_of_its_reader() -> None:
    """A slow reader bounds memory."""
    sent = 0

    async def hasty(_scope: HTTPScope, _receive: Receive, send: Send) -> None:
        nonlocal sent
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(100):
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
            sent += 1
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    exchange = asking(hasty)
    await exchange.head()
    for _ in range(50):
        await asyncio.sleep(0)
    ahead, size = sent, 0
    while piece := await exchange.pieces():
        size += len(piece)

    assert ahead < 10
    assert size == 100 * 65_536


async def test_who_leaves_is_noticed() -> None:
    """While the answer is waited for, and in the middle of it."""
    noticed: list[str] = []

    async def patient(_scope: HTTPScope, receive: Receive, _send: Send) -> None:
        await receive()
        noticed.append((await receive())["type"])

    exchange = asking(patient)
    waiting = asyncio.ensure_future(exchange.head())
    await asyncio.sleep(0)
    waiting.cancel()
    await eventually(lambda: noticed)

    assert noticed == ["http.disconnect"]


async def test_an_endpoint_that_ends_early_is_an_error() -> None:
    """Before its answer, or in the middle of it; the cause is told."""

    async def failing(_scope: HTTPScope, _receive: Receive, _send: Send) -> None:
        raise ValueError("a bug")

    async def pieces() -> object:
        yield b"half"
        raise ValueError("a bug")

    async def cutting(_scope: HTTPScope, _receive: Receive, send: Send) -> None:
        await send_stream(send, 200, [], pieces())  # type: ignore[arg-type]  # an iterator, seen through object

    silent, half = asking(failing), asking(cutting)

    with pytest.raises(Broken, match="no answer") as none:
        await silent.head()
    await half.head()
    assert await half.pieces() == b"half"
    with pytest.raises(Broken, match="cut") as cut:
        await half.pieces()
    assert isinstance(none.value.__cause__, ValueError)
    assert isinstance(cut.value.__cause__, ValueError)
