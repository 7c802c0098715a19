"""Make a folder one process's own, for as long as it lives.

The engine's own lock comes too late: a second opening reads and mends the files
of the first before it finds them locked, and the first can no longer write.  So
this lock is taken before the engine sees the folder.  The system frees it when
the process ends, however it ends.
"""

import fcntl
import os
import time
from pathlib import Path

from sparingly.errors import StoreError

FILE_NAME = "owner.lock"


class FolderLock:
    """A held lock; taking it waits up to `wait_s` for a previous owner.

    Raises:
        StoreError: another process has the folder, or it cannot be locked.
    """

    def __init__(self, folder: Path, *, wait_s: float) -> None:
        deadline = time.monotonic() + wait_s
        try:
            self._file = os.open(folder / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{folder} cannot be locked: {error.strerror}") from error
        while not _is_taken(self._file):
            if time.monotonic() >= deadline:
                os.close(self._file)
                raise StoreError(f"{folder} is in use by another process, or by another gateway of this one")
            time.sleep(0.02)

    def release(self) -> None:
        """Let the next one in; safe to call twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _is_taken(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        # Held by another opening of the file, in this process or elsewhere.
        return False
    return True
