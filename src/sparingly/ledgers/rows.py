"""The ledger's table: its columns, how an entry becomes a row, and what the file says of itself.

The table is append-only: triggers refuse UPDATE and DELETE, so that what it
says a request cost is what was entered then.  Money is integer nano-dollars,
times are Unix seconds, lists and mappings are JSON text.

A change of the columns raises VERSION and adds a step to `sqlite.py`; a file of
a later version is refused, one of ours is only ever added to.
"""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from sparingly.core.ledger import LedgerEntry

VERSION = 3

# "SPRG": marks the file as ours (PRAGMA application_id).
APPLICATION_ID = 0x53505247

Value: TypeAlias = str | int | float | None
Row: TypeAlias = tuple[Value, ...]

_json = msgspec.json.Encoder()


def _text(value: object) -> str:
    return _json.encode(value).decode()


# Column name, declaration, value: one list, so that the three cannot fall apart.
_COLUMNS: tuple[tuple[str, str, Callable[[LedgerEntry], Value]], ...] = (
    ("id", "TEXT NOT NULL", lambda e: e.id),
    ("time", "REAL NOT NULL", lambda e: e.time),
    ("tenant", "TEXT NOT NULL", lambda e: e.tenant),
    ("path", "TEXT NOT NULL", lambda e: e.path),
    ("asked", "TEXT NOT NULL", lambda e: e.asked),
    ("routed", "TEXT", lambda e: e.routed),
    ("served", "TEXT", lambda e: e.served),
    ("provider", "TEXT", lambda e: e.provider),
    ("route", "TEXT NOT NULL", lambda e: e.route),
    ("status", "INTEGER NOT NULL", lambda e: e.status),
    ("verdict", "TEXT NOT NULL", lambda e: e.verdict),
    ("reason", "TEXT NOT NULL", lambda e: e.reason),
    ("streamed", "INTEGER NOT NULL", lambda e: int(e.streamed)),
    ("complete", "INTEGER NOT NULL", lambda e: int(e.complete)),
    ("similarity", "REAL", lambda e: e.similarity),
    ("nearest", "TEXT", lambda e: e.nearest),
    ("probability", "REAL", lambda e: e.probability),
    ("candidate", "TEXT", lambda e: e.candidate),
    ("input_tokens", "INTEGER NOT NULL", lambda e: e.usage.input_tokens),
    ("output_tokens", "INTEGER NOT NULL", lambda e: e.usage.output_tokens),
    ("cached_input_tokens", "INTEGER NOT NULL", lambda e: e.usage.cached_input_tokens),
    ("cache_write_tokens", "INTEGER NOT NULL", lambda e: e.usage.cache_write_tokens),
    ("reasoning_tokens", "INTEGER NOT NULL", lambda e: e.usage.reasoning_tokens),
    ("tokens_estimated", "INTEGER NOT NULL", lambda e: int(e.usage.estimated)),
    ("cost_nano", "INTEGER NOT NULL", lambda e: e.cost_nano),
    ("baseline_nano", "INTEGER NOT NULL", lambda e: e.baseline_nano),
    ("overhead_nano", "INTEGER NOT NULL", lambda e: e.overhead_nano),
    ("attempts", "INTEGER NOT NULL", lambda e: e.attempts),
    ("escalated", "INTEGER NOT NULL", lambda e: int(e.escalated)),
    ("confidence", "REAL", lambda e: e.confidence),
    ("scores", "TEXT NOT NULL", lambda e: _text(e.scores)),
    ("features", "TEXT NOT NULL", lambda e: _text(e.features)),
    ("propensity", "REAL", lambda e: e.propensity),
    ("conversation", "TEXT", lambda e: e.conversation),
    ("tags", "TEXT NOT NULL", lambda e: _text(e.tags)),
    ("trouble", "TEXT NOT NULL", lambda e: _text(e.trouble)),
    ("total_s", "REAL", lambda e: e.timings.total_s),
    ("embed_s", "REAL", lambda e: e.timings.embed_s),
    ("search_s", "REAL", lambda e: e.timings.search_s),
    ("judge_s", "REAL", lambda e: e.timings.judge_s),
    ("route_s", "REAL", lambda e: e.timings.route_s),
    ("upstream_first_s", "REAL", lambda e: e.timings.upstream_first_s),
    ("first_byte_s", "REAL", lambda e: e.timings.first_byte_s),
    ("observed_tier", "TEXT", lambda e: e.observed.tier if e.observed else None),
    ("observed_source", "TEXT", lambda e: e.observed.source if e.observed else None),
    ("observed_similarity", "REAL", lambda e: e.observed.similarity if e.observed else None),
    ("observed_probability", "REAL", lambda e: e.observed.probability if e.observed else None),
    ("observed_stored_text", "TEXT", lambda e: e.observed.stored_text if e.observed else None),
    ("observed_fresh_text", "TEXT", lambda e: e.observed.fresh_text if e.observed else None),
    ("kept", "TEXT NOT NULL DEFAULT ''", lambda e: e.kept),
    # Version 3: one value for all that explains a route, so that new strategies need no new columns ...
    ("routing", "TEXT", lambda e: _text(e.routing) if e.routing else None),
    # ... and what people group by.
    ("tier", "TEXT", lambda e: e.routing.tier if e.routing else None),
    ("route_reason", "TEXT", lambda e: e.routing.reason if e.routing else None),
    ("observed_agreement", "TEXT", lambda e: e.observed.agreement if e.observed else None),
)

SCHEMA = (
    f"""CREATE TABLE entries (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        {", ".join(f"{name} {declared}" for name, declared, _ in _COLUMNS)}
    )""",
    "CREATE INDEX entries_by_time ON entries (time)",
    "CREATE INDEX entries_by_id ON entries (id)",
    """CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON entries
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    """CREATE TRIGGER entries_are_never_deleted BEFORE DELETE ON entries
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
)
"""The statements that make a new ledger, for one transaction."""

UPGRADES = {
    1: (
        "ALTER TABLE entries ADD COLUMN kept TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX IF NOT EXISTS entries_by_id ON entries (id)",
        "PRAGMA user_version = 2",
    ),
    # Rows of version 2 keep what they had: scores, features and propensity; why is not known of them.
    2: (
        "ALTER TABLE entries ADD COLUMN routing TEXT",
        "ALTER TABLE entries ADD COLUMN tier TEXT",
        "ALTER TABLE entries ADD COLUMN route_reason TEXT",
        "ALTER TABLE entries ADD COLUMN observed_agreement TEXT",
        "PRAGMA user_version = 3",
    ),
}
"""The statements that make a ledger of each version one of the next."""

# The names are the constants above; values are bound.
INSERT = (
    f"INSERT INTO entries ({', '.join(name for name, _, _ in _COLUMNS)}) "  # noqa: S608 - no input in it
    f"VALUES ({', '.join('?' * len(_COLUMNS))})"
)


def row_of(entry: LedgerEntry) -> Row:
    """The entry's values in the order of the columns."""
    return tuple(value(entry) for _, _, value in _COLUMNS)
