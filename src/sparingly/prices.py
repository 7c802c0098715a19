"""List prices of models, from the table in the genai-prices package.

Nothing here goes to the network: the table is package data, and its updater is
never started.  Importing it takes a quarter of a second (pydantic and an HTTP
client come along), so it happens on the first look-up or in `warm`, which a
server calls before it is ready.

Whose price, first match wins:
 1. the operator's, from `models.<name>.price`;
 2. the house at the provider's base URL; a model that it does not list has no
    known price, since another house's would be a guess;
 3. the house that the provider is named after, such as `groq`;
 4. the house that the model's name belongs to, wherever it is served: this is
    what gives simulated providers and relays the list price of the real model;
 5. the house of the provider's kind.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from sparingly.core.policy import Model
from sparingly.core.pricing import LongContext, ModelPrice, Rates, model_price, rates

if TYPE_CHECKING:
    from genai_prices import types as table

# Prices change by the day and some by the hour (off-peak); all such hours in the table are quarters.
_FRESH_S = 900
# Names that clients make up must not fill memory.
_MAX_CACHED = 4096
# The longest name in the table has 61 characters.
_MAX_NAME_CHARS = 256


class PriceSource(msgspec.Struct, frozen=True):
    """What a provider's config says about whose prices hold there."""

    kind: str
    base_url: str | None = None


class PriceTable:
    """Answers what a model costs at a provider; satisfies `ports.Prices`."""

    def __init__(self, *, models: Mapping[str, Model], providers: Mapping[str, PriceSource]) -> None:
        self._overrides = _overrides(models)
        self._providers = dict(providers)
        self._table: list[table.Provider] | None = None
        self._listed: dict[tuple[str, str], table.ModelInfo | None] = {}
        self._current: dict[tuple[str, str], ModelPrice | None] = {}
        self._current_slot = 0

    def warm(self) -> None:
        """Load the table, so that no request waits for it."""
        self._load()

    def price(self, provider: str, model: str, *, now: float) -> ModelPrice | None:
        """The price at `now` (Unix seconds), None when nobody lists one."""
        override = self._overrides.get((provider, model)) or self._overrides.get(("", model))
        if override is not None:
            return override
        slot = int(now // _FRESH_S)
        if slot != self._current_slot or len(self._current) > _MAX_CACHED:
            self._current_slot = slot
            self._current.clear()
        key = (provider, model)
        if key not in self._current:
            self._current[key] = self._price_in_slot(key, slot)
        return self._current[key]

    def _price_in_slot(self, key: tuple[str, str], slot: int) -> ModelPrice | None:
        if key not in self._listed:
            if len(self._listed) > _MAX_CACHED:
                self._listed.clear()
            self._listed[key] = self._find(*key)
        listed = self._listed[key]
        if listed is None or not listed.prices:
            return None
        return _converted(listed.get_prices(datetime.fromtimestamp(slot * _FRESH_S, UTC)))

    def _find(self, provider: str, model: str) -> "table.ModelInfo | None":
        if len(model) > _MAX_NAME_CHARS:
            return None
        houses = self._load()
        for house in self._houses(provider, model.lower()):
            found = house.find_model(model, all_providers=houses)
            if found is not None:
                return found
        return None

    def _houses(self, provider: str, model: str) -> "Iterator[table.Provider]":
        """The houses to look in, in the order of the module's docstring."""
        houses = self._load()
        source = self._providers.get(provider)
        if source is not None and source.base_url is not None:
            at_home = [house for house in houses if re.match(house.api_pattern, source.base_url)]
            if at_home:
                yield at_home[0]
                return
        kind = source.kind if source is not None else None
        # Only an exact name: the table's own matching by parts would find a house in `my-openai-mock`.
        yield from (house for house in houses if house.id == provider)
        yield from (house for house in houses if house.model_match and house.model_match.is_match(model))
        yield from (house for house in houses if house.id == kind)

    def _load(self) -> "list[table.Provider]":
        if self._table is None:
            # Here, not at the top: see the module's docstring.
            from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415

            # The table itself, not its look-up functions: their caches never forget a name.
            self._table = get_snapshot().providers
        return self._table


def _overrides(models: Mapping[str, Model]) -> dict[tuple[str, str], ModelPrice]:
    """Configured prices by provider and name there, and by the config's own name."""
    found: dict[tuple[str, str], ModelPrice] = {}
    for name, model in models.items():
        if model.price is None:
            continue
        price = model_price(model.price)
        found[("", name)] = price
        for deployment in model.deployments:
            found.setdefault((deployment.provider, deployment.model or name), price)
    return found


def _converted(listed: "table.ModelPrice") -> ModelPrice | None:
    """The table's price in our units; None for models that are not sold by the token."""
    if listed.input_mtok is None:
        return None
    prices = (listed.input_mtok, listed.output_mtok, listed.cache_read_mtok, listed.cache_write_mtok)
    starts = {tier.start for price in prices for tier in _tiers(price)}
    return ModelPrice(
        _rates_at(prices, 0), tuple(LongContext(start, _rates_at(prices, start)) for start in sorted(starts))
    )


def _rates_at(prices: "tuple[Decimal | table.TieredPrices | None, ...]", over_tokens: int) -> Rates:
    plain, output, cached, written = (_price_at(price, over_tokens) for price in prices)
    return rates(
        input_usd=plain or Decimal(0),
        # Embedding models list no output price because they have no output.
        output_usd=output or Decimal(0),
        cached_input_usd=cached,
        cache_write_usd=written,
    )


def _price_at(price: "Decimal | table.TieredPrices | None", over_tokens: int) -> Decimal | None:
    if price is None or isinstance(price, Decimal):
        return price
    found = price.base
    for tier in price.tiers:
        if over_tokens >= tier.start:
            found = tier.price
    return found


def _tiers(price: "Decimal | table.TieredPrices | None") -> "list[table.Tier]":
    return [] if price is None or isinstance(price, Decimal) else price.tiers
