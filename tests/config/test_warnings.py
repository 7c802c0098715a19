"""What deserves a second look is said, and nothing else."""

from pathlib import Path

import pytest

from sparingly.config.warnings import is_public, warnings_of
from tests.config.configs import BOTH_KEYS, load

CALM = {**BOTH_KEYS, "SPARINGLY_ADMIN_KEY": "x"}


def warned(folder: Path, text: str) -> list[str]:
    return warnings_of(load(folder, text, CALM), CALM)


def test_a_plain_config_is_not_warned_about(tmp_path: Path) -> None:
    """Warnings that are always there are not read."""
    assert warned(tmp_path, "cache: {threshold: 0.97}") == []
    assert warned(tmp_path, "cache: {max_error: 0.01, recheck: 0.05, domain: medical}") == []
    assert warned(tmp_path, "cache: {shared_write: any, personal: {action: ignore}}") == []


@pytest.mark.parametrize(
    ("text", "beginning"),
    [
        (
            "cache: {scope: {ignore: ['Today is .*']}}",
            "cache.scope.ignore `Today is .*`: what it matches in system",
        ),
        (
            "cache: {scope: {ignore: ['.*']}}",
            "cache.scope.ignore `.*`: everything in system prompts no longer",
        ),
        (
            "cache: {scope: {shared: [[a, b]]}}",
            "cache.scope.shared: a, b are answered from each other's entries",
        ),
        (
            "cache: {judge: threshold, threshold: 0.8}",
            "cache.threshold is 0.8: below 0.95 a bare cosine takes many different",
        ),
        (
            "cache: {routes: {gpt-4o: {judge: threshold, threshold: 0.5}}}\nmodels: {gpt-4o: {}}",
            "cache.routes.gpt-4o.threshold is 0.5",
        ),
        (
            "cache: {max_error: 0.01, guards: {numbers: false}}",
            "cache.max_error is stated with the guards of the general domain, and numbers is off",
        ),
        (
            "cache: {max_error: 0.01, grey_zone: {judge: llm, model: gpt-4o}}\nmodels: {gpt-4o: {}}",
            "cache.max_error says nothing of hits that cache.grey_zone serves on a model's word",
        ),
        ("cache: {mode: observe, recheck: 0.1}", "cache.recheck has no effect in observe mode"),
        ("cache: {recheck: 0.5}", "cache.recheck is 0.5: that share of the semantic hits is paid for"),
        ("cache: {ttl_s: 0}", "cache.ttl_s is 0: answers expire at once"),
        ("cache: {routes: {faqs: {ttl_s: 9}}}", "cache.routes.faqs: no rule in routing.routes has that name"),
        (
            "server: {host: 0.0.0.0}",
            "server.host 0.0.0.0 can be reached from other machines and server.keys_env",
        ),
        ("providers: {a: {key_env: NONE}}", "providers.a.key_env: the environment variable NONE is not set"),
        ("providers: {a: {kind: simulated}}", "providers.a is simulated: its answers are made up."),
        (
            "providers: {a: {}, b: {base_url: 'http://b/v1'}}",
            "default_provider is not set: model names that fit no",
        ),
        ("store: {url: 'http://q:6333'}", "store.url has no effect while store.kind is edge."),
        (
            "traffic_log: {enabled: true}",
            "traffic_log is on: it keeps what users wrote and were answered, unredacted",
        ),
        (
            "traffic_log: {enabled: true, redact: [request]}",
            "traffic_log is on: it keeps what users wrote and were answered, but for request, in the data folder",
        ),
        ("ledger: {enabled: false}", "ledger is off: `sparingly stats` will have nothing to show."),
        (
            "providers: {openai: {}}\nrouting: {tiers: {a: {model: claude-haiku-4-5}}}\ndefault_provider: openai",
            "claude-haiku-4-5 would be asked at openai, which is OpenAI's own address and does not serve it.",
        ),
        (
            "providers: {a: {kind: anthropic, models: ['gpt-*']}}\nmodels: {gpt-4o: {}}",
            "gpt-4o would be asked at a, which is Anthropic's own address and does not serve it.",
        ),
    ],
)
def test_what_is_unwise_is_said(tmp_path: Path, text: str, beginning: str) -> None:
    """Each warning with the smallest config that earns it."""
    (warning,) = warned(tmp_path, text)

    assert warning.startswith(beginning)


def test_a_low_threshold_that_is_not_used_is_not_warned_about(tmp_path: Path) -> None:
    """With the cache off, or exact only, it decides nothing."""
    assert warned(tmp_path, "cache: {judge: threshold, mode: off, threshold: 0.5}") == []
    assert warned(tmp_path, "cache: {judge: threshold, semantic: false, threshold: 0.5}") == []
    assert warned(tmp_path, "cache: {judge: fitted, threshold: 0.5}") == []


def test_models_without_a_price_are_named(tmp_path: Path) -> None:
    """A misspelled model has none, and its cost would go missing."""
    text = "routing: {tiers: {a: {model: gpt-4o-mini}, b: {model: gpt-4o-maxi}}}\n"
    settings = load(tmp_path, text, CALM)

    (warning,) = warnings_of(settings, CALM, is_priced=lambda _, model: model == "gpt-4o-mini")

    assert warning.startswith("no price is known for gpt-4o-maxi: check the spelling")


def test_a_configured_price_is_a_price(tmp_path: Path) -> None:
    """The operator knows better than the list."""
    text = "models: {gpt-x: {price: {input_usd_per_mtok: 1, output_usd_per_mtok: 2}}}\nrouting: {names: {}}\n"
    settings = load(tmp_path, text, CALM)

    assert warnings_of(settings, CALM, is_priced=lambda _provider, _model: False) == []


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        *[(host, False) for host in ("127.0.0.1", "localhost", "::1", "[::1]")],
        *[(host, True) for host in ("0.0.0.0", "::", "192.168.1.2", "gateway.internal")],  # noqa: S104 - judged here
    ],
)
def test_only_loopback_is_private(host: str, *, expected: bool) -> None:
    """A name is taken for public: it cannot be looked up here."""
    assert is_public(host) is expected


@pytest.mark.parametrize(
    ("cache", "beginning"),
    [
        ("shared_write: any", "cache.shared_write is any: a tenant of a group can write questions"),
        ("personal: {action: ignore}", "cache.personal.action is ignore: answers to requests with personal"),
        ("personal: {tenants: {a: ignore}}", "cache.personal.tenants.a is ignore: its personal data may"),
    ],
)
def test_what_makes_sharing_less_safe_is_said_where_there_is_sharing(
    tmp_path: Path, cache: str, beginning: str
) -> None:
    """A tenant by itself has nothing to lose by it."""
    assert warned(tmp_path, f"cache: {{{cache}}}") == []

    _, told = warned(tmp_path, f"cache: {{{cache}, scope: {{shared: [[a, b]]}}}}")

    assert told.startswith(beginning)
