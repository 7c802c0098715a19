"""The delay of the gateway's event loop, from within: the app and a ticker in one process.

    python -m benchmarks.overhead.inside --upstream PORT --folder DIR --seconds S

The load calls the ASGI app directly, so no HTTP server is part of it; everything
else is real: the embedder's thread, the store's process, the ledger's thread, the
provider over HTTP.  Every millisecond a ticker notes how late it is (`late`), and
how much CPU the loop's own thread has used meanwhile (`busy`): what callbacks
really took, without waiting for the interpreter's lock or for a core.
"""

import argparse
import asyncio
import gc
import json
import os
import random
import time
from pathlib import Path
from typing import TextIO, cast

import uvloop
from litestar.types import HTTPReceiveMessage, HTTPScope, Message, Receive, Send

from benchmarks.overhead.cases import Figures
from benchmarks.overhead.delay import KNOWN, RAMP_S, STREAMS, WORKERS, delays, mixed, ramp, stream
from benchmarks.overhead.load import Target, request
from benchmarks.overhead.processes import config
from sparingly.bootstrap import open_app
from sparingly.clock import SystemClock
from sparingly.config.loading import load_settings
from sparingly.telemetry.logs import EventLog, make_log
from sparingly.web.app import App

_TICK_S = 0.001


class Ticker:
    """Watches the loop it runs on."""

    def __init__(self) -> None:
        self._late: list[float] = []
        self._busy: list[float] = []

    async def run(self) -> None:
        """Tick until cancelled."""
        wall, cpu = time.perf_counter(), time.thread_time()
        while True:
            await asyncio.sleep(_TICK_S)
            now, used = time.perf_counter(), time.thread_time()
            self._late.append(now - wall - _TICK_S)
            self._busy.append(used - cpu)
            wall, cpu = now, used

    def figures(self) -> Figures:
        """What was seen since the last call."""
        late, self._late = self._late, []
        busy, self._busy = self._busy, []
        return {"late": delays(late), "busy": delays(busy)}


async def ask(app: App, raw: bytes) -> int:
    """Send a request of ours through the app; the bytes of its answer."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    path = first.split(b" ")[1]
    scope = {
        "type": "http",
        "method": "POST",
        "path": path.decode(),
        "raw_path": path,
        "query_string": b"",
        "headers": [(name.lower(), value) for name, value in (line.split(b": ", 1) for line in lines)],
    }
    messages = [{"type": "http.request", "body": body, "more_body": False}]
    size = 0

    async def receive() -> HTTPReceiveMessage:
        if not messages:
            # A client that stays: nothing more is heard of it.
            await asyncio.get_running_loop().create_future()
        return cast("HTTPReceiveMessage", messages.pop())

    async def send(message: Message) -> None:
        nonlocal size
        if message["type"] == "http.response.start":
            assert message["status"] == 200, message
        elif message["type"] == "http.response.body":
            size += len(message["body"])

    await app(cast("HTTPScope", scope), cast("Receive", receive), cast("Send", send))
    return size


async def watched(upstream: Target, folder: Path, seconds: float, log: TextIO) -> Figures:
    """Idle, then loaded; the gateway's log goes to `log`."""
    file = folder / "inside.yaml"
    file.write_text(config(upstream), encoding="utf-8")
    settings = load_settings(file, {})
    ticker = Ticker()
    events = EventLog(make_log("info", log), SystemClock())
    async with (
        open_app(settings, {}, data=folder / "data", events=events) as opened,
        asyncio.TaskGroup() as group,
    ):
        for text in KNOWN:
            await ask(opened.app, request(upstream, text))
        await asyncio.sleep(1.5)  # write-backs, and the store's quiet moment after them
        gc.collect()
        gc.freeze()  # as `sparingly.serving` does
        watching = group.create_task(ticker.run())
        await asyncio.sleep(seconds / 2)
        figures: Figures = {"idle": ticker.figures()}
        load = group.create_task(_load(opened.app, upstream, RAMP_S + seconds))
        await asyncio.sleep(RAMP_S)
        ticker.figures()
        await asyncio.sleep(seconds)
        figures["loaded"] = ticker.figures()
        watching.cancel()
    return figures | {"requests_per_s": round(load.result() / (RAMP_S + seconds), 1)}


async def _load(app: App, upstream: Target, seconds: float) -> int:
    end = time.perf_counter() + seconds
    rng = random.Random(1)
    number = 0

    async def worker(index: int) -> None:
        nonlocal number
        await asyncio.sleep(ramp(index))
        while time.perf_counter() < end:
            await ask(app, stream(upstream) if index < STREAMS else mixed(upstream, rng))
            number += 1

    await asyncio.gather(*(worker(index) for index in range(STREAMS + WORKERS)))
    return number


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", type=int, required=True, help="the provider's port")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        upstream = Target("inside", options.upstream)
        figures = uvloop.run(watched(upstream, options.folder, options.seconds, nowhere))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
