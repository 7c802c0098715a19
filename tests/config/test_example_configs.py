"""The configs in config/ load, and the example shows every setting there is."""

from pathlib import Path

import msgspec
import msgspec.inspect as kinds
import pytest

from sparingly.config.loading import load_settings
from sparingly.config.summary import explain
from sparingly.config.yaml_text import parse
from sparingly.core.policy import CachePolicy
from sparingly.settings import EmbedderSettings, Server, Settings, Store, TrafficLog
from tests.config.configs import BOTH_KEYS

CONFIGS = Path(__file__).parents[2] / "config"
EXAMPLE = CONFIGS / "gateway.yaml"


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.name)
def test_every_config_in_the_repository_loads(path: Path) -> None:
    """Also where no key is set."""
    assert explain(load_settings(path, {}), {})
    assert explain(load_settings(path, BOTH_KEYS), BOTH_KEYS)


def test_the_example_shows_every_setting() -> None:
    """Whoever adds a setting adds it there too."""
    written = parse(EXAMPLE.read_text(), source="gateway.yaml").values

    assert _missing(written, kinds.type_info(Settings), "") == []


def test_the_example_says_the_defaults() -> None:
    """Its comments explain what happens when a line is left out."""
    settings = load_settings(EXAMPLE, {})

    assert settings.server == Server()
    assert settings.embedder == EmbedderSettings()
    assert settings.store == Store()
    assert settings.traffic_log == TrafficLog()
    assert msgspec.structs.replace(settings.cache, routes={}) == CachePolicy()
    assert settings.routing.retry == Settings().routing.retry
    assert settings.routing.names == Settings().routing.names
    assert settings.log_level == Settings().log_level


def test_the_example_explains_nearly_every_setting() -> None:
    """A key without a comment is one whose section has it."""
    lines = [text for text in EXAMPLE.read_text().splitlines() if text.strip()]

    assert sum("#" in text for text in lines) > len(lines) / 2


def _missing(value: object, kind: kinds.Type, path: str) -> list[str]:
    """The settings that are written nowhere; in a mapping of names each may be written at any of them."""
    match kind:
        case kinds.StructType() if isinstance(value, dict):
            return [
                found
                for field in kind.fields
                for found in (
                    _missing(value[field.encode_name], field.type, f"{path}.{field.encode_name}")
                    if field.encode_name in value
                    else [f"{path}.{field.encode_name}".lstrip(".")]
                )
            ]
        case kinds.DictType() if isinstance(value, dict) and isinstance(kind.value_type, kinds.StructType):
            return _missing_of_all(list(value.values()), kind.value_type, f"{path}.*")
        case kinds.VarTupleType() if isinstance(value, list) and isinstance(kind.item_type, kinds.StructType):
            return _missing_of_all(value, kind.item_type, f"{path}[]")
        case kinds.UnionType() if value is not None:
            return [found for one in kind.types for found in _missing(value, one, path)]
        case _:
            return []


def _missing_of_all(values: list[object], kind: kinds.Type, path: str) -> list[str]:
    missing = [set(_missing(value, kind, path)) for value in values]
    return sorted(set.intersection(*missing)) if missing else [path]
