"""Bodies with a limit, clients that leave, answers piece by piece."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from litestar.types import Receive, Send

from sparingly.errors import BodyTooLarge, UpstreamBroke
from sparingly.web.asgi import (
    ClientGone,
    body_pieces,
    read_body,
    send_stream,
    send_whole,
    while_connected,
)
from tests.web.harness import Visit

pytestmark = pytest.mark.anyio


def a_visit(*pieces: bytes, is_open: bool = False) -> Visit:
    """A visit whose body comes in pieces; an open one has not sent all of it."""
    visit = Visit("POST", "/v1/x", (), None if is_open else pieces, query="")
    if is_open:
        for piece in pieces:
            visit.upload(piece)
    return visit


def ear(visit: Visit) -> Receive:
    return cast("Receive", visit.receive)


def mouth(visit: Visit) -> Send:
    return cast("Send", visit.send)


class Words:
    """An iterator of pieces that knows whether it was closed; a piece may be an error to raise."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self._pieces = list(pieces)
        self.is_closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self._pieces:
            raise StopAsyncIteration
        piece = self._pieces.pop(0)
        if isinstance(piece, Exception):
            raise piece
        return piece

    async def aclose(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize("pieces", [(b"",), (b"12345",), (b"123", b"45"), (b"", b"12345", b"")])
async def test_a_body_at_the_limit_is_read_whole(pieces: tuple[bytes, ...]) -> None:
    """However it was cut."""
    assert await read_body(ear(a_visit(*pieces)), limit=5) == b"".join(pieces)


@pytest.mark.parametrize("pieces", [(b"123456",), (b"123", b"456"), (b"1",) * 6])
async def test_a_body_over_the_limit_is_refused(pieces: tuple[bytes, ...]) -> None:
    """The message names the limit and the setting."""
    with pytest.raises(BodyTooLarge, match=r"5 bytes \(server.max_body_bytes\)"):
        await read_body(ear(a_visit(*pieces)), limit=5)


async def test_a_body_over_the_limit_is_refused_before_its_end() -> None:
    """An endless body is not waited for."""
    with pytest.raises(BodyTooLarge):
        await read_body(ear(a_visit(b"123", b"456", is_open=True)), limit=5)


@pytest.mark.parametrize("pieces", [(), (b"123",)], ids=["at once", "halfway"])
async def test_half_a_body_is_none(pieces: tuple[bytes, ...]) -> None:
    """The client left before it had sent all of it."""
    visit = a_visit(*pieces, is_open=True)

    async with asyncio.TaskGroup() as group:
        reading = group.create_task(_gone(read_body(ear(visit), limit=5)))
        await asyncio.sleep(0)
        visit.leave()

    assert reading.result()


async def test_pieces_come_as_they_are_sent_and_tell_of_their_end() -> None:
    """Empty ones are left out."""
    visit, read = a_visit(b"1", b"", b"2", is_open=True), asyncio.Event()
    pieces = body_pieces(ear(visit), limit=5, read=read)

    early = [await anext(pieces), await anext(pieces)], read.is_set()
    visit.upload(b"3", more=False)
    late = [piece async for piece in pieces], read.is_set()

    assert early == ([b"1", b"2"], False)
    assert late == ([b"3"], True)


@pytest.mark.parametrize(("error", "leaves"), [(BodyTooLarge, False), (ClientGone, True)])
async def test_pieces_that_break_off_tell_of_their_end_too(error: type[Exception], leaves: bool) -> None:  # noqa: FBT001
    """Whoever waits to read the request after them must not wait forever."""
    visit, read = a_visit(b"123456" if not leaves else b"1", is_open=True), asyncio.Event()
    pieces = body_pieces(ear(visit), limit=5, read=read)
    if leaves:
        await anext(pieces)
        visit.leave()

    with pytest.raises(error):
        await anext(pieces)

    assert read.is_set()


async def test_work_is_done_while_the_client_is_there() -> None:
    """And its watcher is gone afterwards."""
    done: list[str] = []

    async def work() -> None:
        done.append("done")

    stayed = await while_connected(ear(a_visit()), work())

    assert (stayed, done) == (True, ["done"])


async def test_work_is_cancelled_when_the_client_leaves() -> None:
    """Its clean-up runs before anybody goes on."""
    visit, told = a_visit(), list[str]()

    async def work() -> None:
        try:
            visit.leave()
            await asyncio.Event().wait()
        finally:
            told.append("cleaned up")

    assert not await while_connected(ear(visit), work())
    assert told == ["cleaned up"]


async def test_nobody_watches_while_the_work_itself_reads() -> None:
    """The watcher waits for the end of the body, and then notices who leaves."""
    visit, read = a_visit(b"1", is_open=True), asyncio.Event()
    pieces: list[bytes] = []

    async def work() -> None:
        pieces.extend([piece async for piece in body_pieces(ear(visit), limit=5, read=read)])
        await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(while_connected(ear(visit), work(), read=read))
        await asyncio.sleep(0)
        visit.upload(b"2", more=False)
        await read.wait()
        visit.leave()

    assert (pieces, watching.result()) == ([b"1", b"2"], False)


async def test_a_cancelled_visit_is_no_client_that_left() -> None:
    """The server stops: that goes on to whoever cancelled."""
    visit = a_visit()

    async def work() -> None:
        await asyncio.Event().wait()

    task = asyncio.ensure_future(while_connected(ear(visit), work()))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_whole_answer_says_how_long_it_is() -> None:
    """Header names go out in lower case."""
    visit = a_visit()

    await send_whole(mouth(visit), 418, [("X-Tea", "yes")], b"short")

    got = visit.got()
    assert (got.status, got.body, got.is_whole) == (418, b"short", True)
    assert got.headers == {"x-tea": "yes", "content-length": "5"}


async def test_what_no_header_can_hold_does_not_break_the_answer() -> None:
    """A name from a client may be written in any script."""
    visit = a_visit()

    await send_whole(mouth(visit), 200, [("x-name", "caf\xe9 \u4e2d")], b"")

    assert visit.got().headers["x-name"] == "caf\xe9 ?"


async def test_a_stream_is_sent_piece_by_piece_and_closed() -> None:
    """Its end is told."""
    visit, words = a_visit(), Words(b"1", b"2")

    await send_stream(mouth(visit), 200, [], words)

    assert visit.pieces == [b"1", b"2", b""]
    assert visit.is_whole
    assert words.is_closed


async def test_a_stream_that_breaks_is_closed_and_not_ended() -> None:
    """Nobody takes it for whole."""
    visit, words = a_visit(), Words(b"1", UpstreamBroke("broke"))

    with pytest.raises(UpstreamBroke):
        await send_stream(mouth(visit), 200, [], words)

    assert (visit.is_whole, words.is_closed) == (False, True)


async def test_a_stream_is_closed_even_if_it_cannot_begin() -> None:
    """Whoever opened it has handed it over."""
    words = Words(b"1")

    async def refuse(message: Any) -> None:
        del message
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await send_stream(cast("Send", refuse), 200, [], words)

    assert words.is_closed


async def test_an_iterator_that_cannot_be_closed_need_not_be() -> None:
    """Not every one has something to close."""

    class Plain:
        def __aiter__(self) -> AsyncIterator[bytes]:
            return self

        async def __anext__(self) -> bytes:
            raise StopAsyncIteration

    visit = a_visit()

    await send_stream(mouth(visit), 200, [], Plain())

    assert visit.is_whole


async def _gone(reading: Any) -> bool:
    try:
        await reading
    except ClientGone:
        return True
    return False
