"""Metrics count what requests were, under labels that clients cannot multiply."""

from math import inf

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from sparingly.core.answer import Usage
from sparingly.core.guarantee.recalibration import Tuned, monitor
from sparingly.core.ledger import Timings
from sparingly.telemetry.metrics import BoundedNames, Metrics
from tests.ledger_entries import OBSERVED, line


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(metrics.render().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return samples(metrics).get((f"sparingly_{name}", tuple(sorted(labels.items()))))


def names(metrics: Metrics, metric: str, label: str) -> set[str]:
    return {dict(labels)[label] for name, labels in samples(metrics) if name == f"sparingly_{metric}"}


def test_a_request_is_counted_by_verdict_reason_route_and_status() -> None:
    """Twice the same is one series with 2."""
    metrics = Metrics()

    metrics.observe(line())
    metrics.observe(line())

    assert (
        value(metrics, "requests_total", verdict="miss", reason="no-neighbor", route="gpt-4o", status="200")
        == 2
    )


def test_tokens_and_dollars_are_counted_by_served_model() -> None:
    """The saving is the baseline less the cost."""
    metrics = Metrics()

    metrics.observe(line(cost_nano=250_000_000, baseline_nano=1_000_000_000))

    assert value(metrics, "tokens_total", kind="input", model="gpt-4o") == 100
    assert value(metrics, "tokens_total", kind="output", model="gpt-4o") == 50
    assert value(metrics, "cost_usd_total", model="gpt-4o") == 0.25
    assert value(metrics, "baseline_usd_total") == 1.0
    assert value(metrics, "saved_usd") == 0.75


def test_a_request_that_cost_more_than_its_baseline_lowers_the_saving() -> None:
    """A counter could not fall."""
    metrics = Metrics()

    metrics.observe(line(cost_nano=3_000_000_000, baseline_nano=1_000_000_000))

    assert value(metrics, "saved_usd") == -2.0


def test_latency_is_told_by_verdict() -> None:
    """Hits and misses are different worlds."""
    metrics = Metrics()

    metrics.observe(line(verdict="exact", timings=Timings(total_s=0.0008)))
    metrics.observe(line(verdict="miss", timings=Timings(total_s=3.0, first_byte_s=0.4)))

    assert value(metrics, "request_seconds_bucket", verdict="exact", le="0.001") == 1
    assert value(metrics, "request_seconds_bucket", verdict="miss", le="2.0") == 0
    assert value(metrics, "request_seconds_sum", verdict="miss") == 3.0
    assert value(metrics, "first_byte_seconds_count", verdict="miss") == 1
    assert value(metrics, "first_byte_seconds_count", verdict="exact") is None


def test_what_became_of_fresh_answers_is_counted() -> None:
    """By reason; a hit has none."""
    metrics = Metrics()

    metrics.observe(line(kept="time-dependent"))
    metrics.observe(line(kept="own-scope"))
    metrics.observe(line(kept="own-scope"))
    metrics.observe(line())

    assert value(metrics, "kept_total", reason="time-dependent") == 1
    assert value(metrics, "kept_total", reason="own-scope") == 2


def test_troubles_and_would_be_hits_are_counted() -> None:
    """Those of requests and those beside them."""
    metrics = Metrics()

    metrics.observe(line(trouble=("store-error", "embedder-error"), observed=OBSERVED))
    metrics.trouble("store-error")

    assert value(metrics, "trouble_total", code="store-error") == 2
    assert value(metrics, "trouble_total", code="embedder-error") == 1
    assert value(metrics, "observed_hits_total", tier="semantic") == 1


def test_gauges_show_the_present() -> None:
    """Under way, in the store, lost on the way to a file."""
    metrics = Metrics()
    lost = {"ledger": 3}

    metrics.watch_lost("ledger", lambda: lost["ledger"])
    metrics.began()
    metrics.began()
    metrics.ended()
    metrics.set_store_entries(42)

    assert value(metrics, "in_flight_requests") == 1
    assert value(metrics, "store_entries") == 42
    assert value(metrics, "lost_lines_total", sink="ledger") == 3
    lost["ledger"] = 5
    assert value(metrics, "lost_lines_total", sink="ledger") == 5


def test_names_that_clients_make_up_share_one_label() -> None:
    """However many there are, a scrape stays small."""
    metrics = Metrics()

    for number in range(1_000):
        metrics.observe(line(route=f"made-up-{number}", served=f"made-up-{number}"))

    assert len(names(metrics, "requests_total", "route")) == 65
    assert len(names(metrics, "cost_usd_total", "model")) == 65
    assert value(metrics, "cost_usd_total", model="other") == pytest.approx((1_000 - 64) * 1e-6)


def test_names_that_the_config_knows_are_never_crowded_out() -> None:
    """Not even by names that came first."""
    metrics = Metrics(known_models=["gpt-4o"], known_routes=["faq"])

    for number in range(1_000):
        metrics.observe(line(route=f"made-up-{number}", served=f"made-up-{number}"))
    metrics.observe(line(route="faq", served="gpt-4o"))

    assert "faq" in names(metrics, "requests_total", "route")
    assert value(metrics, "tokens_total", kind="input", model="gpt-4o") == 100


def test_a_name_without_a_good_answer_gets_no_label() -> None:
    """Requests for models that nobody serves cost nothing to send."""
    metrics = Metrics()

    metrics.observe(line(route="nonsense", served="nonsense", status=404, usage=Usage()))
    metrics.observe(line(route="nonsense", served=None, status=9_999, usage=Usage(), cost_nano=0))

    assert names(metrics, "requests_total", "route") == {"other"}
    assert names(metrics, "requests_total", "status") == {"404", "other"}


def test_bounded_names_give_back_what_they_know() -> None:
    """A configured list may be longer than the limit."""
    bounded = BoundedNames([f"m{number}" for number in range(5)], limit=3)

    assert [bounded("m4"), bounded("new")] == ["m4", "other"]
    assert BoundedNames((), limit=1)("first") == "first"
    assert BoundedNames((), limit=1)("first", is_earned=False) == "other"


def test_every_gateway_has_metrics_of_its_own() -> None:
    """Tests and demos run several in one process."""
    first, second = Metrics(), Metrics()

    first.observe(line())

    assert (
        value(second, "requests_total", verdict="miss", reason="no-neighbor", route="gpt-4o", status="200")
        is None
    )


def test_a_bar_that_moved_is_shown_by_route() -> None:
    """With its alarms; a closed one is infinite, and the shared one of unknown names is `other`."""
    metrics = Metrics()
    tuned = Tuned(0.8, 0.01)
    calm, closed = monitor(tuned), msgspec.structs.replace(monitor(tuned), bar=inf, alarms=1)

    metrics.show_bar("faq", "all", calm, is_alarm=False)
    metrics.show_bar("", "drawn", closed, is_alarm=True)

    assert value(metrics, "bar", route="faq", sample="all") == 0.8
    assert value(metrics, "is_tightened", route="faq", sample="all") == 0
    assert value(metrics, "drift_alarms_total", route="faq", sample="all") is None
    assert value(metrics, "bar", route="other", sample="drawn") == inf
    assert value(metrics, "is_tightened", route="other", sample="drawn") == 1
    assert value(metrics, "drift_alarms_total", route="other", sample="drawn") == 1


def test_labels_are_counted_by_who_said_what() -> None:
    metrics = Metrics()

    metrics.count_label("feedback", "wrong")

    assert value(metrics, "labels_total", source="feedback", said="wrong") == 1
