"""Steer the cache in a data folder, while no gateway has it open.

The composition of the `cache` and `explain` commands: the parts that serve, but
no server, no ledger and nothing that is written on the side.
"""

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias

from sparingly.clock import SystemClock
from sparingly.config.catalog import catalog_of
from sparingly.core.chat import Tenant
from sparingly.errors import StartupError
from sparingly.ledgers.nothing import NoLedger
from sparingly.opening import (
    client_keyed,
    open_classifier,
    open_embedder,
    open_estimator,
    open_freshness,
    open_judge,
    open_prices,
    open_store,
    open_tier_model,
    open_upstreams,
    realm_of,
)
from sparingly.pipeline.assembly import Parts, Pipeline, assemble
from sparingly.pipeline.background import Background
from sparingly.pipeline.steering.curating import Curator
from sparingly.pipeline.steering.explaining import Explanation
from sparingly.ports import AnswerStore, Clock, Embedder
from sparingly.protocols.dialects import INBOUND, OUTBOUND
from sparingly.protocols.labels import metadata_of
from sparingly.protocols.recognizing import dialect_of
from sparingly.settings import Settings

Absent: TypeAlias = Literal["refuse", "pretend", "make"]
"""For want of a cache: an error, an empty one that is thrown away, or a new one."""


class LocalCache(Curator):
    """Satisfies `Steering` on a store that is open here."""

    def __init__(
        self, *, store: AnswerStore, embedder: Embedder, clock: Clock, pipeline: Pipeline | None
    ) -> None:
        super().__init__(store=store, embedder=embedder, clock=clock)
        self._pipeline = pipeline

    async def explain(
        self,
        request: bytes,
        *,
        tenant: Tenant,
        headers: Mapping[str, str] = MappingProxyType({}),
        dialect: str | None = None,
    ) -> Explanation:
        """Explain a request; names of `headers` are in lower case, without a `dialect` the body tells it."""
        if self._pipeline is None:
            raise StartupError("this cache was opened without a router, which an explanation needs")
        spoken = dialect or dialect_of(request)
        return await self._pipeline.explainer.explain(
            INBOUND[spoken].read(request),
            tenant=tenant,
            path=OUTBOUND[spoken].path,
            metadata=metadata_of(request),
            headers=headers,
        )


@asynccontextmanager
async def open_local(
    settings: Settings, environ: Mapping[str, str], *, data: Path, absent: Absent, explains: bool = False
) -> AsyncIterator[LocalCache]:
    """The cache in `data`; `absent` says what is done without one there.

    Raises:
        StartupError: there is none, or a part cannot be opened.
    """
    async with AsyncExitStack() as stack:
        embedder = await open_embedder(settings)
        stack.push_async_callback(embedder.aclose)
        has_answers = settings.store.kind == "qdrant" or _has_answers(data)
        if not has_answers and absent == "refuse":
            raise StartupError(
                f"there are no answers in {data}: nothing has been served with this data folder"
            )
        if not has_answers and absent == "pretend":
            data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sparingly-empty-")))
        store = open_store(settings, environ, data=data, dimensions=embedder.dimensions)
        stack.push_async_callback(store.aclose)
        clock = SystemClock()
        pipeline = None
        if explains:
            pipeline = await _pipeline(settings, environ, stack, embedder=embedder, store=store, clock=clock)
        yield LocalCache(store=store, embedder=embedder, clock=clock, pipeline=pipeline)


def _has_answers(data: Path) -> bool:
    return any(data.glob("answers-*"))


async def _pipeline(
    settings: Settings,
    environ: Mapping[str, str],
    stack: AsyncExitStack,
    *,
    embedder: Embedder,
    store: AnswerStore,
    clock: SystemClock,
) -> Pipeline:
    upstreams = open_upstreams(settings, environ, stack, clock)
    prices = open_prices(settings)
    known = await open_tier_model(settings, embedder)
    parts = Parts(
        embedder=embedder,
        store=store,
        upstreams=upstreams,
        ledger=NoLedger(),
        prices=prices,
        catalog=catalog_of(settings),
        classifier=open_classifier(
            settings, known, embedder=embedder, upstreams=upstreams, prices=prices, clock=clock
        ),
        background=await stack.enter_async_context(Background(on_trouble=_untold)),
        clock=clock,
        sleep=asyncio.sleep,
        # Seeded: two explanations of one request name the same deployment.
        rng=random.Random(0),  # noqa: S311 - balances load; no secret depends on it
        client_keyed=client_keyed(settings),
        freshness=open_freshness(settings),
        judge=open_judge(settings, embedder=embedder.name),
        estimator=open_estimator(settings, embedder=embedder, clock=clock),
        # The store's process may have to be started first.
        patience_s=None,
    )
    return assemble(parts, cache=settings.cache, routing=settings.routing, realm=realm_of(settings))


def _untold(code: str, message: str) -> None:
    """Nothing runs in the background of an explanation."""
    del code, message
