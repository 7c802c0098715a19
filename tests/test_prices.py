"""List prices by provider and model.  Figures are those of the table that genai-prices 0.2.3 carries."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from sparingly.core.answer import Usage
from sparingly.core.policy import Deployment, Model, Price
from sparingly.core.pricing import ModelPrice, Rates, cost_nano
from sparingly.ports import Prices
from sparingly.prices import PriceSource, PriceTable


def _time(*date: int) -> float:
    return datetime(*date, tzinfo=UTC).timestamp()  # type: ignore[arg-type, misc]  # year, month, day, ...


NOW = _time(2026, 11, 1)
PROVIDERS = {
    "openai": PriceSource("openai", "https://api.openai.com/v1"),
    "anthropic": PriceSource("anthropic"),
    "groq": PriceSource("openai"),
    "relay": PriceSource("openai", "http://127.0.0.1:9/v1"),
    "sim": PriceSource("simulated"),
}
CUSTOM = Price(input_usd_per_mtok=1.0, output_usd_per_mtok=2.0)
TABLE: Prices = PriceTable(
    models={
        "mine": Model(price=CUSTOM, deployments=(Deployment(provider="relay", model="there"),)),
        "gpt-4o": Model(price=CUSTOM),
        "gpt-4.1": Model(deployments=(Deployment(provider="relay"),)),
    },
    providers=PROVIDERS,
)
OPUS = Rates(5_000_000, 25_000_000, 500_000, 6_250_000)
MINI = Rates(150_000, 600_000, 75_000, 150_000)


@pytest.mark.parametrize(
    ("provider", "model", "rates"),
    [
        ("openai", "gpt-4o-mini", MINI),
        ("openai", "gpt-4o-mini-2024-07-18", MINI),
        ("anthropic", "claude-opus-4-6", OPUS),
        ("sim", "claude-opus-4-6", OPUS),
        ("relay", "gpt-4o-mini", MINI),
        ("", "gpt-4o-mini", MINI),
        ("openai", "text-embedding-3-small", Rates(20_000, 0, 20_000, 20_000)),
    ],
)
def test_a_model_has_the_list_price_of_its_house(provider: str, model: str, rates: Rates) -> None:
    """Simulated providers and relays take the price of the real model's name."""
    price = TABLE.price(provider, model, now=NOW)

    assert price == ModelPrice(rates)


def test_a_provider_named_after_a_house_has_its_prices() -> None:
    """The same model costs less on groq than its name alone could tell."""
    assert TABLE.price("groq", "llama-3.3-70b-versatile", now=NOW) is not None
    assert TABLE.price("sim", "llama-3.3-70b-versatile", now=NOW) is None


@pytest.mark.parametrize(
    ("provider", "model"), [("openai", "claude-opus-4-6"), ("sim", "no-such-model"), ("nobody", "x")]
)
def test_an_unknown_price_is_none(provider: str, model: str) -> None:
    """Never 0; at a house's own address another house's price is no answer either."""
    assert TABLE.price(provider, model, now=NOW) is None
    assert TABLE.price(provider, model, now=NOW) is None


@pytest.mark.parametrize(
    ("provider", "model"), [("relay", "there"), ("sim", "mine"), ("openai", "gpt-4o"), ("", "gpt-4o")]
)
def test_the_operators_price_beats_the_list(provider: str, model: str) -> None:
    """By the config's name, and by the name at the deployment's provider."""
    price = TABLE.price(provider, model, now=NOW)

    assert price is not None
    assert price.rates == Rates(1_000_000, 2_000_000, 1_000_000, 1_000_000)


def test_a_models_entry_without_a_price_keeps_the_list_price() -> None:
    """Deployments alone override nothing."""
    assert TABLE.price("relay", "gpt-4.1", now=NOW) == TABLE.price("openai", "gpt-4.1", now=NOW)


def test_prices_are_those_of_the_time() -> None:
    """Opus 4.6 charged long contexts more until 13 March 2026."""
    usage = Usage(input_tokens=300_000)

    before = TABLE.price("anthropic", "claude-opus-4-6", now=_time(2026, 3, 1))
    after = TABLE.price("anthropic", "claude-opus-4-6", now=_time(2026, 3, 14))

    assert before is not None
    assert after is not None
    assert cost_nano(usage, before) == 2 * cost_nano(usage, after)
    assert before.rates == after.rates


def test_prices_follow_the_hour_where_the_house_does() -> None:
    """DeepSeek is cheaper off-peak."""
    peak = TABLE.price("sim", "deepseek-reasoner", now=_time(2026, 11, 1, 12))
    off_peak = TABLE.price("sim", "deepseek-reasoner", now=_time(2026, 11, 1, 20))

    assert peak is not None
    assert off_peak is not None
    assert peak.rates.output > off_peak.rates.output


def test_names_that_clients_make_up_do_not_fill_memory() -> None:
    """The caches are bounded, and known models survive a flood."""
    table = PriceTable(models={}, providers=PROVIDERS)

    for number in range(9_000):
        table.price("sim", f"x{number}", now=NOW)

    assert len(table._current) <= 5_000
    assert len(table._listed) <= 5_000
    assert table.price("openai", "gpt-4o-mini", now=NOW) == ModelPrice(MINI)


@pytest.mark.slow
def test_the_table_is_loaded_on_first_use_only() -> None:
    """Importing and building cost nothing; pydantic and an HTTP client come with the first price."""
    program = (
        "import sys; from sparingly.prices import PriceTable; t = PriceTable(models={}, providers={});"
        "print('genai_prices' in sys.modules); t.warm(); print('genai_prices' in sys.modules)"
    )

    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603

    assert result.stdout.split() == ["False", "True"]
