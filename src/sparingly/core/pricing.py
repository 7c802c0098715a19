"""What tokens cost, in whole nano-dollars (1e-9 USD).

A price list says dollars per million tokens.  A rate is kept as whole
pico-dollars per token (dollars per million tokens times 1e6), which holds every
published price exactly; a cost is summed in pico-dollars and rounded once, half
up, to nano-dollars.

Law: cost is additive over usage: exactly in pico-dollars, and within one
nano-dollar a part after rounding.  The exception is the providers' own: beyond
a context length some charge the whole request at a higher rate.

An unknown price is None, never 0: free and unknown are not the same.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import NewType, TypeAlias

import msgspec

from sparingly.core.answer import Usage
from sparingly.core.policy import Price

NanoDollars = NewType("NanoDollars", int)

_NANO_PER_USD = 1_000_000_000
_PICO_PER_NANO = 1_000


class Rates(msgspec.Struct, frozen=True):
    """Pico-dollars per token; `cached_input` is read from and `cache_write` written to the provider's cache."""

    input: int
    output: int
    cached_input: int
    cache_write: int


class LongContext(msgspec.Struct, frozen=True):
    """The rates of a whole request with more than `over_tokens` input tokens."""

    over_tokens: int
    rates: Rates


class ModelPrice(msgspec.Struct, frozen=True):
    """The rates of one model; `long` is ordered by length."""

    rates: Rates
    long: tuple[LongContext, ...] = ()


PriceList: TypeAlias = Mapping[str, ModelPrice]
"""Prices by model name."""


def rates(
    *,
    input_usd: Decimal,
    output_usd: Decimal,
    cached_input_usd: Decimal | None = None,
    cache_write_usd: Decimal | None = None,
) -> Rates:
    """Rates from dollars per million tokens; what is not given costs as much as input."""
    return Rates(
        input=_pico(input_usd),
        output=_pico(output_usd),
        cached_input=_pico(input_usd if cached_input_usd is None else cached_input_usd),
        cache_write=_pico(input_usd if cache_write_usd is None else cache_write_usd),
    )


def model_price(price: Price) -> ModelPrice:
    """The price that an operator wrote into the config."""
    return ModelPrice(
        rates(
            input_usd=_decimal(price.input_usd_per_mtok),
            output_usd=_decimal(price.output_usd_per_mtok),
            cached_input_usd=_optional(price.cached_input_usd_per_mtok),
            cache_write_usd=_optional(price.cache_write_usd_per_mtok),
        )
    )


def cost_nano(usage: Usage, price: ModelPrice) -> NanoDollars:
    """What `usage` costs at `price`, rounded half up."""
    return NanoDollars((cost_pico(usage, price) + _PICO_PER_NANO // 2) // _PICO_PER_NANO)


def cost_pico(usage: Usage, price: ModelPrice) -> int:
    """What `usage` costs at `price`, exactly."""
    at = _rates_for(usage.input_tokens, price)
    # Providers have been seen to report more cached than all input tokens; plain input is then none.
    plain = max(0, usage.input_tokens - usage.cached_input_tokens - usage.cache_write_tokens)
    return (
        plain * at.input
        + usage.cached_input_tokens * at.cached_input
        + usage.cache_write_tokens * at.cache_write
        + usage.output_tokens * at.output
    )


def known_cost_nano(usage: Usage | None, price: ModelPrice | None) -> NanoDollars | None:
    """The cost where both usage and price are known."""
    return None if usage is None or price is None else cost_nano(usage, price)


def from_usd(dollars: float) -> NanoDollars:
    """Dollars as a log records them."""
    return NanoDollars(round(_decimal(dollars) * _NANO_PER_USD))


def to_usd(nano: int) -> float:
    """Dollars for people and reports."""
    return nano / _NANO_PER_USD


def _rates_for(input_tokens: int, price: ModelPrice) -> Rates:
    found = price.rates
    for band in price.long:
        if input_tokens > band.over_tokens:
            found = band.rates
    return found


def _pico(usd_per_mtok: Decimal) -> int:
    # USD / 1e6 tokens = 1e12 pico / 1e6 tokens: times 1e6.
    return round(usd_per_mtok * 1_000_000)


def _decimal(value: float) -> Decimal:
    # By way of the shortest repr: 0.15 in a config means fifteen cents, not the nearest binary fraction.
    return Decimal(repr(value))


def _optional(value: float | None) -> Decimal | None:
    return None if value is None else _decimal(value)
