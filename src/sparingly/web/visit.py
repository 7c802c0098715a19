"""One request at the door: let in, watched while its client is there, and entered when it ends."""

import asyncio
from collections.abc import Callable, Coroutine

import msgspec
from litestar.types import Receive

from sparingly.core.chat import Tenant
from sparingly.core.ledger import LedgerEntry
from sparingly.errors import SparinglyError
from sparingly.pipeline.accounts import Ended, ended
from sparingly.pipeline.exchange import Caller
from sparingly.ports import Clock, Ledger
from sparingly.web.asgi import ClientGone, while_connected
from sparingly.web.auth import DEFAULT_TENANT, Door
from sparingly.web.headers import CREDENTIALS, credential


class Visit(msgspec.Struct):
    """One request, before and after it is read; `arrived` is of the clock's ticks."""

    id: str
    path: str
    query: str
    method: str
    headers: dict[str, str]
    time: float
    arrived: float
    tenant: Tenant = DEFAULT_TENANT
    asked: str = ""
    streamed: bool = False
    begun: bool = False
    """Whether an answer has begun, so that no error body can follow."""


class Desk:
    """What all visits need, whatever they want."""

    def __init__(
        self, *, door: Door, ledger: Ledger, observe: Callable[[LedgerEntry], None], clock: Clock
    ) -> None:
        """`observe` sees every ledger entry."""
        self._door = door
        self._ledger = ledger
        self._observe = observe
        self._clock = clock

    def enter(self, visit: Visit) -> Caller:
        """Say who asks.

        Raises:
            NotAuthorized: it is nobody who may.
        """
        caller = self._door.admit(credential(visit.headers))
        visit.tenant = caller.tenant
        return caller

    def travelling(self, visit: Visit) -> tuple[tuple[str, str], ...]:
        """The headers that may go to a provider: a key to this gateway opens no other door."""
        if not self._door.has_keys:
            return tuple(visit.headers.items())
        return tuple(item for item in visit.headers.items() if item[0] not in CREDENTIALS)

    async def while_there(
        self,
        visit: Visit,
        receive: Receive,
        work: Coroutine[object, object, None],
        *,
        read: asyncio.Event | None = None,
    ) -> None:
        """Do `work` while the client is there; raise what it raises, or ClientGone before an answer began."""
        failed: list[SparinglyError] = []

        async def guarded() -> None:
            try:
                await work
            except SparinglyError as error:
                # Kept for outside: in a task group it would come out wrapped.
                failed.append(error)

        stayed = await while_connected(receive, guarded(), read=read)
        if failed:
            raise failed[0]
        if not stayed and not visit.begun:
            raise ClientGone

    def leave(
        self, visit: Visit, status: int, reason: str, *, provider: str | None = None, complete: bool = False
    ) -> None:
        """Enter a visit that the pipeline has no line for."""
        entry = ended(
            Ended(
                id=visit.id,
                time=visit.time,
                tenant=visit.tenant,
                path=visit.path,
                status=status,
                reason=reason,
                total_s=self._clock.tick() - visit.arrived,
                asked=visit.asked,
                streamed=visit.streamed,
                provider=provider,
                complete=complete,
            )
        )
        self._ledger.enter(entry)
        self._observe(entry)
