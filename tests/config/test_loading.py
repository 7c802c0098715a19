"""From a file to settings, or to one error that says everything."""

from pathlib import Path

import pytest

from sparingly.config.loading import load_settings, missing_secrets, require_secrets
from sparingly.errors import ConfigError
from sparingly.settings import Settings
from tests.config.configs import complaint, complaints, load


def test_a_short_config_takes_defaults_for_the_rest(tmp_path: Path) -> None:
    """Only what differs needs to be written."""
    settings = load(tmp_path, "cache: {mode: observe, routes: {faq: {threshold: 0.9}}}\n")

    assert settings.cache.mode == "observe"
    assert settings.cache.routes["faq"].threshold == 0.9
    assert settings.server == Settings().server


@pytest.mark.parametrize("mode", ["off", "observe", "on"])
def test_modes_are_written_without_quotes(tmp_path: Path, mode: str) -> None:
    """`mode: on` is no boolean here."""
    assert load(tmp_path, f"cache:\n  mode: {mode}\n").cache.mode == mode


def test_shape_and_duplicates_are_told_together(tmp_path: Path) -> None:
    """Both are mended in one go."""
    told = complaints(tmp_path, "cache:\n  k: 1\n  k: 2\n  treshold: 1\n")

    assert told == [
        "cache.k: written twice, on line 2 and on line 3 (gateway.yaml line 2; 1 more below)",
        'cache.treshold: unknown key; did you mean "threshold"? (gateway.yaml line 4)',
    ]


def test_a_foreign_tag_is_told_with_its_place(tmp_path: Path) -> None:
    """What it would stand for is not guessed."""
    assert (
        complaint(tmp_path, "cache: {k: !env K}\n")
        == "cache.k: the tag !env is not supported (gateway.yaml line 1)"
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"cache: {}\n# \xff\n", "is not UTF-8 (line 2)"),
        (b"x" * (4 * 1024 * 1024 + 1), "is larger than 4194304 bytes"),
    ],
)
def test_a_file_that_is_no_text_is_one_line(tmp_path: Path, content: bytes, reason: str) -> None:
    """The path is in it, and no traceback."""
    path = tmp_path / "g.yaml"
    path.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})

    assert str(caught.value) == f"the config {path} {reason}"


@pytest.mark.parametrize(
    ("name", "reason"), [("none.yaml", "No such file or directory"), (".", "Is a directory")]
)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, name: str, reason: str) -> None:
    """The system's own reason is given."""
    path = tmp_path / name

    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})

    assert str(caught.value) == f"cannot read the config {path}: {reason}"


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words\n", "# only a comment\n", "42\n"])
def test_a_file_that_is_no_mapping_is_one_line(tmp_path: Path, text: str) -> None:
    """A list or a word is no config."""
    assert (
        complaint(tmp_path, text)
        == "gateway.yaml must be a mapping of settings, such as `cache: {threshold: 0.97}`"
    )


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    """Some editors put one first."""
    path = tmp_path / "g.yaml"
    path.write_bytes(b"\xef\xbb\xbfcache: {k: 7}\n")

    assert load_settings(path, {}).cache.k == 7


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """A config can be moved together with what it names."""
    (tmp_path / "examples.jsonl").write_text("{}")
    (tmp_path / "log.jsonl").write_text("{}")
    (tmp_path / "judge.bin").write_text("?")
    (tmp_path / "model").mkdir()
    text = """
data_dir: data
embedder: {model: ./model}
routing: {classifier: {kind: embedding, examples: examples.jsonl}}
providers: {sim: {kind: simulated, simulation: {log: log.jsonl}}}
cache: {judge_file: judge.bin}
"""

    settings = load(tmp_path, text)

    assert settings.data_dir == str(tmp_path / "data")
    assert settings.embedder.model == str(tmp_path / "model")
    assert settings.routing.classifier.examples == str(tmp_path / "examples.jsonl")
    assert settings.providers["sim"].simulation.log == str(tmp_path / "log.jsonl")
    assert settings.cache.judge_file == str(tmp_path / "judge.bin")


