import json

import pytest

from sparingly.core.guarantee.intervals import clopper_pearson
from sparingly.replay.costs import CostTable, Quality
from sparingly.replay.logged import Logged, Trace
from sparingly.replay.report import Report, Run, as_json, log_facts, report
from sparingly.replay.scores import Counts, Latency, Moves, Percentiles, Reasons, Window

LOG = Trace("log.jsonl", "sparingly", "ab" * 32, tuple(Logged(str(i), i * 60.0, b"{}") for i in range(3)))


def make_report(*, quality: Quality | None = None, trouble: dict[str, int] | None = None) -> Report:
    """A report with every part filled."""
    return report(
        log=log_facts(LOG, without_answer=1),
        run=Run("cd" * 32, seed=7, insert="all"),
        counts=Counts(1000, 10, 90, right_hits=95, wrong_hits=3, unjudged_hits=2, labelled=900),
        reasons=Reasons({"temperature": 1}, {"too-far": 899}, {}),
        costs=CostTable(4.0, 3.0, 2.0, 1.0, 3.0),
        quality=quality,
        routes={"big": 900},
        escalations=4,
        moves=Moves(conversations=4, switches=2),
        latency=Latency(Percentiles(1.0, 2.0), Percentiles(3.0, 4.0), Percentiles(None, None)),
        windows=(Window(100, 100, 0.1, 0.0),),
        trouble=trouble or {},
    )


def test_the_report_has_the_fields_of_the_contract() -> None:
    """FORMATS section 2, field by field; other people's scripts read them."""
    found = json.loads(as_json(make_report(quality=Quality(0.5, 0.6, (0.0, 0.2), 10))))

    assert found["version"] == 1
    assert found["log"]["sha256"] == "ab" * 32
    assert (found["log"]["requests"], found["log"]["span_s"], found["log"]["without_answer"]) == (3, 120.0, 1)
    assert (found["config_sha256"], found["seed"], found["insert"]) == ("cd" * 32, 7, "all")
    assert (found["requests"], found["exact_hits"], found["semantic_hits"]) == (1000, 10, 90)
    assert (found["right_hits"], found["wrong_hits"], found["unjudged_hits"]) == (95, 3, 2)
    assert (found["hit_rate"], found["error_rate"], found["labelled"]) == (0.1, 0.003, 900)
    assert found["precision"] == pytest.approx(95 / 98)
    assert found["error_rate_ci95"] == list(clopper_pearson(3, 1000))
    assert (found["bypass"], found["miss"], found["vetoes"]) == ({"temperature": 1}, {"too-far": 899}, {})
    assert {"baseline", "cache_only", "route_only", "both", "saved"} <= found["cost_usd"].keys()
    assert found["quality"] == {"baseline": 0.5, "routed": 0.6, "delta_ci95": [0.0, 0.2], "requests": 10}
    assert (found["routes"], found["escalations"]) == ({"big": 900}, 4)
    assert found["switches_per_conversation"] == 0.5
    assert found["latency_ms"]["lookup"] == {"p50": 1.0, "p99": 2.0}
    assert found["latency_ms"]["hit"] == {"p50": 3.0, "p99": 4.0}
    assert found["latency_ms"]["miss_overhead"] == {"p50": None, "p99": None}
    assert found["windows"] == [{"to": 100, "requests": 100, "hit_rate": 0.1, "error_rate": 0.0}]


def test_quality_is_there_only_where_the_log_has_candidates() -> None:
    """An absent field, not a null one."""
    assert "quality" not in json.loads(as_json(make_report()))
