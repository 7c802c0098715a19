"""The life of the store's own process: start it, ask it, notice its death.

Asks are sent as they come and answered in order, so many may be under way; a
caller that stops waiting harms no other.  What the commands mean is
`edge.py`'s business.
"""

import asyncio
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

import msgspec

from sparingly.errors import StoreError
from sparingly.stores.edge_wire import Command, Frames, Reply, framed

# Opening 50,000 entries takes 0.4 s, reading as many back from the log 2.5 s more; compaction that
# a crash interrupted is slower still.
_START_TIMEOUT_S: Final = 30.0

# On its way out the process flushes: 0.4 s at worst here, more on a slow disk.
_EXIT_TIMEOUT_S: Final = 10.0


class EdgeProcess:
    """A running store process; `pid` is for those who watch its memory."""

    def __init__(self, process: subprocess.Popen[bytes], wire: "_Wire") -> None:
        self._process = process
        self._wire = wire
        self.pid = process.pid

    @classmethod
    async def start(
        cls, folder: Path, *, dimensions: int, on_reply: Callable[[Reply], None]
    ) -> "EdgeProcess":
        """Start the process and wait until it has opened the folder; raise StoreError if it cannot.

        `on_reply` sees every reply in the order the commands were carried out,
        also when the caller that asked is gone.
        """
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        _, wire = await loop.create_unix_connection(lambda: _Wire(on_reply), sock=ours)
        with theirs:
            process = _popen(folder, dimensions, stdin=theirs.fileno())
        try:
            await _reply(wire.greeting, timeout_s=_START_TIMEOUT_S)
        except BaseException as error:
            # Not even a cancelled caller may leave a process behind.
            wire.abort()
            process.kill()
            code = process.wait()
            if isinstance(error, StoreError) and code < 0 and code != -signal.SIGKILL:
                name = signal.Signals(-code).name
                raise StoreError(f"{folder} cannot be opened: its process was ended by {name}") from error
            raise
        return cls(process, wire)

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return self._wire.is_open

    async def ask(self, command: Command, *, timeout_s: float) -> Reply:
        """Have `command` carried out; raise StoreError on any trouble, the process's or its own."""
        return await _reply(self._wire.send(command, patience_s=timeout_s), timeout_s=timeout_s)

    async def aclose(self) -> None:
        """Let it carry out what it was asked, then end it."""
        self._wire.close()
        await asyncio.to_thread(self._reap)
        self._wire.abort()

    def _reap(self) -> None:
        try:
            self._process.wait(_EXIT_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            # Every write is in its log: killing it loses nothing.
            self._process.kill()
            self._process.wait()


class _Wire(asyncio.Protocol):
    """Our end of the socket pair."""

    def __init__(self, on_reply: Callable[[Reply], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_reply = on_reply
        self._frames = Frames()
        self._decoder = msgspec.msgpack.Decoder(Reply)
        self._waiting: deque[tuple[float, asyncio.Future[Reply]]] = deque()
        self._transport: asyncio.Transport | None = None
        self.greeting = self._expect()

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def send(self, command: Command, *, patience_s: float) -> "asyncio.Future[Reply]":
        """Send `command`, unless the ones before it have been waiting for longer than `patience_s`."""
        if self._transport is None or self._transport.is_closing():
            raise StoreError("the store's process has ended")
        if self._waiting and self._loop.time() - self._waiting[0][0] > patience_s:
            # Compaction, or a disk that hangs: who asks now should not wait in vain as well.
            raise StoreError(f"the store has been busy for more than {patience_s:g} s")
        self._transport.write(framed(command))
        return self._expect()

    def close(self) -> None:
        """Send no more, but let the far end reply to what was sent."""
        if self.is_open and self._transport is not None:
            self._transport.write_eof()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # a socket pair is both ways

    def data_received(self, data: bytes) -> None:
        for body in self._frames.feed(data):
            reply = self._decoder.decode(body)
            self._on_reply(reply)
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_result(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        ended = StoreError(f"the store's process has ended ({exc or 'no reason given'})")
        for _, future in self._waiting:
            if not future.done():
                future.set_exception(ended)
        self._waiting.clear()

    def _expect(self) -> "asyncio.Future[Reply]":
        future: asyncio.Future[Reply] = self._loop.create_future()
        self._waiting.append((self._loop.time(), future))
        return future


async def _reply(future: "asyncio.Future[Reply]", *, timeout_s: float) -> Reply:
    try:
        async with asyncio.timeout(timeout_s):
            reply = await future
    except TimeoutError as error:
        raise StoreError(f"the store did not answer within {timeout_s:g} s") from error
    if reply.trouble is not None:
        raise StoreError(reply.trouble)
    return reply


def _popen(folder: Path, dimensions: int, *, stdin: int) -> subprocess.Popen[bytes]:
    # -P: a module of the same name in the working directory must not be taken for ours.
    # A session of its own: Ctrl-C in the terminal is for the gateway, which then closes this process.
    command = [sys.executable, "-P", "-m", "sparingly.stores.edge_worker", str(folder), str(dimensions)]
    try:
        return subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter, without a shell
            command, stdin=stdin, stdout=subprocess.DEVNULL, start_new_session=True
        )
    except OSError as error:
        raise StoreError(f"the store's process cannot be started: {error.strerror}") from error
