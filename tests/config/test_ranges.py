"""Numbers out of their range are told with the range."""

from pathlib import Path

import msgspec.inspect as kinds
import pytest

from sparingly.config import ranges
from sparingly.config.ranges import Range
from sparingly.settings import Settings
from tests.config.configs import complaint, load


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cache: {threshold: 1.01}", "cache.threshold: expected 0 to 1, got 1.01"),
        ("cache: {probability: 1.5}", "cache.probability: expected 0 to 1, got 1.5"),
        ("cache: {floor: -1}", "cache.floor: expected 0 to 1, got -1"),
        ("cache: {routes: {faq: {probability: 2}}}", "cache.routes.faq.probability: expected 0 to 1, got 2"),
        ("cache: {threshold: -0.1}", "cache.threshold: expected 0 to 1, got -0.1"),
        ("cache: {threshold: .nan}", "cache.threshold: expected 0 to 1, got nan"),
        ("cache: {k: 0}", "cache.k: expected 1 to 1000, got 0"),
        ("cache: {ttl_s: -1}", "cache.ttl_s: expected at least 0, got -1"),
        ("cache: {max_entries: 0}", "cache.max_entries: expected at least 1, got 0"),
        ("cache: {routes: {faq: {threshold: 2}}}", "cache.routes.faq.threshold: expected 0 to 1, got 2"),
        ("server: {port: 65536}", "server.port: expected 0 to 65535, got 65536"),
        ("server: {port: -1}", "server.port: expected 0 to 65535, got -1"),
        (
            "providers: {a: {kind: simulated, read_timeout_s: 0}}",
            "providers.a.read_timeout_s: expected more than 0, got 0",
        ),
        (
            "providers: {a: {kind: simulated, read_timeout_s: .inf}}",
            "providers.a.read_timeout_s: expected more than 0, got inf",
        ),
        (
            "providers: {a: {kind: simulated, simulation: {error_rate: 1.5}}}",
            "providers.a.simulation.error_rate: expected 0 to 1, got 1.5",
        ),
        (
            "models: {m: {price: {input_usd_per_mtok: -1, output_usd_per_mtok: 1}}}",
            "models.m.price.input_usd_per_mtok: expected at least 0, got -1",
        ),
        (
            "models: {m: {deployments: [{provider: simulated, weight: -1}, {provider: simulated}]}}",
            "models.m.deployments[0].weight: expected at least 0, got -1",
        ),
        (
            "routing: {tiers: {simple: {model: simulated, min_confidence: 2}}}",
            "routing.tiers.simple.min_confidence: expected 0 to 1, got 2",
        ),
        (
            "routing: {pairs: {p: {strong: a, weak: b, threshold: -1}}}",
            "routing.pairs.p.threshold: expected 0 to 1, got -1",
        ),
        (
            "routing: {best: {b: {models: {x: {quality: 0.5}, y: {quality: 1}}, tolerance: 3}}}",
            "routing.best.b.tolerance: expected 0 to 1, got 3",
        ),
        (
            "routing: {best: {b: {models: {x: {quality: 0.5}, y: {quality: 9}}}}}",
            "routing.best.b.models.y.quality: expected 0 to 1, got 9",
        ),
        ("routing: {sticky: {ttl_s: 0}}", "routing.sticky.ttl_s: expected more than 0, got 0"),
        (
            "routing: {fallback: {min_confidence: 70}}",
            "routing.fallback.min_confidence: expected 0 to 1, got 70",
        ),
    ],
)
def test_a_number_out_of_range_is_told_with_the_range(tmp_path: Path, text: str, message: str) -> None:
    """Not a number and infinity are in no range."""
    assert complaint(tmp_path, text) == f"{message} (gateway.yaml line 1)"


@pytest.mark.parametrize(
    "text", ["cache: {threshold: 0}", "cache: {threshold: 1}", "server: {port: 0}", "cache: {ttl_s: 0}"]
)
def test_the_ends_of_a_range_are_in_it(tmp_path: Path, text: str) -> None:
    """Port 0 takes any free port; a threshold of 1 is exact."""
    assert load(tmp_path, text) is not None


def test_an_open_range_leaves_its_least_out() -> None:
    """A time-out of 0 would time out at once."""
    assert not Range(0, is_open=True).admits(0)
    assert Range(0, is_open=True).admits(1e-9)


def test_every_number_of_the_settings_has_a_range() -> None:
    """A new setting cannot be forgotten here; seeds may be anything."""
    checked = {
        *ranges._SETTINGS,
        *(f"cache.routes.*.{name}" for name in ranges._ROUTE_CACHE),
        *(f"providers.*.{name}" for name in ranges._PROVIDER),
        *(f"models.*.price.{name}" for name in ranges._PRICE),
        *(f"models.*.deployments[].{name}" for name in ranges._DEPLOYMENT),
        *(f"routing.best.*.{name}" for name in ranges._BEST),
        *(f"routing.best.*.models.*.{name}" for name in ranges._BEST_MODEL),
        *(f"routing.learned.{name}" for name in ranges._LEARNED),
        "routing.tiers.*.min_confidence",
        "routing.pairs.*.threshold",
        # A feature may be bounded by any number.
        *(f"routing.routes.*.match.features.*.{end}" for end in ("least", "most")),
        "providers.*.simulation.seed",
    }

    assert set(_numbers(kinds.type_info(Settings), "")) == checked


def _numbers(kind: kinds.Type, path: str) -> list[str]:
    match kind:
        case kinds.StructType():
            return [
                found
                for field in kind.fields
                for found in _numbers(field.type, f"{path}.{field.encode_name}".lstrip("."))
            ]
        case kinds.UnionType():
            return [found for one in kind.types for found in _numbers(one, path)]
        case kinds.DictType():
            return _numbers(kind.value_type, f"{path}.*")
        case kinds.VarTupleType():
            return _numbers(kind.item_type, f"{path}[]")
        case kinds.IntType() | kinds.FloatType():
            return [path]
        case _:
            return []
