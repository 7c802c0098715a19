"""Every difference between values and structs is told, with its path and the nearest known key."""

import msgspec.inspect
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparingly.config.shape import shape_problems
from sparingly.settings import Settings

KIND = msgspec.inspect.type_info(Settings)


def told(value: object) -> list[str]:
    return [f"{problem.path}: {problem.message}" for problem in shape_problems(value, KIND)]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"cache": {"treshold": 0.9}}, 'cache.treshold: unknown key; did you mean "threshold"?'),
        ({"cahce": {}}, 'cahce: unknown key; did you mean "cache"?'),
        (
            {"ledger": {"zzz": 1}},
            "ledger.zzz: unknown key; known here: enabled",
        ),
        (
            {"cache": {"routes": {"faq": {"thresholds": 1}}}},
            'cache.routes.faq.thresholds: unknown key; did you mean "threshold"?',
        ),
        ({"cache": {"threshold": "0.9"}}, 'cache.threshold: expected a number, got the text "0.9"'),
        ({"cache": {"threshold": True}}, "cache.threshold: expected a number, got true"),
        ({"cache": {"k": 1.0}}, "cache.k: expected a whole number, got the number 1.0"),
        ({"cache": {"k": True}}, "cache.k: expected a whole number, got true"),
        ({"cache": {"semantic": "on"}}, 'cache.semantic: expected true or false, got the text "on"'),
        (
            {"cache": {"mode": "observ"}},
            'cache.mode: expected one of observe, off, on, got the text "observ"; did you mean "observe"?',
        ),
        ({"cache": {"mode": False}}, "cache.mode: expected one of observe, off, on, got false"),
        ({"cache": []}, "cache: expected a mapping, got a list"),
        ({"cache": None}, "cache: expected a mapping, got nothing"),
        ({"providers": "openai"}, 'providers: expected a mapping, got the text "openai"'),
        (
            {"providers": {"a": {"models": "gpt-*"}}},
            'providers.a.models: expected a list, got the text "gpt-*"',
        ),
        ({"providers": {"a": {"models": [1]}}}, "providers.a.models[0]: expected text, got the number 1"),
        (
            {"providers": {1: {}}},
            "providers.1: a name must be text, got the number 1; put it in quotes",
        ),
        ({"routing": {"tiers": {" ": {"model": "m"}}}}, "routing.tiers. : a name must not be empty"),
        ({"routing": {"tiers": {"t": {}}}}, "routing.tiers.t.model: missing; expected text"),
        (
            {"models": {"m": {"price": {"input_usd_per_mtok": 1}}}},
            "models.m.price.output_usd_per_mtok: missing; expected a number",
        ),
        (
            {"cache": {"scope": {"shared": [["a", 2]]}}},
            "cache.scope.shared[0][1]: expected text, got the number 2",
        ),
        (
            {"providers": {"a": {"key": "anything"}}},
            (
                "providers.a.key: a secret does not belong in the config; put it into an environment variable "
                "and name that with key_env"
            ),
        ),
        (
            {"server": {"password": "x"}},
            (
                "server.password: a secret does not belong in the config; put it into an environment variable "
                "and name that with keys_env or admin_key_env"
            ),
        ),
        (
            {"providers": {"a": {"headers": {"x": "Bearer abcdefgh12345"}}}},
            (
                "providers.a.headers.x: this looks like a key; put it into an environment variable "
                "and name that with key_env"
            ),
        ),
    ],
)
def test_a_wrong_value_is_told_with_path_reason_and_hint(value: object, problem: str) -> None:
    """The operator need not look anything up."""
    assert told(value) == [problem]


def test_all_problems_are_told_at_once() -> None:
    """One run for one config."""
    value = {"cache": {"treshold": 1, "k": "x"}, "store": {"kind": "redis"}, "zzz": 1}

    assert [line.partition(":")[0] for line in told(value)] == [
        "cache.treshold",
        "cache.k",
        "store.kind",
        "zzz",
    ]


def test_a_secret_is_never_repeated() -> None:
    """The message may end up in a log."""
    secret = "sk-abcdefghijklmnop"
    value = {"providers": {"a": {"key_env": secret, "key": secret, "kind": secret, "read_timeout_s": secret}}}

    lines = told(value)

    assert len(lines) == 4
    assert not any(secret in line for line in lines)


_plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 10**6)
    | st.floats(allow_nan=False)
    | st.sampled_from(["on", "a", "openai"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*Settings.__struct_fields__, "a", "kind", "models", "k", "mode"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


# 50 of them take a fifth of a second; the walk has few branches.
@settings(max_examples=50)
@given(_plain)
def test_what_passes_is_what_msgspec_converts(value: object) -> None:
    """The walk and msgspec never disagree, so that the operator always gets a path."""
    try:
        msgspec.convert(value, Settings, strict=True)
    except msgspec.ValidationError:
        is_converted = False
    else:
        is_converted = True

    assert (told(value) == []) == is_converted
