"""A gateway within a program: opened by the first request, shared by all clients that lease it.

The provider is the address that a client would have asked, with the client's own
key, for all that the config's own providers do not take.

Rule: one data folder, one gateway.  The store locks its folder; a second gateway on
it, in this process or another, fails with a StartupError that names the folder.
Clients that are made with equal configs share a gateway; others that are to share
answers are given one.
"""

import os
import threading
import weakref
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import msgspec

from sparingly.config.catalog import OFFICIAL_HOSTS
from sparingly.config.embedded import Config, embedded_settings
from sparingly.config.environment import CLIENT
from sparingly.data_folder import data_folder
from sparingly.ports import Carrier
from sparingly.settings import Provider, Settings
from sparingly.transport.asked import Asked
from sparingly.transport.loop_thread import LoopThread

# Stands in for a client's address while a config is checked.
_SOME_ADDRESS = "http://localhost"


class LocalGateway:
    """Answers requests of this process; opens with the first one, closes with the last lease."""

    def __init__(
        self,
        config: Config = None,
        *,
        environ: Mapping[str, str] | None = None,
        carrier: Carrier | None = None,
    ) -> None:
        """Check the config; nothing is opened yet.

        Providers are asked over `carrier`, if there is one: see `carried` of the library's module.

        Raises:
            ConfigError: something is wrong with it; the message lists everything that is.
        """
        self._config = config
        self._carrier = carrier
        self._environ = os.environ if environ is None else environ
        settings = self._settings(_SOME_ADDRESS, "openai")
        self._asks_clients_address = settings.default_provider == CLIENT
        self._likeness = msgspec.json.encode((settings, str(data_folder(settings, self._environ))))
        self._leases = 0
        self._running: LoopThread | None = None
        self._pid = os.getpid()
        self._lock = threading.Lock()
        _before_exit(weakref.WeakMethod(self.close))

    def lease(self) -> "Lease":
        """A share of this gateway, which closes when its last one is closed."""
        self._note_fork()
        with self._lock:
            self._leases += 1
        return Lease(self)

    def release(self) -> None:
        """Give one lease back."""
        self._note_fork()
        with self._lock:
            self._leases -= 1
            is_last = self._leases == 0
        if is_last:
            self.close()

    def close(self) -> None:
        """Cut what is under way, write down what was answered, and close.  A later request opens it again."""
        self._note_fork()
        with self._lock:
            running, self._running = self._running, None
        if running is not None:
            running.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        """Whether a request would be answered without opening anything first."""
        return self._running is not None and self._pid == os.getpid()

    def opened(self, origin: str, asked: Asked) -> LoopThread:
        """The running gateway; starts it for this request and waits for it where needed.

        Raises:
            StartupError: a part cannot be opened.
        """
        self._note_fork()
        with self._lock:
            if self._running is None:
                running = LoopThread(
                    self._settings,
                    self._environ,
                    asks_clients_address=self._asks_clients_address,
                    carrier=self._carrier,
                )
                running.begin(origin, asked)
                self._running = running
            return self._running

    def _note_fork(self) -> None:
        """A forked child has the attributes and none of the threads, not even the one that held the lock."""
        if self._pid != os.getpid():
            self._pid, self._running, self._lock = os.getpid(), None, threading.Lock()

    def _settings(self, base_url: str, kind: str) -> Settings:
        """The config, with one client's address as the provider that takes what no other does."""
        is_openai = urlsplit(base_url).hostname == OFFICIAL_HOSTS["openai"]
        usage = "inject" if is_openai else "as_asked"
        client = msgspec.convert({"kind": kind, "base_url": base_url, "stream_usage": usage}, Provider)
        return embedded_settings(self._config, self._environ, client=client)

    @classmethod
    def like(cls, config: Config) -> "LocalGateway":
        """The gateway of this process for a config: clients that are made alike share it.

        Raises:
            ConfigError: something is wrong with the config.
        """
        made = cls(config)
        with _sharing:
            return _shared.setdefault(made._likeness, made)


_sharing = threading.Lock()
# While anybody has them: a second gateway on their folders could not be opened.
_shared: weakref.WeakValueDictionary[bytes, LocalGateway] = weakref.WeakValueDictionary()


class Lease:
    """One client's share of a gateway."""

    def __init__(self, gateway: LocalGateway) -> None:
        self._gateway: LocalGateway | None = gateway

    @property
    def gateway(self) -> LocalGateway:
        """Whose share it is; raises RuntimeError once it is given back."""
        if self._gateway is None:
            raise RuntimeError("this transport is closed")
        return self._gateway

    def close(self) -> None:
        """Give it back; safe to call twice."""
        gateway, self._gateway = self._gateway, None
        if gateway is not None:
            gateway.release()


def _before_exit(close: Callable[[], Callable[[], None] | None]) -> None:
    """Close at the end of the program what nobody closed: the ledger's last lines are still to be written."""

    def at_exit() -> None:
        found = close()
        if found is not None:
            found()

    # Not `atexit`: by then no thread pool takes work any more, and closing needs one.  The standard library's
    # thread pools register here themselves; whoever registers later is called earlier (Python 3.11 to 3.13).
    threading._register_atexit(at_exit)  # type: ignore[attr-defined]  # noqa: SLF001
