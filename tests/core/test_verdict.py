"""What was found out about the cache."""

import msgspec
import pytest

from sparingly.core.verdict import NO_EVIDENCE, Bypass, Evidence, Hit, Miss, Verdict
from tests.asks import entry


@pytest.mark.parametrize(
    "verdict",
    [
        Hit(entry(), "exact", "same", Evidence(1.0, "req-1", 1.0, "req-1")),
        Hit(entry(), "semantic", "close"),
        Miss("too-far", Evidence(0.5, "req-1")),
        Miss("no-neighbor"),
        Bypass("cache-off"),
    ],
)
def test_a_verdict_can_be_written_and_read_back(verdict: Verdict) -> None:
    """Decision logs keep verdicts; their tags tell the kinds apart."""
    assert msgspec.json.decode(msgspec.json.encode(verdict), type=Verdict) == verdict


def test_no_evidence_knows_nothing() -> None:
    """None is not zero: a similarity of 0 was measured."""
    assert msgspec.structs.astuple(NO_EVIDENCE) == (None, None, None, None)
    assert Miss("no-neighbor").evidence == NO_EVIDENCE
