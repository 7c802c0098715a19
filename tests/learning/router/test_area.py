"""Cost against quality."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.learning.router.area import (
    Point,
    area,
    best_single,
    cheapest_single,
    height,
    hull,
    oracle_points,
    point,
    single_points,
    weights_for,
)

SCORES = np.array([[0.0, 1.0], [1.0, 1.0]])
COSTS = np.array([[1.0, 4.0], [1.0, 2.0]])

_points = st.lists(
    st.builds(Point, st.floats(0, 10, width=16), st.floats(0, 1, width=16)), min_size=1, max_size=12
)


def test_a_choice_lies_at_its_mean_cost_and_score() -> None:
    """One model a prompt."""
    assert point(SCORES, COSTS, np.array([1, 0])) == Point(2.5, 1.0)


def test_single_models_lie_where_asking_only_them_leads() -> None:
    """In the order of the columns."""
    points = single_points(SCORES, COSTS)

    assert points == [Point(1.0, 0.5), Point(3.0, 1.0)]
    assert (cheapest_single(points), best_single(points)) == (0, 1)


def test_of_two_equal_models_the_cheaper_is_the_best_and_the_better_the_cheapest() -> None:
    """Ties have an answer."""
    assert best_single([Point(2, 0.9), Point(1, 0.9)]) == 1
    assert cheapest_single([Point(1, 0.3), Point(1, 0.9)]) == 1


def test_a_hull_leaves_out_what_mixing_two_others_beats() -> None:
    """The middle point lies below the line, the last is dearer and no better."""
    points = [Point(0, 0), Point(1, 0.4), Point(2, 1), Point(3, 1)]

    assert hull(points) == [Point(0, 0), Point(2, 1)]


def test_the_area_of_a_line_is_its_mean_height() -> None:
    """From 0.2 to 0.6, then flat."""
    corners = [Point(1, 0.2), Point(3, 0.6)]

    assert area(corners, low=1, high=3) == pytest.approx(0.4)
    assert area(corners, low=1, high=5) == pytest.approx(0.5)
    assert area(corners, low=2, high=2) == pytest.approx(0.4)


@pytest.mark.slow
@given(_points)
def test_no_point_lies_above_its_hull(points: list[Point]) -> None:
    """And the hull neither falls nor bends upwards."""
    corners = hull(points)

    assert all(height(corners, one.cost) >= one.quality - 1e-9 for one in points)
    slopes = [(b.quality - a.quality) / (b.cost - a.cost) for a, b in pairwise(corners)]
    assert all(slope > 0 for slope in slopes)
    assert slopes == sorted(slopes, reverse=True)


@pytest.mark.slow
@given(_points, _points)
def test_another_setting_never_makes_a_policy_worth_less(points: list[Point], more: list[Point]) -> None:
    """A hull over more points is nowhere lower."""
    low = min(one.cost for one in points)

    assert area([*points, *more], low=low, high=10) >= area(points, low=low, high=10) - 1e-9


def test_the_oracle_takes_the_cheapest_right_model() -> None:
    """At a small price of quality: the first prompt needs the second model, the second does not."""
    assert oracle_points(SCORES, COSTS, [0.01]) == [Point(2.5, 1.0)]
    assert oracle_points(SCORES, COSTS, [100.0]) == [Point(1.0, 0.5)]


def test_weights_go_from_quality_alone_to_cost_alone() -> None:
    """The largest makes any difference in cost outweigh the greatest in quality."""
    weights = weights_for(COSTS)

    assert weights[0] == 0.0
    assert weights == sorted(weights)
    assert weights[-1] * (3.0 - 1.0) > 1.0
    assert weights_for(np.ones((3, 2))) == [0.0]
