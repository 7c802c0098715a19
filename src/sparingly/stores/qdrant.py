"""The answer store on a Qdrant server, cluster or cloud, for any number of gateways.

One collection holds the answers of all tenants, laid out by scope: a search
never leaves its scope, so only graphs within scopes are built (`m=0`,
`payload_m`).  Expired entries are filtered on read and swept by any gateway.
Strict mode keeps other users of the collection from filtering on what has no
index.

The gateway starts without the server: the collection is made, or found and
checked, before the first use, and again after any trouble, so that recovery
needs nobody.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, Literal, assert_never
from uuid import UUID

import grpc
import msgspec
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

from sparingly.core.entry import Digest, Entry, Neighbor, Place, Scope, Selector
from sparingly.core.vectors import Vector
from sparingly.errors import StoreError
from sparingly.ports import Facet
from sparingly.stores.paging import page
from sparingly.stores.qdrant_points import (
    INDEXED,
    VECTOR,
    After,
    Among,
    At,
    Before,
    Condition,
    Equals,
    HasVector,
    Listing,
    OneOf,
    Payload,
    Until,
    comparable_in,
    entry_of,
    expired,
    fresh,
    in_scope,
    payload_of,
    selected,
)

FOREIGN: Final = (
    ApiException,
    QdrantException,
    grpc.RpcError,
    msgspec.MsgspecError,
    ValueError,
    RuntimeError,
    OSError,
)
"""What the client raises: its own, gRPC's, and what its models, its local mode and sockets do."""

# A search on localhost takes 0.2 to 0.4 ms; beyond this the request is better off without the cache.
_TIMEOUT_S: Final = 2

# Links per point in a scope's graph; the engine's own default for `m`.
_LINKS: Final = 16

_DELETED_AT_ONCE: Final = 1000


