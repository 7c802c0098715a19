"""The operator's providers and models as the table that routing reads."""

from urllib.parse import urlsplit

from sparingly.core.catalog import Catalog, ProviderInfo
from sparingly.settings import Provider, Settings

OFFICIAL_HOSTS = {"openai": "api.openai.com", "anthropic": "api.anthropic.com"}
"""Where each house serves its own models; a provider without a base URL is there."""


def catalog_of(settings: Settings) -> Catalog:
    """The catalog of a config, providers in the order of the file."""
    return Catalog(
        providers=tuple(
            ProviderInfo(name=name, kind=one.kind, patterns=one.models, is_official=is_official(one))
            for name, one in settings.providers.items()
        ),
        models=settings.models,
        default_provider=settings.default_provider,
    )


def is_official(provider: Provider) -> bool:
    """Whether a provider is at its house's own address."""
    return provider.kind in OFFICIAL_HOSTS and host_of(provider) == OFFICIAL_HOSTS[provider.kind]


def host_of(provider: Provider) -> str:
    """The host that a provider is asked at; empty for the simulated one and for a URL that is none."""
    if provider.base_url is None:
        return OFFICIAL_HOSTS.get(provider.kind, "")
    try:
        return urlsplit(provider.base_url).hostname or ""
    except ValueError:
        # Reported by the rules; here it is merely no official host.
        return ""
