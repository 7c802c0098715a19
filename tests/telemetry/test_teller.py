"""What happened is told twice: as an event and as a metric."""

import io

from sparingly.core.guarantee.awaiting import Label
from sparingly.core.guarantee.recalibration import Tuned, monitor
from sparingly.telemetry.logs import EventLog, make_log
from sparingly.telemetry.metrics import Metrics
from sparingly.telemetry.teller import Teller
from tests.fakes.clock import FakeClock
from tests.ledger_entries import line


def teller() -> tuple[Teller, io.StringIO]:
    stream = io.StringIO()
    return Teller(EventLog(make_log("info", stream), FakeClock()), Metrics()), stream


def test_a_request_is_an_event_and_a_count() -> None:
    """Neither way of looking misses it."""
    told, stream = teller()

    told.request(line())

    assert '"event":"request"' in stream.getvalue()
    assert b'sparingly_requests_total{reason="no-neighbor"' in told.metrics.render()


def test_a_trouble_beside_any_request_is_an_event_and_a_count() -> None:
    """With its words in the event and its code in both."""
    told, stream = teller()

    told.trouble("store-error", "the disk is full")

    assert "the disk is full" in stream.getvalue()
    assert b'sparingly_trouble_total{code="store-error"} 1.0' in told.metrics.render()


def test_only_an_alarm_is_worth_a_line() -> None:
    """A bar that moves is a gauge; an alarm is a line as well."""
    told, stream = teller()
    now = monitor(Tuned(0.8, 0.01))

    told.bar("faq", "all", now, is_alarm=False)
    quiet = stream.getvalue()
    told.bar("faq", "all", now, is_alarm=True)

    assert quiet == ""
    assert '"event":"drift-alarm"' in stream.getvalue()
    assert b'sparingly_drift_alarms_total{route="faq",sample="all"} 1.0' in told.metrics.render()


def test_a_label_is_a_count() -> None:
    told, _ = teller()

    told.label(Label("faq", "r1", "wrong", "recheck"))

    assert b'sparingly_labels_total{said="wrong",source="recheck"} 1.0' in told.metrics.render()
