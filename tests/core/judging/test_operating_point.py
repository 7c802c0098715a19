"""From an error that people can bear to how sure the judge must be."""

from math import inf

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.judging.operating_point import is_watched, operating_point
from sparingly.core.policy import CachePolicy, RouteCache, for_route
from tests.core.judging.judges import small_judge

JUDGE = msgspec.structs.replace(
    small_judge(probability=0.7), stated=((0.05, 0.6), (0.01, 0.8), (0.001, 0.95))
)


@pytest.mark.parametrize(
    ("policy", "point"),
    [
        (CachePolicy(), 0.7),
        (CachePolicy(probability=0.9), 0.9),
        (CachePolicy(max_error=0.05), 0.6),
        (CachePolicy(max_error=0.02), 0.8),
        (CachePolicy(max_error=1.0), 0.6),
        (CachePolicy(max_error=0.0009), inf),
        (CachePolicy(max_error=0.01, probability=0.7), 0.8),
        (CachePolicy(max_error=0.01, probability=0.9), 0.9),
        (CachePolicy(max_error=0.01, probability=0.5, tuned_error=0.01), 0.5),
        (CachePolicy(max_error=0.02, probability=0.5, tuned_error=0.01), 0.5),
        (CachePolicy(max_error=0.005, probability=0.5, tuned_error=0.01), 0.95),
        (CachePolicy(max_error=0.0001, probability=0.99, tuned_error=0.0001), 0.99),
        (CachePolicy(max_error=0.01, probability=1.0, tuned_error=0.01), 1.0),
        (CachePolicy(probability=0.5, tuned_error=0.01), 0.5),
    ],
)
def test_the_point_of_a_policy(policy: CachePolicy, point: float) -> None:
    """The judge's for the error, the stricter of two, or the operator's own where it was measured for that error."""
    assert operating_point(policy, JUDGE) == point


@pytest.mark.parametrize(
    ("policy", "asked", "point"),
    [
        (CachePolicy(), 0.05, 0.7),
        (CachePolicy(), 0.01, 0.8),
        (CachePolicy(), 0.0, inf),
        (CachePolicy(max_error=0.01), 0.05, 0.8),
        (CachePolicy(max_error=0.01), 0.001, 0.95),
        (CachePolicy(probability=0.9), 0.01, 0.9),
        (CachePolicy(max_error=0.02, probability=0.5, tuned_error=0.01), 0.01, 0.5),
        (CachePolicy(max_error=0.02, probability=0.5, tuned_error=0.01), 0.001, 0.95),
    ],
)
def test_a_caller_may_only_tighten(policy: CachePolicy, asked: float, point: float) -> None:
    """Above all that is known, only equal requests are left."""
    assert operating_point(policy, JUDGE, max_error=asked) == point


shares = st.sampled_from([0.0, 0.0005, 0.001, 0.005, 0.01, 0.02, 0.05, 0.5, 1.0]) | st.floats(0, 1)
policies = st.builds(
    CachePolicy,
    max_error=st.none() | shares,
    probability=st.none() | st.floats(0, 1),
    tuned_error=st.none() | shares,
)
stated = st.lists(st.tuples(shares, st.floats(0, 1)), max_size=5).map(tuple)


@given(policies, stated, shares, shares, st.none() | shares)
def test_a_smaller_error_never_has_a_lower_point(
    policy: CachePolicy,
    points: tuple[tuple[float, float], ...],
    one: float,
    other: float,
    asked: float | None,
) -> None:
    """Whatever a judge states, in any order; the operator's error and the caller's alike."""
    judge = msgspec.structs.replace(JUDGE, stated=points)
    less, more = sorted((one, other))
    strict, lax = (msgspec.structs.replace(policy, max_error=error) for error in (less, more))

    assert operating_point(strict, judge, max_error=asked) >= operating_point(lax, judge, max_error=asked)
    assert operating_point(policy, judge, max_error=less) >= operating_point(policy, judge, max_error=more)
    assert operating_point(policy, judge, max_error=asked) >= operating_point(policy, judge)


def test_what_was_measured_for_all_says_nothing_of_a_routes_own_probability() -> None:
    """A route that sets its own must say for which error, or the judge's point counts too."""
    policy = CachePolicy(
        max_error=0.01,
        probability=0.9,
        tuned_error=0.01,
        routes={
            "own": RouteCache(probability=0.1),
            "measured": RouteCache(probability=0.1, tuned_error=0.01),
            "other": RouteCache(ttl_s=5),
        },
    )

    points = {name: operating_point(for_route(policy, name), JUDGE) for name in policy.routes}

    assert points == {"own": 0.8, "measured": 0.1, "other": 0.9}


@pytest.mark.parametrize(
    ("policy", "watched"),
    [
        (CachePolicy(max_error=0.01), True),
        (CachePolicy(max_error=0.01, mode="observe"), True),
        (CachePolicy(max_error=0.01, mode="off"), False),
        (CachePolicy(max_error=0.01, semantic=False), False),
        (CachePolicy(max_error=0.01, judge="threshold"), False),
        (CachePolicy(), False),
    ],
)
def test_a_bound_is_watched_where_one_is_stated(policy: CachePolicy, *, watched: bool) -> None:
    assert is_watched(policy) is watched
