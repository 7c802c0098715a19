"""The ledger of an operator who wants none: takes entries and keeps nothing."""

from sparingly.core.ledger import LedgerEntry


class NoLedger:
    """Satisfies `ports.Ledger` but for keeping."""

    dropped = 0

    def enter(self, entry: LedgerEntry) -> None:
        """Forget the entry."""

    async def ping(self) -> None:
        """All is well: nothing is to be kept."""

    async def aclose(self) -> None:
        """Nothing is open."""
