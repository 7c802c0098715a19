"""Entries in a folder, on Qdrant Edge: the work itself, synchronous and for one process.

It runs in the process of `edge_worker.py`, never in the gateway's own: no call
of the engine's bindings lets other Python threads run, and they take up to
12 ms (search), 20 ms (a new log segment) or seconds (compaction).

Settings, as measured in benchmarks/results/store.json with 50,000 entries in one scope:
- 4-bit TurboQuant is the one quantization that is applied to points as they
  arrive and keeps closeness exact after rescoring: 2.2 ms a search against 6.6 without.
- No HNSW graph: building it takes half a minute and saves nothing at this size.
- `expires_at` is checked after the search: as a filter it takes longer than the search.
Rejected: vectors in numpy beside the engine (two truths, and still 7 ms a search).
"""

import array
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, assert_never

import msgspec
import qdrant_edge

from sparingly.core.entry import Digest, Scope, Selector
from sparingly.errors import StoreError
from sparingly.stores.edge_wire import Found
from sparingly.stores.qdrant_points import (
    INDEXED,
    VECTOR,
    Among,
    Before,
    Condition,
    Equals,
    HasVector,
    Payload,
    Until,
    expired,
    in_scope,
    selected,
)

# The log and the vectors grow by files of 32 MB that are mapped into memory, and a write into a
# mapping on a full disk kills the process (SIGBUS); two of each must still fit.
_SPARE_BYTES: Final = 128 * 1024 * 1024

# 1,000 entries flush in 15 to 25 ms, none in 5 ms; what is not flushed is read back from the log on opening,
# 50 µs an entry.
_FLUSH_AFTER_WRITES: Final = 1000

# Exact closeness is computed for this many times the entries asked for: with 4 the five closest of
# 50,000 random vectors were all found in 99.9 % of searches, in the time of 2.
_OVERSAMPLING: Final = 4.0

# Scopes are listed once, on opening; more than this many have never been seen.
_ALL: Final = 10_000_000


