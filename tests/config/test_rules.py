"""Texts that mean something and parts that must fit together."""

from pathlib import Path

import pytest

from sparingly.config.rules import rule_problems
from sparingly.settings import Settings
from tests.config.configs import complaint, complaints, load


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("server: {host: ' '}", "server.host: expected an address or a host name, got an empty text"),
        (
            "server: {keys_env: my keys}",
            "server.keys_env: expected the name of an environment variable, such as OPENAI_API_KEY",
        ),
        (
            "providers: {a: {kind: simulated, key_env: 1abc}}",
            "providers.a.key_env: expected the name of an environment variable, such as OPENAI_API_KEY",
        ),
        ("default_provider: azure", 'default_provider: no provider is called "azure"; known: simulated'),
        (
            "cache: {guards: {number: true}}",
            (
                "cache.guards.number: there is no such guard; there are numbers, numbers_missing, negation, "
                "direction, opposites, names, names_missing"
            ),
        ),
        (
            "providers: {'a b': {kind: simulated}}",
            "providers.a b: a provider's name must be printable ASCII without spaces",
        ),
        (
            "providers: {a: {base_url: localhost:8000}}",
            "providers.a.base_url: expected a URL such as https://api.example.com/v1, without ? and #",
        ),
        (
            "providers: {a: {base_url: 'http://host:99999/v1'}}",
            "providers.a.base_url: expected a URL such as https://api.example.com/v1, without ? and #",
        ),
        (
            "providers: {a: {base_url: 'https://host/v1?x=1'}}",
            "providers.a.base_url: expected a URL such as https://api.example.com/v1, without ? and #",
        ),
        (
            "providers: {a: {base_url: 'https://user:hunter2@host/v1'}}",
            "providers.a.base_url: a secret does not belong in the config; leave the part before the @ out",
        ),
        (
            "providers: {a: {kind: simulated, models: ['']}}",
            "providers.a.models[0]: a pattern of model names must not be empty",
        ),
        (
            "providers: {a: {kind: simulated, headers: {x-api-key: abc}}}",
            (
                "providers.a.headers.x-api-key: a secret does not belong in the config; "
                "name its variable with key_env"
            ),
        ),
        (
            "providers: {a: {kind: simulated, headers: {'x y': abc}}}",
            "providers.a.headers.x y: not the name of an HTTP header",
        ),
        (
            'providers: {a: {kind: simulated, headers: {x: "a\\r\\nb"}}}',
            "providers.a.headers.x: a header's value must be printable ASCII",
        ),
        (
            "server: {admin_key_env: 1abc}",
            "server.admin_key_env: expected the name of an environment variable, such as OPENAI_API_KEY",
        ),
        (
            "cache: {grey_zone: {low: 0.9, high: 0.8}}",
            "cache.grey_zone.low: expected at most high, which is 0.8",
        ),
        (
            "cache: {max_error: 0.01, judge: threshold}",
            (
                "cache.max_error: "
                "a bare threshold states no error: use the fitted judge here, or set max_error only where that one "
                "judges; for a threshold, `sparingly tune LOG --max-error ...` finds one on your own log"
            ),
        ),
        (
            "cache: {judge: threshold, routes: {faq: {max_error: 0.01}}}",
            (
                "cache.routes.faq.max_error: "
                "a bare threshold states no error: use the fitted judge here, or set max_error only where that one "
                "judges; for a threshold, `sparingly tune LOG --max-error ...` finds one on your own log"
            ),
        ),
        (
            "cache: {max_error: 0.01, routes: {faq: {judge: threshold}}}",
            (
                "cache.routes.faq.judge: "
                "a bare threshold states no error: use the fitted judge here, or set max_error only where that one "
                "judges; for a threshold, `sparingly tune LOG --max-error ...` finds one on your own log"
            ),
        ),
        (
            "cache: {tuned_error: 0.01}",
            "cache.tuned_error: says for which error cache.probability was measured, and there is no probability",
        ),
        ("cache: {max_error: 1.5}", "cache.max_error: expected 0 to 1, got 1.5"),
        ("cache: {recheck: -1}", "cache.recheck: expected 0 to 1, got -1"),
        ("cache: {routes: {faq: {recheck: 2}}}", "cache.routes.faq.recheck: expected 0 to 1, got 2"),
        (
            "cache: {scope: {ignore: ['Today is (']}}",
            "cache.scope.ignore[0]: not a regular expression: missing ), unterminated subpattern at position 9",
        ),
        (
            "cache: {scope: {shared: [[a]]}}",
            "cache.scope.shared[0]: expected two tenants or more that share their answers",
        ),
        (
            "cache: {scope: {shared: [[a, b], [c, a]]}}",
            'cache.scope.shared[1]: the tenant "a" is in group [0] already',
        ),
        (
            "store: {kind: qdrant}",
            "store.url: missing; a store of the kind qdrant needs one, such as http://localhost:6333",
        ),
        (
            "store: {kind: qdrant, url: qdrant}",
            "store.url: expected a URL such as https://api.example.com/v1, without ? and #",
        ),
        (
            "store: {collection: 'a/b'}",
            "store.collection: expected up to 255 letters, digits, dots, dashes and underscores",
        ),
        (
            "traffic_log: {redact: [request..content]}",
            "traffic_log.redact[0]: expected a dotted path such as request.messages.*.content",
        ),
        (
            "traffic_log: {redact: [id]}",
            "traffic_log.redact[0]: a line without its id and time could not be replayed",
        ),
        (
            "traffic_log: {redact: ['*']}",
            "traffic_log.redact[0]: a line without its id and time could not be replayed",
        ),
    ],
)
def test_what_does_not_hold_is_told(tmp_path: Path, text: str, message: str) -> None:
    """Each rule with the smallest config that breaks it."""
    assert complaint(tmp_path, text) == f"{message} (gateway.yaml line 1)"


def test_a_password_in_a_url_is_not_repeated(tmp_path: Path) -> None:
    """The message may end up in a log."""
    told = complaint(tmp_path, "providers: {a: {base_url: 'https://user:hunter2@host/v1'}}")

    assert "hunter2" not in told


def test_all_rules_are_told_at_once(tmp_path: Path) -> None:
    """Rules of different sections stand in one error."""
    told = complaints(tmp_path, "server: {port: -1}\ncache: {k: 0}\nstore: {kind: qdrant}\n")

    assert [line.partition(":")[0] for line in told] == ["server.port", "cache.k", "store.url"]


def test_the_defaults_break_no_rule() -> None:
    """Only tiers are missing, and those come from the environment."""
    assert [problem.path for problem in rule_problems(Settings())] == ["routing.names.auto"]


def test_a_config_with_every_kind_of_section_loads(tmp_path: Path) -> None:
    """Redaction within the request is what the setting is for."""
    settings = load(tmp_path, "traffic_log: {enabled: true, redact: [request.messages.*.content, tenant]}\n")

    assert settings.traffic_log.redact == ("request.messages.*.content", "tenant")
