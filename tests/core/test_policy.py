"""What an operator may decide, and how a route's settings lie over the rest."""

import msgspec
import pytest

from sparingly.core.policy import CachePolicy, Mode, RouteCache, RoutingPolicy, for_route

POLICY = CachePolicy(
    mode="observe",
    threshold=0.95,
    ttl_s=60,
    routes={
        "faq": RouteCache(threshold=0.9),
        "live": RouteCache(mode="on", ttl_s=1),
        "none": RouteCache(mode="off"),
        "zero": RouteCache(threshold=0.0, ttl_s=0),
        "empty": RouteCache(),
    },
)


@pytest.mark.parametrize(
    ("route", "mode", "threshold", "ttl_s"),
    [
        ("faq", "observe", 0.9, 60),
        ("live", "on", 0.95, 1),
        ("none", "off", 0.95, 60),
        ("zero", "observe", 0.0, 0),
        ("empty", "observe", 0.95, 60),
        ("unheard-of", "observe", 0.95, 60),
    ],
)
def test_a_route_overrides_what_it_names_and_inherits_the_rest(
    route: str, mode: Mode, threshold: float, ttl_s: int
) -> None:
    """Zero is a value; only None inherits."""
    policy = for_route(POLICY, route)

    assert (policy.mode, policy.threshold, policy.ttl_s) == (mode, threshold, ttl_s)
    assert policy.max_answer_bytes == POLICY.max_answer_bytes


def test_every_override_of_a_route_is_a_field_of_the_policy() -> None:
    """Else an override would be an error on the first request that takes the route."""
    assert set(RouteCache.__struct_fields__) <= set(CachePolicy.__struct_fields__)


def test_a_route_without_settings_costs_no_copy() -> None:
    """It is the same object: this runs for every request."""
    assert for_route(POLICY, "unheard-of") is POLICY


@pytest.mark.parametrize("kind", [CachePolicy, RoutingPolicy, RouteCache])
def test_unknown_keys_are_refused(kind: type[CachePolicy] | type[RoutingPolicy] | type[RouteCache]) -> None:
    """A misspelled setting that does nothing is worse than an error."""
    with pytest.raises(msgspec.ValidationError, match="treshold"):
        msgspec.convert({"treshold": 0.9}, kind)


def test_auto_means_the_tiers_unless_the_config_says_otherwise() -> None:
    """The name that needs no mapping."""
    assert RoutingPolicy().names == {"auto": "tiers"}
