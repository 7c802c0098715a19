"""Prometheus metrics of one gateway process, in a registry of their own.

Labels are bounded: model and route names come from clients, so only those the
config knows and the first few others get a series of their own, the rest is
`other`.  A model that no provider served a good answer for never claims one.

Several workers have a registry each: Prometheus then needs to scrape each.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from sparingly.core.guarantee.recalibration import Monitor
from sparingly.core.ledger import LedgerEntry

# Litestar says of every text that it is UTF-8.
CONTENT_TYPE = "text/plain; version=0.0.4"

# Series cost memory on both sides; a config that names more models than this gets them all the same.
_MAX_NAMES = 64
_NANO_PER_USD = 1_000_000_000
# From half the budget of an exact hit to a long answer of a slow model.
_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 60, 180)


class BoundedNames:
    """Gives every name back, or `other` once too many different ones were seen."""

    def __init__(self, known: Iterable[str], *, limit: int = _MAX_NAMES) -> None:
        self._names = set(known)
        self._limit = max(limit, len(self._names))

    def __call__(self, name: str, *, is_earned: bool = True) -> str:
        """The label for a name; one that is not earned gets none of its own unless it has one already."""
        if name in self._names:
            return name
        if not is_earned or len(self._names) >= self._limit:
            return "other"
        self._names.add(name)
        return name


class Metrics:
    """Counts requests from their ledger entries; `known_models` and `known_routes` always have labels."""

    def __init__(self, *, known_models: Iterable[str] = (), known_routes: Iterable[str] = ()) -> None:
        self._registry = CollectorRegistry()
        self._models = BoundedNames(known_models)
        self._routes = BoundedNames(known_routes)
        self._reasons = BoundedNames(())
        self._codes = BoundedNames(())
        self._watched_routes = BoundedNames(known_routes)
        self._lost: dict[str, Callable[[], int]] = {}
        self._registry.register(_LostLines(self._lost))
        ProcessCollector(registry=self._registry)
        self._make_counters()
        self._make_gauges()

    def observe(self, entry: LedgerEntry) -> None:
        """Count a finished request."""
        is_good = 200 <= entry.status < 300
        route = self._routes(entry.route or "none", is_earned=is_good)
        reason = self._reasons(entry.reason)
        status = str(entry.status) if 100 <= entry.status <= 599 else "other"
        self._requests(entry.verdict, reason, route, status).inc()
        self._seconds(entry.verdict).observe(entry.timings.total_s)
        if entry.timings.first_byte_s is not None:
            self._first_byte_seconds(entry.verdict).observe(entry.timings.first_byte_s)
        self._count_money(entry, is_good=is_good)
        if entry.observed is not None:
            self._observed(entry.observed.tier).inc()
        if entry.kept:
            self._kept(self._reasons(entry.kept)).inc()
        for code in entry.trouble:
            self.trouble(code)

    def trouble(self, code: str) -> None:
        """Count a part that failed, in a request or beside one."""
        self._trouble(self._codes(code)).inc()

    def began(self) -> None:
        """A request arrived."""
        self._in_flight.inc()

    def ended(self) -> None:
        """A request's last byte was sent, or its client left."""
        self._in_flight.dec()

    def set_store_entries(self, count: int) -> None:
        """How many answers the store holds."""
        self._store_entries.set(count)

    def watch_lost(self, sink: str, count: Callable[[], int]) -> None:
        """Ask for the lines that a sink, such as `ledger`, has lost whenever metrics are read."""
        self._lost[sink] = count

    def count_label(self, source: str, said: str) -> None:
        """Somebody said whether a hit was right."""
        self._labels(source, said).inc()

    def show_bar(self, route: str, sample: str, now: Monitor, *, is_alarm: bool) -> None:
        """Where the bar of a route stands after it moved."""
        labels = self._watched_routes(route or "other"), sample
        self._bar(*labels).set(now.bar)
        self._tightened(*labels).set(now.is_tightened)
        if is_alarm:
            self._alarms(*labels).inc()

    def render(self) -> bytes:
        """The metrics in Prometheus' text format, see CONTENT_TYPE."""
        return generate_latest(self._registry)

    def _count_money(self, entry: LedgerEntry, *, is_good: bool) -> None:
        model = self._models(entry.served or "none", is_earned=is_good)
        usage = entry.usage
        if usage.input_tokens:
            self._tokens("input", model).inc(usage.input_tokens)
        if usage.output_tokens:
            self._tokens("output", model).inc(usage.output_tokens)
        if entry.cost_nano > 0:
            self._cost(model).inc(entry.cost_nano / _NANO_PER_USD)
        if entry.baseline_nano > 0:
            self._baseline.inc(entry.baseline_nano / _NANO_PER_USD)
        self._saved.inc(entry.saved_nano / _NANO_PER_USD)

    def _make_counters(self) -> None:
        self._requests = self._counters(
            "requests", "Finished requests.", ("verdict", "reason", "route", "status")
        )
        self._tokens = self._counters(
            "tokens", "Tokens of answers by kind and served model.", ("kind", "model")
        )
        self._cost = self._counters("cost_usd", "Dollars paid, by served model.", ("model",))
        self._baseline = Counter(
            "sparingly_baseline_usd", "Dollars the asked models would have cost.", registry=self._registry
        )
        self._observed = self._counters(
            "observed_hits", "Hits that cache.mode observe recorded and did not serve.", ("tier",)
        )
        self._kept = self._counters("kept", "Fresh answers by what became of them in the cache.", ("reason",))
        self._trouble = self._counters("trouble", "Parts that failed while requests flowed.", ("code",))
        self._seconds = self._histogram("request_seconds", "From arrival to last byte.")
        self._first_byte_seconds = self._histogram("first_byte_seconds", "From arrival to first byte.")

        self._labels = self._counters("labels", "What was said of hits, by whom.", ("source", "said"))
        self._alarms = self._counters(
            "drift_alarms", "Alarms that wrong hits come more often than stated.", ("route", "sample")
        )

    def _make_gauges(self) -> None:
        self._bar = self._gauges("bar", "The probability that labels ask for.")
        self._tightened = self._gauges("is_tightened", "Whether labels have raised the bar.")
        # A gauge: a request may cost more than its baseline.
        self._saved = Gauge("sparingly_saved_usd", "Dollars saved since the start.", registry=self._registry)
        self._in_flight = Gauge(
            "sparingly_in_flight_requests", "Requests under way.", registry=self._registry
        )
        self._store_entries = Gauge(
            "sparingly_store_entries", "Answers in the store.", registry=self._registry
        )

    # A series is looked up for every request; the library's own look-up locks, and makes text of text.

    def _counters(self, name: str, text: str, labels: tuple[str, ...]) -> Callable[..., Counter]:
        return cache(Counter(f"sparingly_{name}", text, labels, registry=self._registry).labels)

    def _gauges(self, name: str, text: str) -> Callable[..., Gauge]:
        return cache(Gauge(f"sparingly_{name}", text, ("route", "sample"), registry=self._registry).labels)

    def _histogram(self, name: str, text: str) -> Callable[[str], Histogram]:
        histogram = Histogram(
            f"sparingly_{name}", text, ("verdict",), buckets=_SECONDS, registry=self._registry
        )
        return cache(histogram.labels)


class _LostLines(Collector):
    """Reads the sinks' own counts when metrics are read."""

    def __init__(self, lost: dict[str, Callable[[], int]]) -> None:
        self._lost = lost

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily("sparingly_lost_lines", "Lines a sink has lost.", labels=["sink"])
        for sink, count in self._lost.items():
            family.add_metric([sink], count())
        yield family
