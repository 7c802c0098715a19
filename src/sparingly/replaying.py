"""The composition of a replay and of a tuning: the gateway's own parts, but an empty store of its own.

The answers come from the recording and the time from the log; embedder, judge,
router, prices and the store's engine are those that serve live traffic.
"""

import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console

from sparingly.config.catalog import catalog_of
from sparingly.core.routing.classifying import TierModel
from sparingly.opening import (
    open_classifier,
    open_embedder,
    open_estimator,
    open_freshness,
    open_judge,
    open_prices,
    open_tier_model,
)
from sparingly.pipeline.choosing.classify import TierClassifier
from sparingly.ports import AnswerStore, Clock, Embedder, Upstream
from sparingly.replay.command import Options, config_checksum, replay_command
from sparingly.replay.playing import World
from sparingly.replay.report import Report
from sparingly.replay.tune_command import Options as TuneOptions
from sparingly.replay.tune_command import tune_command
from sparingly.replay.tuning import Tuning
from sparingly.settings import Settings
from sparingly.stores.edge import EdgeStore


async def run_replay(
    options: Options, settings: Settings, *, config: bytes | None, console: Console
) -> Report:
    """Play a log with the settings of a config; `config` is the file's own bytes, for the report.

    Raises:
        LogError: the log cannot be read.
        StartupError: a part cannot be opened, or a result not written.
    """
    embedder = await open_embedder(settings)
    try:
        return await replay_command(
            options,
            cache=settings.cache,
            routing=settings.routing,
            config_sha256=config_checksum(config, settings),
            world=_world(settings, embedder, await open_tier_model(settings, embedder)),
            console=console,
        )
    finally:
        await embedder.aclose()


async def run_tune(
    options: TuneOptions, settings: Settings, *, config: bytes | None, console: Console
) -> Tuning:
    """Find and write the operating point of a log; `config` is the file's own bytes.

    Raises:
        LogError: the log cannot be read.
        TuningError: the log shows no operating point.
        StartupError: a part cannot be opened, or a result not written.
    """
    embedder = await open_embedder(settings)
    try:
        return await tune_command(
            options,
            cache=settings.cache,
            routing=settings.routing,
            config=(config or b"").decode("utf-8-sig"),
            config_sha256=config_checksum(config, settings),
            world=_world(settings, embedder, await open_tier_model(settings, embedder)),
            console=console,
        )
    finally:
        await embedder.aclose()


def _world(settings: Settings, embedder: Embedder, known: TierModel | None) -> World:
    prices = open_prices(settings)

    def make_classifier(
        upstreams: Mapping[str, Upstream], embedder: Embedder, clock: Clock
    ) -> TierClassifier | None:
        return open_classifier(
            settings, known, embedder=embedder, upstreams=upstreams, prices=prices, clock=clock
        )

    @asynccontextmanager
    async def open_store() -> AsyncIterator[AnswerStore]:
        with tempfile.TemporaryDirectory(prefix="sparingly-replay-") as folder:
            store = EdgeStore(Path(folder), dimensions=embedder.dimensions)
            try:
                yield store
            finally:
                await store.aclose()

    return World(
        embedder=embedder,
        open_store=open_store,
        prices=prices,
        catalog=catalog_of(settings),
        make_classifier=make_classifier,
        stopwatch=time.perf_counter,
        freshness=open_freshness(settings),
        judge=open_judge(settings, embedder=embedder.name),
        make_estimator=lambda embedder, clock: open_estimator(settings, embedder=embedder, clock=clock),
    )
