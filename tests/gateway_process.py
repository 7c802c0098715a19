"""A gateway as its users start it: the `sparingly` command in a process of its own, on a port of loopback."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

# Generous: only a gateway that would never come up or go down reaches them.
START_S = 60.0
STOP_S = 30.0

# What a gateway must not find by accident: keys, proxies, settings of its own.
_KEPT = ("PATH", "PYTHONPATH", "HOME", "LANG", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "TMPDIR")


def plain_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process' environment without anything a gateway reads."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | dict(more or {})


class GatewayProcess:
    """Started on entering, stopped with SIGTERM on leaving; `url` is its base URL without `/v1`."""

    def __init__(
        self, folder: Path, *arguments: str, config: str | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        """`folder` takes everything it writes; `config` is the text of a config file."""
        folder.mkdir(parents=True, exist_ok=True)
        self.data = folder / "data"
        self._stderr = folder / "stderr"
        command = [sys.executable, "-m", "sparingly", "serve", "--port", "0", "--data", str(self.data)]
        if config is not None:
            (folder / "gateway.yaml").write_text(config)
            command += ["--config", str(folder / "gateway.yaml")]
        self.command = [*command, *arguments]
        self._env = plain_environment(env)
        self._process: subprocess.Popen[str] | None = None
        self.told: list[str] = []
        self.url = ""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        return host, int(port)

    def is_listening(self) -> bool:
        """Whether anybody is let in."""
        try:
            socket.create_connection(self.address).close()
        except OSError:
            return False
        return True

    def __enter__(self) -> Self:
        with self._stderr.open("ab") as stderr:
            self._process = subprocess.Popen(  # noqa: S603 - the command under test
                self.command, stdout=subprocess.PIPE, stderr=stderr, env=self._env, text=True
            )
        # A gateway that hangs must not hang the tests.
        watchdog = threading.Timer(START_S, self._process.kill)
        watchdog.start()
        try:
            self._read_greeting(self._process)
        finally:
            watchdog.cancel()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.returncode is None:
            code = self.stop()
            assert code == 0 or kind is not None, f"it ended with {code}: {self.stderr()}"

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Wait for the end; the exit code."""
        process = self._process
        assert process is not None
        try:
            code = process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            if process.stdout is not None:
                process.stdout.close()
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal and go on."""
        assert self._process is not None
        self._process.send_signal(number)

    def stderr(self) -> str:
        """What it wrote to stderr so far."""
        return self._stderr.read_text()

    def events(self) -> list[dict[str, Any]]:
        """Its log so far: one wide event a request, and troubles."""
        return [json.loads(line) for line in self.stderr().splitlines() if line.startswith("{")]

    def client(self) -> httpx.Client:
        """A client without any cleverness of its own."""
        return httpx.Client(base_url=self.url, timeout=START_S, trust_env=False)

    def _read_greeting(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.told.append(line.rstrip("\n"))
            if "listening on " in line:
                self.url = line.strip().partition("listening on ")[2].removesuffix("/v1")
            if line.startswith("try: "):
                return
        message = f"the gateway did not start ({self.ended()}): {self.stderr()}"
        raise AssertionError(message)
