"""Add up a ledger by day, model, route or tenant, in SQL and read-only.

It works while the gateway serves (WAL: a reader and the writer never wait for
each other) and must never change the file.  Days are UTC days.  Percentiles are
nearest-rank: values that were really measured.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import quote

import msgspec

from sparingly.errors import StartupError
from sparingly.ledgers.rows import APPLICATION_ID, VERSION

By: TypeAlias = Literal["day", "model", "route", "tenant"]

_KEYS: dict[By, str] = {
    "day": "date(time, 'unixepoch')",
    # A request that nobody answered counts for the model it was meant for.
    "model": "coalesce(served, routed, asked)",
    "route": "route",
    "tenant": "tenant",
}
_EVERYTHING = "'all'"

_QUERY = """
WITH ranked AS (
    SELECT {key} AS grouped, verdict != 'overhead' AS is_request, *,
           row_number() OVER (PARTITION BY {key}, verdict != 'overhead' ORDER BY total_s) AS rank,
           count(*) OVER (PARTITION BY {key}, verdict != 'overhead') AS of
    FROM entries WHERE time >= ? AND time < ?
)
SELECT grouped AS key, sum(is_request) AS requests,
       sum(verdict = 'exact') AS exact_hits, sum(verdict = 'semantic') AS semantic_hits,
       sum(observed_tier IS NOT NULL) AS observed_hits, sum(is_request AND status >= 400) AS failures,
       sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
       sum(cost_nano) AS cost_nano, sum(baseline_nano) AS baseline_nano,
       coalesce(max(CASE WHEN is_request AND rank = (of * 50 + 99) / 100 THEN total_s END), 0.0) AS p50_s,
       coalesce(max(CASE WHEN is_request AND rank = (of * 99 + 99) / 100 THEN total_s END), 0.0) AS p99_s
FROM ranked GROUP BY grouped ORDER BY {order}
"""


class Total(msgspec.Struct, frozen=True):
    """The requests of one day, model, route or tenant added up; `observed_hits` were not served."""

    key: str
    requests: int
    exact_hits: int
    semantic_hits: int
    observed_hits: int
    failures: int
    input_tokens: int
    output_tokens: int
    cost_nano: int
    baseline_nano: int
    p50_s: float
    p99_s: float

    @property
    def saved_nano(self) -> int:
        """What was saved; negative when the gateway cost more."""
        return self.baseline_nano - self.cost_nano


class Stats(msgspec.Struct, frozen=True):
    """The totals of a ledger, days in order and all else by most requests, and their sum."""

    by: By
    rows: tuple[Total, ...]
    total: Total | None
    """None when there was no request."""


def read_stats(path: Path, *, by: By = "day", since: float = 0.0, until: float = float("inf")) -> Stats:
    """Add up the entries with `since <= time < until`, Unix seconds.

    Raises:
        StartupError: there is no ledger at `path`, or it cannot be read.
    """
    order = "key" if by == "day" else "requests DESC, key"
    with _reading(path) as connection:
        # One transaction: the rows and their sum are of the same moment.
        connection.execute("BEGIN")
        rows = _totals(connection, _KEYS[by], order, since, until)
        everything = _totals(connection, _EVERYTHING, "key", since, until)
    return Stats(by=by, rows=rows, total=everything[0] if everything else None)


def _totals(
    connection: sqlite3.Connection, key: str, order: str, since: float, until: float
) -> tuple[Total, ...]:
    # `key` and `order` are constants of this module; what users give is bound.
    rows = connection.execute(_QUERY.format(key=key, order=order), (since, until))
    return tuple(msgspec.convert(dict(row), Total) for row in rows)


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.is_file():
        raise StartupError(f"there is no ledger at {path}: nothing has been served with this data folder")
    try:
        with closing(
            sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=5.0)
        ) as connection:
            _check(connection, path)
            connection.row_factory = sqlite3.Row
            yield connection
    except sqlite3.Error as error:
        raise StartupError(f"cannot read the ledger {path}: {error}") from error


def _check(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise StartupError(f"{path} is no ledger of sparingly")
    if version > VERSION:
        raise StartupError(
            f"the ledger {path} was written by a later version of sparingly (format {version}, this one "
            f"knows {VERSION}): upgrade to read it"
        )
