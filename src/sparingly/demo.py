"""`sparingly demo`: the real gateway on loopback, a bundled log, and what came of it.

The gateway runs as its own process, as `sparingly serve` does, on a temporary
folder; the log goes to it over HTTP, one request after another.  Counts, models
and latencies are read off the answers as any client could read them, costs off
the gateway's ledger; what half of it would have cost comes from a replay of the
same log with the same config.

The log is semi-synthetic and the provider simulated: the tables show how the
gateway works, not what it will save elsewhere.
"""

import asyncio
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

import httpx
import msgspec
from rich.console import Console
from rich.progress import track
from rich.table import Table

from sparingly.config.loading import load_settings
from sparingly.core.pricing import to_usd
from sparingly.errors import StartupError
from sparingly.ledgers.sqlite import FILE_NAME as LEDGER_FILE
from sparingly.ledgers.totals import Stats, read_stats
from sparingly.replay.command import Options
from sparingly.replay.labels import judged
from sparingly.replay.logged import Logged
from sparingly.replay.report import Report
from sparingly.replay.scores import percentiles
from sparingly.replay.trace import read_trace
from sparingly.replaying import run_replay
from sparingly.serving import curl_line

# The tiers people start with, cheapest first; the simulated provider answers for all three.
CONFIG = """\
# The config of `sparingly demo`.
providers:
  simulated:
    kind: simulated
    simulation: {{log: {log}, latency_s: {latency_s}, chunk_s: 0.002}}
routing:
  tiers:
    simple: {{model: claude-haiku-4-5}}
    standard: {{model: claude-sonnet-4-6}}
    complex: {{model: claude-opus-4-6}}
server: {{port: {port}}}
data_dir: {data}
log_level: warning
"""
# What the simulated provider takes to begin; real ones take ten times as long, and so would the demo.
_LATENCY_S = 0.04
_START_S = 30.0


class Seen(msgspec.Struct, frozen=True):
    """One answer, as its client saw it; `source` is the request whose stored answer it was."""

    logged: Logged
    id: str
    verdict: str
    model: str
    source: str | None
    seconds: float

    @property
    def is_hit(self) -> bool:
        """Whether it came from memory."""
        return self.verdict in ("exact", "semantic")


def run_demo(*, port: int, once: bool) -> int:
    """Run the demo; serve on afterwards unless `once`."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="sparingly-demo-") as folder, _bundled_log() as log:
        config = Path(folder) / "demo.yaml"
        config.write_text(CONFIG.format(log=log, latency_s=_LATENCY_S, port=port, data=Path(folder) / "data"))
        trace = read_trace(log)
        with _gateway(config) as url:
            console.print(f"The gateway listens on {url}/v1, in front of a [bold]simulated[/] provider.")
            seen = list(_play(trace.requests, url, console))
            console.print(_measured(seen, read_stats(Path(folder) / "data" / LEDGER_FILE)))
            settings = load_settings(config, {})
            replay = run_replay(Options(log=log), settings, config=config.read_bytes(), console=console)
            console.print(_halves(asyncio.run(replay)))
            if once:
                return 0
            console.print(f"Still serving; Ctrl-C ends it. Try:\n\n{curl_line(url)}\n", soft_wrap=True)
            _wait_for_interrupt()
    return 0


@contextmanager
def _bundled_log() -> Iterator[Path]:
    with as_file(files("sparingly.replay") / "demo_log.jsonl.gz") as path:
        yield path


@contextmanager
def _gateway(config: Path) -> Iterator[str]:
    """A gateway process; yields its base URL once it answers."""
    command = [sys.executable, "-m", "sparingly", "serve", "--config", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
    try:
        yield _base_url(process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


def _base_url(process: subprocess.Popen[str]) -> str:
    """The address in the process's first line; what it has to say otherwise is on stderr already."""
    line = process.stdout.readline() if process.stdout is not None else ""
    _, found, url = line.strip().partition("listening on ")
    if not found:
        raise StartupError("the gateway of the demo did not start")
    return url.removesuffix("/v1")


def _play(requests: Iterable[Logged], url: str, console: Console) -> Iterator[Seen]:
    with httpx.Client(base_url=url, timeout=_START_S, trust_env=False) as client:
        for logged in track(list(requests), "Sending the log", console=console):
            begun = time.perf_counter()
            answer = client.post(
                logged.path, content=logged.request, headers={"content-type": "application/json"}
            )
            seconds = time.perf_counter() - begun
            answer.raise_for_status()
            told = answer.headers
            yield Seen(
                logged=logged,
                id=told["x-sparingly-id"],
                verdict=told["x-sparingly-cache"],
                model=told.get("x-sparingly-model", ""),
                source=told.get("x-sparingly-source"),
                seconds=seconds,
            )


def _measured(seen: list[Seen], stats: Stats) -> Table:
    """What the client saw and the ledger says."""
    table = Table(title="What came of it, over HTTP", show_header=False)
    verdicts = Counter(one.verdict for one in seen)
    by_id = {one.id: one.logged for one in seen}
    judgements = Counter(
        judged(one.logged, by_id[one.source]) for one in seen if one.is_hit and one.source in by_id
    )
    models = Counter(one.model for one in seen if not one.is_hit)
    table.add_row("requests", f"{len(seen)}")
    table.add_row("exact hits", _part(verdicts["exact"], len(seen)))
    table.add_row("semantic hits", _part(verdicts["semantic"], len(seen)))
    table.add_row("wrong hits, by the log's labels", _part(judgements["wrong"], len(seen)))
    table.add_row("models called", ", ".join(f"{name} {count}" for name, count in models.most_common()))
    if stats.total is not None:
        table.add_row("baseline cost", f"${to_usd(stats.total.baseline_nano):.4f}")
        table.add_row("cost now", f"${to_usd(stats.total.cost_nano):.4f}")
        table.add_row("saved", _saved(to_usd(stats.total.baseline_nano), to_usd(stats.total.cost_nano)))
    for name, seconds in (
        ("latency of hits", [one.seconds for one in seen if one.is_hit]),
        ("latency of misses", [one.seconds for one in seen if not one.is_hit]),
    ):
        found = percentiles(seconds)
        table.add_row(name, f"p50 {found.p50:.1f} ms, p99 {found.p99:.1f} ms")
    return table


def _halves(report: Report) -> Table:
    """What caching alone and routing alone would have done, with the wrong hits beside."""
    cost = report.cost_usd
    table = Table("", "cost", "saved", "wrong hits", title="The same log, replayed")
    table.add_row("neither", f"${cost.baseline:.4f}", "", "0")
    for name, dollars, wrong in (
        ("cache only", cost.cache_only, report.wrong_hits),
        ("routing only", cost.route_only, 0),
        ("both", cost.both, report.wrong_hits),
    ):
        table.add_row(name, f"${dollars:.4f}", _saved(cost.baseline, dollars), str(wrong))
    return table


def _saved(baseline: float, cost: float) -> str:
    return f"${baseline - cost:.4f} ({1 - cost / baseline:.0%})" if baseline > 0 else "-"


def _part(count: int, of: int) -> str:
    return f"{count} ({count / of:.1%})" if of else str(count)


def _wait_for_interrupt() -> None:
    """Until Ctrl-C or SIGTERM; either is a normal end."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        signal.pause()
    except KeyboardInterrupt:
        return
