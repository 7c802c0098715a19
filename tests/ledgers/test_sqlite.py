"""What SQLite adds to the contract: durability, append-only, versions, and clear refusals."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from sparingly.core.ledger import Routing
from sparingly.errors import LedgerError, StartupError
from sparingly.ledgers.rows import SCHEMA, row_of
from sparingly.ledgers.sqlite import SqliteLedger
from tests.ledger_entries import OBSERVED, line
from tests.ledgers.reading import ids_in

pytestmark = pytest.mark.anyio


async def test_a_reopened_ledger_is_added_to(tmp_path: Path) -> None:
    """A restart loses nothing and begins nothing anew."""
    path = tmp_path / "ledger.sqlite3"
    for name in ("first", "second"):
        ledger = SqliteLedger(path)
        ledger.enter(line(id=name))
        await ledger.aclose()

    assert ids_in(path) == ["first", "second"]


async def test_two_gateways_may_write_one_ledger(tmp_path: Path) -> None:
    """Workers on one data folder take turns."""
    path = tmp_path / "ledger.sqlite3"
    ledgers = [SqliteLedger(path, linger_s=0) for _ in range(2)]

    for number in range(200):
        ledgers[number % 2].enter(line(id=f"r{number:03}"))
    for ledger in ledgers:
        await ledger.aclose()

    assert sorted(ids_in(path)) == [f"r{number:03}" for number in range(200)]


def test_many_gateways_may_make_the_ledger_at_once(tmp_path: Path) -> None:
    """Workers start together; several rounds, because a race is not lost every time."""
    for number in range(5):
        path = tmp_path / f"ledger-{number}.sqlite3"

        for ledger in _opened_at_once(path, count=6):
            asyncio.run(ledger.aclose())

        assert ids_in(path) == []


def test_a_ledger_that_another_process_is_just_making_is_waited_for(tmp_path: Path) -> None:
    """SQLite refuses the switch to WAL at once while anybody is about to write, whatever its time-out."""
    path = tmp_path / "ledger.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        ledger = SqliteLedger(path, pause=lambda _: other.rollback())
        asyncio.run(ledger.aclose())

    assert ids_in(path) == []


def test_a_ledger_that_stays_locked_is_an_error_at_start(tmp_path: Path) -> None:
    """Waiting has an end, and the message names the file."""
    path = tmp_path / "ledger.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StartupError, match=r"ledger\.sqlite3: database is locked"):
            SqliteLedger(path, pause=lambda _: None)


def _opened_at_once(path: Path, *, count: int) -> list[SqliteLedger]:
    start = threading.Barrier(count)

    def open_one(_: int) -> SqliteLedger:
        start.wait()
        return SqliteLedger(path)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(open_one, range(count)))


async def test_entries_that_the_file_refuses_are_counted_at_the_latest_on_closing(tmp_path: Path) -> None:
    """Here the table is gone; a full disk is the same to us."""
    path = tmp_path / "ledger.sqlite3"
    ledger = SqliteLedger(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TABLE entries")

    ledger.enter(line())
    await ledger.aclose()

    assert ledger.dropped == 1


_CHILD = """
import asyncio, os, signal, sys
from pathlib import Path
from sparingly.ledgers.sqlite import SqliteLedger
from tests.ledger_entries import OBSERVED, line

async def main():
    ledger = SqliteLedger(Path(sys.argv[1]), linger_s=0)
    for number in range(500):
        ledger.enter(line(id=f"r{number}"))
    await ledger.flush()
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.mark.slow
def test_what_was_written_survives_kill_9(tmp_path: Path) -> None:
    """The process gets no chance to close anything."""
    path = tmp_path / "ledger.sqlite3"
    root = Path(__file__).parents[2]

    child = subprocess.run([sys.executable, "-c", _CHILD, str(path)], cwd=root, check=False)  # noqa: S603 - our own child

    assert child.returncode == -signal.SIGKILL
    assert ids_in(path) == [f"r{number}" for number in range(500)]


