"""The sums of a ledger, by whatever one asks."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sparingly.core.answer import Usage
from sparingly.core.ledger import LedgerEntry, Timings
from sparingly.errors import StartupError
from sparingly.ledgers.sqlite import SqliteLedger
from sparingly.ledgers.totals import By, Total, read_stats
from tests.ledger_entries import OBSERVED, line

pytestmark = pytest.mark.anyio

# 2026-11-18 00:00 UTC.
MIDNIGHT = 1_794_960_000.0
DAY = 86_400.0


async def written(folder: Path, *entries: LedgerEntry) -> Path:
    path = folder / "ledger.sqlite3"
    ledger = SqliteLedger(path)
    for entry in entries:
        ledger.enter(entry)
    await ledger.aclose()
    return path


async def test_a_row_adds_up_its_requests(tmp_path: Path) -> None:
    """Hits by tier, would-be hits, failures, tokens, money."""
    path = await written(
        tmp_path,
        line(verdict="exact", cost_nano=0, baseline_nano=500),
        line(verdict="semantic", cost_nano=0, baseline_nano=700),
        line(verdict="miss", cost_nano=900, baseline_nano=400, observed=OBSERVED),
        line(verdict="bypass", status=502, usage=Usage(), cost_nano=0, baseline_nano=0),
    )

    (row,) = read_stats(path, by="tenant").rows

    assert row == Total(
        key="acme",
        requests=4,
        exact_hits=1,
        semantic_hits=1,
        observed_hits=1,
        failures=1,
        input_tokens=300,
        output_tokens=150,
        cost_nano=900,
        baseline_nano=1_600,
        p50_s=0.5,
        p99_s=0.5,
    )
    assert row.saved_nano == 700


async def test_overhead_costs_and_is_no_request(tmp_path: Path) -> None:
    """A look after a request has its own line; its time is nobody's latency and its failure no request's."""
    path = await written(
        tmp_path,
        line(verdict="miss", cost_nano=900, baseline_nano=900),
        line(verdict="overhead", status=502, cost_nano=30, baseline_nano=0, timings=Timings(total_s=9.0)),
    )

    (row,) = read_stats(path, by="tenant").rows

    assert (row.requests, row.failures, row.cost_nano, row.saved_nano) == (1, 0, 930, -30)
    assert (row.p50_s, row.p99_s) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("day", ["2026-11-17", "2026-11-18"]),
        ("model", ["gpt-4o", "asked-only", "routed"]),
        ("route", ["faq", ""]),
        ("tenant", ["acme", "zenith"]),
    ],
)
async def test_rows_are_grouped_and_ordered(tmp_path: Path, by: By, keys: list[str]) -> None:
    """Days in order, all else by most requests; a model is the served, else the routed, else the asked one."""
    path = await written(
        tmp_path,
        line(time=MIDNIGHT - 1, route="faq"),
        line(time=MIDNIGHT, route="faq"),
        line(time=MIDNIGHT, route="", served=None, routed="routed", tenant="zenith"),
        line(time=MIDNIGHT, route="faq", served=None, routed=None, asked="asked-only"),
    )

    assert [row.key for row in read_stats(path, by=by).rows] == keys


async def test_percentiles_are_measured_values_by_nearest_rank(tmp_path: Path) -> None:
    """Of 1 to 200 ms, the 100th and the 198th."""
    path = await written(tmp_path, *(line(timings=Timings(total_s=ms / 1000)) for ms in range(200, 0, -1)))

    (row,) = read_stats(path).rows

    assert (row.p50_s, row.p99_s) == (0.1, 0.198)


async def test_the_total_is_of_all_rows_with_its_own_percentiles(tmp_path: Path) -> None:
    """Percentiles do not add up."""
    path = await written(
        tmp_path,
        *(line(time=MIDNIGHT + day * DAY, timings=Timings(total_s=day + 1.0)) for day in range(3)),
    )

    stats = read_stats(path)

    assert [row.p50_s for row in stats.rows] == [1.0, 2.0, 3.0]
    assert stats.total is not None
    assert (stats.total.requests, stats.total.p50_s) == (3, 2.0)


async def test_only_the_time_asked_for_counts(tmp_path: Path) -> None:
    """From `since` on, up to but not including `until`."""
    path = await written(tmp_path, *(line(time=MIDNIGHT + hour) for hour in range(5)))

    stats = read_stats(path, since=MIDNIGHT + 1, until=MIDNIGHT + 3)

    assert stats.total is not None
    assert stats.total.requests == 2


async def test_no_request_is_no_row_and_no_total(tmp_path: Path) -> None:
    """A gateway that was only started."""
    path = await written(tmp_path)

    assert read_stats(path).rows == ()
    assert read_stats(path).total is None


async def test_it_reads_while_the_ledger_is_open_and_changes_nothing(tmp_path: Path) -> None:
    """`sparingly stats` beside a serving gateway."""
    path = tmp_path / "ledger.sqlite3"
    ledger = SqliteLedger(path, linger_s=0)

    seen = []
    for _ in range(3):
        ledger.enter(line())
        await ledger.flush()
        total = read_stats(path).total
        seen.append(total.requests if total is not None else 0)
    await ledger.aclose()

    assert seen == [1, 2, 3]


def test_without_a_ledger_it_says_that_nothing_was_served(tmp_path: Path) -> None:
    """One line, and no empty file left behind."""
    path = tmp_path / "ledger.sqlite3"

    with pytest.raises(StartupError, match=r"there is no ledger at .*: nothing has been served"):
        read_stats(path)

    assert not path.exists()


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("PRAGMA application_id = 1", "is no ledger of sparingly"),
        ("PRAGMA user_version = 9", "by a later version"),
    ],
)
async def test_a_file_of_another_kind_is_refused(tmp_path: Path, statement: str, reason: str) -> None:
    """Rather than shown wrongly."""
    path = await written(tmp_path, line())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)

    with pytest.raises(StartupError, match=reason):
        read_stats(path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """With SQLite's own reason."""
    path = tmp_path / "ledger.sqlite3"
    path.write_text("words " * 200)

    with pytest.raises(StartupError, match="file is not a database"):
        read_stats(path)
