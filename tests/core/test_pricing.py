"""Money: exact, additive, and never zero by ignorance."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.answer import Usage
from sparingly.core.policy import Price
from sparingly.core.pricing import (
    LongContext,
    ModelPrice,
    Rates,
    cost_nano,
    cost_pico,
    from_usd,
    known_cost_nano,
    model_price,
    rates,
    to_usd,
)

MINI = model_price(Price(input_usd_per_mtok=0.15, output_usd_per_mtok=0.6, cached_input_usd_per_mtok=0.075))

_tokens = st.integers(min_value=0, max_value=2_000_000)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    """Usage whose cached tokens are part of its input."""
    plain, cached, written = draw(_tokens), draw(_tokens), draw(_tokens)
    return Usage(plain + cached + written, draw(_tokens), cached, written)


_rate = st.integers(min_value=0, max_value=10**9)
model_prices = st.builds(ModelPrice, st.builds(Rates, _rate, _rate, _rate, _rate))


def _sum(a: Usage, b: Usage) -> Usage:
    return Usage(
        a.input_tokens + b.input_tokens,
        a.output_tokens + b.output_tokens,
        a.cached_input_tokens + b.cached_input_tokens,
        a.cache_write_tokens + b.cache_write_tokens,
    )


@pytest.mark.parametrize(
    ("usage", "nano"),
    [
        (Usage(), 0),
        (Usage(input_tokens=1), 150),
        (Usage(input_tokens=1_000_000), 150_000_000),
        (Usage(output_tokens=1_000), 600_000),
        (Usage(input_tokens=1_000, cached_input_tokens=400), 600 * 150 + 400 * 75),
        (Usage(input_tokens=1_000, cache_write_tokens=400), 1_000 * 150),
        (Usage(input_tokens=10, cached_input_tokens=400), 400 * 75),
        (Usage(output_tokens=10, reasoning_tokens=8), 6_000),
    ],
)
def test_each_kind_of_token_has_its_rate(usage: Usage, nano: int) -> None:
    """Cached and written tokens are parts of the input; hidden reasoning is part of the output."""
    assert cost_nano(usage, MINI) == nano


@given(usages(), usages(), model_prices)
def test_cost_is_additive_over_usage(a: Usage, b: Usage, price: ModelPrice) -> None:
    """Exactly before rounding, and within one nano-dollar after it."""
    together = _sum(a, b)

    assert cost_pico(together, price) == cost_pico(a, price) + cost_pico(b, price)
    assert abs(cost_nano(together, price) - cost_nano(a, price) - cost_nano(b, price)) <= 1


@given(usages(), model_prices)
def test_more_tokens_never_cost_less(usage: Usage, price: ModelPrice) -> None:
    """One more plain token of either kind adds its own rate."""
    more = _sum(usage, Usage(input_tokens=1, output_tokens=1))

    assert cost_pico(more, price) - cost_pico(usage, price) == price.rates.input + price.rates.output


@pytest.mark.parametrize(("tokens", "nano"), [(1, 0), (4, 0), (5, 1), (14, 1), (15, 2), (10, 1)])
def test_a_cost_is_rounded_once_and_half_up(tokens: int, nano: int) -> None:
    """At a tenth of a nano-dollar a token, five tokens are the half that rounds up."""
    tenth = ModelPrice(rates(input_usd=Decimal("0.0001"), output_usd=Decimal(0)))

    assert cost_nano(Usage(input_tokens=tokens), tenth) == nano


@pytest.mark.parametrize("usd", ["0.15", "0.0028", "0.003625", "1.0399999999999998", "12.5"])
def test_published_prices_are_held_to_the_pico_dollar(usd: str) -> None:
    """A million tokens cost what the list says, to the nano-dollar."""
    price = ModelPrice(rates(input_usd=Decimal(usd), output_usd=Decimal(0)))

    cost = cost_nano(Usage(input_tokens=1_000_000), price)

    assert cost == round(Decimal(usd) * 10**9, -3)


def test_cache_prices_default_to_the_input_price() -> None:
    """What the operator leaves out is charged as plain input."""
    price = model_price(Price(input_usd_per_mtok=3.0, output_usd_per_mtok=15.0))

    assert price.rates == Rates(3_000_000, 15_000_000, 3_000_000, 3_000_000)


@pytest.mark.parametrize(("tokens", "rate"), [(100, 1), (200, 1), (201, 2), (500, 2), (501, 4)])
def test_a_long_context_is_charged_whole_at_its_own_rate(tokens: int, rate: int) -> None:
    """The boundary itself still has the lower rate."""
    flat = [Rates(pico, pico, pico, pico) for pico in (1_000, 2_000, 4_000)]
    price = ModelPrice(flat[0], (LongContext(200, flat[1]), LongContext(500, flat[2])))

    assert cost_nano(Usage(input_tokens=tokens), price) == tokens * rate


@pytest.mark.parametrize(("usage", "price"), [(None, MINI), (Usage(1, 1), None), (None, None)])
def test_what_is_unknown_is_not_free(usage: Usage | None, price: ModelPrice | None) -> None:
    """Neither missing usage nor a missing price makes a cost of 0."""
    assert known_cost_nano(usage, price) is None


def test_a_known_cost_is_the_cost() -> None:
    """With both at hand it agrees with `cost_nano`."""
    usage = Usage(7, 3)

    assert known_cost_nano(usage, MINI) == cost_nano(usage, MINI)


def test_dollars_of_a_log_become_nano_dollars_and_back() -> None:
    """Decimal notation is taken as written, not as its binary neighbor."""
    nano = from_usd(0.000_001_1)

    assert (nano, to_usd(nano)) == (1_100, 0.000_001_1)
