"""Secrets are told from settings, and never shown."""

import pytest

from sparingly.config.secret_words import is_secret_name, looks_like_key, shown


@pytest.mark.parametrize(
    "text",
    [
        "sk-abcdef123456",
        "sk-ant-api03-abcdef",
        "sk_live_abcdefghijklmnopqr",
        "gsk_abcdefghijklmnop1234",
        "xai-abcdefghijklmnop1234",
        "hf_abcdefghijklmnop1234",
        "AIzaSyAbcdefghijklmnopqrstu",
        "Bearer abcdefgh12345678",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIi",
        "https://host/v1?key=sk-abcdef123456",
    ],
)
def test_the_shapes_of_keys_are_known(text: str) -> None:
    """Each begins as its house's keys do."""
    assert looks_like_key(text)


@pytest.mark.parametrize(
    "text",
    [
        "OPENAI_API_KEY",
        "gpt-4o-mini",
        "task-management-model",
        "hf-internal-testing/tiny-random-gpt",
        "sk-",
        "claude-*",
    ],
)
def test_names_are_no_keys(text: str) -> None:
    """A model or a variable must not be taken for a secret."""
    assert not looks_like_key(text)


@pytest.mark.parametrize(
    "name", ["key", "api_key", "API-Key", "token", "password", "x-api-key", "Authorization"]
)
def test_fields_that_would_hold_a_secret_are_known_by_name(name: str) -> None:
    """Dashes and case do not matter: some are headers."""
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["key_env", "max_tokens", "chunk_tokens", "keys_env", "tokenizer"])
def test_fields_that_only_sound_alike_are_not(name: str) -> None:
    """`key_env` names a variable."""
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing"),
        (True, "true"),
        (3, "the number 3"),
        ("on", 'the text "on"'),
        ("sk-abcdef123456", "text that looks like a key"),
        ("x" * 50, f'the text "{"x" * 40}..."'),
        ([1], "a list"),
        ({"a": 1}, "a mapping"),
        ((1,), "a tuple"),
    ],
)
def test_a_value_is_shown_briefly_and_never_if_it_may_be_a_key(value: object, words: str) -> None:
    """Messages end up in terminals and tickets."""
    assert shown(value) == words
