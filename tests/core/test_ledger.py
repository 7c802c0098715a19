"""What one request cost and saved."""

import msgspec
import pytest

from sparingly.core.ledger import LedgerEntry
from tests.asks import NOW, TENANT

ENTRY = LedgerEntry(
    id="req-1",
    time=NOW,
    tenant=TENANT,
    path="/v1/chat/completions",
    asked="gpt-4o",
    status=200,
    verdict="miss",
    reason="no-neighbor",
)


@pytest.mark.parametrize(
    ("baseline_nano", "cost_nano", "saved_nano"),
    [(1_000, 0, 1_000), (1_000, 400, 600), (1_000, 1_000, 0), (1_000, 1_500, -500), (0, 0, 0)],
)
def test_the_saving_is_what_was_not_paid(baseline_nano: int, cost_nano: int, saved_nano: int) -> None:
    """Negative when the gateway cost more than it saved: a loss is told too."""
    entry = msgspec.structs.replace(ENTRY, baseline_nano=baseline_nano, cost_nano=cost_nano)

    assert entry.saved_nano == saved_nano


def test_an_entry_claims_nothing_by_default() -> None:
    """No cost, no saving, no trouble."""
    assert (ENTRY.cost_nano, ENTRY.saved_nano, ENTRY.trouble) == (0, 0, ())


def test_an_entry_can_be_written_and_read_back() -> None:
    """Ledgers keep it as JSON where they have no column for a field."""
    assert msgspec.json.decode(msgspec.json.encode(ENTRY), type=LedgerEntry) == ENTRY
