"""An entry becomes a row that holds all of it."""

import sqlite3

import msgspec

from sparingly.core.answer import Usage
from sparingly.core.ledger import LedgerEntry, Timings
from sparingly.ledgers.rows import INSERT, SCHEMA, Row, row_of
from tests.ledger_entries import OBSERVED, line

# What a reader of the table calls differently than the struct.
_RENAMED = {"usage": "input_tokens", "timings": "total_s", "observed": "observed_tier"}


def stored(entry: LedgerEntry) -> dict[str, object]:
    connection = sqlite3.connect(":memory:")
    try:
        for statement in SCHEMA:
            connection.execute(statement)
        connection.execute(INSERT, row_of(entry))
        cursor = connection.execute("SELECT * FROM entries")
        row: Row = cursor.fetchone()
        return dict(zip((column for column, *_ in cursor.description), row, strict=True))
    finally:
        connection.close()


def test_every_field_of_an_entry_has_a_column() -> None:
    """A field that is added to the struct cannot be forgotten."""
    columns = set(stored(line()))

    fields = {_RENAMED.get(name, name) for name in LedgerEntry.__struct_fields__}
    fields |= set(Timings.__struct_fields__)
    fields |= {name for name in Usage.__struct_fields__ if name != "estimated"} | {"tokens_estimated"}
    fields |= {f"observed_{name}" for name in type(OBSERVED).__struct_fields__}
    assert fields <= columns


def test_values_are_stored_in_their_units() -> None:
    """Nano-dollars, seconds, JSON for what is no single value."""
    row = stored(
        line(tags=("a", "b"), trouble=("store-error",), scores={"x": 0.5}, observed=OBSERVED, escalated=True)
    )

    assert row["seq"] == 1
    assert row["cost_nano"] == 1_000
    assert row["total_s"] == 0.5
    assert row["embed_s"] is None
    assert row["input_tokens"] == 100
    assert row["escalated"] == 1
    assert msgspec.json.decode(str(row["tags"])) == ["a", "b"]
    assert msgspec.json.decode(str(row["trouble"])) == ["store-error"]
    assert msgspec.json.decode(str(row["scores"])) == {"x": 0.5}
    assert row["observed_fresh_text"] == "new words"
