"""Strategies choose among their models, and doubt never makes it cheaper."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.policy import RoutingPolicy, Tier
from sparingly.core.pricing import NanoDollars
from sparingly.core.routing.estimates import Estimate, Estimates
from sparingly.core.routing.selecting import (
    Evidence,
    Quote,
    Selection,
    gain_of_strong,
    need_of_strong,
    score_source,
    select,
)
from sparingly.core.routing.tiers import Classified
from sparingly.core.strategies import Best, BestModel, Learned, Pair

PAIR = Pair(strong="big", weak="small", threshold=0.5)
LEARNED = Learned(file="r.bin", default="big", tolerance=0.05, least_support=0.2)
POLICY = RoutingPolicy(
    tiers={"simple": Tier(model="small"), "complex": Tier(model="big")},
    pairs={"frugal": PAIR},
    learned=LEARNED,
)
EASY = Classified("simple", 0.9, {"simple": 0.9, "complex": 0.1})
HARD = Classified("complex", 0.8, {"simple": 0.2, "complex": 0.8})
QUOTES = {"small": Quote(1_000_000), "big": Quote(11_000_000)}


def _estimates(big: float, small: float, *, support: float = 0.9) -> Estimates:
    models = (Estimate("big", big, NanoDollars(11_000_000)), Estimate("small", small, NanoDollars(1_000_000)))
    return Estimates(models, support, task="sums")


def _pair(evidence: Evidence, score: str | None = "tiers") -> Selection:
    pair = msgspec.structs.replace(PAIR, score=score)
    return select("frugal", msgspec.structs.replace(POLICY, pairs={"frugal": pair}), evidence)


@pytest.mark.parametrize(
    ("evidence", "model", "reason"),
    [
        (Evidence(EASY), "small", "weak-will-do"),
        (Evidence(HARD), "big", "needs-strong"),
        (Evidence(None), "big", "unclassified"),
        # Ten dollars a thousand requests more, weighed at 100 a dollar, is 1: more than any need.
        (Evidence(HARD, quotes=QUOTES, cost_weight=100.0), "small", "weak-will-do"),
        (Evidence(HARD, quotes={}, cost_weight=100.0), "big", "needs-strong"),
    ],
)
def test_a_pair_takes_the_strong_model_from_its_threshold_on(
    evidence: Evidence, model: str, reason: str
) -> None:
    """Unclassified is strong; a weight from outside raises the bar by what strong costs more, if that is known."""
    chosen = _pair(evidence)

    assert (chosen.model, chosen.reason) == (model, reason)
    assert chosen.ladder == ("small", "big")
    assert chosen.above == (("big",) if model == "small" else ())


@pytest.mark.parametrize(
    ("estimates", "model", "reason"),
    [
        (_estimates(0.9, 0.3), "big", "needs-strong"),
        (_estimates(0.5, 0.9), "small", "weak-will-do"),
        (_estimates(0.5, 0.9, support=0.1), "big", "little-evidence"),
        (None, "big", "unclassified"),
    ],
)
def test_a_pair_by_estimates_wants_evidence(estimates: Estimates | None, model: str, reason: str) -> None:
    """The classifier's opinion has no say then."""
    chosen = _pair(Evidence(EASY, estimates), score="learned")

    assert (chosen.model, chosen.reason) == (model, reason)


def test_a_pair_takes_whoever_can_score_it() -> None:
    """The estimates where they know both models, else the classifier."""
    assert score_source(PAIR, POLICY, frozenset({"big", "small"})) == "learned"
    assert score_source(PAIR, POLICY, frozenset({"big"})) == "tiers"
    assert score_source(PAIR, RoutingPolicy(), frozenset({"big", "small"})) == "tiers"


def test_the_need_of_the_strong_model_is_the_expected_tier() -> None:
    """From 0, surely the first, to 1, surely the last; without scores the named tier counts."""
    tiers = ("a", "b", "c")

    assert need_of_strong(Classified("b", 0.5, {"a": 0.25, "b": 0.5, "c": 0.25}), tiers) == 0.5
    assert need_of_strong(Classified("c", 0.5), tiers) == 1.0
    assert gain_of_strong(_estimates(0.7, 0.7), PAIR) == 0.5
    assert gain_of_strong(_estimates(0.7, 0.7), Pair(strong="other", weak="small")) is None


BEST = Best(
    models={
        "a": BestModel(quality=0.70, latency_s=1.0),
        "b": BestModel(quality=0.80, latency_s=0.5),
        "c": BestModel(quality=0.82, latency_s=4.0),
    }
)
COSTS = {"a": Quote(1_000_000), "b": Quote(3_000_000), "c": Quote(9_000_000)}