def test_a_models_name_with_a_slash_is_no_path(tmp_path: Path) -> None:
    """fastembed's models are called house/model."""
    settings = load(tmp_path, "embedder: {model: BAAI/bge-small-en-v1.5}")

    assert settings.embedder.model == "BAAI/bge-small-en-v1.5"


def test_files_that_are_named_and_not_there_are_told(tmp_path: Path) -> None:
    """Better at the start than at the first request."""
    text = (
        "routing: {classifier: {kind: embedding, examples: none.jsonl}}\n"
        "providers: {sim: {kind: simulated, simulation: {log: none.log}}}\n"
        "embedder: {model: ./none}\n"
        "cache: {judge_file: none.bin}\n"
    )

    told = complaints(tmp_path, text)

    assert told == [
        f"routing.classifier.examples: there is no file {tmp_path}/none.jsonl (gateway.yaml line 1; 3 more below)",
        f"cache.judge_file: there is no file {tmp_path}/none.bin (gateway.yaml line 4)",
        f"providers.sim.simulation.log: there is no file {tmp_path}/none.log (gateway.yaml line 2)",
        f"embedder.model: there is no folder {tmp_path}/none (gateway.yaml line 3)",
    ]


def test_a_home_that_nobody_has_is_one_line(tmp_path: Path) -> None:
    """`~name` of an unknown user."""
    assert complaint(tmp_path, "data_dir: ~nobody-of-that-name/x") == (
        "cannot tell whose home '~nobody-of-that-name/x' means"
    )


def test_without_a_file_the_environment_decides() -> None:
    """The first run needs no config."""
    settings = load_settings(None, {})

    assert list(settings.providers) == ["simulated"]
    assert list(settings.routing.tiers) == ["simple", "standard", "complex"]
    assert settings.cache.mode == "on"


def test_an_upstream_replaces_providers_and_keeps_the_rest(tmp_path: Path) -> None:
    """`--upstream` may be given beside a config."""
    path = tmp_path / "g.yaml"
    path.write_text("cache: {threshold: 0.99}\nrouting: {tiers: {a: {model: gpt-4o}}}\n")

    settings = load_settings(path, {"OPENAI_API_KEY": "x"}, upstream="http://127.0.0.1:9/v1")

    assert list(settings.providers) == ["upstream"]
    assert settings.providers["upstream"].key_env is None
    assert settings.routing.tiers == {}
    assert settings.cache.threshold == 0.99


def test_an_upstream_that_is_no_url_is_one_line() -> None:
    """It is the option that is wrong, not a file."""
    with pytest.raises(ConfigError) as caught:
        load_settings(None, {}, upstream="localhost:8000")

    assert str(caught.value) == (
        "--upstream: expected a URL such as https://api.example.com/v1, without ? and # (the command line)"
    )


def test_a_missing_key_is_a_problem_only_for_serving(tmp_path: Path) -> None:
    """`check` runs where the keys are not."""
    text = (
        "server: {keys_env: KEYS}\n"
        "providers: {a: {key_env: A_KEY}, b: {key_env: B_KEY}, c: {}}\n"
        "store: {kind: qdrant, url: 'http://q:6333', key_env: Q_KEY}\n"
    )
    environ = {"A_KEY": "x", "B_KEY": ""}

    settings = load(tmp_path, text, environ)

    assert [problem.path for problem in missing_secrets(settings, environ)] == [
        "server.keys_env",
        "providers.b.key_env",
        "store.key_env",
    ]
    with pytest.raises(ConfigError, match=r"^server\.keys_env: the environment variable KEYS is not set"):
        require_secrets(settings, environ)


def test_keys_that_are_not_needed_are_not_missed(tmp_path: Path) -> None:
    """The embedded store asks nobody."""
    settings = load(tmp_path, "store: {kind: edge, key_env: Q_KEY}")

    require_secrets(settings, {})

    assert missing_secrets(settings, {}) == []
