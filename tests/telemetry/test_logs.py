"""Events are JSON lines of facts; troubles are told at a bearable rate."""

import io
import logging
from collections.abc import Iterator

import msgspec
import pytest

from sparingly.core.guarantee.recalibration import Tuned, monitor
from sparingly.core.ledger import Timings
from sparingly.telemetry.logs import EventLog, make_log, request_event, start_logging
from tests.fakes.clock import FakeClock
from tests.ledger_entries import OBSERVED, line


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [msgspec.json.decode(text, type=dict[str, object]) for text in stream.getvalue().splitlines()]


def event_log(clock: FakeClock | None = None, *, level: str = "info") -> tuple[EventLog, io.StringIO]:
    stream = io.StringIO()
    return EventLog(make_log(level, stream), clock or FakeClock(), every_s=10.0), stream


def test_an_event_has_the_facts_of_a_request_in_its_units() -> None:
    """Dollars and milliseconds, as people read them."""
    event = request_event(
        line(timings=Timings(total_s=0.5, embed_s=0.0012345), trouble=("store-error",), tags=("a",))
    )

    assert event == {
        "id": "r1",
        "tenant": "acme",
        "path": "/v1/chat/completions",
        "status": 200,
        "verdict": "miss",
        "reason": "no-neighbor",
        "route": "gpt-4o",
        "asked": "gpt-4o",
        "routed": "gpt-4o",
        "served": "gpt-4o",
        "provider": "openai",
        "input_tokens": 100,
        "output_tokens": 50,
        "cost_usd": 1e-06,
        "saved_usd": 2e-06,
        "attempts": 1,
        "tags": ("a",),
        "trouble": ("store-error",),
        "total_ms": 500.0,
        "embed_ms": 1.234,
    }


def test_what_was_unusual_is_said() -> None:
    """And left out where it was not so."""
    event = request_event(line(complete=False, streamed=True, escalated=True, confidence=0.5, similarity=0.9))

    assert event["complete"] is False
    assert event["streamed"] is True
    assert event["escalated"] is True
    assert (event["confidence"], event["similarity"]) == (0.5, 0.9)


def test_what_users_wrote_is_never_in_an_event() -> None:
    """The texts of an observed hit are in the ledger only."""
    event = request_event(line(observed=OBSERVED))

    assert event["observed_tier"] == "semantic"
    assert event["observed_similarity"] == 0.98
    assert "words" not in str(event)


def test_a_request_is_one_line() -> None:
    """With what it is, its level and the time."""
    log, stream = event_log()

    log.request(line(asked='x"\n{"event":"forged"}'))

    (found,) = lines(stream)
    assert (found["event"], found["level"]) == ("request", "info")
    assert found["asked"] == 'x"\n{"event":"forged"}'
    assert str(found["time"]).endswith("Z")


def test_a_trouble_is_told_once_in_a_while_with_how_often_it_was_not() -> None:
    """A store that is down fails with every request."""
    clock = FakeClock()
    log, stream = event_log(clock)

    for _ in range(3):
        log.trouble("store-error", "refused")
        clock.pass_by(4.0)
    log.trouble("store-error", "refused")
    log.trouble("embedder-error")

    assert [(one["code"], one.get("untold"), one.get("message")) for one in lines(stream)] == [
        ("store-error", None, "refused"),
        ("store-error", 2, "refused"),
        ("embedder-error", None, None),
    ]


def test_a_requests_troubles_are_told_even_where_requests_are_not() -> None:
    """`log_level: warning` silences requests, not troubles."""
    log, stream = event_log(level="warning")

    log.request(line(trouble=("store-error",)))

    assert [(one["event"], one["code"]) for one in lines(stream)] == [("trouble", "store-error")]


class _Broken(io.StringIO):
    def write(self, _text: str) -> int:
        raise BrokenPipeError


def test_a_log_that_cannot_be_written_costs_lines_only() -> None:
    """Nobody's request fails for it."""
    log = EventLog(make_log("info", _Broken()), FakeClock())

    log.request(line(trouble=("store-error",)))

    assert log.lost == 2


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back afterwards."""
    logger = logging.getLogger()
    handlers, level = logger.handlers, logger.level
    yield logger
    logger.handlers = handlers
    logger.setLevel(level)


@pytest.mark.usefixtures("root")
def test_libraries_log_in_the_same_form() -> None:
    """Every line on stderr can be parsed, tracebacks too."""
    stream = io.StringIO()
    log = start_logging("info", stream=stream)

    logging.getLogger("some.library").warning("%s tries", 3)
    logging.getLogger("httpx").info("a request")
    try:
        raise KeyError("gone")  # noqa: TRY301 - the traceback is the point
    except KeyError:
        logging.getLogger("some.library").exception("failed")
    log.info("own")

    found = lines(stream)
    assert [(one["event"], one["level"]) for one in found] == [
        ("3 tries", "warning"),
        ("failed", "error"),
        ("own", "info"),
    ]
    assert found[0]["logger"] == "some.library"
    assert "KeyError: 'gone'" in str(found[1]["exception"])


def test_an_alarm_is_one_line_and_none_is_held_back() -> None:
    """It names route, bound, and where the bar stands; null where nothing is served by closeness any more."""
    log, stream = event_log()
    now = msgspec.structs.replace(monitor(Tuned(0.8, 0.01)), bar=0.95, seen=300, wrong=9)

    log.alarm("faq", "all", now)
    log.alarm("", "drawn", msgspec.structs.replace(now, bar=float("inf")))

    first, second = lines(stream)
    assert first | {"time": None} == {
        "event": "drift-alarm",
        "level": "warning",
        "time": None,
        "route": "faq",
        "sample": "all",
        "max_error": 0.01,
        "tuned": 0.8,
        "bar": 0.95,
        "seen": 300,
        "wrong": 9,
    }
    assert (second["route"], second["bar"]) == ("other", None)
