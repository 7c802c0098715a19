"""The processes that `measure.py` measures: start them, wait until they answer, read what they cost.

What a process costs is what all of its family costs: the answer store and a
peer's workers are children.
"""

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, cast

from benchmarks.overhead.load import HOST, Target

_START_PATIENCE_S = 90.0
_STOP_PATIENCE_S = 30.0
_KEY = "sk-benchmark"


class Gateway(NamedTuple):
    """A running gateway; `data` is its folder."""

    target: Target
    pid: int
    data: Path
    ready_s: float


@contextmanager
def provider() -> Iterator[Target]:
    """The provider, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.overhead.provider"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ourselves
        assert process.stdout is not None
        try:
            yield Target("direct", int(process.stdout.readline()))
        finally:
            process.kill()


@contextmanager
def sparingly(name: str, config: str, folder: Path) -> Iterator[Gateway]:
    """Our gateway on a config, with `folder`/data as its data folder."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "gateway.yaml"
    file.write_text(config, encoding="utf-8")
    data, port = folder / "data", free_port()
    options = ["--config", str(file), "--data", str(data), "--port", str(port)]
    command = [sys.executable, "-m", "sparingly", "serve", *options]
    with _running(command, Target(name, port), folder, path="/readyz") as (pid, ready_s):
        yield Gateway(Target(name, port), pid, data, ready_s)


def config(upstream: Target, *, cache: str = "{}", routing: str = "{}") -> str:
    """A config with one provider, at `upstream`; caching and routing as given, in YAML."""
    return (
        f"providers:\n  mock: {{kind: openai, base_url: 'http://{HOST}:{upstream.port}/v1'}}\n"
        f"cache: {cache}\nrouting: {routing}\n"
    )


@contextmanager
def litellm(executable: Path, upstream: Target, folder: Path) -> Iterator[Gateway]:
    """LiteLLM's proxy with one worker, its callbacks and retries as they come."""
    folder.mkdir(parents=True, exist_ok=True)
    file, port = folder / "litellm.yaml", free_port()
    params = (
        f"{{model: openai/{upstream.model}, api_base: 'http://{HOST}:{upstream.port}/v1', api_key: {_KEY}}}"
    )
    file.write_text(
        f"model_list:\n  - {{model_name: {upstream.model}, litellm_params: {params}}}\n", encoding="utf-8"
    )
    command = [
        str(executable),
        "--config",
        str(file),
        "--host",
        HOST,
        "--port",
        str(port),
        "--num_workers",
        "1",
    ]
    quiet = {
        # Without these it fetches its price list, and tells its makers that it runs.
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_TELEMETRY": "False",
        "LITELLM_LOG": "ERROR",
        # As ours here: whoever can connect is let in.
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
    }
    with _running(command, Target("litellm", port), folder, path="/health/liveliness", environ=quiet) as (
        pid,
        ready_s,
    ):
        yield Gateway(Target("litellm", port), pid, folder, ready_s)


@contextmanager
def portkey(script: Path, upstream: Target, folder: Path) -> Iterator[Gateway]:
    """Portkey's gateway on node.

    Release 1.15.2 answers streams with status 500 on the newest `@hono/node-server` that its own range
    allows; with 1.13.8 (npm: `overrides`) it streams.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    headers = (
        ("x-portkey-provider", "openai"),
        ("x-portkey-custom-host", f"http://{HOST}:{upstream.port}/v1"),
    )
    command = ["node", str(script), f"--port={port}", "--headless"]
    # It refuses local addresses unless they are named.
    trusted = {"TRUSTED_CUSTOM_HOSTS": f"localhost,{HOST}"}
    with _running(command, Target("portkey", port, headers), folder, path="/", environ=trusted) as (
        pid,
        ready_s,
    ):
        yield Gateway(Target("portkey", port, headers), pid, folder, ready_s)


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process and its children have used."""
    ticks = 0
    for member in _family(pid):
        fields = Path(f"/proc/{member}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> dict[str, float]:
    """Resident memory of a process and its children, summed; `pss` counts what they share once."""
    members = _family(pid)
    pages = [int(Path(f"/proc/{one}/statm").read_text(encoding="utf-8").split()[1]) for one in members]
    rollups = [Path(f"/proc/{one}/smaps_rollup").read_text(encoding="utf-8") for one in members]
    pss_kb = sum(
        int(line.split()[1]) for text in rollups for line in text.splitlines() if line.startswith("Pss:")
    )
    sizes = [round(count * resource.getpagesize() / 2**20, 1) for count in pages]
    figures = {
        "rss_mb": round(sum(sizes), 1),
        "pss_mb": round(pss_kb / 1024, 1),
        "rss_of_gateway_mb": sizes[0],
    }
    return figures | ({"rss_of_children_mb": round(sum(sizes[1:]), 1)} if sizes[1:] else {})


def until_quiet(*pids: int, patience_s: float = 20.0) -> None:
    """Wait until processes have stopped working: write-backs, flushes."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        before = sum(map(cpu_s, pids))
        time.sleep(0.3)
        if sum(map(cpu_s, pids)) - before < 0.03:
            return


def fetch(port: int, path: str) -> int:
    """The status of a GET, on a connection of its own."""
    with socket.create_connection((HOST, port), timeout=20) as sock:
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n".encode())
        got = sock.recv(65536)
    return int(got.split(b" ", 2)[1]) if got else 0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server((HOST, 0)) as sock:
        return cast("int", sock.getsockname()[1])


@contextmanager
def _running(
    command: Sequence[str],
    target: Target,
    folder: Path,
    *,
    path: str,
    environ: Mapping[str, str] | None = None,
) -> Iterator[tuple[int, float]]:
    """A process that answers `path` with 200; its id, and how long that took.  Its output goes to a file."""
    log = folder / "output.log"
    with log.open("w", encoding="utf-8") as output:
        begun = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - commands of this benchmark's own making
            command,
            stdout=output,
            stderr=output,
            env={**os.environ, **(environ or {})},
            start_new_session=True,
        )
        try:
            _until_ready(process, target, path, log)
            yield process.pid, time.perf_counter() - begun
        finally:
            process.terminate()
            try:
                process.wait(_STOP_PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _until_ready(process: subprocess.Popen[bytes], target: Target, path: str, log: Path) -> None:
    deadline = time.monotonic() + _START_PATIENCE_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{target.name} ended: {log.read_text(encoding='utf-8')[-2000:]}")
        try:
            if fetch(target.port, path) == 200:
                return
        except OSError:
            pass  # it does not listen yet
        time.sleep(0.005)
    raise RuntimeError(f"{target.name} is not ready: {log.read_text(encoding='utf-8')[-2000:]}")


def _family(pid: int) -> list[int]:
    """A process and its children, and theirs; a thread may have children of its own."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    children = [
        int(child) for task in tasks for child in (task / "children").read_text(encoding="utf-8").split()
    ]
    return [pid, *(member for child in children for member in _family(child))]
