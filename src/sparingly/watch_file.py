"""Keep what on-line recalibration has learned over a restart: one small file in the data folder.

It is replaced whole, so that a crash leaves the old or the new one.  A file that cannot be read is
no reason to refuse to start: without it the bars stand where they were tuned.
"""

import asyncio
import os
from pathlib import Path

import msgspec

from sparingly.pipeline.watching.recalibrating import Kept

FILE_NAME = "recalibration.msgpack"

_VERSION = 1


class _File(msgspec.Struct, frozen=True):
    version: int
    kept: Kept


def read_watches(path: Path) -> Kept | None:
    """What was kept; None where nothing was.

    Raises:
        ValueError: it cannot be read; the message says why.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror or error}") from error
    try:
        found = msgspec.msgpack.decode(data, type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    if found.version != _VERSION:
        raise ValueError(f"{path} is of version {found.version}, this program's is {_VERSION}")
    return found.kept


async def write_watches(path: Path, kept: Kept) -> None:
    """Replace the file; raises OSError."""
    data = msgspec.msgpack.encode(_File(_VERSION, kept))
    await asyncio.to_thread(_replace, path, data)


def _replace(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name}.new")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