class QdrantStore:
    """An `AnswerStore` in the collection `collection`, which is made if need be with `replicas` copies."""

    def __init__(
        self, client: AsyncQdrantClient, *, collection: str, dimensions: int, replicas: int = 1
    ) -> None:
        self._client = client
        self._collection = collection
        self._dimensions = dimensions
        self._replicas = replicas
        self._is_ready = False
        self._preparing = asyncio.Lock()

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        api_key: str | None,
        collection: str,
        dimensions: int,
        prefer_grpc: bool = True,
        grpc_port: int = 6334,
        replicas: int = 1,
    ) -> "QdrantStore":
        """The store on the server at `url`; nothing is sent yet.

        Raises:
            StoreError: The URL is not one.
        """
        try:
            client = AsyncQdrantClient(
                url=url,
                api_key=api_key,
                prefer_grpc=prefer_grpc,
                grpc_port=grpc_port,
                timeout=_TIMEOUT_S,
                check_compatibility=False,  # it warns on stderr from a thread of its own
            )
        except FOREIGN as error:
            raise StoreError(f"{url} is not the address of a Qdrant server: {_one_line(error)}") from error
        return cls(client, collection=collection, dimensions=dimensions, replicas=replicas)

    async def exact(self, digest: Digest, *, now: float) -> Entry | None:
        async with self._use("read") as client:
            records = await client.retrieve(self._collection, ids=[_id(digest)], with_payload=True)
            entries = [_entry(record.payload) for record in records]
        return next((entry for entry in entries if entry.expires_at > now), None)

    async def is_empty(self, scope: Scope) -> bool:
        async with self._use("read") as client:
            records, _ = await client.scroll(
                self._collection, _filter(comparable_in(scope)), limit=1, with_payload=False
            )
        return not records

    async def neighbors(self, scope: Scope, vector: Vector, *, limit: int, now: float) -> list[Neighbor]:
        async with self._use("search") as client:
            response = await client.query_points(
                self._collection,
                query=vector.tolist(),
                using=VECTOR,
                query_filter=_filter((*in_scope(scope), *fresh(now))),
                limit=limit,
            )
            return [Neighbor(_entry(point.payload), min(1.0, point.score)) for point in response.points]

    async def put(self, entry: Entry, vector: Vector | None) -> None:
        payload = payload_of(entry, comparable=vector is not None)
        point = models.PointStruct(
            id=_id(entry.digest),
            vector={} if vector is None else {VECTOR: vector.tolist()},
            payload=msgspec.to_builtins(payload),
        )
        async with self._use("write") as client:
            await client.upsert(self._collection, [point])

    async def touch(self, digest: Digest, *, worth: float, hits: int) -> None:
        await self._renew(digest, {"worth": worth, "hits": hits})

    async def credit(self, digest: Digest, *, confirmed: int, denied: int) -> None:
        await self._renew(digest, {"confirmed": confirmed, "denied": denied})

    async def page(self, selector: Selector | None, *, limit: int, after: Place | None = None) -> list[Entry]:
        conditions = () if selector is None else selected(selector)
        if selector is not None and not conditions:
            return []
        return await page(conditions, limit=limit, after=after, listed=self._listed)

    async def tally(self, facet: Facet, *, limit: int, within: Selector | None = None) -> dict[str, int]:
        conditions = () if within is None else selected(within)
        if within is not None and not conditions:
            return {}
        async with self._use("count") as client:
            response = await client.facet(
                self._collection, facet, _filter(conditions), limit=limit, exact=True
            )
        # The client's local mode spells what looks like a UUID with dashes; a scope has none.
        values = {str(hit.value): hit.count for hit in response.hits}
        return {value.replace("-", ""): n for value, n in values.items()} if facet == "scope" else values

    async def forget(self, selector: Selector) -> int:
        conditions = selected(selector)
        return await self._delete(conditions) if conditions else 0

    async def sweep(self, *, now: float, max_entries: int) -> int:
        gone = await self._delete(expired(now))
        while (excess := await self.count() - max_entries) > 0:
            async with self._use("sweep") as client:
                records, _ = await client.scroll(
                    self._collection,
                    limit=min(excess, _DELETED_AT_ONCE),
                    order_by=models.OrderBy(key="worth"),
                    with_payload=False,
                )
                await client.delete(self._collection, [record.id for record in records])
            if not records:
                break
            gone += len(records)
        return gone

    async def count(self, selector: Selector | None = None) -> int:
        conditions = () if selector is None else selected(selector)
        if selector is not None and not conditions:
            return 0
        async with self._use("count") as client:
            return (await client.count(self._collection, _filter(conditions), exact=True)).count

    async def ping(self) -> None:
        await self.count()

    async def aclose(self) -> None:
        await self._client.close()

    async def _renew(self, digest: Digest, fields: dict[str, float]) -> None:
        # By filter: naming a point that is gone is an error, a filter that finds none is not.
        one = models.FilterSelector(filter=_filter((Among((digest,)),)))
        async with self._use("write") as client:
            await client.set_payload(self._collection, fields, points=one)

    async def _listed(self, listing: Listing) -> list[Entry]:
        newest = models.OrderBy(key="created_at", direction=models.Direction.DESC)
        async with self._use("read") as client:
            records, _ = await client.scroll(
                self._collection,
                _filter(listing.conditions),
                limit=listing.limit,
                order_by=newest if listing.newest_first else None,
                offset=None if listing.start is None else _id(listing.start),
            )
            return [_entry(record.payload) for record in records]

    async def _delete(self, conditions: Sequence[Condition]) -> int:
        where = _filter(conditions)
        async with self._use("delete") as client:
            count = (await client.count(self._collection, where, exact=True)).count
            if count:
                await client.delete(self._collection, models.FilterSelector(filter=where))
            return count

    @asynccontextmanager
    async def _use(self, doing: str) -> AsyncIterator[AsyncQdrantClient]:
        """The client, with the collection there; what it raises becomes a StoreError."""
        try:
            if not self._is_ready:
                async with self._preparing:
                    if not self._is_ready:
                        await self._prepare()
                        self._is_ready = True
            yield self._client
        except FOREIGN as error:
            # The collection may have been dropped, the server replaced: look again next time.
            self._is_ready = False
            raise StoreError(f"cannot {doing} in Qdrant: {_one_line(error)}") from error

    async def _prepare(self) -> None:
        if not await self._client.collection_exists(self._collection):
            await self._create()
        info = await self._client.get_collection(self._collection)
        vectors = info.config.params.vectors
        found = vectors.get(VECTOR) if isinstance(vectors, dict) else None
        if found is None or found.size != self._dimensions:
            raise StoreError(
                f"collection {self._collection} is not for vectors of {self._dimensions} dimensions: "
                "choose another name in store.collection"
            )
        for field, kind in INDEXED.items():
            if field not in info.payload_schema:
                await self._client.create_payload_index(self._collection, field, _index(kind))

    async def _create(self) -> None:
        try:
            await self._client.create_collection(
                self._collection,
                vectors_config={
                    VECTOR: models.VectorParams(size=self._dimensions, distance=models.Distance.COSINE)
                },
                replication_factor=self._replicas,
                on_disk_payload=True,
                hnsw_config=models.HnswConfigDiff(m=0, payload_m=_LINKS),
                strict_mode_config=models.StrictModeConfig(
                    enabled=True,
                    unindexed_filtering_retrieve=False,
                    unindexed_filtering_update=False,
                    max_query_limit=_DELETED_AT_ONCE,
                ),
            )
        except FOREIGN:
            # Another gateway may have made it in the meantime; else this was the trouble.
            if not await self._client.collection_exists(self._collection):
                raise


