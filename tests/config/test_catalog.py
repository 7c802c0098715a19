"""The table that routing reads says which provider is a house's own."""

import pytest

from sparingly.config.catalog import catalog_of, host_of, is_official
from sparingly.core.catalog import Catalog, ProviderInfo
from sparingly.core.policy import Model
from sparingly.settings import Provider, Settings


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        (Provider(kind="openai"), True),
        (Provider(kind="anthropic"), True),
        (Provider(kind="openai", base_url="https://api.openai.com/v1"), True),
        (Provider(kind="openai", base_url="https://api.openai.com"), True),
        (Provider(kind="openai", base_url="https://API.OPENAI.COM:443/v1"), True),
        (Provider(kind="openai", base_url="https://api.openai.com.evil.example/v1"), False),
        (Provider(kind="openai", base_url="https://api.anthropic.com"), False),
        (Provider(kind="openai", base_url="http://localhost:11434/v1"), False),
        (Provider(kind="simulated"), False),
        (Provider(kind="openai", base_url="http://[bad"), False),
    ],
)
def test_a_provider_is_official_at_its_houses_own_address(provider: Provider, *, expected: bool) -> None:
    """Only there do we know which names it takes."""
    assert is_official(provider) is expected


def test_the_catalog_keeps_the_order_of_the_file() -> None:
    """The first pattern that matches wins."""
    settings = Settings(
        providers={"b": Provider(models=("x-*",), base_url="http://b/v1"), "a": Provider(kind="anthropic")},
        default_provider="a",
        models={"m": Model()},
    )

    assert catalog_of(settings) == Catalog(
        providers=(
            ProviderInfo("b", "openai", ("x-*",), is_official=False),
            ProviderInfo("a", "anthropic", (), is_official=True),
        ),
        models={"m": Model()},
        default_provider="a",
    )


def test_the_simulated_provider_has_no_host() -> None:
    """It is asked in process."""
    assert host_of(Provider(kind="simulated")) == ""
