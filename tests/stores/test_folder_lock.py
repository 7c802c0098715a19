"""One owner at a time, before anybody looks at the folder's files."""

import subprocess
import sys
from pathlib import Path

import pytest

from sparingly.errors import StoreError
from sparingly.stores.folder_lock import FolderLock


def test_a_second_owner_is_turned_away(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path, wait_s=0.0)

    with pytest.raises(StoreError, match="is in use by another process"):
        FolderLock(tmp_path, wait_s=0.0)

    lock.release()


def test_a_released_folder_is_free(tmp_path: Path) -> None:
    """However often it is released."""
    lock = FolderLock(tmp_path, wait_s=0.0)
    lock.release()
    lock.release()

    FolderLock(tmp_path, wait_s=0.0).release()


def test_a_process_that_ended_owns_nothing(tmp_path: Path) -> None:
    """It need not have released anything."""
    script = (
        "from pathlib import Path; from sparingly.stores.folder_lock import FolderLock; import os; "
        f"lock = FolderLock(Path({str(tmp_path)!r}), wait_s=0.0); os._exit(7)"
    )

    ended = subprocess.run([sys.executable, "-c", script], check=False)  # noqa: S603 - our own module

    assert ended.returncode == 7
    FolderLock(tmp_path, wait_s=0.0).release()


def test_a_folder_that_is_not_there_cannot_be_locked(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be locked"):
        FolderLock(tmp_path / "none", wait_s=0.0)
