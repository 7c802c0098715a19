"""The order in which deployments are tried."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.catalog import Place
from sparingly.core.health import DeploymentId
from sparingly.core.routing.balance import Load, balance
from sparingly.core.strategies import Balance

ABC = (Place("a", "m", 5), Place("b", "m", 3), Place("c", "m", 2))

_places = st.lists(st.floats(0, 1e6), max_size=8).map(
    lambda weights: [Place(f"p{index}", "m", weight) for index, weight in enumerate(weights)]
)


@pytest.mark.parametrize(
    ("draw", "first", "propensity"),
    [
        (0.0, "a", 0.5),
        (0.499, "a", 0.5),
        (0.5, "b", 0.3),
        (0.799, "b", 0.3),
        (0.8, "c", 0.2),
        (0.999, "c", 0.2),
    ],
)
def test_the_draw_falls_into_a_share_of_the_weight(draw: float, first: str, propensity: float) -> None:
    """The lower end of a share belongs to it."""
    balanced = balance(ABC, draw=draw)

    assert balanced.places[0].provider == first
    assert balanced.propensity == pytest.approx(propensity)


@pytest.mark.parametrize("draw", [0.0, 0.3, 0.7, 0.999])
def test_a_weight_of_zero_is_a_reserve(draw: float) -> None:
    """It comes after all others, in the order of the config."""
    balanced = balance((Place("r1", "m", 0), *ABC, Place("r2", "m", 0)), draw=draw)

    assert [place.provider for place in balanced.places[3:]] == ["r1", "r2"]


def test_only_reserves_are_tried_in_order_for_sure() -> None:
    """Nothing is drawn, so the propensity is 1."""
    reserves = (Place("r1", "m", 0), Place("r2", "m", 0))

    balanced = balance(reserves, draw=0.9)

    assert (balanced.places, balanced.propensity) == (reserves, 1.0)


@given(_places, st.floats(0, 1, exclude_max=True))
def test_every_place_is_listed_once(places: list[Place], draw: float) -> None:
    """Whatever the weights and the draw."""
    balanced = balance(places, draw=draw)

    assert sorted(place.provider for place in balanced.places) == sorted(place.provider for place in places)
    assert 0 <= balanced.propensity <= 1


def test_weights_are_respected_over_many_draws() -> None:
    """First places follow the weights; second places follow them among the rest."""
    rng = random.Random(7)  # a seeded draw, no secret
    draws = 20_000

    orders = Counter(
        tuple(place.provider for place in balance(ABC, draw=rng.random()).places) for _ in range(draws)
    )

    # Weighted drawing without replacement: P(a, b, c) = 5/10 x 3/5, and so on.
    expected = {
        ("a", "b", "c"): 0.5 * 3 / 5,
        ("a", "c", "b"): 0.5 * 2 / 5,
        ("b", "a", "c"): 0.3 * 5 / 7,
        ("b", "c", "a"): 0.3 * 2 / 7,
        ("c", "a", "b"): 0.2 * 5 / 8,
        ("c", "b", "a"): 0.2 * 3 / 8,
    }
    for order, share in expected.items():
        # Five standard errors of a share of 20,000 draws.
        tolerance = 5 * (share * (1 - share) / draws) ** 0.5
        assert orders[order] / draws == pytest.approx(share, abs=tolerance)


def _loads(**loads: Load) -> dict[DeploymentId, Load]:
    return {(name, "m"): load for name, load in loads.items()}


@pytest.mark.parametrize(
    ("by", "loads", "order"),
    [
        # Requests by weight: 2/5, 3/3, 0/2.
        ("least_busy", _loads(a=Load(busy=2), b=Load(busy=3)), "cab"),
        ("lowest_latency", _loads(a=Load(0, 0.9), b=Load(0, 0.3), c=Load(0, 0.5)), "bca"),
        # One that has not been measured is tried when it is idle, and left alone while it is tried.
        ("lowest_latency", _loads(a=Load(0, 0.9), b=Load(0, 0.3)), "cba"),
        ("lowest_latency", _loads(a=Load(0, 0.9), b=Load(0, 0.3), c=Load(1, None)), "bac"),
        ("lowest_price", _loads(a=Load(cost_nano=9), c=Load(cost_nano=4)), "cab"),
    ],
)
def test_the_best_off_comes_first(by: Balance, loads: dict[DeploymentId, Load], order: str) -> None:
    """For sure, where nobody equals it."""
    balanced = balance(ABC, draw=0.5, by=by, loads=loads)

    assert "".join(place.provider for place in balanced.places) == order
    assert balanced.propensity == 1.0


def test_equals_are_drawn_by_weight() -> None:
    """Within a tenth of the best latency; the slow one waits."""
    loads = _loads(a=Load(0, 0.50), b=Load(0, 0.54), c=Load(0, 0.60))

    first = balance(ABC, draw=0.6, by="lowest_latency", loads=loads)
    second = balance(ABC, draw=0.7, by="lowest_latency", loads=loads)

    assert [place.provider for place in first.places] == ["a", "b", "c"]
    assert [place.provider for place in second.places] == ["b", "a", "c"]
    assert (first.propensity, second.propensity) == (5 / 8, 3 / 8)


@pytest.mark.parametrize("by", ["least_busy", "lowest_latency", "lowest_price"])
def test_idle_deployments_share_by_weight_over_many_draws(by: Balance) -> None:
    """Whatever the measure: with nothing to tell them apart it is the weighted draw."""
    rng = random.Random(11)

    firsts = Counter(balance(ABC, draw=rng.random(), by=by).places[0].provider for _ in range(10_000))

    # Five standard errors of a share of 10,000 draws are at most 0.025.
    assert {name: pytest.approx(count / 10_000, abs=0.025) for name, count in firsts.items()} == {
        "a": 0.5,
        "b": 0.3,
        "c": 0.2,
    }


def test_a_reserve_stays_one_however_idle_it_is() -> None:
    """Weight 0 is the operator's word."""
    balanced = balance(
        (Place("r", "m", 0), Place("a", "m", 1)), draw=0.0, by="least_busy", loads=_loads(a=Load(busy=9))
    )

    assert [place.provider for place in balanced.places] == ["a", "r"]
