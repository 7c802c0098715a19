"""Settings of a gateway within a program: as for a server, but for who is asked and who is let in."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import msgspec

from sparingly.config.loading import load_settings, require_secrets
from sparingly.settings import Provider, Settings

Config: TypeAlias = str | Path | Mapping[str, object] | None
"""A config file's path, what would stand in it, or neither."""


def embedded_settings(config: Config, environ: Mapping[str, str], *, client: Provider) -> Settings:
    """The config, with `client` as the provider that takes what no other does.

    Raises:
        ConfigError: something is wrong with it, or a key that it names is missing.
    """
    source = Path(config) if isinstance(config, str) else config
    settings = load_settings(source, environ, client=client)
    # Whoever calls from within the program needs no key of ours.
    server = msgspec.structs.replace(settings.server, keys_env=None)
    settings = msgspec.structs.replace(settings, server=server)
    require_secrets(settings, environ)
    return settings
