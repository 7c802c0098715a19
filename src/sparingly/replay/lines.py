"""Lines of a JSON Lines file that may be compressed, with their numbers.

Compression is told from the first bytes, not from the name, because logs get
renamed.  Every trouble with the file, a cut archive included, becomes a
LogError here: a log that ends early must not pass for a short one.
"""

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec
import zstandard

from sparingly.errors import LogError

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_PIECE_BYTES = 1 << 18

_T = TypeVar("_T")
_anything = msgspec.json.Decoder()


def file_sha256(path: Path) -> str:
    """The hex digest of the file as it lies on disk."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, numbered from 1 as an editor numbers them.

    Raises:
        LogError: the file is missing, unreadable, corrupt or cut.
    """
    number = 0
    rest = b""
    for piece in _pieces(path):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            number += 1
            if line.strip():
                yield number, line
    if rest.strip():
        yield number + 1, rest


def decoded(text: bytes, decoder: msgspec.json.Decoder[_T], *, place: str) -> _T:
    """Decode a line; `place` is file and line for the message.

    Raises:
        LogError: the line is not JSON or has wrong types.
    """
    try:
        # First as a whole: a typed decoder leaves opaque bodies unread, and with them bad UTF-8 and bad JSON.
        _anything.decode(text)
        return decoder.decode(text)
    except msgspec.DecodeError as error:
        raise LogError(f"{place}: {error}") from error
    except UnicodeDecodeError as error:
        raise LogError(f"{place}: not UTF-8: {error.reason}") from error
    except RecursionError as error:
        raise LogError(f"{place}: nested too deeply") from error


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
            file.seek(0)
            if magic.startswith(_GZIP):
                with gzip.open(file) as unpacked:
                    yield from iter(lambda: unpacked.read(_PIECE_BYTES), b"")
            elif magic == _ZSTD:
                yield from _unzstd(file)
            else:
                yield from iter(lambda: file.read(_PIECE_BYTES), b"")
    except EOFError as error:
        raise LogError(f"{path}: the compressed file is cut off") from error
    except (gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
        raise LogError(f"{path}: the compressed file is corrupt: {error}") from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _unzstd(file: BinaryIO) -> Iterator[bytes]:
    """Frame after frame; `stream_reader` would take a cut frame for the end of the file."""
    decompressor = zstandard.ZstdDecompressor()
    frame = decompressor.decompressobj()
    data = b""
    while data := data or file.read(_PIECE_BYTES):
        if frame.eof:
            frame = decompressor.decompressobj()
        yield frame.decompress(data)
        data = frame.unused_data if frame.eof else b""
    if not frame.eof:
        raise EOFError


def _unreadable(path: Path, error: OSError) -> LogError:
    return LogError(f"{path}: {error.strerror or error}")
