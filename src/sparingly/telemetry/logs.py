"""JSON lines on stderr: one wide event a request, and troubles at a bearable rate.

What users wrote is never logged here, nor any key: an event is made from the
ledger entry's facts only.  Libraries (the server, the HTTP client) log in the
same form, so that every line on stderr can be parsed.
"""

import logging
import math
import sys
from typing import TextIO

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from sparingly.core.guarantee.recalibration import Monitor
from sparingly.core.ledger import LedgerEntry
from sparingly.ports import Clock

_NANO_PER_USD = 1_000_000_000
# They tell of every request they make; the wide event has it already.
_CHATTY = ("httpx", "httpcore", "qdrant_client")

_json = msgspec.json.Encoder(enc_hook=repr)


def start_logging(level: str, *, stream: TextIO | None = None) -> FilteringBoundLogger:
    """Send the logging of libraries to `stream` (stderr) as JSON lines and return a log that goes there too."""
    to = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(to)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_stamps()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _rendered,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))
    return make_log(level, to)


def make_log(level: str, stream: TextIO) -> FilteringBoundLogger:
    """A log of JSON lines on `stream`, without touching any global setting."""
    lazy: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[*_stamps(), structlog.processors.format_exc_info, _rendered],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    # What `wrap_logger` returns makes a new logger for every event; that takes as long as the event.
    return lazy.bind()


def library_log() -> FilteringBoundLogger:
    """A log that goes where the program around us sends its own, under the name `sparingly`."""
    lazy: FilteringBoundLogger = structlog.wrap_logger(
        logging.getLogger("sparingly"),
        processors=[structlog.processors.format_exc_info, _rendered],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    return lazy.bind()


class EventLog:
    """Writes events; a trouble is told at most once in `every_s` seconds, with how often it was not.

    It never raises: a log that cannot be written costs lines, counted in `lost`.
    """

    def __init__(self, log: FilteringBoundLogger, clock: Clock, *, every_s: float = 10.0) -> None:
        self._log = log
        self._clock = clock
        self._every_s = every_s
        self._told: dict[str, float] = {}
        self._untold: dict[str, int] = {}
        self.lost = 0

    def request(self, entry: LedgerEntry) -> None:
        """Tell of a finished request, and of the troubles it met."""
        if self._log.is_enabled_for(logging.INFO):
            self._write(logging.INFO, "request", request_event(entry))
        for code in entry.trouble:
            self.trouble(code)

    def alarm(self, route: str, sample: str, now: Monitor) -> None:
        """Tell that wrong hits come more often on a route than was stated; alarms are rare, and none is left out."""
        self._write(
            logging.WARNING,
            "drift-alarm",
            {
                "route": route or "other",
                "sample": sample,
                "max_error": now.tuned.max_error,
                "tuned": now.tuned.bar,
                # JSON has no infinity; without a bar only equal requests are served.
                "bar": now.bar if math.isfinite(now.bar) else None,
                "seen": now.seen,
                "wrong": now.wrong,
            },
        )

    def trouble(self, code: str, message: str = "") -> None:
        """Tell that a part failed."""
        now = self._clock.tick()
        told = self._told.get(code)
        if told is not None and now - told < self._every_s:
            self._untold[code] = self._untold.get(code, 0) + 1
            return
        self._told[code] = now
        event: dict[str, object] = {"code": code}
        if message:
            event["message"] = message
        if untold := self._untold.pop(code, 0):
            event["untold"] = untold
        self._write(logging.WARNING, "trouble", event)

    def _write(self, level: int, name: str, event: dict[str, object]) -> None:
        try:
            self._log.log(level, name, **event)
        except (OSError, ValueError):
            # Stderr is full, broken or closed: there is nowhere to say so.
            self.lost += 1


def request_event(entry: LedgerEntry) -> dict[str, object]:
    """The facts of a request as one flat event; what was not so is left out."""
    timings = msgspec.structs.asdict(entry.timings)
    event: dict[str, object] = {
        "id": entry.id,
        "tenant": entry.tenant,
        "path": entry.path,
        "status": entry.status,
        "verdict": entry.verdict,
        "reason": entry.reason,
        "route": entry.route,
        "asked": entry.asked,
        "routed": entry.routed,
        "served": entry.served,
        "provider": entry.provider,
        "similarity": entry.similarity,
        "probability": entry.probability,
        "confidence": entry.confidence,
        "input_tokens": entry.usage.input_tokens,
        "output_tokens": entry.usage.output_tokens,
        "cost_usd": entry.cost_nano / _NANO_PER_USD,
        "saved_usd": entry.saved_nano / _NANO_PER_USD,
        "attempts": entry.attempts,
        "escalated": entry.escalated or None,
        "streamed": entry.streamed or None,
        # A client that left, or a stream that broke, is worth a search.
        "complete": None if entry.complete else False,
        "conversation": entry.conversation,
        "tags": entry.tags or None,
        "trouble": entry.trouble or None,
        "kept": entry.kept or None,
        **{name.removesuffix("_s") + "_ms": _ms(value) for name, value in timings.items()},
    }
    if entry.observed is not None:
        # Where the texts are is the ledger; they are users' words.
        event |= {
            "observed_tier": entry.observed.tier,
            "observed_similarity": entry.observed.similarity,
            "observed_agreement": entry.observed.agreement or None,
        }
    return {name: value for name, value in event.items() if value is not None}


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1e3, 3)


def _stamps() -> list[Processor]:
    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]


def _rendered(_log: WrappedLogger, _method: str, event: EventDict) -> str:
    return _json.encode(event).decode()