class Shard:
    """The entries in one folder; `lock_wait_s` is how long a previous owner may take to let go of it."""

    def __init__(self, folder: Path, *, dimensions: int, lock_wait_s: float = 0.0) -> None:
        self._folder = folder
        self._config = _config(dimensions)
        self._unflushed = 0
        _make_writable(folder)
        self._shard = self._open(lock_wait_s)
        self._comparable: Counter[Scope] = self._scopes()

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Scopes with at least one comparable entry."""
        return tuple(self._comparable)

    def exact(self, digest: Digest, *, now: float) -> Payload | None:
        """The point of `digest`, unless it has expired."""
        with self._translated("read"):
            records = self._shard.retrieve([digest], True, False)  # noqa: FBT003 - the engine's signature
        payloads = [_payload(record.payload) for record in records]
        return next((payload for payload in payloads if payload.expires_at > now), None)

    def neighbors(self, scope: Scope, vector: bytes, *, limit: int, now: float) -> list[Found]:
        """The closest points of `scope` that have not expired, closest first."""
        asked = array.array("f", vector)
        request = qdrant_edge.QueryRequest(
            limit=limit,
            query=qdrant_edge.Query.Nearest(asked, using=VECTOR),
            filter=_filter(in_scope(scope)),
            with_payload=True,
            params=_RESCORED,
        )
        while True:
            with self._translated("search"):
                points = self._shard.query(request)
            stale = [point.id for point in points if point.payload["expires_at"] <= now]
            if not stale:
                return [Found(_payload(point.payload), point.score) for point in points]
            # They stand where fresh ones could: delete them and look again.
            self._delete(Among(tuple(Digest(point_id.hex) for point_id in stale)), limit=limit)

    def put(self, digest: Digest, payload: Payload, vector: bytes | None) -> None:
        """Write a point; it is in the engine's log, and found, when this returns."""
        self._check_room()
        had_vector = self._has_vector(digest)
        point = qdrant_edge.Point(
            digest,
            {} if vector is None else {VECTOR: array.array("f", vector)},
            msgspec.to_builtins(payload),
        )
        self._update(qdrant_edge.UpdateOperation.upsert_points([point]))
        self._comparable[Scope(payload.scope)] += (vector is not None) - had_vector
        self._forget_empty(Scope(payload.scope))

    def touch(self, digest: Digest, *, worth: float, hits: int) -> None:
        """Renew worth and hits of a point, if it is there."""
        self._update(
            # By filter: naming a point that is gone is an error, a filter that finds none is not.
            qdrant_edge.UpdateOperation.set_payload_by_filter(
                _filter((Among((digest,)),)), {"worth": worth, "hits": hits}
            )
        )

    def forget(self, selector: Selector, *, limit: int) -> int:
        """Delete up to `limit` selected points and return how many there were."""
        conditions = selected(selector)
        return self._delete(*conditions, limit=limit) if conditions else 0

    def sweep(self, *, now: float, max_entries: int, limit: int) -> int:
        """Delete up to `limit` points: the expired first, then the least worth beyond `max_entries`."""
        gone = self._delete(*expired(now), limit=limit)
        if gone:
            return gone
        excess = self.count() - max_entries
        return self._delete(limit=min(excess, limit), least_worth=True) if excess > 0 else 0

    def count(self) -> int:
        """How many points there are."""
        with self._translated("count"):
            return int(self._shard.count(qdrant_edge.CountRequest(exact=True)))

    def settle(self) -> None:
        """Flush, and give back the room of deleted entries where they are more than half.

        For quiet moments: compaction takes seconds.  The folder is reopened
        after it, since the old files stay mapped into memory until then.
        """
        self.flush()
        with self._translated("compact"):
            compacted = self._shard.optimize()
        if compacted:
            self.close()
            self._shard = self._open(lock_wait_s=0.0)

    def flush(self) -> None:
        """Bring everything to the disk itself, so that even a power cut loses nothing."""
        if self._unflushed:
            with self._translated("flush"):
                self._shard.flush()
            self._unflushed = 0

    def close(self) -> None:
        """Flush and let go of the folder."""
        self.flush()
        with self._translated("close"):
            self._shard.close()

    def _open(self, lock_wait_s: float) -> Any:  # noqa: ANN401 - the engine's classes are untyped to us
        deadline = time.monotonic() + lock_wait_s
        while True:
            try:
                with self._translated("open"):
                    return self._load_or_create()
            except StoreError as error:
                if not _is_locked(error):
                    raise
                if time.monotonic() >= deadline:
                    raise StoreError(f"{self._folder} is in use by another gateway") from error
            time.sleep(0.02)

    def _load_or_create(self) -> Any:  # noqa: ANN401 - as above
        if (self._folder / "segments").exists():
            return qdrant_edge.EdgeShard.load(str(self._folder), self._config)
        shard = qdrant_edge.EdgeShard.create(str(self._folder), self._config)
        for field, kind in INDEXED.items():
            shard.update(qdrant_edge.UpdateOperation.create_field_index(field, _index(kind)))
        return shard

    def _scopes(self) -> Counter[Scope]:
        request = qdrant_edge.FacetRequest("scope", limit=_ALL, filter=_filter((HasVector(),)))
        with self._translated("read"):
            return Counter({Scope(hit.value): hit.count for hit in self._shard.facet(request).hits})

    def _has_vector(self, digest: Digest) -> bool:
        request = qdrant_edge.CountRequest(filter=_filter((Among((digest,)), HasVector())), exact=True)
        with self._translated("read"):
            return bool(self._shard.count(request))

    def _delete(self, *conditions: Condition, limit: int, least_worth: bool = False) -> int:
        """Delete up to `limit` points that meet all conditions."""
        request = qdrant_edge.ScrollRequest(
            limit=limit,
            filter=_filter(conditions),
            with_payload=["scope"],
            with_vector=False,
            order_by=qdrant_edge.OrderBy("worth") if least_worth else None,
        )
        with self._translated("read"):
            records, _ = self._shard.scroll(request)
        if records:
            self._update(qdrant_edge.UpdateOperation.delete_points([record.id for record in records]))
        return len(records)

    def _update(self, operation: Any) -> None:  # noqa: ANN401 - as above
        with self._translated("write"):
            self._shard.update(operation)
        self._unflushed += 1
        if self._unflushed >= _FLUSH_AFTER_WRITES:
            self.flush()
