"""Routes are tried in order, and all conditions of one must hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.features import Features
from sparingly.core.policy import RoutingPolicy
from sparingly.core.routing.rules import (
    Sight,
    first_route,
    looks_at_features,
    looks_at_labels,
    tells_equals_apart,
)
from sparingly.core.strategies import Bounds, Route, RouteMatch

SEEN = Sight(
    Features(tools=3, images=1), headers={"x-team": "research-7"}, metadata={"purpose": "eval-nightly"}
)


def _matches(match: RouteMatch, sight: Sight = SEEN) -> bool:
    policy = RoutingPolicy(routes={"r": Route(match=match)})
    return first_route(policy, asked="auto", tenant="t", path="/v1/x", sight=sight) is not None


@pytest.mark.parametrize(
    ("match", "holds"),
    [
        (RouteMatch(), True),
        (RouteMatch(features={"tools": Bounds(least=3)}), True),
        (RouteMatch(features={"tools": Bounds(least=4)}), False),
        (RouteMatch(features={"tools": Bounds(most=3)}), True),
        (RouteMatch(features={"tools": Bounds(most=2)}), False),
        (RouteMatch(features={"tools": Bounds(least=1), "images": Bounds(most=0)}), False),
        (RouteMatch(headers={"X-Team": "research-*"}), True),
        (RouteMatch(headers={"x-team": "sales"}), False),
        (RouteMatch(headers={"x-other": "*"}), False),
        (RouteMatch(metadata={"purpose": "eval*"}), True),
        (RouteMatch(metadata={"Purpose": "eval*"}), False),
        (RouteMatch(traffic="images"), True),
        (RouteMatch(traffic="plain"), False),
        (RouteMatch(model="auto", tenant="t", path="/v1/*", traffic="images"), True),
        (RouteMatch(model="other", traffic="images"), False),
    ],
)
def test_every_condition_must_hold(match: RouteMatch, *, holds: bool) -> None:
    """Header names are told apart without case, metadata keys are not; who lacks a label never matches."""
    assert _matches(match) == holds


_bounds = st.builds(Bounds, least=st.none() | st.floats(-5, 5), most=st.none() | st.floats(-5, 5))
_routes = st.dictionaries(
    st.text("abc", min_size=1, max_size=3),
    st.builds(
        Route,
        match=st.builds(
            RouteMatch,
            model=st.sampled_from([None, "auto", "other"]),
            features=st.dictionaries(st.sampled_from(["tools", "images"]), _bounds, max_size=2),
        ),
    ),
    max_size=5,
)


@given(_routes)
def test_the_first_route_that_holds_wins(routes: dict[str, Route]) -> None:
    """Whatever stands after it."""
    alone = [name for name, route in routes.items() if _matches(route.match)]

    found = first_route(RoutingPolicy(routes=routes), asked="auto", tenant="t", path="/v1/x", sight=SEEN)

    assert (found[0] if found else None) == (alone[0] if alone else None)


def test_what_no_route_looks_at_need_not_be_gathered() -> None:
    """Features cost a pass over the request, metadata one over its body."""
    names = RoutingPolicy(routes={"r": Route(match=RouteMatch(model="x"))})
    counted = RoutingPolicy(routes={"r": Route(match=RouteMatch(features={"tools": Bounds(least=1)}))})
    kinds = RoutingPolicy(routes={"r": Route(match=RouteMatch(traffic="images"))})
    labelled = RoutingPolicy(routes={"r": Route(match=RouteMatch(metadata={"a": "b"}))})

    assert [looks_at_features(one) for one in (names, counted, kinds, labelled)] == [False, True, True, False]
    assert [looks_at_labels(one) for one in (names, counted, kinds, labelled)] == [False, False, False, True]


@pytest.mark.parametrize(
    ("match", "tells_apart"),
    [
        (RouteMatch(headers={"a": "b"}), True),
        (RouteMatch(metadata={"a": "b"}), True),
        (RouteMatch(path="/v1/messages"), True),
        (RouteMatch(tenant="a"), True),
        (RouteMatch(traffic="background"), True),
        (RouteMatch(traffic="sub_agent"), True),
        (RouteMatch(traffic="plain"), True),
        (RouteMatch(features={"agent_session": Bounds(most=0)}), True),
        (RouteMatch(model="a"), False),
        (RouteMatch(traffic="images"), False),
        (RouteMatch(features={"tools": Bounds(least=1)}), False),
    ],
)
def test_some_conditions_tell_requests_apart_that_say_the_same(match: RouteMatch, tells_apart: bool) -> None:  # noqa: FBT001
    """By what comes with them, where they come in, or what their session did before."""
    assert tells_equals_apart(match) == tells_apart
