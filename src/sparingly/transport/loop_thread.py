"""The event loop of a gateway within a program: one background thread, from opening to closing.

Question: where does the pipeline run, when the program may be synchronous, or have
an event loop of its own, or several after one another?  Choice: always in one
background thread.  Synchronous and asynchronous clients of a program then share one
memory, a model that embeds does not hold up the program's loop, and nothing breaks
when that loop ends.  Price: changing threads twice a request and once a piece.
Rejected: the program's own loop (a sync client has none, and every `asyncio.run` has another).
"""

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, suppress
from typing import TypeVar

import msgspec
import uvloop

from sparingly.bootstrap import Brought, Opened, open_app
from sparingly.clock import SystemClock
from sparingly.config.environment import CLIENT
from sparingly.data_folder import data_folder
from sparingly.ports import Carrier
from sparingly.protocols.dialects import INBOUND
from sparingly.settings import Settings
from sparingly.telemetry.logs import EventLog, library_log
from sparingly.transport.addresses import Destination, destination
from sparingly.transport.asked import Asked, scope_of
from sparingly.upstreams.asgi_exchange import Broken, Endpoint, Exchange
from sparingly.upstreams.http_client import HttpClient
from sparingly.upstreams.provider import HttpUpstream
from sparingly.web.llm import ENDPOINTS
from sparingly.web.models import PATH as MODELS

_T = TypeVar("_T")

_log = logging.getLogger("sparingly")

# They look names up, hash large bodies, and wait for parts that close; idle ones cost next to nothing.
_POOL_THREADS = 8


class _Running(msgspec.Struct, frozen=True):
    """What there is once the gateway is open; `clients` closes the connections to clients' addresses."""

    loop: asyncio.AbstractEventLoop
    opened: Opened
    clients: AsyncExitStack


