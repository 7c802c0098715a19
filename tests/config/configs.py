"""Configs for tests: YAML in, settings or the error's lines out."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from sparingly.config.loading import load_settings
from sparingly.errors import ConfigError
from sparingly.settings import Settings

BOTH_KEYS = {"OPENAI_API_KEY": "sk-test-openai", "ANTHROPIC_API_KEY": "sk-ant-test"}


def load(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    """Load a config file with this text."""
    path = folder / "gateway.yaml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, {} if environ is None else environ)


def complaints(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """The lines of the error that a config with this text gives."""
    with pytest.raises(ConfigError) as caught:
        load(folder, text, environ)
    return [line.strip() for line in str(caught.value).splitlines()]


def complaint(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> str:
    """The only line of the error."""
    (line,) = complaints(folder, text, environ)
    return line
