"""No ledger is a ledger too."""

import pytest

from sparingly.ledgers.nothing import NoLedger
from sparingly.ports import Ledger
from tests.ledger_entries import line


@pytest.mark.anyio
async def test_it_takes_entries_and_is_always_well() -> None:
    """The pipeline need not know that there is none."""
    ledger: Ledger = NoLedger()

    ledger.enter(line())

    await ledger.ping()
    await ledger.aclose()
    assert NoLedger().dropped == 0
