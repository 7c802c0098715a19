from math import inf

import numpy as np
import pytest

from sparingly.core.guarantee.calibration import Bound, NoPoint, Point, Trials, tally, trials_of
from sparingly.core.guarantee.pooling import Pooled, joined, pooled, threshold_of

BOUND = Bound(0.02, 0.95)


def _route(count: int, wrong: float, *, seed: int = 0) -> Trials:
    """Even scores, a share of which is wrong."""
    rng = np.random.default_rng(seed)
    is_wrong = rng.random(count) < wrong
    return Trials(rng.random(count), ~is_wrong, is_wrong)


def test_a_route_with_enough_requests_is_calibrated_alone() -> None:
    """A safe one serves more than a dangerous one, and both keep the bound."""
    routes = {"safe": _route(3_000, 0.02, seed=1), "risky": _route(3_000, 0.3, seed=2)}

    found = pooled(routes, BOUND)

    assert found.own.keys() == {"safe", "risky"}
    assert found.at("safe") < found.at("risky") < inf
    for name, trials in routes.items():
        assert tally(trials, found.at(name)).error <= 0.02


def test_routes_with_few_requests_share_a_point() -> None:
    """It is calibrated on all of them together; an unknown route gets it too."""
    routes = {f"r{index}": _route(300, 0.1, seed=index) for index in range(5)}

    found = pooled(routes, BOUND)

    assert not found.own
    assert found.at("r0") == found.at("unknown") == threshold_of(found.common)
    assert isinstance(found.common, Point)
    assert found.common.on.requests == 1_500


def test_the_only_route_needs_no_division() -> None:
    """One route is all traffic."""
    found = pooled({"": _route(5_000, 0.1)}, BOUND)

    assert not found.own
    assert isinstance(found.common, Point)


def test_a_small_route_whose_labels_speak_against_the_common_point_gets_a_stricter_one() -> None:
    """Five of its thirty hits were wrong: shrunk towards the others, that is still too many."""
    good = {f"good{index}": _route(300, 0.01, seed=index) for index in range(5)}
    bad = joined({"wrong": trials_of([(0.95, "wrong")] * 5), "right": trials_of([(0.97, "right")] * 25)})

    found = pooled({**good, "bad": bad}, BOUND)

    assert found.tightened.keys() == {"bad"}
    assert found.at("bad") > 0.95 > found.at("good0")


def test_shrinkage_only_tightens() -> None:
    """A small route without any wrong hit gets no looser point than the others."""
    routes = {f"r{index}": _route(300, 0.1, seed=index) for index in range(5)}

    found = pooled({**routes, "clean": trials_of([(0.1, "right")] * 50)}, BOUND)

    assert found.at("clean") == threshold_of(found.common)


def test_a_route_may_have_no_point_while_others_have() -> None:
    """Its best scores are wrong."""
    hopeless = trials_of([(0.99, "wrong")] * 1_000)

    found = pooled({"hopeless": hopeless, "fine": _route(1_000, 0.01)}, BOUND)

    assert found.own["hopeless"] == NoPoint("too-wrong")
    assert found.at("hopeless") == inf > found.at("fine")


@pytest.mark.parametrize("seed", range(5))
def test_more_confidence_never_loosens_any_route(seed: int) -> None:
    """Which routes are calibrated alone does not depend on it."""
    rng = np.random.default_rng(seed)
    routes = {
        f"r{index}": _route(
            int(rng.integers(20, 1_500)), float(rng.uniform(0.01, 0.3)), seed=100 * seed + index
        )
        for index in range(6)
    }
    before: Pooled | None = None

    for confidence in (0.5, 0.8, 0.95, 0.99, 0.9999):
        found = pooled(routes, Bound(0.02, confidence))

        if before is not None:
            assert all(found.at(name) >= before.at(name) for name in (*routes, "unknown"))
        before = found


def test_all_routes_keep_their_bound_at_once() -> None:
    """The doubt is divided: in nineteen of twenty calibrations not one of ten routes is over its bound."""
    # Even scores, 10 % wrong: the true error at t is (1 - t) / 10.
    over = 0
    for seed in range(100):
        routes = {f"r{index}": _route(500, 0.1, seed=1_000 * seed + index) for index in range(10)}
        found = pooled(routes, BOUND, ahead=False)
        over += any(0.1 * (1 - found.at(name)) > 0.02 for name in routes)

    # More than 11 of 100 at 5 % happens once in a hundred.
    assert over <= 11


def test_trials_are_joined_in_order() -> None:
    """All of one group, then all of the next."""
    both = joined({"a": trials_of([(0.1, "right")]), "b": trials_of([(0.2, "wrong")])})

    assert both.scores.tolist() == [0.1, 0.2]
    assert both.wrong.tolist() == [False, True]


def test_nothing_to_calibrate_is_refused() -> None:
    """Rather than a point from nowhere."""
    with pytest.raises(ValueError, match="no group"):
        pooled({}, BOUND)
