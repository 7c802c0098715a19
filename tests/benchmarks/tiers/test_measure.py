"""The figures about tiers are counted as they are described."""

import json

import msgspec

from benchmarks.result import RESULTS
from benchmarks.tiers.measure import MODEL, figures, shares
from sparingly.core.routing.tiers import Classified
from sparingly.learning.router.tier_examples import StoredTierModel, examples_sha256

RESULT = RESULTS / "tier_classifier.json"


def test_escalation_decides_what_is_served() -> None:
    """One sure and right, one unsure that escalation mends, one sure and too low, one unknown."""
    said = [Classified("simple", 0.9), Classified("simple", 0.5), Classified("simple", 0.8), None]

    got = figures(said, ["simple", "standard", "complex", "standard"])

    assert got["accuracy"] == 0.25
    assert (got["unclassified"], got["escalated"]) == (0.25, 0.5)
    assert (got["served_exact"], got["served_under"], got["served_over"]) == (0.5, 0.25, 0.25)


def test_shares_are_of_what_would_be_served() -> None:
    """Doubt counts for the tier it leads to."""
    got = shares([Classified("simple", 0.9), Classified("simple", 0.5), None, Classified("complex", 0.2)])

    assert (got["simple"], got["standard"], got["complex"]) == (0.25, 0.25, 0.5)


def test_the_committed_result_is_of_the_shipped_model() -> None:
    """A model that changed without a new measurement has no figures."""
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    model = msgspec.json.decode(MODEL.read_bytes(), type=StoredTierModel)

    assert result["embedder"] == model.embedder
    assert model.examples_sha256 == examples_sha256()
    assert result["cross_validation"]["shipped"]["prompts"] == 430
