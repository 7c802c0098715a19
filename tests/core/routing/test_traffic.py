"""Kinds of traffic are told by what a request has."""

import pytest

from sparingly.core.features import Features
from sparingly.core.routing.traffic import kinds_of
from sparingly.core.strategies import Traffic, TrafficRules

RULES = TrafficRules(long_context_tokens=1_000, background_max_tokens=32)


@pytest.mark.parametrize(
    ("features", "kinds"),
    [
        (Features(), {"plain"}),
        (Features(thinking=True), {"thinking"}),
        (Features(estimated_tokens=1_000), {"plain"}),
        (Features(estimated_tokens=1_001), {"long_context"}),
        (Features(web_search=True, tools=1), {"web_search"}),
        (Features(images=2), {"images"}),
        (Features(sub_agent=True, tools=3, agent_session=True), {"sub_agent"}),
        (Features(agent_session=True), {"background"}),
        (Features(agent_session=True, tools=3), {"plain"}),
        (Features(max_tokens=32), {"background"}),
        (Features(max_tokens=33), {"plain"}),
        (Features(max_tokens=32, tools=1), {"plain"}),
        (Features(max_tokens=32, thinking=True), {"thinking"}),
        (Features(images=1, thinking=True, estimated_tokens=5_000), {"images", "thinking", "long_context"}),
    ],
)
def test_a_request_is_of_every_kind_whose_mark_it_has(features: Features, kinds: set[Traffic]) -> None:
    """And plain where it has none; work with tools is never background."""
    assert kinds_of(features, RULES) == kinds
