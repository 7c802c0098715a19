"""What recalibration has learned outlives a restart, whole or not at all."""

from math import inf
from pathlib import Path

import msgspec
import pytest

from sparingly.core.guarantee.awaiting import Awaiting, Waiting
from sparingly.core.guarantee.recalibration import Observation, Tuned, monitor, observed
from sparingly.pipeline.watching.recalibrating import Kept, Watching
from sparingly.watch_file import FILE_NAME, read_watches, write_watches

pytestmark = pytest.mark.anyio


def kept() -> Kept:
    now = monitor(Tuned(0.8, 0.05))
    for outcome in ("right", "wrong", "unjudged"):
        now = observed(now, Observation(inf, outcome))
    now = msgspec.structs.replace(observed(now, Observation(None)), bar=inf)
    awaiting = Awaiting(9, (Waiting("r1", 0.9), Waiting("r2", None, "unjudged"), Waiting("r3", inf, "wrong")))
    return Kept("judge", (Watching("faq", "drawn", now, awaiting),))


def names(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


async def test_everything_comes_back(tmp_path: Path) -> None:
    """Infinite bars and scores, too."""
    path = tmp_path / FILE_NAME

    await write_watches(path, kept())
    await write_watches(path, kept())

    assert read_watches(path) == kept()
    assert names(tmp_path) == [FILE_NAME]


async def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    await write_watches(path, kept())
    (tmp_path / f".{FILE_NAME}.new").mkdir()

    with pytest.raises(OSError, match="Is a directory"):
        await write_watches(path, Kept("other"))

    assert read_watches(path) == kept()


def test_no_file_is_nothing_kept(tmp_path: Path) -> None:
    assert read_watches(tmp_path / FILE_NAME) is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is damaged"),
        (b"\xff\x00", "is damaged"),
        (msgspec.msgpack.encode({"version": 1, "kept": 3}), "is damaged"),
        (msgspec.msgpack.encode({"version": 9, "kept": {}}), "of version 9"),
    ],
)
def test_a_file_that_is_none_of_ours_is_told(tmp_path: Path, content: bytes, reason: str) -> None:
    """Who reads it decides what to do without."""
    path = tmp_path / FILE_NAME
    path.write_bytes(content)

    with pytest.raises(ValueError, match=reason):
        read_watches(path)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Is a directory"):
        read_watches(tmp_path)
