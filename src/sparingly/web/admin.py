"""The admin API: see and steer the cache, with the operator's key.

| request | answer |
|---|---|
| GET /admin/cache | how many entries, by tenant, model and tag |
| GET /admin/cache/entries | entries, newest first, or closest to `query` first |
| POST /admin/cache/forget | forgets entries; a dry run unless `dry_run` is false |
| POST /admin/cache/flush | forgets all; a dry run unless `dry_run` is false |
| GET /admin/cache/export | every entry, as JSON Lines |
| POST /admin/cache/import | takes such lines: all of them or none |
| GET /admin/near-misses | the misses closest to a hit |
| POST /admin/explain | what would be done with the request in the body; `dialect` where it could be of two |

The key is that of `server.admin_key_env`, as a Bearer token or as x-api-key.
Without it, or while none is configured, the answer is 401 and nothing else.
"""

import hmac
import tempfile
from collections.abc import AsyncIterator
from typing import Any, TypeAlias, TypeVar

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.response import Stream

from sparingly.core.chat import Tenant
from sparingly.core.keeping.curation import MOST_AT_ONCE, Wish
from sparingly.core.keeping.moments import moment_of
from sparingly.errors import InvalidRequest, NotAuthorized
from sparingly.pipeline.steering.curating import Curator
from sparingly.pipeline.steering.explaining import Explainer
from sparingly.pipeline.watching.near_misses import near_misses
from sparingly.ports import AnswerStore, Clock, History
from sparingly.protocols.dialects import INBOUND, OUTBOUND
from sparingly.protocols.labels import metadata_of
from sparingly.protocols.recognizing import dialect_of
from sparingly.web.auth import DEFAULT_TENANT
from sparingly.web.headers import credential, headers_of_lines
from sparingly.web.llm import ENDPOINTS

# An export of 50,000 entries is some 100 MB.
MOST_IMPORT_BYTES = 1024 * 1024 * 1024
_MOST_REQUEST_BYTES = 1024 * 1024
# What is larger than this while an import is read lies on the disk.
_IN_MEMORY_BYTES = 8 * 1024 * 1024

_Request: TypeAlias = Request[object, object, State]
_Asked = TypeVar("_Asked", bound=msgspec.Struct)


