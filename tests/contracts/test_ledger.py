"""The contract of `ports.Ledger`, for the fake and for SQLite alike."""

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from sparingly.core.ledger import LedgerEntry
from sparingly.errors import LedgerError
from sparingly.ledgers.sqlite import SqliteLedger
from sparingly.ledgers.totals import read_stats
from sparingly.ports import Ledger
from tests.fakes.ledger import ListLedger
from tests.ledger_entries import line
from tests.ledgers.reading import ids_in

pytestmark = pytest.mark.anyio

Kept: TypeAlias = Callable[[], list[str]]


@asynccontextmanager
async def _opened(kind: str, folder: Path) -> AsyncIterator[tuple[Ledger, Kept]]:
    if kind == "fake":
        fake = ListLedger()
        yield fake, lambda: [entry.id for entry in fake.entries]
        return
    path = folder / "ledger.sqlite3"
    ledger = SqliteLedger(path, linger_s=0)
    try:
        yield ledger, lambda: ids_in(path)
    finally:
        await ledger.aclose()


@pytest.fixture(params=["fake", "sqlite"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_entries_are_kept_in_order_by_the_time_it_is_closed(kind: str, tmp_path: Path) -> None:
    """`aclose` is the latest moment for an entry to be durable."""
    async with _opened(kind, tmp_path) as (ledger, kept):
        for number in range(300):
            ledger.enter(line(id=f"r{number}"))
        await ledger.aclose()

        assert kept() == [f"r{number}" for number in range(300)]


async def test_entries_from_many_threads_are_all_kept_each_thread_in_order(kind: str, tmp_path: Path) -> None:
    """The loop is not the only one to enter: write-backs may come from elsewhere."""
    async with _opened(kind, tmp_path) as (ledger, kept):

        def enter_some(name: str) -> None:
            for number in range(100):
                ledger.enter(line(id=f"{name}-{number:03}"))

        threads = [threading.Thread(target=enter_some, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        await ledger.aclose()

        for name in "abcd":
            mine = [one for one in kept() if one.startswith(name)]
            assert mine == [f"{name}-{number:03}" for number in range(100)]


@pytest.mark.parametrize(
    "entry",
    [
        line(id="r\ud800", asked="\udfff"),
        line(cost_nano=2**80),
        line(time=float("nan")),
        line(scores={"\ud800": float("inf")}),
        line(tags=("",) * 1_000),
    ],
    ids=["lone surrogate", "beyond 64 bits", "not a number", "odd score", "many tags"],
)
async def test_no_entry_makes_enter_raise_or_takes_others_with_it(
    kind: str, tmp_path: Path, entry: LedgerEntry
) -> None:
    """What cannot be written is lost alone."""
    async with _opened(kind, tmp_path) as (ledger, kept):
        ledger.enter(line(id="before"))
        ledger.enter(entry)
        ledger.enter(line(id="after"))
        await ledger.aclose()

        assert [one for one in kept() if one in {"before", "after"}] == ["before", "after"]


async def test_a_closed_ledger_takes_no_more_and_still_does_not_raise(kind: str, tmp_path: Path) -> None:
    """A request that ends late must not fail for it."""
    async with _opened(kind, tmp_path) as (ledger, kept):
        ledger.enter(line(id="in time"))
        await ledger.aclose()
        ledger.enter(line(id="late"))
        await ledger.aclose()

        assert kept() == ["in time"]


async def test_ping_is_silent_while_open_and_raises_once_closed(kind: str, tmp_path: Path) -> None:
    """Readiness asks it."""
    async with _opened(kind, tmp_path) as (ledger, _):
        await ledger.ping()
        await ledger.aclose()

        with pytest.raises(LedgerError):
            await ledger.ping()


async def test_what_a_reader_sees_while_it_is_open_is_what_was_entered(tmp_path: Path) -> None:
    """SQLite only: `sparingly stats` runs beside the gateway."""
    async with _opened("sqlite", tmp_path) as (ledger, _):
        assert isinstance(ledger, SqliteLedger)
        ledger.enter(line())
        await ledger.flush()

        assert read_stats(tmp_path / "ledger.sqlite3").rows[0].requests == 1
