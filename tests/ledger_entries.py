"""Ledger entries for tests: what a test does not name has a plain value."""

import msgspec

from sparingly.core.answer import Usage
from sparingly.core.chat import Tenant
from sparingly.core.ledger import LedgerEntry, Observed, Timings
from tests.asks import NOW

_PLAIN = LedgerEntry(
    id="r1",
    time=NOW,
    tenant=Tenant("acme"),
    path="/v1/chat/completions",
    asked="gpt-4o",
    status=200,
    verdict="miss",
    reason="no-neighbor",
    route="gpt-4o",
    routed="gpt-4o",
    served="gpt-4o",
    provider="openai",
    usage=Usage(input_tokens=100, output_tokens=50),
    cost_nano=1_000,
    baseline_nano=3_000,
    attempts=1,
    timings=Timings(total_s=0.5, first_byte_s=0.25),
)

OBSERVED = Observed(
    tier="semantic",
    source="r0",
    similarity=0.98,
    probability=None,
    stored_text="old words",
    fresh_text="new words",
    agreement="wrong",
)


def line(**changes: object) -> LedgerEntry:
    """A plain entry with these fields changed."""
    return msgspec.structs.replace(_PLAIN, **changes)
