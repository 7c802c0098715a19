"""Files are followed by the next at a size, and only the last are kept."""

import os
import stat
from pathlib import Path

import pytest

from sparingly.telemetry.rotation import RotatingFiles

# 2026-11-18 00:00 UTC.
MIDNIGHT = 1_794_960_000.0


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_lines_go_to_one_file_until_it_is_full(tmp_path: Path) -> None:
    """No file is larger than asked for; its name is the time of its first line."""
    files = RotatingFiles(tmp_path, max_bytes=10, keep_files=9)

    for number, line in enumerate([b"aaaa\n", b"bbbb\n", b"cccc\n"]):
        files.append(line, time=MIDNIGHT + number)
    files.close()

    assert contents(tmp_path) == {
        "traffic-20261118T000000Z-0001.jsonl": b"aaaa\nbbbb\n",
        "traffic-20261118T000002Z-0001.jsonl": b"cccc\n",
    }


def test_a_line_larger_than_a_file_gets_one_of_its_own(tmp_path: Path) -> None:
    """It is not cut, and not lost."""
    files = RotatingFiles(tmp_path, max_bytes=3, keep_files=9)

    for line in (b"a\n", b"bbbbbbbb\n", b"c\n"):
        files.append(line, time=MIDNIGHT)
    files.close()

    assert list(contents(tmp_path).values()) == [b"a\n", b"bbbbbbbb\n", b"c\n"]


def test_only_the_last_files_are_kept(tmp_path: Path) -> None:
    """And nothing that is none of ours is deleted."""
    (tmp_path / "notes.txt").write_text("mine")
    files = RotatingFiles(tmp_path, max_bytes=1, keep_files=2)

    for number in range(5):
        files.append(f"{number}\n".encode(), time=MIDNIGHT + number)
    files.close()

    assert list(contents(tmp_path).values()) == [b"mine", b"3\n", b"4\n"]


def test_files_of_the_same_second_are_numbered(tmp_path: Path) -> None:
    """Their names sort as they were begun."""
    for line in (b"first\n", b"second\n"):
        files = RotatingFiles(tmp_path, max_bytes=100, keep_files=9)
        files.append(line, time=MIDNIGHT)
        files.close()

    assert list(contents(tmp_path)) == [
        "traffic-20261118T000000Z-0001.jsonl",
        "traffic-20261118T000000Z-0002.jsonl",
    ]
    assert list(contents(tmp_path).values()) == [b"first\n", b"second\n"]


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    """They hold what users wrote."""
    files = RotatingFiles(tmp_path / "traffic", max_bytes=100, keep_files=9)
    files.append(b"a\n", time=MIDNIGHT)
    files.close()

    (path,) = (tmp_path / "traffic").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_folder_that_went_away_is_made_again(tmp_path: Path) -> None:
    """With the next file; what is open goes on until then."""
    folder = tmp_path / "traffic"
    files = RotatingFiles(folder, max_bytes=1, keep_files=9)
    folder.rmdir()

    files.append(b"a\n", time=MIDNIGHT)
    files.close()

    assert list(contents(folder).values()) == [b"a\n"]


def test_a_line_that_could_not_be_written_leaves_no_half(tmp_path: Path) -> None:
    """Here on a descriptor that refuses; the next line goes to a new file."""
    files = RotatingFiles(tmp_path, max_bytes=100, keep_files=9)
    files.append(b"whole\n", time=MIDNIGHT)
    (path,) = tmp_path.iterdir()
    files._file, writable = os.open(path, os.O_RDONLY), files._file
    assert writable is not None
    os.close(writable)

    with pytest.raises(OSError, match="Bad file descriptor"):
        files.append(b"lost\n", time=MIDNIGHT)
    files.append(b"next\n", time=MIDNIGHT)
    files.close()

    assert list(contents(tmp_path).values()) == [b"whole\n", b"next\n"]


def test_a_place_that_is_no_folder_is_told_at_once(tmp_path: Path) -> None:
    """At the start, not with the first request."""
    (tmp_path / "file").write_text("")

    with pytest.raises(OSError, match="File exists"):
        RotatingFiles(tmp_path / "file", max_bytes=1, keep_files=1)
