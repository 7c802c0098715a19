"""Look into a ledger's file without the code under test."""

import sqlite3
from contextlib import closing
from pathlib import Path


def ids_in(path: Path) -> list[str]:
    """The ids of the entries in the order in which they were written."""
    with closing(sqlite3.connect(path)) as connection:
        return [id_ for (id_,) in connection.execute("SELECT id FROM entries ORDER BY seq")]
