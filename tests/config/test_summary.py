"""`check` says in words what a config means, and never shows a key."""

from pathlib import Path

from sparingly.config.loading import load_settings
from sparingly.config.summary import explain
from tests.config.configs import BOTH_KEYS, load

CONFIG = """
server: {host: 0.0.0.0, port: 80, keys_env: KEYS}
providers:
  openai: {base_url: 'https://api.openai.com/v1', key_env: OPENAI_API_KEY}
  local: {base_url: 'http://localhost:11434/v1', models: [llama*]}
  sim: {kind: simulated, models: [sim-*]}
default_provider: openai
models:
  llama3:
    deployments: [{provider: local, weight: 3}, {provider: openai, model: gpt-4o-mini}]
    price: {input_usd_per_mtok: 0.5, output_usd_per_mtok: 1}
routing:
  names: {auto: tiers, fast: llama3}
  classifier: {model: gpt-4o-mini}
  tiers: {simple: {model: llama3}, complex: {model: gpt-4o}}
  routes: {faq: {match: {tenant: support-*, path: /v1/*}, to: llama3}, rest: {match: {}}}
  fallbacks: {gpt-4o: [llama3]}
cache: {ttl_s: 86400, grey_zone: {judge: llm, model: gpt-4o-mini}, routes: {faq: {mode: observe, judge: threshold, threshold: 0.96}, ids: {probability: 0.9, domain: code}, rest: {mode: off}}}
store: {kind: qdrant, url: 'http://q:6333', key_env: Q_KEY}
traffic_log: {enabled: true}
"""


def told(folder: Path, environ: dict[str, str]) -> str:
    return " ".join(explain(load(folder, CONFIG, environ), environ).split())


def test_everything_that_is_set_is_said(tmp_path: Path) -> None:
    """One sentence or table line for each part."""
    text = told(tmp_path, BOTH_KEYS)

    for words in (
        "listens on 0.0.0.0:80",
        "lets in those with a key listed in KEYS (not set)",
        "administered with nothing: SPARINGLY_ADMIN_KEY is not set, so that /admin answers 401 to everybody",
        "openai openai https://api.openai.com/v1 key: OPENAI_API_KEY (present)",
        "local openai http://localhost:11434/v1 key: the client's own serves llama*",
        "sim simulated in process no key needed serves sim-*",
        "llama3 llama3 at local (weight 3), gpt-4o-mini at openai (weight 1) $0.5 in, $1 out per million",
        "asking for auto takes the tier that the classifier chooses",
        "asking for fast takes llama3",
        "route faq: tenant support-* and path /v1/* takes llama3",
        "route rest: everything takes the model as asked",
        "tiers are chosen by asking gpt-4o-mini, for up to 3 s",
        "below a confidence of 0.7 it takes the next tier up",
        "tier simple llama3 at local, openai",
        "tier complex gpt-4o at openai",
        "when gpt-4o fails, then llama3",
        "everywhere on the judge's own bar, guards: direction, negation, numbers, opposites kept for 24 hours",
        "route ids on probability from 0.9, guards: direction, names, names_missing, negation",
        "route faq observe: hits are recorded, not served similarity from 0.96",
        "route rest off",
        "doubtful misses, from 0.5 up, are judged by gpt-4o-mini afterwards",
        "answers Qdrant at http://q:6333, collection sparingly, key: Q_KEY (not set)",
        "traffic log 10 files of 100 MiB",
        "Warnings - server.keys_env: the environment variable KEYS is not set",
    ):
        assert words in text


def test_no_key_is_ever_shown(tmp_path: Path) -> None:
    """Only whether it is there."""
    text = told(tmp_path, {**BOTH_KEYS, "KEYS": "acme:sk-hidden-1", "Q_KEY": "hidden-2"})

    assert "KEYS (present)" in text
    assert not any(key in text for key in (*BOTH_KEYS.values(), "hidden"))


def test_without_warnings_it_says_so() -> None:
    """An empty section would look like a mistake."""
    environ = {**BOTH_KEYS, "SPARINGLY_ADMIN_KEY": "x"}

    text = explain(load_settings(None, environ), environ)

    assert text.endswith("Warnings\n  none\n")


def test_columns_are_aligned() -> None:
    """It is read in a terminal."""
    lines = explain(load_settings(None, {}), {}).splitlines()

    starts = {line.index("127.0.0.1") for line in lines if "127.0.0.1" in line}
    starts |= {line.index("32 MiB") for line in lines if "bodies" in line}
    assert len(starts) == 1
    assert all(line == line.rstrip() for line in lines)


def test_what_may_be_stored_for_how_long_and_for_whom_is_said(tmp_path: Path) -> None:
    """The rules that keep an answer out, or to its tenant."""
    cache = "cache: {personal: {tenants: {clinic: no_store}}, scope: {shared: [[sales, support]]}}"

    text = " ".join(explain(load(tmp_path, cache, BOTH_KEYS), BOTH_KEYS).split())

    for words in (
        "answers that depend on when they are asked for: live not at all, current 60 minutes, seasonal 24 hours",
        "requests with personal data: own_scope, clinic no_store",
        "sales, support share answers; those to close questions once confirmed by a second of them",
    ):
        assert words in text


def test_a_bound_is_said_with_the_point_that_keeps_it(tmp_path: Path) -> None:
    """The judge's, the operator's own, or the stricter of both."""
    cache = """
cache:
  max_error: 0.01
  routes:
    faq: {probability: 0.8}
    own: {probability: 0.6, tuned_error: 0.01, recheck: 0.05}
"""

    text = " ".join(explain(load(tmp_path, cache, BOTH_KEYS), BOTH_KEYS).split())

    for words in (
        "everywhere on wrong hits at most 0.01 of requests, at the judge's stated point, watched",
        "route faq on wrong hits at most 0.01 of requests, at the judge's stated point or 0.8, whichever is stricter",
        "route own on wrong hits at most 0.01 of requests, at the tuned probability 0.6, watched",
        "0.05 checked upstream",
    ):
        assert words in text
