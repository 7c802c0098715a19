"""Pairs, constraints, estimates and conditions of a config fit together, or the key is named."""

from pathlib import Path

import pytest

from tests.config.configs import complaint, load

SIMULATED = "providers: {sim: {kind: simulated, models: [sim-*]}}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{pairs: {tiers: {strong: sim-1, weak: sim-2}}}",
            'pairs.tiers: "tiers" is a strategy of its own; choose another name',
        ),
        (
            "{tiers: {low: {model: sim-1}}, pairs: {low: {strong: sim-1, weak: sim-2}}}",
            'pairs.low: "low" is a tier, too; choose another name',
        ),
        (
            "{pairs: {p: {strong: sim-1, weak: sim-2}}, best: {p: {models: {sim-1: {quality: 1}, sim-2: {quality: 1}}}}}",
            'best.p: "p" is one of routing.pairs, too; choose another name',
        ),
        (
            "{pairs: {p: {strong: other, weak: sim-2}}}",
            'pairs.p.strong: no provider serves "other"; its name fits none of their patterns',
        ),
        (
            "{pairs: {p: {strong: sim-1, weak: sim-1}}}",
            "pairs.p.weak: the same model as strong, so that there is nothing to choose",
        ),
        (
            "{pairs: {p: {strong: sim-1, weak: sim-2, score: learned}}}",
            "pairs.p.score: learned, but routing.learned is not set",
        ),
        (
            "{best: {b: {models: {sim-1: {quality: 1}}}}}",
            "best.b.models: expected two models or more to choose among",
        ),
        (
            "{best: {b: {models: {sim-1: {quality: 1}, sim-2: {}}}}}",
            "best.b.models.sim-2.quality: missing; without routing.learned nothing else says how good it is",
        ),
        (
            "{routes: {r: {match: {features: {toolz: {least: 1}}}}}}",
            'routes.r.match.features.toolz: no feature is called so; did you mean "tools"?',
        ),
        (
            "{routes: {r: {match: {features: {tools: {}}}}}}",
            "routes.r.match.features.tools: expected least, most or both",
        ),
        (
            "{routes: {r: {match: {features: {tools: {least: 3, most: 2}}}}}}",
            "routes.r.match.features.tools.least: more than most, which is 2",
        ),
        (
            "{routes: {r: {match: {headers: {Authorization: x*}}}}}",
            "routes.r.match.headers.Authorization: a header that carries keys is not looked at",
        ),
        (
            "{routes: {r: {match: {headers: {'a b': x}}}}}",
            "routes.r.match.headers.a b: not the name of an HTTP header",
        ),
        ("{sticky: {header: cookie}}", "sticky.header: a header that carries keys is not looked at"),
        ("{sticky: {metadata: ''}}", "sticky.metadata: expected the name of a key, got an empty text"),
    ],
)
def test_what_does_not_fit_is_told(tmp_path: Path, text: str, message: str) -> None:
    """Each rule with the smallest config that breaks it."""
    told = complaint(tmp_path, f"{SIMULATED}routing: {text}")

    assert told == f"routing.{message} (gateway.yaml line 2)"


@pytest.mark.parametrize(
    ("learned", "message"),
    [
        (
            "{file: gone.bin, default: sim-1, tolerance: 0, cost_weight: 1}",
            "routing.learned.cost_weight: set beside tolerance; leave one of the two out",
        ),
        (
            "{file: gone.bin, default: sim-1, models: {a: sim-1, b: sim-1}}",
            "routing.learned.models: expected two models or more to choose among",
        ),
        (
            "{file: gone.bin, default: sim-1, models: {a: other, b: sim-1}}",
            'routing.learned.models.a: no provider serves "other"; its name fits none of their patterns',
        ),
    ],
)
def test_learned_estimates_are_checked_before_their_file_is_read(
    tmp_path: Path, learned: str, message: str
) -> None:
    """Beside the file that is missing."""
    with pytest.raises(Exception, match=r"gone\.bin") as caught:
        load(tmp_path, f"{SIMULATED}routing: {{learned: {learned}}}")

    assert message in str(caught.value) or f"{message.partition(': ')[2]} (" in str(caught.value)


def test_strategies_that_fit_together_load(tmp_path: Path) -> None:
    """Names and routes may lead to them."""
    text = """
routing:
  names: {auto: frugal, value: value}
  routes: {long: {match: {traffic: long_context}, to: value}}
  pairs: {frugal: {strong: sim-1, weak: sim-2, threshold: 0.4}}
  best: {value: {models: {sim-1: {quality: 0.9}, sim-2: {quality: 0.8}}, tolerance: 0.1}}
"""

    routing = load(tmp_path, SIMULATED + text).routing

    assert routing.names["auto"] == "frugal"
    assert routing.pairs["frugal"].threshold == 0.4
