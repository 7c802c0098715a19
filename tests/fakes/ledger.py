"""A ledger that keeps its entries in a list, for tests to look at."""

from sparingly.core.ledger import LedgerEntry
from sparingly.errors import LedgerError


class ListLedger:
    """Satisfies `ports.Ledger`; `entries` are in order, `is_open` says whether it was closed."""

    def __init__(self) -> None:
        self.entries: list[LedgerEntry] = []
        self.is_open = True
        self.dropped = 0

    def enter(self, entry: LedgerEntry) -> None:
        if not self.is_open:
            self.dropped += 1
            return
        self.entries.append(entry)

    async def ping(self) -> None:
        if not self.is_open:
            raise LedgerError("closed")

    async def aclose(self) -> None:
        self.is_open = False
