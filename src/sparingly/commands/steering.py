"""What the commands need of a cache, wherever it is: behind a gateway's admin API, or in a data folder."""

from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import IO, Protocol

from sparingly.core.chat import Tenant
from sparingly.core.keeping.curation import ShownPage, Wish
from sparingly.pipeline.steering.curating import Forgotten, Imported, Overview
from sparingly.pipeline.steering.explaining import Explanation


class Steering(Protocol):
    """See `pipeline.curating.Curator` and `pipeline.explaining.Explainer`, whose contracts these are."""

    async def overview(self) -> Overview: ...

    async def entries(self, wish: Wish, *, limit: int, cursor: str | None = None) -> ShownPage: ...

    async def forget(self, wish: Wish, *, dry_run: bool) -> Forgotten: ...

    async def flush(self, *, dry_run: bool) -> Forgotten: ...

    def export(self) -> AsyncIterator[bytes]: ...

    async def take(self, file: IO[bytes], *, name: str) -> Imported: ...

    async def explain(
        self,
        request: bytes,
        *,
        tenant: Tenant,
        headers: Mapping[str, str] = MappingProxyType({}),
        dialect: str | None = None,
    ) -> Explanation: ...
