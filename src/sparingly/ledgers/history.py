"""Look requests up in a ledger: one by its id, and the misses that were nearly hits.

Read-only, in a thread: a ledger has millions of lines.  It must never change
the file; adding up is the work of `totals.py`.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import msgspec

from sparingly.core.chat import Tenant
from sparingly.core.ledger import Past
from sparingly.errors import LedgerError

_COLUMNS = "id, time, tenant, verdict, reason, asked, route, similarity, nearest, probability, candidate"

# The last one of an id: a provider or a client may have sent the same one twice.
_BY_ID = f"SELECT {_COLUMNS} FROM entries WHERE id = ? ORDER BY seq DESC LIMIT 1"  # noqa: S608 - no input in it

# A judged miss has a candidate.  What the judge gave a probability comes first: a similarity is no measure of it.
_NEAR_MISSES = f"""
SELECT {_COLUMNS} FROM entries
WHERE verdict = 'miss' AND candidate IS NOT NULL AND time >= :since AND (:tenant IS NULL OR tenant = :tenant)
ORDER BY probability IS NULL, probability DESC, similarity DESC, seq DESC LIMIT :limit
"""  # noqa: S608 - no input in it


async def _nothing_waits() -> None:
    return


class SqliteHistory:
    """Satisfies `ports.History` on the file at `path`; `flush` brings what was entered into it."""

    def __init__(self, path: Path, *, flush: Callable[[], Awaitable[None]] = _nothing_waits) -> None:
        self._path = path
        self._flush = flush

    async def request(self, request_id: str) -> Past | None:
        """The line of a request; None when there is none."""
        await self._flush()
        found = await asyncio.to_thread(self._rows, _BY_ID, (request_id,))
        return found[0] if found else None

    async def near_misses(self, *, tenant: Tenant | None, since: float, limit: int) -> list[Past]:
        """The judged misses closest to a hit, closest first."""
        await self._flush()
        bound: dict[str, object] = {"tenant": tenant, "since": since, "limit": limit}
        return await asyncio.to_thread(self._rows, _NEAR_MISSES, bound)

    def _rows(self, query: str, bound: tuple[str, ...] | dict[str, object]) -> list[Past]:
        address = f"file:{quote(str(self._path))}?mode=ro"
        try:
            with closing(sqlite3.connect(address, uri=True, timeout=5.0)) as connection:
                connection.row_factory = sqlite3.Row
                return [msgspec.convert(dict(row), Past) for row in connection.execute(query, bound)]
        except sqlite3.Error as error:
            raise LedgerError(f"the ledger {self._path} cannot be read: {error}") from error


class NoHistory:
    """Satisfies `ports.History` where no ledger is kept: says so."""

    async def request(self, request_id: str) -> Past | None:
        """Refuse."""
        del request_id
        raise LedgerError("no ledger is kept (ledger.enabled is false), so that nobody knows past requests")

    async def near_misses(self, *, tenant: Tenant | None, since: float, limit: int) -> list[Past]:
        """Refuse."""
        del tenant, since, limit
        raise LedgerError("no ledger is kept (ledger.enabled is false), so that nobody knows past requests")
