"""What holds for a gateway within a program."""

from pathlib import Path

import pytest

from sparingly.config.embedded import embedded_settings
from sparingly.errors import ConfigError
from sparingly.settings import Provider

CLIENT = Provider(kind="openai", base_url="https://api.openai.com/v1")


def test_without_a_config_the_clients_own_address_is_asked() -> None:
    """Keys in the environment add no provider; an official address has tiers, as it has for a server."""
    settings = embedded_settings(None, {"ANTHROPIC_API_KEY": "sk"}, client=CLIENT)

    assert settings.providers == {"client": CLIENT}
    assert settings.default_provider == "client"
    assert list(settings.routing.tiers) == ["simple", "standard", "complex"]


def test_the_configs_providers_stand_beside_it() -> None:
    """Their models go there, all others to the client's address."""
    config = {"providers": {"local": {"base_url": "http://127.0.0.1:1", "models": ["llama-*"]}}}

    settings = embedded_settings(config, {}, client=CLIENT)

    assert list(settings.providers) == ["local", "client"]
    assert settings.default_provider == "client"


def test_a_default_provider_of_the_config_is_kept() -> None:
    """The config says who takes what no other does."""
    config = {"providers": {"local": {"kind": "simulated"}}, "default_provider": "local"}

    settings = embedded_settings(config, {}, client=CLIENT)

    assert list(settings.providers) == ["local"]


def test_a_server_that_lets_only_some_in_lets_its_own_program_in() -> None:
    """Whoever shares its memory could read the key."""
    settings = embedded_settings({"server": {"keys_env": "KEYS"}}, {}, client=CLIENT)

    assert settings.server.keys_env is None


def test_a_file_and_a_mapping_say_the_same(tmp_path: Path) -> None:
    """By its path, as text or as a path; paths in a mapping are relative to the working directory."""
    file = tmp_path / "gateway.yaml"
    file.write_text("cache: {ttl_s: 60}\ndata_dir: ./data")

    read = [embedded_settings(one, {}, client=CLIENT) for one in (str(file), file)]
    given = embedded_settings({"cache": {"ttl_s": 60}, "data_dir": "data"}, {}, client=CLIENT)

    assert read[0] == read[1]
    assert read[0].cache == given.cache
    assert (read[0].data_dir, given.data_dir) == (str(tmp_path / "data"), str(Path.cwd() / "data"))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"cache": {"thresold": 0.9}}, r"cache\.thresold: unknown key; did you mean"),
        ({"providers": {"client": {"kind": "simulated"}}}, r"providers\.client: this name is taken"),
        ({"providers": {"a": {"key_env": "NO_SUCH_KEY"}}}, "NO_SUCH_KEY is not set"),
    ],
)
def test_a_wrong_config_is_told(config: dict[str, object], message: str) -> None:
    """With the path of what is wrong."""
    with pytest.raises(ConfigError, match=message):
        embedded_settings(config, {}, client=CLIENT)