@pytest.mark.parametrize(
    ("changes", "model", "reason"),
    [
        ({}, "c", "best-price"),
        ({"tolerance": 0.05}, "b", "best-price"),
        ({"tolerance": 0.2}, "a", "best-price"),
        ({"by": "latency", "tolerance": 0.2}, "b", "best-latency"),
        ({"by": "quality", "tolerance": 0.2}, "c", "best-quality"),
        ({"by": "quality", "max_latency_s": 2.0}, "b", "best-quality"),
        ({"by": "quality", "max_cost_usd": 0.001}, "a", "best-quality"),
        ({"by": "quality", "max_cost_usd": 0.0001}, "c", "constraints-unmet"),
    ],
)
def test_the_best_is_the_first_by_its_measure_within_the_constraints(
    changes: dict[str, object], model: str, reason: str
) -> None:
    """When no model keeps price and latency, quality is what remains."""
    best = msgspec.structs.replace(BEST, **changes)

    chosen = select("value", RoutingPolicy(best={"value": best}), Evidence(quotes=COSTS))

    assert (chosen.model, chosen.reason) == (model, reason)


def test_a_measured_latency_counts_before_the_written_one() -> None:
    """What was measured of late knows more."""
    best = msgspec.structs.replace(BEST, by="latency", tolerance=0.2)
    quotes = {**COSTS, "a": Quote(1_000_000, latency_s=0.1)}

    assert select("value", RoutingPolicy(best={"value": best}), Evidence(quotes=quotes)).model == "a"


def test_a_model_of_unknown_quality_leads_to_the_default() -> None:
    """Without an estimate there is nothing to weigh it by: the best that is known answers."""
    best = Best(models={"small": BestModel(quality=0.5), "big": BestModel()})
    policy = RoutingPolicy(best={"value": best}, learned=LEARNED)

    declined = select("value", policy, Evidence(estimates=_estimates(0.9, 0.1, support=0.1)))
    estimated = select("value", policy, Evidence(estimates=_estimates(0.9, 0.1), quotes=QUOTES))

    assert (declined.model, declined.reason) == ("small", "little-evidence")
    assert (estimated.model, estimated.scores) == ("big", {"small": 0.5, "big": 0.9})


_models = st.dictionaries(
    st.sampled_from("abcdef"),
    st.tuples(st.floats(0, 1), st.integers(0, 10**9), st.floats(0, 5)),
    min_size=2,
)


@given(
    _models,
    st.floats(0, 1),
    st.floats(0, 1),
    st.none() | st.floats(0.01, 5),
    st.none() | st.floats(0, 1),
)
def test_a_stricter_quality_never_takes_a_cheaper_and_worse_model(
    models: dict[str, tuple[float, int, float]],
    one: float,
    other: float,
    max_latency_s: float | None,
    max_cost_usd: float | None,
) -> None:
    """Whatever the other constraints: with less tolerance it is never cheaper, nor worse at the same price."""
    strict, loose = sorted((one, other))
    known = {name: BestModel(quality=quality, latency_s=s) for name, (quality, _, s) in models.items()}
    evidence = Evidence(quotes={name: Quote(cost) for name, (_, cost, _) in models.items()})

    def chosen(tolerance: float) -> tuple[int, float]:
        best = Best(models=known, tolerance=tolerance, max_latency_s=max_latency_s, max_cost_usd=max_cost_usd)
        model = select("value", RoutingPolicy(best={"value": best}), evidence).model
        return models[model][1], models[model][0]

    cost, quality = chosen(strict)
    loose_cost, loose_quality = chosen(loose)

    assert cost >= loose_cost
    assert cost > loose_cost or quality >= loose_quality


@given(st.floats(0, 1), st.floats(0, 500), st.floats(0, 500))
def test_a_dollar_that_weighs_more_never_takes_the_dearer_model(
    need: float, one: float, other: float
) -> None:
    """For tiers, pairs and estimates alike."""
    light, heavy = sorted((one, other))
    classified = Classified("simple", 1 - need, {"simple": 1 - need, "complex": need})
    policy = msgspec.structs.replace(POLICY, pairs={"frugal": msgspec.structs.replace(PAIR, score="tiers")})

    for strategy in ("tiers", "frugal", "learned"):
        models = [
            select(strategy, policy, Evidence(classified, _estimates(need, 0.5), QUOTES, weight)).model
            for weight in (light, heavy)
        ]
        assert models != ["small", "big"], strategy


@pytest.mark.parametrize(
    ("estimates", "model", "reason"),
    [
        (_estimates(0.80, 0.79), "small", "estimated"),
        (_estimates(0.80, 0.60), "big", "estimated"),
        (_estimates(0.10, 0.90, support=0.1), "big", "little-evidence"),
        (None, "big", "no-estimate"),
    ],
)
def test_learned_estimates_choose_or_decline(estimates: Estimates | None, model: str, reason: str) -> None:
    """To the configured default, which may be the dearest."""
    chosen = select("learned", POLICY, Evidence(estimates=estimates))

    assert (chosen.model, chosen.reason) == (model, reason)
    assert chosen.task == (estimates.task if estimates is not None else None)


def test_a_strategy_that_is_not_there_is_a_mistake_of_the_caller() -> None:
    """`resolve` never names one."""
    with pytest.raises(ValueError, match="nowhere"):
        select("nowhere", RoutingPolicy(), Evidence())
