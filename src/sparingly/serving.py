"""Run the app: one process, one event loop, until SIGTERM or SIGINT, then drain.

Which server?  uvicorn with httptools and uvloop: a request and a paced chunk cost it
what they cost granian, streams that come at once less, and it says so when its port
is busy (benchmarks/results/servers.json).  The port is bound first and answered last,
so that a busy one is told at once and whoever can connect is answered.
"""

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import uvicorn
import uvloop

from sparingly.bootstrap import open_app
from sparingly.clock import SystemClock
from sparingly.connections import Connection
from sparingly.data_folder import data_folder
from sparingly.errors import StartupError
from sparingly.settings import Settings
from sparingly.telemetry.logs import EventLog, start_logging
from sparingly.web.app import App

_BACKLOG = 1024
# Longer than clients keep idle connections (httpx 5 s, OpenAI's SDK 5 s, many proxies 60 s): whoever closes first
# must not be the one that a request is being sent to.
_KEEP_ALIVE_S = 75


def serve(settings: Settings, environ: Mapping[str, str], *, on_listening: Callable[[str], None]) -> None:
    """Serve until told to stop; `on_listening` is told the base URL once requests are answered.

    Raises:
        StartupError: the port is busy, the data folder cannot be written, a part cannot be opened.
    """
    with listener(settings.server.host, settings.server.port) as sock:
        uvloop.run(_serve(settings, environ, sock, on_listening))


async def _serve(
    settings: Settings, environ: Mapping[str, str], sock: socket.socket, on_listening: Callable[[str], None]
) -> None:
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    events = EventLog(start_logging(settings.log_level), SystemClock())
    async with open_app(settings, environ, data=data_folder(settings, environ), events=events) as opened:
        host, port = sock.getsockname()[:2]
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        server = _Server(opened.app, drain_s=settings.server.drain_s, on_started=lambda: on_listening(url))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, server.stop)
        # What is loaded by now stays: a full collection would walk through it, 70 ms in which nobody is answered.
        gc.collect()
        gc.freeze()
        await server.serve(sockets=[sock])


class _Server(uvicorn.Server):
    """uvicorn without its own logging, lifespan and signals; all three are done here.

    uvicorn raises a signal again once it has drained, so that an orderly stop
    would look like a death.
    """

    def __init__(self, app: App, *, drain_s: float, on_started: Callable[[], None]) -> None:
        self._on_started = on_started
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="off",
                http=Connection,
                ws="none",
                log_config=None,
                access_log=False,
                proxy_headers=False,  # nobody asks who the client is
                server_header=False,
                backlog=_BACKLOG,
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=int(drain_s),
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    def stop(self) -> None:
        """Drain and return; asked a second time, do not wait for those who linger."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and tell."""
        await super().startup(sockets)
        if self.started:
            self._on_started()


def listener(host: str, port: int) -> socket.socket:
    """A bound socket; raises StartupError when the address cannot be had."""
    try:
        return socket.create_server(
            (host, port),
            family=socket.AF_INET6 if ":" in host else socket.AF_INET,
            backlog=_BACKLOG,
            reuse_port=False,
        )
    except (OSError, OverflowError) as error:
        # The system's own words: asyncio's and socket's repeat the address.
        number = error.errno if isinstance(error, OSError) else None
        reason = os.strerror(number) if number and number > 0 else error
        raise StartupError(f"cannot listen on {host}:{port}: {reason}") from error


def curl_line(url: str) -> str:
    """A request that can be pasted into a terminal."""
    body = '{"model": "auto", "messages": [{"role": "user", "content": "How do I reset my password?"}]}'
    return f"curl -i {url}/v1/chat/completions -H 'content-type: application/json' -d '{body}'"
