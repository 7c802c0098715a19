import gzip
from hashlib import sha256
from pathlib import Path

import pytest
import zstandard

from sparingly.errors import LogError
from sparingly.replay.lines import file_sha256, numbered_lines

TEXT = b"one\n\n  \nfour\r\nfive"
NUMBERED = [(1, b"one"), (4, b"four\r"), (5, b"five")]


def _plain(data: bytes) -> bytes:
    return data


@pytest.mark.parametrize("pack", [_plain, gzip.compress, zstandard.compress])
def test_blank_lines_are_skipped_and_still_counted(tmp_path: Path, pack: object) -> None:
    """Numbers are those an editor shows, whatever the compression, and whatever the name says."""
    assert callable(pack)
    path = tmp_path / "log.txt"
    path.write_bytes(pack(TEXT))

    lines = list(numbered_lines(path))

    assert lines == NUMBERED


def test_archives_of_several_frames_are_read_to_the_end(tmp_path: Path) -> None:
    """Rotation appends frames; the first frame's end is not the file's."""
    path = tmp_path / "log.zst"
    path.write_bytes(zstandard.compress(b"one\n") + zstandard.compress(b"two\n"))

    lines = list(numbered_lines(path))

    assert lines == [(1, b"one"), (2, b"two")]


def test_a_line_longer_than_a_piece_stays_whole(tmp_path: Path) -> None:
    """Requests of megabytes are normal."""
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"x" * 1_000_000 + b"\nend\n")

    lines = [(number, len(line)) for number, line in numbered_lines(path)]

    assert lines == [(1, 1_000_000), (2, 3)]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_cut_archive_is_no_short_log(tmp_path: Path, pack: object) -> None:
    """A log that ends early is an error, even when it ends between two lines."""
    assert callable(pack)
    path = tmp_path / "log"
    path.write_bytes(pack(b"line\n" * 1000)[:-3])

    with pytest.raises(LogError, match="cut off"):
        list(numbered_lines(path))


@pytest.mark.parametrize("magic", [b"\x1f\x8b", b"\x28\xb5\x2f\xfd"])
def test_a_corrupt_archive_is_named(tmp_path: Path, magic: bytes) -> None:
    """The message says which file is corrupt."""
    path = tmp_path / "log"
    path.write_bytes(magic + b"\xff" * 40)

    with pytest.raises(LogError, match="log: the compressed file is corrupt"):
        list(numbered_lines(path))


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    """Neither reading nor hashing lets the operating system's exception out."""
    path = tmp_path / "nowhere.jsonl"

    with pytest.raises(LogError, match=r"nowhere\.jsonl: No such file"):
        list(numbered_lines(path))
    with pytest.raises(LogError, match=r"nowhere\.jsonl: No such file"):
        file_sha256(path)


def test_the_checksum_is_that_of_the_file_on_disk(tmp_path: Path) -> None:
    """A packed log has the checksum that `sha256sum` prints for it."""
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(TEXT))

    assert file_sha256(path) == sha256(path.read_bytes()).hexdigest()