class _Forget(Wish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    dry_run: bool = True


class _Flush(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    dry_run: bool = True


class _Entries(Wish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    limit: int = 50
    cursor: str | None = None


class _NearMisses(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    tenant: str | None = None
    since: str = "7d"
    limit: int = 50


class _Explain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    tenant: str = DEFAULT_TENANT
    dialect: str | None = None
    path: str | None = None
    headers: tuple[str, ...] = ()


class Guard:
    """Lets in who has the key."""

    def __init__(self, key: str | None) -> None:
        self._key = key.encode() if key else None

    def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        """Raise NotAuthorized unless the key is right."""
        given = credential({name.lower(): value for name, value in connection.headers.items()})
        if self._key is None:
            raise NotAuthorized(
                "this gateway has no admin key: set the variable that server.admin_key_env names"
            )
        if given is None or not hmac.compare_digest(given.encode(), self._key):
            raise NotAuthorized("this needs the admin key, as a Bearer token or as x-api-key")


class AdminApi:
    """What the routes call."""

    def __init__(
        self, *, curator: Curator, store: AnswerStore, history: History, explainer: Explainer, clock: Clock
    ) -> None:
        self._curator = curator
        self._store = store
        self._history = history
        self._explainer = explainer
        self._clock = clock

    async def show(self) -> Response[bytes]:
        return _json(await self._curator.overview())

    async def entries(self, request: _Request) -> Response[bytes]:
        asked = _query(request, _Entries)
        return _json(await self._curator.entries(_wish(asked), limit=asked.limit, cursor=asked.cursor))

    async def forget(self, request: _Request) -> Response[bytes]:
        asked = await _body(request, _Forget)
        return _json(await self._curator.forget(_wish(asked), dry_run=asked.dry_run))

    async def flush(self, request: _Request) -> Response[bytes]:
        asked = await _body(request, _Flush)
        return _json(await self._curator.flush(dry_run=asked.dry_run))

    async def export(self) -> AsyncIterator[bytes]:
        # Trouble is told with a status only before the first line is sent.
        await self._store.ping()
        return self._curator.export()

    async def take(self, request: _Request) -> Response[bytes]:
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as file:
            async for piece in request.stream():
                file.write(piece)
            name = request.query_params.get("name", "the body")
            return _json(await self._curator.take(file, name=name[:200]))

    async def near_misses(self, request: _Request) -> Response[bytes]:
        asked = _query(request, _NearMisses)
        try:
            since = moment_of(asked.since, now=self._clock.now())
        except ValueError as error:
            raise InvalidRequest(f"since: {error}", field="since") from error
        if not 1 <= asked.limit <= MOST_AT_ONCE:
            raise InvalidRequest(f"limit: expected 1 to {MOST_AT_ONCE}, got {asked.limit}", field="limit")
        found = await near_misses(
            self._history,
            self._store,
            tenant=Tenant(asked.tenant) if asked.tenant else None,
            since=since,
            limit=asked.limit,
        )
        return _json({"near_misses": found})

    async def explain(self, request: _Request) -> Response[bytes]:
        asked = _query(request, _Explain)
        body = await request.body()
        dialect = _dialect(asked) or dialect_of(body)
        explanation = await self._explainer.explain(
            INBOUND[dialect].read(body),
            tenant=Tenant(asked.tenant),
            path=OUTBOUND[dialect].path,
            metadata=metadata_of(body),
            headers=headers_of_lines(asked.headers),
        )
        return _json(explanation)


def admin_router(api: AdminApi, guard: Guard, *, max_body_bytes: int) -> Router:
    """The routes, behind the guard."""

    @get("/cache")
    async def show() -> Response[bytes]:
        return await api.show()

    @get("/cache/entries")
    async def entries(request: _Request) -> Response[bytes]:
        return await api.entries(request)

    @post("/cache/forget", status_code=200, request_max_body_size=_MOST_REQUEST_BYTES)
    async def forget(request: _Request) -> Response[bytes]:
        return await api.forget(request)

    @post("/cache/flush", status_code=200, request_max_body_size=_MOST_REQUEST_BYTES)
    async def flush(request: _Request) -> Response[bytes]:
        return await api.flush(request)

    @get("/cache/export")
    async def export() -> Stream:
        return Stream(await api.export(), media_type="application/x-ndjson")

    @post("/cache/import", status_code=200, request_max_body_size=MOST_IMPORT_BYTES)
    async def take(request: _Request) -> Response[bytes]:
        return await api.take(request)

    @get("/near-misses")
    async def nearly(request: _Request) -> Response[bytes]:
        return await api.near_misses(request)

    @post("/explain", status_code=200, request_max_body_size=max_body_bytes)
    async def explain(request: _Request) -> Response[bytes]:
        return await api.explain(request)

    handlers = [show, entries, forget, flush, export, take, nearly, explain]
    return Router("/admin", route_handlers=handlers, guards=[guard])


def _dialect(asked: _Explain) -> str | None:
    """What the operator says of the body: its dialect, or the path that it was sent to."""
    if asked.dialect is not None and asked.dialect not in INBOUND:
        raise InvalidRequest(f"dialect: expected one of {', '.join(INBOUND)}", field="dialect")
    if asked.path is None:
        return asked.dialect
    by_path = ENDPOINTS.get(asked.path)
    if by_path is None:
        raise InvalidRequest(f"path: only {', '.join(ENDPOINTS)} can be explained", field="path")
    if asked.dialect not in (None, by_path):
        raise InvalidRequest(f"dialect: {by_path} is spoken at {asked.path}", field="dialect")
    return by_path


def _wish(asked: Wish) -> Wish:
    """The part of a request that says which entries are meant."""
    return Wish(**{name: getattr(asked, name) for name in Wish.__struct_fields__})


def _query(request: _Request, kind: type[_Asked]) -> _Asked:
    """The query string as a struct; `id` and `header` may be given many times."""
    fields: dict[str, object] = {}
    many: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if name in ("id", "header"):
            many.setdefault(f"{name}s", []).append(value)
        elif name in fields:
            raise InvalidRequest(f"{name}: given twice", field=name)
        else:
            fields[name] = value
    try:
        return msgspec.convert(fields | many, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"the query is not understood: {error}") from error


async def _body(request: _Request, kind: type[_Asked]) -> _Asked:
    """The body as a struct; none is an empty one."""
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"the body is not understood: {error}") from error


def _json(value: object) -> Response[bytes]:
    return Response(msgspec.json.encode(value), media_type="application/json")
