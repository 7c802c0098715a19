"""What is particular to this store; what every store does is in tests/contracts."""

import asyncio
import os
import signal
from pathlib import Path

import msgspec
import numpy as np
import pytest

from sparingly.core.entry import Digest, Entry
from sparingly.errors import StoreError
from sparingly.stores.edge import EdgeStore
from sparingly.stores.edge_shard import Shard
from sparingly.stores.qdrant_points import payload_of
from tests.asks import NOW, ask, entry, mark

pytestmark = pytest.mark.anyio

UP = np.array([0, 1], dtype=np.float32)


def said(words: str) -> Entry:
    return entry(mark(ask(words)))


async def test_a_new_store_on_the_same_folder_remembers(tmp_path: Path) -> None:
    one = said("a")
    first = EdgeStore(tmp_path, dimensions=2)
    await first.put(one, UP)
    await first.aclose()

    second = EdgeStore(tmp_path, dimensions=2)

    assert not await second.is_empty(one.scope)
    assert await second.exact(one.digest, now=NOW) == one
    assert [near.entry for near in await second.neighbors(one.scope, UP, limit=5, now=NOW)] == [one]
    await second.aclose()


async def test_every_write_survives_kill_9(tmp_path: Path) -> None:
    """And the store is back by itself, at the latest after one failed call."""
    store = EdgeStore(tmp_path, dimensions=2)
    entries = [said(str(number)) for number in range(200)]
    for one in entries:
        await store.put(one, UP)
    assert store.pid is not None

    os.kill(store.pid, signal.SIGKILL)

    with pytest.raises(StoreError, match="has ended"):
        await store.count()
    assert [await store.exact(one.digest, now=NOW) for one in entries] == entries
    assert not await store.is_empty(entries[0].scope)
    await store.aclose()


@pytest.mark.slow
async def test_a_folder_in_use_is_one_clear_line(tmp_path: Path) -> None:
    owner = Shard(tmp_path, dimensions=2)  # which does not let go within the two seconds it is given
    store = EdgeStore(tmp_path, dimensions=2)

    with pytest.raises(StoreError) as caught:
        await store.ping()

    assert (
        caught.value.message == f"{tmp_path} is in use by another process, or by another gateway of this one"
    )
    owner.close()
    await store.aclose()


async def test_a_start_that_failed_is_not_repeated_for_every_call(tmp_path: Path) -> None:
    """The next callers hear at once what the first one heard."""
    (tmp_path / "file").write_text("in the way")
    store = EdgeStore(tmp_path / "file", dimensions=2)
    with pytest.raises(StoreError) as first:
        await store.ping()

    with pytest.raises(StoreError) as second:
        await store.is_empty(said("a").scope)

    assert second.value.message == first.value.message == f"{tmp_path / 'file'} cannot be made: File exists"
    assert store.pid is None


async def test_a_caller_without_patience_does_not_stop_the_start(tmp_path: Path) -> None:
    """Else a store that takes long to open would never be open."""
    store = EdgeStore(tmp_path, dimensions=2)
    impatient = asyncio.ensure_future(store.ping())
    patient = asyncio.ensure_future(store.ping())
    await asyncio.sleep(0)  # lets both wait for the start

    impatient.cancel()

    await patient
    assert impatient.cancelled()
    await store.aclose()


async def test_a_store_may_be_closed_while_it_starts(tmp_path: Path) -> None:
    """Whoever waits hears of it, and the folder is free."""
    store = EdgeStore(tmp_path, dimensions=2)
    waiting = asyncio.ensure_future(store.ping())
    for _ in range(10):
        await asyncio.sleep(0)  # until the process runs

    await store.aclose()

    with pytest.raises(StoreError, match="closed while it started"):
        await waiting
    Shard(tmp_path, dimensions=2).close()


async def test_a_closed_store_stays_closed(tmp_path: Path) -> None:
    store = EdgeStore(tmp_path, dimensions=2)
    await store.ping()
    await store.aclose()

    with pytest.raises(StoreError, match="closed"):
        await store.ping()
    await store.aclose()


async def test_a_store_that_was_never_used_starts_no_process(tmp_path: Path) -> None:
    store = EdgeStore(tmp_path / "store", dimensions=2)

    await store.aclose()

    assert store.pid is None
    assert not (tmp_path / "store").exists()


async def test_an_entry_of_an_unknown_form_is_trouble(tmp_path: Path) -> None:
    """A later version may have written it."""
    shard = Shard(tmp_path, dimensions=2)
    one = said("a")
    payload = msgspec.structs.replace(payload_of(one, comparable=False), entry='{"from": "the future"}')
    shard.put(one.digest, payload, None)
    shard.close()
    store = EdgeStore(tmp_path, dimensions=2)

    with pytest.raises(StoreError, match="cannot be read"):
        await store.exact(one.digest, now=NOW)

    assert await store.exact(Digest("f" * 32), now=NOW) is None
    await store.aclose()
