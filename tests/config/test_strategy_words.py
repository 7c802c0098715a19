"""`check` says how models are chosen."""

import msgspec

from sparingly.config.strategy_words import condition_words, strategy_words
from sparingly.core.policy import RoutingPolicy, Tier
from sparingly.core.strategies import Best, BestModel, Bounds, Learned, Pair, RouteMatch, Sticky


def test_all_conditions_are_said() -> None:
    """In the order of the config's own description."""
    match = RouteMatch(
        model="auto",
        traffic="long_context",
        features={"tools": Bounds(most=0), "turns": Bounds(least=2, most=9)},
        headers={"x-team": "r*"},
        metadata={"purpose": "eval"},
    )

    assert condition_words(match) == (
        "model auto and long context traffic and tools to 0 and turns from 2 to 9 "
        "and header x-team: r* and metadata purpose: eval"
    )
    assert condition_words(RouteMatch()) == "everything"


def test_every_strategy_has_its_line() -> None:
    """With the bar that decides."""
    best = Best(
        models={"a": BestModel(), "b": BestModel()}, tolerance=0.05, max_latency_s=2, max_cost_usd=0.01
    )
    policy = RoutingPolicy(
        pairs={"frugal": Pair(strong="big", weak="small", threshold=0.4)},
        best={"value": best},
        learned=Learned(file="r.bin", default="big", tolerance=0.02),
    )

    assert strategy_words(policy) == [
        "frugal: big from a score of 0.4 by the learned estimates or else the classifier, else small",
        "value: the cheapest of a, b with 95% of the best quality, first byte within 2 s, up to $0.01 a request",
        "learned: the lowest price with 98% of the best quality, estimated by r.bin; with too little evidence big",
        (
            "conversations are estimated by all their turns, go up at once, and down when that saves 2 times what "
            "the lost prompt cache costs"
        ),
    ]


def test_without_strategies_conversations_have_nothing_to_leave() -> None:
    """No line; with tiers there is one."""
    tiers = RoutingPolicy(tiers={"only": Tier(model="m")})
    off = msgspec.structs.replace(tiers, sticky=Sticky(enabled=False))

    assert strategy_words(RoutingPolicy()) == []
    assert len(strategy_words(tiers)) == 1
    assert strategy_words(off) == ["conversations are routed anew at every turn"]


def test_the_weight_of_a_dollar_is_said() -> None:
    """Or that cost does not count."""
    weighed = Learned(file="r.bin", default="big", cost_weight=10)

    assert "quality less 10 a dollar" in strategy_words(RoutingPolicy(learned=weighed))[0]
    alone = msgspec.structs.replace(weighed, cost_weight=None)
    assert "quality alone" in strategy_words(RoutingPolicy(learned=alone))[0]
