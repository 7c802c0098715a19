"""Choosing by estimates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.pricing import NanoDollars
from sparingly.core.routing.estimates import (
    Choice,
    CostWeight,
    Estimate,
    Estimates,
    Tolerance,
    checked_models,
    choose,
)
from sparingly.errors import StartupError


def _of(*models: tuple[str, float, int], support: float = 1.0) -> Estimates:
    return Estimates(
        tuple(Estimate(name, quality, NanoDollars(cost)) for name, quality, cost in models), support
    )


ESTIMATES = _of(("small", 0.7, 1_000_000), ("middle", 0.8, 10_000_000), ("large", 0.9, 100_000_000))

_estimates = st.lists(
    st.tuples(st.floats(0, 1, width=16), st.integers(0, 10**9)), min_size=1, max_size=6
).map(lambda rows: _of(*((f"m{at}", quality, cost) for at, (quality, cost) in enumerate(rows))))


@pytest.mark.parametrize(
    ("weight", "model"), [(0.0, "large"), (1.0, "large"), (2.0, "middle"), (20.0, "small")]
)
def test_the_more_a_dollar_weighs_the_cheaper_the_choice(weight: float, model: str) -> None:
    """A cent and nine tenths of one more buy a tenth of quality here."""
    assert choose(ESTIMATES, CostWeight(weight)).model == model


@pytest.mark.parametrize(("tolerance", "model"), [(0.0, "large"), (0.12, "middle"), (0.5, "small")])
def test_the_cheapest_that_is_good_enough_is_chosen(tolerance: float, model: str) -> None:
    """Good enough is a share of the best estimate."""
    assert choose(ESTIMATES, Tolerance(tolerance)).model == model


def test_with_too_little_evidence_near_nothing_is_chosen() -> None:
    """But what was estimated is said; the bar itself is enough."""
    far = _of(("small", 0.7, 1), ("large", 0.9, 2), support=0.01)

    assert choose(far, CostWeight(0.0), least_support=0.02) == Choice(
        None, "little-evidence", {"small": 0.7, "large": 0.9}
    )
    assert choose(far, CostWeight(0.0), least_support=0.01).model == "large"


def test_only_allowed_models_are_chosen() -> None:
    """And none where none is."""
    assert choose(ESTIMATES, CostWeight(0.0), allowed={"small", "middle"}).model == "middle"
    assert choose(ESTIMATES, CostWeight(0.0), allowed={"other"}) == Choice(None, "no-candidate")


def test_of_equals_the_cheaper_one_is_chosen() -> None:
    """Then the one that stands first."""
    equal = _of(("a", 0.8, 5), ("b", 0.8, 4), ("c", 0.8, 4))

    assert choose(equal, CostWeight(0.0)).model == "b"
    assert choose(equal, Tolerance(0.1)).model == "b"


@given(_estimates, st.floats(0, 10), st.floats(0, 10))
def test_a_higher_cost_weight_never_chooses_a_dearer_model(
    estimates: Estimates, one: float, other: float
) -> None:
    """Budgets rely on it."""
    cost = {each.model: each.cost_nano for each in estimates.models}
    low, high = (choose(estimates, CostWeight(weight)).model for weight in sorted((one, other)))

    assert low is not None
    assert high is not None
    assert cost[high] <= cost[low]


@given(_estimates, st.floats(0, 1))
def test_no_choice_is_worse_than_its_tolerance(estimates: Estimates, tolerance: float) -> None:
    """By the estimates."""
    quality = {one.model: one.quality for one in estimates.models}
    chosen = choose(estimates, Tolerance(tolerance)).model

    assert chosen is not None
    assert quality[chosen] >= (1 - tolerance) * max(quality.values())


def test_models_that_left_the_config_are_found_at_start() -> None:
    """With fewer than two left there is nothing to choose."""
    assert checked_models(["a", "b", "c"], ["c", "b", "d"], source="f") == {"b", "c"}
    with pytest.raises(StartupError, match="router file f knows a, b; the config serves b of them"):
        checked_models(["a", "b"], ["b", "d"], source="f")
