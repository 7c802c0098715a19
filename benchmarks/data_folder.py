"""Find and read the data that benchmarks and some tests use and nobody may commit.

It lies in the folder that SPARINGLY_DATA names, else beside the checkout in
`../shared/data`.
"""

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

_CHECKOUT = Path(__file__).resolve().parent.parent


def data_folder() -> Path | None:
    """The folder, or None where there is none."""
    named = os.environ.get("SPARINGLY_DATA")
    folder = Path(named) if named else _CHECKOUT.parent / "shared" / "data"
    return folder if folder.is_dir() else None


def needed_folder() -> Path:
    """The folder; ends the script with a clear line where there is none."""
    folder = data_folder()
    if folder is None:
        raise SystemExit("No data: set SPARINGLY_DATA to the folder with pairs/, arrivals/ and so on.")
    return folder


def rows(name: str) -> Iterator[dict[str, object]]:
    """The rows of a gzipped JSON Lines file, by its name without ending: `pairs/qqp`."""
    decoder = msgspec.json.Decoder(dict[str, object])
    with gzip.open(needed_folder() / f"{name}.jsonl.gz") as file:
        yield from map(decoder.decode, file)
