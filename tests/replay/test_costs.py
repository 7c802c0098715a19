from collections.abc import Iterator

import pytest

from sparingly.replay.costs import Bill, Charge, Pairing, bill, cost_table, quality
from sparingly.replay.logged import Candidate, Logged

NANO = 1_000_000_000
BIG, SMALL = "big", "small"
PAIRING = Pairing(recorded="big-2026-01-01", baseline=BIG)


def _logged(cost_usd: float | None = None, candidates: dict[str, Candidate] | None = None) -> Logged:
    return Logged(id="a", time=0.0, request=b"{}", cost_usd=cost_usd, candidates=candidates)


def _charge(model: str | None, cost: int, baseline: int = 100, overhead: int = 0) -> Charge:
    return Charge(model, cost, baseline, overhead)


HIT = _charge(None, 0)


def test_a_hit_is_free_in_two_columns() -> None:
    """With the cache it costs nothing; without it, the asked or the routed model."""
    found = bill(_logged(), PAIRING, played=HIT, alone=_charge(SMALL, 30))

    assert found == Bill(baseline_nano=100, cache_only_nano=0, route_only_nano=30, both_nano=0)


def test_a_miss_costs_what_its_model_costs() -> None:
    """`cache_only` pays the asked model for it, `both` the routed one."""
    found = bill(_logged(), PAIRING, played=_charge(SMALL, 35), alone=_charge(SMALL, 30))

    assert found == Bill(baseline_nano=100, cache_only_nano=100, route_only_nano=30, both_nano=35)


@pytest.mark.parametrize("served", [BIG, "big-2026-01-01"])
def test_the_recorded_cost_beats_the_computed_one(served: str) -> None:
    """Where the recorded model serves, what the log says was paid counts; routing's own calls come on top."""
    charge = _charge(served, 30, overhead=7)

    found = bill(_logged(cost_usd=2.0), PAIRING, played=charge, alone=charge)

    assert found == Bill(2 * NANO, 2 * NANO, 2 * NANO + 7, 2 * NANO + 7)


def test_the_recorded_cost_says_nothing_of_another_model() -> None:
    """A routed model is priced by its tokens."""
    found = bill(_logged(cost_usd=2.0), PAIRING, played=_charge(SMALL, 30), alone=_charge(SMALL, 30))

    assert found == Bill(2 * NANO, 2 * NANO, 30, 30)


def test_candidates_beat_everything() -> None:
    """They were measured for this very request."""
    candidates = {BIG: Candidate(1.0, 3.0), SMALL: Candidate(0.5, 1.0)}
    charge = _charge(SMALL, 30)

    found = bill(_logged(cost_usd=2.0, candidates=candidates), PAIRING, played=charge, alone=charge)

    assert found == Bill(3 * NANO, 3 * NANO, 1 * NANO, 1 * NANO)


def test_a_hit_still_pays_for_what_looking_cost() -> None:
    """A judge that asks a model may cost money on a hit."""
    found = bill(_logged(), PAIRING, played=_charge(None, 5), alone=_charge(BIG, 90))

    assert found.both_nano == 5


def test_missing_prices_and_estimates_are_marked() -> None:
    """Unless the log itself knows what was paid."""
    vague = Charge(SMALL, 0, 0, priced=False, estimated=True)
    known = Charge(BIG, 0, 0, priced=False, estimated=True)

    guessed = bill(_logged(), PAIRING, played=vague, alone=vague)
    recorded = bill(_logged(cost_usd=1.0), PAIRING, played=known, alone=known)

    assert (guessed.unpriced, guessed.estimated) == (True, True)
    assert (recorded.unpriced, recorded.estimated) == (False, False)


def test_a_request_that_nobody_served_costs_nothing() -> None:
    """Refused requests have no model."""
    refused = Charge(None, 0, 0)

    assert bill(_logged(), PAIRING, played=refused, alone=refused) == Bill(0, 0, 0, 0)


def test_the_table_adds_up() -> None:
    """`saved` is baseline less both, and doubts are counted."""
    bills: Iterator[Bill] = iter(
        [Bill(3 * NANO, 0, 2 * NANO, 0), Bill(1 * NANO, 1 * NANO, 1 * NANO, NANO // 2, unpriced=True)]
    )

    found = cost_table(bills)

    assert (found.baseline, found.cache_only, found.route_only, found.both) == (4.0, 1.0, 3.0, 0.5)
    assert found.saved == 3.5
    assert (found.unpriced, found.estimated) == (1, 0)


def test_quality_compares_pairs() -> None:
    """Mean scores and the normal interval of their differences: 0.5 ± 1.96 · 0.7071 / √2."""
    first = _logged(candidates={BIG: Candidate(1.0, 1.0), SMALL: Candidate(1.0, 0.1)})
    second = _logged(candidates={BIG: Candidate(0.0, 1.0), SMALL: Candidate(1.0, 0.1)})

    found = quality([(first, PAIRING, SMALL), (second, PAIRING, SMALL)])

    assert found is not None
    assert (found.baseline, found.routed, found.requests) == (0.5, 1.0, 2)
    assert found.delta_ci95 == pytest.approx((0.5 - 0.98, 0.5 + 0.98), abs=1e-3)


def test_quality_needs_both_scores() -> None:
    """A request without them says nothing; with none left there is no figure."""
    partly = _logged(candidates={BIG: Candidate(1.0, 1.0)})

    assert quality([(partly, PAIRING, SMALL), (_logged(), PAIRING, BIG), (partly, PAIRING, None)]) is None


def test_one_request_says_nothing_about_the_spread() -> None:
    """The interval is then all that scores from 0 to 1 allow."""
    only = _logged(candidates={BIG: Candidate(0.75, 1.0), SMALL: Candidate(0.5, 0.1)})

    found = quality([(only, PAIRING, SMALL)])

    assert found is not None
    assert found.delta_ci95 == (-1.0, 1.0)
