"""The ledger in one SQLite file, written by one thread.

Question: how can a ledger be durable without slowing an answer?  Choice: a
bounded queue, one writer thread and batched transactions, in WAL mode with
synchronous=NORMAL: what is committed survives the end of this process however
it ends, and a reader never waits for the writer.  Rejected: a commit per
request on the event loop (0.1 ms each, much more on a busy disk), and
synchronous=FULL (an fsync a batch, to survive a loss of power too).

This module must not read the ledger back; that is `totals.py`.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sparingly.core.ledger import LedgerEntry
from sparingly.errors import LedgerError, StartupError
from sparingly.ledgers.rows import APPLICATION_ID, INSERT, SCHEMA, UPGRADES, VERSION, row_of
from sparingly.writer_thread import WriterThread

FILE_NAME = "ledger.sqlite3"

# How often, and how far apart, a new file is tried to be switched to WAL.
_SWITCHES = 200
_BETWEEN_S = 0.05


class SqliteLedger:
    """Appends entries to the file at `path`; at most `max_waiting` entries wait to be written.

    `pause` waits for so many seconds; it is asked only while another process makes the same file.

    Raises:
        StartupError: the file cannot be opened, or is none of ours.
    """

    def __init__(
        self,
        path: Path,
        *,
        max_waiting: int = 20_000,
        linger_s: float = 0.05,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path = path
        self._rejected = 0
        self._connection = _open(path, pause)
        self._writer = WriterThread(
            self._write, name="sparingly-ledger", max_weight=max_waiting, linger_s=linger_s
        )

    @property
    def dropped(self) -> int:
        """How many entries were lost: the queue was full, or they could not be written."""
        return self._writer.dropped + self._rejected

    def enter(self, entry: LedgerEntry) -> None:
        """Hand an entry to the writer; drop and count it when too many wait."""
        self._writer.offer(entry)

    async def flush(self) -> None:
        """Wait until every entry so far is committed."""
        await self._writer.flush()

    async def ping(self) -> None:
        """Raise LedgerError when entries are not being written."""
        trouble = self._writer.trouble
        if trouble is None and not os.access(self._path, os.W_OK):
            trouble = f"the ledger {self._path} is gone or not writable"
        if trouble is not None:
            raise LedgerError(trouble)

    async def aclose(self) -> None:
        """Commit what is left and close the file; safe to call twice."""
        await self._writer.aclose()
        self._connection.close()

    def _write(self, entries: list[LedgerEntry]) -> None:
        try:
            with _transaction(self._connection):
                self._connection.executemany(INSERT, [row_of(entry) for entry in entries])
        except sqlite3.OperationalError as error:
            # The disk is full, the file locked or gone: the same entries may go in later.
            raise LedgerError(f"the ledger {self._path} cannot be written: {error}") from error
        except (sqlite3.Error, ValueError, OverflowError):
            # One entry has a value that SQLite cannot hold (a lone surrogate, a number beyond
            # 64 bits); it must not take the others with it.
            if len(entries) == 1:
                self._rejected += 1
                return
            for entry in entries:
                self._write([entry])


def _open(path: Path, pause: Callable[[float], None]) -> sqlite3.Connection:
    """Open or make the file; one clear line when that is not possible."""
    try:
        # Opened here, used by the writer thread only; transactions are ours to begin.
        connection = sqlite3.connect(path, check_same_thread=False, timeout=5.0, isolation_level=None)
    except sqlite3.Error as error:
        raise StartupError(f"cannot open the ledger {path}: {error}") from error
    try:
        _prepare(connection, path, pause)
    except sqlite3.Error as error:
        connection.close()
        raise StartupError(f"cannot open the ledger {path}: {error}") from error
    except StartupError:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, pause: Callable[[float], None]) -> None:
    # Looked at before anything is changed: it may be somebody else's.
    with _transaction(connection, kind="DEFERRED"):
        _is_new(connection, path)
    _switch_to_wal(connection, pause)
    connection.execute("PRAGMA synchronous = NORMAL")
    # Looked at again while nobody else can write: another process may have made the table meanwhile.
    # The lock is taken even where nothing is to be made, so that a read-only file is found now.
    with _transaction(connection):
        if _is_new(connection, path):
            for statement in SCHEMA:
                connection.execute(statement)
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        for older in range(version, VERSION):
            for statement in UPGRADES[older]:
                connection.execute(statement)


def _switch_to_wal(connection: sqlite3.Connection, pause: Callable[[float], None]) -> None:
    """Try until nobody else is about to write: SQLite refuses this one step at once, whatever its time-out."""
    for _ in range(_SWITCHES):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            pause(_BETWEEN_S)
        else:
            return
    connection.execute("PRAGMA journal_mode = WAL")


def _is_new(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the file holds nothing yet; raises StartupError where it holds something else than our ledger."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application == APPLICATION_ID and version > VERSION:
        raise StartupError(
            f"the ledger {path} was written by a later version of sparingly (format {version}, this one "
            f"knows {VERSION}): upgrade, or move the file away"
        )
    if tables and application != APPLICATION_ID:
        raise StartupError(f"{path} is a database, but no ledger of sparingly: move it away")
    return not tables


@contextmanager
def _transaction(connection: sqlite3.Connection, *, kind: str = "IMMEDIATE") -> Iterator[None]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has already rolled some failures back by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