@pytest.mark.parametrize("statement", ["UPDATE entries SET cost_nano = 0", "DELETE FROM entries"])
async def test_entries_can_be_neither_changed_nor_deleted(tmp_path: Path, statement: str) -> None:
    """What a request cost stays what was entered then."""
    path = tmp_path / "ledger.sqlite3"
    ledger = SqliteLedger(path)
    ledger.enter(line())
    await ledger.aclose()

    with (
        closing(sqlite3.connect(path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute(statement)

    assert ids_in(path) == ["r1"]


async def test_too_many_waiting_entries_are_dropped_and_counted(tmp_path: Path) -> None:
    """While another process holds the file, memory stays bounded."""
    path = tmp_path / "ledger.sqlite3"
    ledger = SqliteLedger(path, max_waiting=10, linger_s=0)

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for number in range(25):
            ledger.enter(line(id=f"r{number}"))
        other.execute("ROLLBACK")
    await ledger.aclose()

    assert ledger.dropped == 15
    assert ids_in(path) == [f"r{number}" for number in range(10)]


async def test_an_entry_that_cannot_be_written_is_counted(tmp_path: Path) -> None:
    """Nothing is lost silently."""
    ledger = SqliteLedger(tmp_path / "ledger.sqlite3")

    ledger.enter(line(cost_nano=2**80))
    ledger.enter(line())
    await ledger.aclose()

    assert ledger.dropped == 1


async def test_ping_tells_that_the_file_is_gone(tmp_path: Path) -> None:
    """SQLite itself would go on writing into nothing."""
    path = tmp_path / "ledger.sqlite3"
    ledger = SqliteLedger(path)
    path.unlink()

    with pytest.raises(LedgerError, match="is gone or not writable"):
        await ledger.ping()

    await ledger.aclose()


def _foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (text TEXT)")


def _of_a_later_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in SCHEMA:
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 99")


def _no_database(path: Path) -> None:
    path.write_text("just words, " * 100)


def _a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_foreign, "is a database, but no ledger of sparingly: move it away"),
        (_of_a_later_version, "was written by a later version of sparingly (format 99, this one knows 3)"),
        (_no_database, "file is not a database"),
        (_a_folder, "unable to open database file"),
    ],
)
def test_a_file_that_is_no_ledger_of_ours_is_refused_in_one_line(
    tmp_path: Path, make: object, reason: str
) -> None:
    """And it is left as it was."""
    path = tmp_path / "ledger.sqlite3"
    assert callable(make)
    make(path)

    with pytest.raises(StartupError) as caught:
        SqliteLedger(path)

    assert str(path) in str(caught.value)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_written_is_refused_in_one_line(tmp_path: Path) -> None:
    """Here one whose parent is a file: permissions do not stop root, who may run the tests."""
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "ledger.sqlite3"

    with pytest.raises(StartupError) as caught:
        SqliteLedger(path)

    assert str(caught.value) == f"cannot open the ledger {path}: unable to open database file"


_OF_VERSION_2 = (", kept TEXT NOT NULL DEFAULT ''",)
_OF_VERSION_3 = (", routing TEXT", ", tier TEXT", ", route_reason TEXT", ", observed_agreement TEXT")
LATER_COLUMNS = {1: _OF_VERSION_2 + _OF_VERSION_3, 2: _OF_VERSION_3}


@pytest.mark.parametrize("version", LATER_COLUMNS)
async def test_a_ledger_of_an_earlier_version_is_added_to(tmp_path: Path, version: int) -> None:
    """Its lines stay; what they could not say is empty."""
    path = tmp_path / "ledger.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        for statement in SCHEMA:
            if "entries_by_id" not in statement or version > 1:
                connection.execute(_without(statement, LATER_COLUMNS[version]))
        connection.execute(f"PRAGMA user_version = {version}")
        connection.commit()
        columns = [row[1] for row in connection.execute("PRAGMA table_info(entries)")]
        assert "observed_agreement" not in columns

    ledger = SqliteLedger(path)
    ledger.enter(line(kept="admitted", observed=OBSERVED))
    await ledger.aclose()

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT kept, observed_agreement FROM entries").fetchall() == [
            ("admitted", "wrong")
        ]
    await SqliteLedger(path).aclose()


async def test_a_ledger_of_the_second_version_keeps_its_lines(tmp_path: Path) -> None:
    """What was not known of them then stays unknown."""
    path = tmp_path / "ledger.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        for statement in SCHEMA:
            connection.execute(_without(statement, _OF_VERSION_3))
        connection.execute("PRAGMA user_version = 2")
        names = [row[1] for row in connection.execute("PRAGMA table_info(entries)")][1:]
        values = row_of(line(id="old"))[: len(names)]
        insert = f"INSERT INTO entries ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - our own names
        connection.execute(insert, values)
        connection.commit()

    ledger = SqliteLedger(path)
    ledger.enter(line(id="new", routing=Routing("classified", tier="simple")))
    await ledger.aclose()

    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT id, tier, route_reason, routing IS NULL FROM entries").fetchall()
    assert rows == [("old", None, None, 1), ("new", "simple", "classified", 0)]


def _without(statement: str, columns: tuple[str, ...]) -> str:
    for column in columns:
        statement = statement.replace(column, "")
    return statement
