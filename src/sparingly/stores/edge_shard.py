"""Entries in a folder, on Qdrant Edge: the work itself, synchronous and for one process.

It runs in the process of `edge_worker.py`, never in the gateway's own: no call
of the engine's bindings lets other Python threads run, and they take up to
12 ms (search), 20 ms (a new log segment) or seconds (compaction).

Settings, chosen by trial with 50,000 entries in one scope on 2 cores (what came of
them is in benchmarks/results/store.json):
- 4-bit TurboQuant is the one quantization that is applied to points as they
  arrive and finds the closest: 2 ms a search, 6.6 without.
- No HNSW graph: building it takes half a minute and saves nothing at this size.
- `expires_at` is checked after the search: as a filter it takes longer than the search.
Rejected: half precision (saves 35 MB, but moves a similarity by 0.0001, which
reorders near-equal neighbors); vectors in numpy beside the engine (two truths, and still 7 ms a search).
"""

import array
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal, assert_never
from uuid import UUID

import msgspec
import qdrant_edge as edge

from sparingly.core.entry import Digest, Scope, Selector
from sparingly.errors import StoreError
from sparingly.stores.edge_wire import Found
from sparingly.stores.folder_lock import FolderLock
from sparingly.stores.qdrant_points import (
    INDEXED,
    VECTOR,
    After,
    Among,
    Before,
    Condition,
    Equals,
    HasVector,
    Payload,
    Until,
    expired,
    fresh,
    in_scope,
    selected,
)

# The log and the vectors grow by files of 32 MB that are mapped into memory, and a write into a
# mapping on a full disk kills the process (SIGBUS); two of each must still fit.
_SPARE_BYTES: Final = 128 * 1024 * 1024

# A flush takes 15 to 25 ms after 1,000 writes and 9 ms after one; a write that is only in the log
# is read back from there on opening, in 50 µs.
_FLUSH_AFTER_WRITES: Final = 1000

# What was written stays mapped into memory until the folder is reopened: 50,000 entries of 2 KB
# hold 290 MB before and 175 MB after.  Reopening takes 0.2 s.
_REOPEN_AFTER_WRITES: Final = 10_000

# Deleted points keep their place until compaction.  A busy gateway has no quiet moment for it, and
# is interrupted when the deleted are this many times the others: once in 200,000 evictions.
_MOST_DELETED: Final = 4

# Closeness is computed exactly for this many candidates.  Questions from one template ("balance of
# account 17?") lie closer together than the 0.004 by which the 4 bits are off, so the true closest must
# be sought among many; 128 take no longer than 20, as far as could be measured.
_CANDIDATES: Final = 128


