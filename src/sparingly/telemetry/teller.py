"""Tells operators what happened, in both ways they look: events and metrics."""

from sparingly.core.guarantee.awaiting import Label
from sparingly.core.guarantee.recalibration import Monitor
from sparingly.core.ledger import LedgerEntry
from sparingly.telemetry.logs import EventLog
from sparingly.telemetry.metrics import Metrics


class Teller:
    """Writes every request and every trouble to both."""

    def __init__(self, events: EventLog, metrics: Metrics) -> None:
        self.events = events
        self.metrics = metrics

    def request(self, entry: LedgerEntry) -> None:
        """A request is finished."""
        self.metrics.observe(entry)
        self.events.request(entry)

    def trouble(self, code: str, message: str) -> None:
        """A part failed, beside any request."""
        self.metrics.trouble(code)
        self.events.trouble(code, message)

    def label(self, label: Label) -> None:
        """Somebody said whether a hit was right."""
        self.metrics.count_label(label.source, label.said)

    def bar(self, route: str, sample: str, now: Monitor, *, is_alarm: bool) -> None:
        """A bar moved; an alarm is worth a line."""
        self.metrics.show_bar(route, sample, now, is_alarm=is_alarm)
        if is_alarm:
            self.events.alarm(route, sample, now)
