"""The order in which deployments are tried."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.catalog import Place
from sparingly.core.routing.balance import balance

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