class Shard:
    """The entries in one folder.

    `lock_wait_s` is how long a previous owner may take to let go of the folder;
    nothing is written when the disk has less than `spare_bytes` left.
    """

    def __init__(
        self, folder: Path, *, dimensions: int, lock_wait_s: float = 0.0, spare_bytes: int = _SPARE_BYTES
    ) -> None:
        self._folder = folder
        self._spare_bytes = spare_bytes
        self._config = _config(dimensions)
        self._unflushed = 0
        self._written = 0
        self._deleted = 0
        """Since the folder was opened."""
        _make_writable(folder)
        self._check_room()
        self._lock = FolderLock(folder, wait_s=lock_wait_s)
        try:
            self._shard = self._open()
            self._comparable = self._count_comparable()
        except BaseException:
            self._lock.release()
            raise
        self._filled = list(self._comparable)
        self._emptied: list[Scope] = []

    def take_changes(self) -> tuple[tuple[Scope, ...], tuple[Scope, ...]]:
        """Scopes that were filled and emptied since the last call; one in both is filled."""
        changes = tuple(self._filled), tuple(self._emptied)
        self._filled, self._emptied = [], []
        return changes

    def exact(self, digest: Digest, *, now: float) -> Payload | None:
        """The point of `digest`, unless it has expired."""
        with self._translated("read"):
            records = self._shard.retrieve([digest], with_payload=True, with_vector=False)
        payloads = [self._payload(record) for record in records]
        return next((payload for payload in payloads if payload.expires_at > now), None)

    def neighbors(self, scope: Scope, vector: bytes, *, limit: int, now: float) -> list[Found]:
        """The closest points of `scope` that have not expired, closest first."""
        found = self._search(in_scope(scope), vector, limit=limit)
        if all(one.payload.expires_at > now for one in found):
            return found
        # The expired stand where others could: look again in the slow way, until the next sweep.
        return self._search((*in_scope(scope), *fresh(now)), vector, limit=limit)

    def put(self, digest: Digest, payload: Payload, vector: bytes | None) -> None:
        """Write a point; it is in the log on the disk, and is found, when this returns."""
        self._check_room()
        with self._translated("read"):
            replaced = self._shard.retrieve([digest], with_payload=["scope", "comparable"], with_vector=False)
        point = edge.Point(
            digest, {} if vector is None else {VECTOR: _floats(vector)}, msgspec.to_builtins(payload)
        )
        self._update(edge.UpdateOperation.upsert_points([point]))
        self._discount(replaced)
        if vector is not None:
            scope = Scope(payload.scope)
            if not self._comparable[scope]:
                self._filled.append(scope)
            self._comparable[scope] += 1

    def touch(self, digest: Digest, *, worth: float, hits: int) -> None:
        """Renew worth and hits of a point, if it is there."""
        # By filter: naming a point that is gone is an error, a filter that finds none is not.
        one = _filter((Among((digest,)),))
        self._update(edge.UpdateOperation.set_payload_by_filter(one, {"worth": worth, "hits": hits}))

    def forget(self, selector: Selector, *, limit: int) -> int:
        """Delete up to `limit` selected points and return how many there were."""
        conditions = selected(selector)
        return self._delete(conditions, limit=limit) if conditions else 0

    def sweep(self, *, now: float, max_entries: int, limit: int) -> int:
        """Delete up to `limit` points: the expired, or if there are none, the least worth beyond `max_entries`."""
        stale = self._delete(expired(now), limit=limit)
        if stale:
            return stale
        count = self.count()
        if count > max_entries:
            return self._delete((), limit=min(count - max_entries, limit), order=edge.OrderBy("worth"))
        if self._deleted > _MOST_DELETED * max(count, _REOPEN_AFTER_WRITES):
            self.settle()
        return 0

    def count(self) -> int:
        """How many points there are."""
        with self._translated("count"):
            return self._shard.count(edge.CountRequest(exact=True))

    def settle(self) -> None:
        """Flush, give back memory, and give back the disk of deleted points where they are more than half.

        For quiet moments: compaction takes seconds.
        """
        self.flush()
        with self._translated("compact"):
            compacted = self._shard.optimize()
        if compacted or self._written > _REOPEN_AFTER_WRITES:
            self._shut()
            self._shard = self._open()
            self._written = self._deleted = 0

    def flush(self) -> None:
        """Bring every write to the disk itself, so that even a power cut loses nothing."""
        if self._unflushed:
            with self._translated("flush"):
                self._shard.flush()
            self._unflushed = 0

    def close(self) -> None:
        """Flush and let go of the folder."""
        try:
            self._shut()
        finally:
            self._lock.release()

    def _shut(self) -> None:
        self.flush()
        with self._translated("close"):
            self._shard.close()

    def _open(self) -> edge.EdgeShard:
        try:
            return self._load_or_create()
        except Exception as error:
            raise StoreError(f"{self._folder} cannot be opened: {_one_line(error)}") from error

    def _load_or_create(self) -> edge.EdgeShard:
        if (self._folder / "segments").exists():
            return edge.EdgeShard.load(str(self._folder), self._config)
        shard = edge.EdgeShard.create(str(self._folder), self._config)
        for field, kind in INDEXED.items():
            shard.update(edge.UpdateOperation.create_field_index(field, _index(kind)))
        return shard

    def _count_comparable(self) -> Counter[Scope]:
        request = edge.FacetRequest("scope", limit=self.count() + 1, filter=_filter((HasVector(),)))
        with self._translated("read"):
            hits = self._shard.facet(request).hits
        return Counter({Scope(str(hit.value)): hit.count for hit in hits})

    def _search(self, conditions: Sequence[Condition], vector: bytes, *, limit: int) -> list[Found]:
        rescored = edge.QuantizationSearchParams(rescore=True, oversampling=max(1.0, _CANDIDATES / limit))
        request = edge.QueryRequest(
            limit=limit,
            query=edge.Query.Nearest(_floats(vector), using=VECTOR),
            filter=_filter(conditions),
            with_payload=True,
            params=edge.SearchParams(quantization=rescored),
        )
        with self._translated("search"):
            points = self._shard.query(request)
        return [Found(self._payload(point), point.score) for point in points]

    def _delete(
        self, conditions: Sequence[Condition], *, limit: int, order: edge.OrderBy | None = None
    ) -> int:
        """Delete up to `limit` points that meet all conditions and return how many there were."""
        request = edge.ScrollRequest(
            limit=limit, filter=_filter(conditions), with_payload=["scope", "comparable"], order_by=order
        )
        with self._translated("read"):
            records, _ = self._shard.scroll(request)
        if records:
            self._update(edge.UpdateOperation.delete_points([record.id for record in records]))
            self._discount(records)
            self._deleted += len(records)
        return len(records)

    def _discount(self, gone: Sequence[edge.Record]) -> None:
        """Take points that are gone out of the count of comparable entries."""
        for record in gone:
            if record.payload is None or not record.payload["comparable"]:
                continue
            scope = Scope(record.payload["scope"])
            self._comparable[scope] -= 1
            if not self._comparable[scope]:
                del self._comparable[scope]
                self._emptied.append(scope)

    def _update(self, operation: edge.UpdateOperation) -> None:
        with self._translated("write"):
            self._shard.update(operation)
        self._written += 1
        self._unflushed += 1
        if self._unflushed >= _FLUSH_AFTER_WRITES:
            self.flush()

    def _check_room(self) -> None:
        try:
            disk = os.statvfs(self._folder)
        except OSError as error:
            raise StoreError(f"{self._folder} is gone: {error.strerror}") from error
        if disk.f_bavail * disk.f_frsize < self._spare_bytes:
            raise StoreError(f"the disk of {self._folder} has less than {self._spare_bytes >> 20} MB left")

    def _payload(self, point: edge.Record | edge.ScoredPoint) -> Payload:
        with self._translated("read"):
            return msgspec.convert(point.payload, Payload)

    @contextmanager
    def _translated(self, doing: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # the engine's bindings raise bare `Exception`
            raise StoreError(f"cannot {doing} in {self._folder}: {_one_line(error)}") from error


def _config(dimensions: int) -> edge.EdgeConfig:
    vector = edge.EdgeVectorParams(
        size=dimensions,
        distance=edge.Distance.Cosine,
        memory=edge.Memory.Cold,  # only rescoring reads them
        quantization_config=edge.TurboQuantQuantizationConfig(
            bits=edge.TurboQuantBitSize.Bits4, memory=edge.Memory.Pinned
        ),
    )
    never = 2**40  # KB
    return edge.EdgeConfig(
        vectors={VECTOR: vector},
        max_search_threads=1,
        optimizers=edge.EdgeOptimizersConfig(
            deleted_threshold=0.5,
            vacuum_min_vector_number=1000,
            default_segment_number=1,
            max_segment_size=never,
            indexing_threshold=never,
        ),
    )


def _index(
    kind: Literal["partition", "keyword", "float"],
) -> edge.KeywordIndexParams | edge.FloatIndexParams:
    match kind:
        case "partition":
            return edge.KeywordIndexParams(is_tenant=True)
        case "keyword":
            return edge.KeywordIndexParams()
        case "float":
            return edge.FloatIndexParams()
        case _:
            assert_never(kind)


def _filter(conditions: Sequence[Condition]) -> edge.Filter:
    return edge.Filter(must=[_spelled(condition) for condition in conditions])


def _spelled(condition: Condition) -> edge.FieldCondition | edge.HasIdCondition | edge.HasVectorCondition:
    match condition:
        case Equals(field, value):
            return edge.FieldCondition(field, match=edge.MatchValue(value))
        case Before(field, bound):
            return edge.FieldCondition(field, range=edge.RangeFloat(lt=bound))
        case Until(field, bound):
            return edge.FieldCondition(field, range=edge.RangeFloat(lte=bound))
        case After(field, bound):
            return edge.FieldCondition(field, range=edge.RangeFloat(gt=bound))
        case Among(digests):
            return edge.HasIdCondition({UUID(digest) for digest in digests})
        case HasVector():
            return edge.HasVectorCondition(VECTOR)
        case _:
            assert_never(condition)


def _floats(vector: bytes) -> list[float]:
    return array.array("f", vector).tolist()


def _make_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made: {error.strerror}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(f"{folder} cannot be written to")


def _one_line(error: Exception) -> str:
    """The engine's words, which may be many, in the length of a line."""
    return " ".join(str(error).split())[:200]
