"""Looking requests up in a ledger."""

import sqlite3
from pathlib import Path

import pytest

from sparingly.core.chat import Tenant
from sparingly.core.ledger import LedgerEntry, Past
from sparingly.errors import LedgerError
from sparingly.ledgers.history import NoHistory, SqliteHistory
from sparingly.ledgers.sqlite import SqliteLedger
from tests.asks import NOW, TENANT
from tests.ledger_entries import line

pytestmark = pytest.mark.anyio


async def written(folder: Path, *entries: LedgerEntry) -> SqliteHistory:
    path = folder / "ledger.sqlite3"
    ledger = SqliteLedger(path)
    for entry in entries:
        ledger.enter(entry)
    await ledger.aclose()
    return SqliteHistory(path)


async def test_a_request_is_found_by_its_id(tmp_path: Path) -> None:
    """With what the cache knew of it."""
    semantic = line(
        id="r2", verdict="semantic", reason="close", similarity=0.98, probability=0.9, candidate="r1"
    )
    history = await written(tmp_path, line(id="r1"), semantic)

    assert await history.request("r2") == Past(
        id="r2",
        time=NOW,
        tenant=TENANT,
        verdict="semantic",
        reason="close",
        asked="gpt-4o",
        route="gpt-4o",
        similarity=0.98,
        probability=0.9,
        candidate="r1",
    )
    assert await history.request("r3") is None


async def test_the_last_of_two_requests_with_one_id_counts(tmp_path: Path) -> None:
    history = await written(tmp_path, line(reason="first"), line(reason="second"))

    found = await history.request("r1")

    assert found is not None
    assert found.reason == "second"


async def test_what_was_entered_a_moment_ago_is_found(tmp_path: Path) -> None:
    """The writer gathers lines for a while; a caller's word may come sooner."""
    path = tmp_path / "ledger.sqlite3"
    ledger = SqliteLedger(path, linger_s=0.2)
    history = SqliteHistory(path, flush=ledger.flush)

    ledger.enter(line(id="now"))
    found = await history.request("now")
    await ledger.aclose()

    assert found is not None


async def test_near_misses_come_closest_first(tmp_path: Path) -> None:
    """By the judge's probability, then by similarity where nothing was judged; hits and plain misses are none."""
    history = await written(
        tmp_path,
        line(id="far", similarity=0.4, candidate="a"),
        line(id="near", similarity=0.9, candidate="a"),
        line(id="doubtful", similarity=0.5, probability=0.6, candidate="a"),
        line(id="nearly", similarity=0.3, probability=0.8, candidate="a"),
        line(id="hit", verdict="semantic", similarity=0.99, probability=0.99, candidate="a"),
        line(id="nothing-near", similarity=None, candidate=None),
    )

    found = await history.near_misses(tenant=None, since=0.0, limit=10)

    assert [one.id for one in found] == ["nearly", "doubtful", "near", "far"]
    assert [one.id for one in await history.near_misses(tenant=None, since=0.0, limit=1)] == ["nearly"]


async def test_near_misses_are_of_a_tenant_and_a_time(tmp_path: Path) -> None:
    history = await written(
        tmp_path,
        line(id="old", time=NOW - 100, similarity=0.9, candidate="a"),
        line(id="theirs", tenant=Tenant("globex"), similarity=0.9, candidate="a"),
        line(id="ours", similarity=0.9, candidate="a"),
    )

    found = await history.near_misses(tenant=TENANT, since=NOW - 50, limit=10)

    assert [one.id for one in found] == ["ours"]


async def test_a_ledger_that_cannot_be_read_is_trouble(tmp_path: Path) -> None:
    """Nothing but LedgerError comes out, and no file is made."""
    missing = SqliteHistory(tmp_path / "none.sqlite3")
    sqlite3.connect(tmp_path / "other.sqlite3").close()

    with pytest.raises(LedgerError):
        await missing.request("r1")
    with pytest.raises(LedgerError):
        await SqliteHistory(tmp_path / "other.sqlite3").near_misses(tenant=None, since=0.0, limit=1)

    assert not (tmp_path / "none.sqlite3").exists()


async def test_without_a_ledger_it_says_so() -> None:
    """`ledger.enabled: false` costs the feedback, and says why."""
    with pytest.raises(LedgerError, match="no ledger is kept"):
        await NoHistory().request("r1")
    with pytest.raises(LedgerError, match="no ledger is kept"):
        await NoHistory().near_misses(tenant=None, since=0.0, limit=1)
