"""Totals as a table for people and as JSON for scripts."""

import io

import msgspec
import pytest
from rich.console import Console

from sparingly.errors import StartupError
from sparingly.ledgers.stats import since_of, stats_json, stats_table
from sparingly.ledgers.totals import Stats, Total
from tests.asks import NOW

ROW = Total(
    key="gpt-4o",
    requests=2_000,
    exact_hits=100,
    semantic_hits=50,
    observed_hits=0,
    failures=2,
    input_tokens=1_234_567,
    output_tokens=89_000,
    cost_nano=2_500_000_000,
    baseline_nano=3_750_000_000,
    p50_s=0.0123,
    p99_s=1.5,
)


def printed(stats: Stats) -> str:
    out = io.StringIO()
    Console(file=out, width=200, color_system=None).print(stats_table(stats))
    return out.getvalue()


def test_the_table_shows_hits_money_and_latency_side_by_side() -> None:
    """With shares, thousands and units."""
    text = printed(Stats("model", (ROW,), ROW))

    for words in (
        "gpt-4o",
        "2,000",
        "exact 100 (5%)",
        "semantic 50 (2%)",
        "2 failed",
        "1,234,567",
        "$2.50",
        "$3.75",
        "$1.25",
    ):
        assert words in text
    assert "12.3 ms" in text
    assert "1,500.0 ms" in text


def test_the_table_fits_a_terminal_of_80_columns() -> None:
    """No figure is cut."""
    out = io.StringIO()

    Console(file=out, width=80, color_system=None).print(stats_table(Stats("model", (ROW,), ROW)))

    assert "\u2026" not in out.getvalue()


def test_small_sums_keep_their_digits() -> None:
    """An answer costs a fraction of a cent."""
    small = msgspec.structs.replace(ROW, cost_nano=150_000, baseline_nano=0)

    text = printed(Stats("day", (small,), small))

    assert "$0.00015" in text
    assert "$-0.00015" in text
    assert "baseline $0 " in text


def test_words_of_clients_are_shown_and_not_obeyed() -> None:
    """A model's name may be anything: markup, or a terminal's control sequence."""
    odd = msgspec.structs.replace(ROW, key="[red]x[/nope] \x1b[2J")

    text = printed(Stats("model", (odd,), odd))

    assert "[red]x[/nope]" in text
    assert "\x1b" not in text


def test_a_row_without_a_name_is_seen() -> None:
    """Relayed requests have no route."""
    unnamed = msgspec.structs.replace(ROW, key="")

    rows = printed(Stats("route", (unnamed,), unnamed)).splitlines()

    assert any(row.split()[:2] == ["-", "2,000"] for row in rows)


def test_nothing_is_an_empty_table() -> None:
    """No footer, no error."""
    assert "requests" in printed(Stats("day", (), None))


def test_json_has_dollars_and_milliseconds() -> None:
    """Units are in the names."""
    decoded = msgspec.json.decode(stats_json(Stats("model", (ROW,), ROW)))

    assert decoded["version"] == 1
    assert decoded["by"] == "model"
    assert decoded["total"] == decoded["rows"][0]
    assert decoded["rows"][0] == {
        "key": "gpt-4o",
        "requests": 2000,
        "exact_hits": 100,
        "semantic_hits": 50,
        "observed_hits": 0,
        "failures": 2,
        "input_tokens": 1234567,
        "output_tokens": 89000,
        "cost_usd": 2.5,
        "baseline_usd": 3.75,
        "saved_usd": 1.25,
        "p50_ms": 12.3,
        "p99_ms": 1500.0,
    }
    assert msgspec.json.decode(stats_json(Stats("day", (), None)))["total"] is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90m", NOW - 5_400),
        ("24h", NOW - 86_400),
        ("7d", NOW - 604_800),
        ("2w", NOW - 1_209_600),
        ("2026-11-01", 1_793_491_200.0),
        ("2026-11-01T12:00+02:00", 1_793_527_200.0),
    ],
)
def test_since_is_a_span_before_now_or_a_date(text: str, moment: float) -> None:
    """A date without a zone is UTC, as the days of the table are."""
    assert since_of(text, now=NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "7", "d7", "-1d", "2026-13-01"])
def test_anything_else_is_refused_in_one_line(text: str) -> None:
    """With what would be understood."""
    with pytest.raises(StartupError, match="--since: expected 7d, 24h, 90m or a date like 2026-11-01"):
        since_of(text, now=NOW)
