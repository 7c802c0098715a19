"""A folder of JSON Lines files that are followed by the next at a size, of which the last N are kept.

Names sort as the files were begun: `traffic-20261121T193241Z-0001.jsonl`.  A
line is written as a whole or cut off again, so that none is ever torn by a full
disk.  A restart begins a new file: time runs forward within each.
"""

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path

PATTERN = "traffic-*.jsonl"


class RotatingFiles:
    """Appends lines of bytes, line end included; not safe to share between threads.  Raises OSError."""

    def __init__(self, folder: Path, *, max_bytes: int, keep_files: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._keep_files = keep_files
        self._file: int | None = None
        self._size = 0
        # They hold what users wrote: for the owner's eyes only.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "not writable", str(folder))

    def append(self, line: bytes, *, time: float) -> None:
        """Write a line; `time` names the file where a new one begins."""
        if self._size and self._size + len(line) > self._max_bytes:
            self.close()
        file = self._open(time) if self._file is None else self._file
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(file, rest) :]
        except OSError:
            # Half a line would spoil the next one; whatever happens here, that one goes to a new file.
            with contextlib.suppress(OSError):
                os.ftruncate(file, self._size)
            self.close()
            raise
        self._size += len(line)

    def close(self) -> None:
        """End the current file; the next line begins another."""
        if self._file is not None:
            os.close(self._file)
        self._file, self._size = None, 0

    def _open(self, time: float) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stamp = datetime.fromtimestamp(time, UTC).strftime("%Y%m%dT%H%M%SZ")
        for number in range(1, 10_000):
            path = self._folder / f"traffic-{stamp}-{number:04}.jsonl"
            try:
                file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                # Of an earlier run, another process, or this very second.
                continue
            self._file, self._size = file, 0
            self._forget_oldest()
            return file
        raise FileExistsError(17, "too many files of one second", str(self._folder))

    def _forget_oldest(self) -> None:
        files = sorted(self._folder.glob(PATTERN))
        for path in files[: max(0, len(files) - self._keep_files)]:
            path.unlink(missing_ok=True)
