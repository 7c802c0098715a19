"""A ledger's past in a list, for tests to write."""

from sparingly.core.chat import Tenant
from sparingly.core.ledger import LedgerEntry, Past
from sparingly.errors import LedgerError


class ListHistory:
    """Satisfies `ports.History`; every call raises `trouble` while a test has set it."""

    def __init__(self, *pasts: Past) -> None:
        self.pasts = list(pasts)
        self.trouble: LedgerError | None = None

    def add(self, entry: LedgerEntry) -> None:
        """What a ledger would say of an entry."""
        self.pasts.append(Past(**{name: getattr(entry, name) for name in Past.__struct_fields__}))

    async def request(self, request_id: str) -> Past | None:
        self._check()
        return next((past for past in reversed(self.pasts) if past.id == request_id), None)

    async def near_misses(self, *, tenant: Tenant | None, since: float, limit: int) -> list[Past]:
        self._check()
        return [
            past
            for past in self.pasts
            if past.verdict == "miss" and past.time >= since and tenant in (None, past.tenant)
        ][:limit]

    def _check(self) -> None:
        if self.trouble is not None:
            raise self.trouble