def _id(digest: Digest) -> str:
    return str(UUID(digest))


def _entry(payload: Mapping[str, object] | None) -> Entry:
    return entry_of(msgspec.convert(payload, Payload))


def _index(
    kind: Literal["partition", "keyword", "float"],
) -> models.KeywordIndexParams | models.FloatIndexParams:
    keyword = models.KeywordIndexType.KEYWORD
    match kind:
        case "partition":
            return models.KeywordIndexParams(type=keyword, is_tenant=True)
        case "keyword":
            # No search is ever within one of these, so no graph is wanted.
            return models.KeywordIndexParams(type=keyword, enable_hnsw=False)
        case "float":
            return models.FloatIndexParams(type=models.FloatIndexType.FLOAT, enable_hnsw=False)
        case _:
            assert_never(kind)


def _filter(conditions: Sequence[Condition]) -> models.Filter:
    return models.Filter(must=[_spelled(condition) for condition in conditions])


def _spelled(
    condition: Condition,
) -> models.FieldCondition | models.HasIdCondition | models.HasVectorCondition:
    match condition:
        case Equals(field, value):
            return models.FieldCondition(key=field, match=models.MatchValue(value=value))
        case Before(field, bound):
            return models.FieldCondition(key=field, range=models.Range(lt=bound))
        case Until(field, bound):
            return models.FieldCondition(key=field, range=models.Range(lte=bound))
        case After(field, bound):
            return models.FieldCondition(key=field, range=models.Range(gt=bound))
        case At(field, value):
            return models.FieldCondition(key=field, range=models.Range(gte=value, lte=value))
        case OneOf(field, values):
            return models.FieldCondition(key=field, match=models.MatchAny(any=list(values)))
        case Among(digests):
            return models.HasIdCondition(has_id=[_id(digest) for digest in digests])
        case HasVector():
            return models.HasVectorCondition(has_vector=VECTOR)
        case _:
            assert_never(condition)


def _one_line(error: Exception) -> str:
    """What went wrong, without the request's headers or the answer's whole body."""
    if isinstance(error, grpc.aio.AioRpcError):
        text = f"{error.code().name} {error.details()}"
    elif isinstance(error, UnexpectedResponse):
        text = f"status {error.status_code} {error.content.decode(errors='replace')}"
    else:
        text = str(error) or type(error).__name__
    return " ".join(text.split())[:200]
