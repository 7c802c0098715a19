"""Figures of a judge on a set."""

import numpy as np

from benchmarks.judge.figures import at_bounds, at_point, curve
from benchmarks.judge.picture import picture
from sparingly.learning.judge.streams import NOBODY, RIGHT, UNJUDGED, WRONG, Best

BEST = Best(
    np.array([0.9, 0.8, 0.8, 0.6, NOBODY]),
    np.array([RIGHT, RIGHT, WRONG, UNJUDGED, UNJUDGED], dtype=np.int8),
)


def test_a_bound_is_kept_without_cutting_between_equal_scores() -> None:
    """At 0.8 a wrong hit would come along, so the point is above."""
    found = at_bounds(BEST)["error <= 1.0%"]

    assert (found.score, found.right, found.wrong) == (0.9, 20.0, 0.0)


def test_a_point_counts_shares_of_what_may_and_what_must_not_be_served() -> None:
    """Over all requests for the error, over the judged hits for precision."""
    found = at_point(BEST, 0.8, repeats=4)

    assert (found.right_served, found.wrong_served, found.wrong_of_all) == (50.0, 100.0, 20.0)


def test_the_curve_goes_from_strict_to_loose_and_skips_requests_without_a_candidate() -> None:
    """Wrong and right hits only grow."""
    assert curve(BEST) == [(0.0, 20.0), (20.0, 40.0), (20.0, 40.0)]


def test_the_picture_has_a_panel_for_every_set_with_something_to_serve() -> None:
    """And one for reliability."""
    one = {
        "requests": 5,
        "repeats": 4,
        "curves": {"judge": curve(BEST), "static": curve(BEST)},
        "calibration": [(0.8, 0.5, 2)],
    }

    drawn = picture({"faq": one, "traps <b>": {**one, "repeats": 0}})

    assert drawn.count('<rect width="220"') == 2
    assert "<b>" not in drawn
