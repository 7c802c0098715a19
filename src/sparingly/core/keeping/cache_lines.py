"""Entries as lines of a file, for export and import.

A line is `{"version": 1, "entry": {...}}`.  It holds no vector: that follows
from the text, so a file outlives the embedder it was made with.  A line that is
read is trusted with nothing: every field is of its type, ids are ids, times are
numbers that a store can order.
"""

import math
import re

import msgspec

from sparingly.core.entry import Entry

VERSION = 1
MOST_LINE_BYTES = 4 * 1024 * 1024
"""Sixteen times the default limit of an answer; a longer line is no entry of ours."""

_ID = re.compile(r"[0-9a-f]{32}")
# Unix seconds of the year 5138; a store's index orders them without loss.
_LATEST = 1e11


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    entry: Entry


def line_of(entry: Entry) -> bytes:
    """An entry as a line, with its end."""
    return msgspec.json.encode(_Line(VERSION, entry)) + b"\n"


def read_line(line: bytes) -> Entry:
    """The entry of a line.

    Raises:
        ValueError: the line is none of ours; the message says why in one line.
    """
    if len(line) > MOST_LINE_BYTES:
        raise ValueError(f"it is longer than {MOST_LINE_BYTES} bytes")
    try:
        read = msgspec.json.decode(line, type=_Line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"not an exported entry: {error}") from error
    if read.version != VERSION:
        raise ValueError(f"version {read.version} is not known here, only {VERSION}")
    entry = read.entry
    if not _ID.fullmatch(entry.digest) or not _ID.fullmatch(entry.scope):
        raise ValueError("digest and scope must be 32 hexadecimal digits")
    times = (entry.created_at, entry.expires_at, entry.worth)
    if not all(math.isfinite(time) and 0 <= time <= _LATEST for time in times):
        raise ValueError("created_at, expires_at and worth must be numbers from 0 to 1e11")
    if min(entry.hits, entry.confirmed, entry.denied) < 0:
        raise ValueError("hits, confirmed and denied must not be negative")
    if not entry.answer.choices:
        raise ValueError("the answer is empty")
    return entry