class LoopThread:
    """Begun once, ended once.  `submit` may be called from any thread, `exchange` in the loop only."""

    def __init__(
        self,
        settings_for: Callable[[str, str], Settings],
        environ: Mapping[str, str],
        *,
        asks_clients_address: bool,
        carrier: Carrier | None = None,
    ) -> None:
        """`settings_for` says what holds for a client's address and its kind of provider."""
        self._carrier = carrier
        self._settings_for = settings_for
        self._environ = environ
        self._asks_clients_address = asks_clients_address
        self._ready: concurrent.futures.Future[_Running] = concurrent.futures.Future()
        self._accepting = threading.Lock()
        self._is_over = True
        self._stop = asyncio.Event()
        self._endpoints: dict[str, asyncio.Future[Endpoint]] = {}
        self._exchanges: set[Exchange] = set()

    def begin(self, origin: str, asked: Asked) -> None:
        """Start the thread and wait until the gateway is open for a request; raises StartupError."""
        # A daemon: a program that ends without closing must not hang.
        self._thread = threading.Thread(
            target=self._run, args=(_meant(origin, asked), asked), name="sparingly", daemon=True
        )
        try:
            self._thread.start()
            self._running = self._ready.result()
        except BaseException:
            # Ctrl-C while it opens: nobody else would ever close it.
            self._ready.add_done_callback(self._given_up)
            raise
        self._is_over = False

    def end(self) -> None:
        """Cut what is under way, write down what was answered, and end the thread."""
        with self._accepting:
            if self._is_over:
                return
            self._is_over = True
            self._running.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def submit(self, work: Coroutine[object, object, _T]) -> "concurrent.futures.Future[_T]":
        """Have the loop do something; raises Broken when it has ended."""
        with self._accepting:
            # Under the lock: what is handed to a loop that has ended would never be done.
            if self._is_over:
                work.close()
                raise Broken("the gateway was closed")
            return asyncio.run_coroutine_threadsafe(work, self._running.loop)

    def post(self, call: Callable[[], None]) -> None:
        """Have the loop call something soon, from anywhere, a finalizer included; too late is no error."""
        with suppress(RuntimeError):
            self._running.loop.call_soon_threadsafe(call)

    async def exchange(self, origin: str, asked: Asked) -> Exchange:
        """Begin an exchange."""
        meant = _meant(origin, asked)
        endpoint = await self._endpoint(meant, asked)
        exchange = Exchange(endpoint, scope_of(msgspec.structs.replace(asked, path=meant.path)), asked.body)
        self._exchanges.add(exchange)
        exchange.work.add_done_callback(lambda work: self._ended(exchange, work))
        return exchange

    def _given_up(self, ready: "concurrent.futures.Future[_Running]") -> None:
        if ready.exception() is None:
            ready.result().loop.call_soon_threadsafe(self._stop.set)

    def _run(self, meant: Destination, asked: Asked) -> None:
        # By hand, since asyncio's own runner starts a thread to close its pool, and Python 3.12 starts none once a
        # program is ending.  For the same reason all of the pool's threads are there from the beginning.
        loop = uvloop.new_event_loop()
        pool = concurrent.futures.ThreadPoolExecutor(_POOL_THREADS, thread_name_prefix="sparingly-pool")
        try:
            loop.set_default_executor(pool)
            loop.run_until_complete(self._live(meant, asked))
            loop.run_until_complete(_cancelled(loop))
            loop.run_until_complete(loop.shutdown_asyncgens())
        except BaseException as error:
            if self._ready.done():
                _log.exception("the gateway ended with an error")
                raise
            # Raised again by `begin`, where somebody waits for it.
            self._ready.set_exception(error)
        finally:
            pool.shutdown()
            loop.close()

    async def _live(self, meant: Destination, asked: Asked) -> None:
        all_there = threading.Barrier(_POOL_THREADS)
        await asyncio.gather(*(asyncio.to_thread(all_there.wait) for _ in range(_POOL_THREADS)))
        async with AsyncExitStack() as clients:
            if self._carrier is not None:
                clients.push_async_callback(self._carrier.aclose)
            settings, brought = self._for(meant, asked, clients)
            events = EventLog(library_log(), SystemClock())
            data = data_folder(settings, self._environ)
            async with open_app(settings, self._environ, data=data, events=events, brought=brought) as opened:
                loop = asyncio.get_running_loop()
                first: asyncio.Future[Endpoint] = loop.create_future()
                first.set_result(opened.llm)
                self._endpoints[self._key(meant)] = first
                self._ready.set_result(_Running(loop, opened, clients))
                await self._stop.wait()
                for exchange in self._exchanges:
                    exchange.leave()
                await asyncio.gather(*(one.work for one in self._exchanges), return_exceptions=True)

    def _key(self, meant: Destination) -> str:
        """What an address is told apart by: a model's name means something else at another one."""
        return meant.base_url if self._asks_clients_address else ""

    async def _endpoint(self, meant: Destination, asked: Asked) -> Endpoint:
        key = self._key(meant)
        opening = self._endpoints.get(key)
        if opening is None or (opening.done() and opening.exception() is not None):
            self._endpoints[key] = asyncio.ensure_future(self._open_endpoint(meant, asked))
        # Shielded: who stops waiting must not take it from the others.
        return await asyncio.shield(self._endpoints[key])

    async def _open_endpoint(self, meant: Destination, asked: Asked) -> Endpoint:
        settings, brought = self._for(meant, asked, self._running.clients)
        return await self._running.opened.beside(settings, brought)

    def _for(self, meant: Destination, asked: Asked, clients: AsyncExitStack) -> tuple[Settings, Brought]:
        """What holds for an address, and who answers there."""
        kind = _kind_of(meant, asked)
        settings = self._settings_for(meant.base_url, kind)
        if not self._asks_clients_address:
            return settings, Brought(carrier=self._carrier)
        provider = settings.providers[CLIENT]
        client = self._carrier
        if client is None:
            client = HttpClient()
            clients.push_async_callback(client.aclose)
        upstream = HttpUpstream(
            name=CLIENT,
            dialect=kind,
            # Whatever a client says to its own address is understood there.
            also_speaks=frozenset(INBOUND),
            base_url=meant.base_url,
            key=None,
            takes_client_key=True,
            headers={},
            client=client,
            clock=SystemClock(),
            connect_timeout_s=provider.connect_timeout_s,
            read_timeout_s=provider.read_timeout_s,
        )
        return settings, Brought({CLIENT: upstream}, carrier=self._carrier)

    def _ended(self, exchange: Exchange, work: "asyncio.Future[None]") -> None:
        self._exchanges.discard(exchange)
        if not work.cancelled() and (error := work.exception()) is not None:
            _log.error("the gateway failed on a request", exc_info=error)


async def _cancelled(loop: asyncio.AbstractEventLoop) -> None:
    """End what is still under way."""
    tasks = asyncio.all_tasks(loop) - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _meant(origin: str, asked: Asked) -> Destination:
    return destination(origin, asked.path, endpoints=[*ENDPOINTS, MODELS])


def _kind_of(meant: Destination, asked: Asked) -> str:
    """Whose kind of provider an address is, by what it is asked first."""
    dialect = ENDPOINTS.get(meant.path)
    if dialect is not None:
        return "anthropic" if dialect == "anthropic" else "openai"
    is_claude = any(name.lower() == b"anthropic-version" for name, _ in asked.headers)
    return "anthropic" if is_claude else "openai"
