"""What is particular to the folder; what every store does is in tests/contracts."""

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from sparingly.core.entry import Digest, Entry, Selector
from sparingly.errors import StoreError
from sparingly.stores.edge_shard import Shard
from sparingly.stores.qdrant_points import Listing, entry_of, payload_of
from tests.asks import NOW, ask, entry, mark

UP = np.array([0, 1], dtype=np.float32).tobytes()


@pytest.fixture
def shard(tmp_path: Path) -> Iterator[Shard]:
    opened = Shard(tmp_path, dimensions=2)
    yield opened
    opened.close()


def said(words: str, *, system: str | None = None) -> Entry:
    return entry(mark(ask(words, system=system)))


def put(shard: Shard, one: Entry, vector: bytes | None = UP) -> None:
    shard.put(one.digest, payload_of(one, comparable=vector is not None), vector)


def test_everything_is_there_after_reopening(tmp_path: Path) -> None:
    """Entries, vectors, and which scopes have any."""
    one, exact_only = said("a"), said("b", system="other")
    first = Shard(tmp_path, dimensions=2)
    put(first, one)
    put(first, exact_only, None)
    first.close()

    second = Shard(tmp_path, dimensions=2)

    assert second.count() == 2
    assert [entry_of(found.payload) for found in second.neighbors(one.scope, UP, limit=5, now=NOW)] == [one]
    assert second.take_changes() == ((one.scope,), ())
    second.close()


def test_changes_of_scopes_are_told_once(shard: Shard) -> None:
    one, two = said("a"), said("b")
    put(shard, one)
    put(shard, two)
    assert shard.take_changes() == ((one.scope,), ())
    assert shard.take_changes() == ((), ())

    shard.forget(Selector(digests=(one.digest,)), limit=10)
    assert shard.take_changes() == ((), ())
    shard.forget(Selector(digests=(two.digest,)), limit=10)

    assert shard.take_changes() == ((), (one.scope,))


def test_replacing_an_entry_does_not_count_it_twice(shard: Shard) -> None:
    """Else its scope would never be empty again."""
    one = said("a")
    put(shard, one)
    put(shard, one)
    shard.take_changes()

    shard.forget(Selector(digests=(one.digest,)), limit=10)

    assert shard.take_changes() == ((), (one.scope,))


def test_no_more_is_deleted_than_the_limit(shard: Shard) -> None:
    """So that look-ups get their turn."""
    for number in range(7):
        put(shard, said(str(number)))

    gone = [shard.sweep(now=NOW, max_entries=2, limit=3) for _ in range(3)]

    assert gone == [3, 2, 0]


def test_a_folder_has_one_owner(tmp_path: Path) -> None:
    owner = Shard(tmp_path, dimensions=2)

    with pytest.raises(StoreError) as caught:
        Shard(tmp_path, dimensions=2)

    assert (
        caught.value.message == f"{tmp_path} is in use by another process, or by another gateway of this one"
    )
    owner.close()


def test_whoever_is_turned_away_has_harmed_nothing(tmp_path: Path) -> None:
    """The engine, let at a folder that is in use, mends files that its owner still needs."""
    owner = Shard(tmp_path, dimensions=2)
    put(owner, said("a"))
    owner.settle()
    with pytest.raises(StoreError):
        Shard(tmp_path, dimensions=2)

    put(owner, said("b"))
    owner.close()

    again = Shard(tmp_path, dimensions=2)
    assert len(again.listed(Listing((), 10, newest_first=True))) == 2
    again.close()


def test_a_previous_owner_may_still_be_closing(tmp_path: Path) -> None:
    """A gateway that is restarted must not fail on its own predecessor."""
    first = Shard(tmp_path, dimensions=2)
    closing = threading.Thread(target=first.close)

    closing.start()
    second = Shard(tmp_path, dimensions=2, lock_wait_s=10.0)

    closing.join()
    assert second.count() == 0
    second.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreError) as caught:
        Shard(tmp_path / "file" / "store", dimensions=2)

    assert caught.value.message == f"{tmp_path / 'file' / 'store'} cannot be made: Not a directory"


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    if _may_write_anyway(tmp_path):
        pytest.skip("this user may write to any folder")

    with pytest.raises(StoreError) as caught:
        Shard(tmp_path, dimensions=2)

    assert caught.value.message == f"{tmp_path} cannot be written to"


def _may_write_anyway(folder: Path) -> bool:
    try:
        (folder / "probe").touch()
    except PermissionError:
        return False
    return True


def test_a_broken_folder_is_named_in_one_line(tmp_path: Path) -> None:
    Shard(tmp_path, dimensions=2).close()
    (tmp_path / "edge_config.json").write_text("{")

    with pytest.raises(StoreError) as caught:
        Shard(tmp_path, dimensions=2)

    assert caught.value.message.startswith(f"{tmp_path} cannot be opened: ")
    assert "\n" not in caught.value.message


def test_a_folder_keeps_vectors_of_one_size(tmp_path: Path) -> None:
    Shard(tmp_path, dimensions=2).close()

    with pytest.raises(StoreError, match="expected vector size 3, but got 2"):
        Shard(tmp_path, dimensions=3)


def test_nothing_is_written_when_the_disk_is_nearly_full(tmp_path: Path) -> None:
    """A write into a mapped file on a full disk would kill the process."""
    with pytest.raises(StoreError, match="MB left"):
        Shard(tmp_path, dimensions=2, spare_bytes=2**62)


def test_a_folder_that_vanished_is_trouble(tmp_path: Path) -> None:
    """And not an error of another kind."""
    folder = tmp_path / "store"
    shard = Shard(folder, dimensions=2)
    folder.rename(tmp_path / "elsewhere")

    with pytest.raises(StoreError, match="is gone"):
        put(shard, said("a"))


def test_an_unknown_form_of_id_is_trouble(shard: Shard) -> None:
    with pytest.raises(StoreError, match="cannot read"):
        shard.exact(Digest("not a digest"), now=NOW)


@pytest.mark.slow
def test_compaction_keeps_what_was_not_deleted(tmp_path: Path) -> None:
    """It drops deleted entries for good and reopens the folder."""
    shard = Shard(tmp_path, dimensions=2)
    kept = said("kept")
    put(shard, kept)
    for number in range(1500):
        one = msgspec.structs.replace(kept, digest=Digest(f"{number:032x}"), expires_at=NOW)
        put(shard, one)
    shard.sweep(now=NOW, max_entries=10, limit=10_000)
    before = _segments(tmp_path)

    shard.settle()

    assert _segments(tmp_path).isdisjoint(before)
    assert shard.count() == 1
    assert [entry_of(found.payload) for found in shard.neighbors(kept.scope, UP, limit=5, now=NOW)] == [kept]
    shard.close()


def _segments(folder: Path) -> set[str]:
    return {path.name for path in (folder / "segments").iterdir()}


def test_settling_a_quiet_store_changes_nothing(shard: Shard, tmp_path: Path) -> None:
    put(shard, said("a"))
    before = _segments(tmp_path)

    shard.settle()

    assert _segments(tmp_path) == before
    assert shard.count() == 1
