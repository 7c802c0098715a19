"""Steer the cache of a running gateway through its admin API."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import IO, TypeVar

import httpx
import msgspec

from sparingly.core.chat import Tenant
from sparingly.core.keeping.curation import ShownPage, Wish
from sparingly.errors import InvalidRequest, NotAuthorized, SparinglyError, StartupError
from sparingly.pipeline.steering.curating import Forgotten, Imported, Overview, check_lines
from sparingly.pipeline.steering.explaining import Explanation

# The gateway may have to embed a query behind a busy queue; imports and exports take as long as they take.
_PATIENCE_S = 60.0
_PIECE_BYTES = 256 * 1024

_Read = TypeVar("_Read", bound=msgspec.Struct)


class _Told(msgspec.Struct):
    message: str = ""


class _Error(msgspec.Struct):
    error: _Told


class RemoteCache:
    """Satisfies `Steering` on the gateway at `url`."""

    def __init__(self, client: httpx.AsyncClient, *, url: str) -> None:
        self._client = client
        self._url = url

    async def overview(self) -> Overview:
        """Count."""
        return await self._asked(Overview, "GET", "/admin/cache")

    async def entries(self, wish: Wish, *, limit: int, cursor: str | None = None) -> ShownPage:
        """List or search."""
        fields = msgspec.to_builtins(wish)
        ids = fields.pop("ids")
        pairs = [(name, str(value)) for name, value in fields.items() if value is not None]
        pairs += [("id", one) for one in ids] + [("limit", str(limit))]
        pairs += [("cursor", cursor)] if cursor is not None else []
        return await self._asked(ShownPage, "GET", "/admin/cache/entries", params=pairs)

    async def forget(self, wish: Wish, *, dry_run: bool) -> Forgotten:
        """Forget, or say what would be forgotten."""
        body = msgspec.json.encode({**msgspec.to_builtins(wish), "dry_run": dry_run})
        return await self._asked(Forgotten, "POST", "/admin/cache/forget", content=body)

    async def flush(self, *, dry_run: bool) -> Forgotten:
        """Forget everything, or say how much that is."""
        body = msgspec.json.encode({"dry_run": dry_run})
        return await self._asked(Forgotten, "POST", "/admin/cache/flush", content=body)

    async def export(self) -> AsyncIterator[bytes]:
        """Every entry as a line."""
        async with self._sent("GET", "/admin/cache/export", timeout_s=None) as answer:
            async for piece in answer.aiter_bytes():
                yield piece

    async def take(self, file: IO[bytes], *, name: str) -> Imported:
        """Import; lines are looked at here first, where their file has a name."""
        check_lines(file, name)
        return await self._asked(
            Imported,
            "POST",
            "/admin/cache/import",
            params=[("name", name)],
            content=_pieces(file),
            timeout_s=None,
        )

    async def explain(
        self,
        request: bytes,
        *,
        tenant: Tenant,
        headers: Mapping[str, str] = MappingProxyType({}),
        dialect: str | None = None,
    ) -> Explanation:
        """Explain a request; names of `headers` are in lower case, without a `dialect` the body tells it."""
        params = [("tenant", str(tenant)), *(("header", f"{name}: {text}") for name, text in headers.items())]
        if dialect is not None:
            params.append(("dialect", dialect))
        return await self._asked(Explanation, "POST", "/admin/explain", params=params, content=request)

    async def _asked(
        self,
        kind: type[_Read],
        method: str,
        path: str,
        *,
        params: list[tuple[str, str]] | None = None,
        content: bytes | AsyncIterator[bytes] | None = None,
        timeout_s: float | None = _PATIENCE_S,
    ) -> _Read:
        async with self._sent(method, path, params=params, content=content, timeout_s=timeout_s) as answer:
            body = await answer.aread()
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.DecodeError as error:
            raise StartupError(f"{self._url} answers, but not as a gateway of ours: {error}") from error

    @asynccontextmanager
    async def _sent(
        self,
        method: str,
        path: str,
        *,
        params: list[tuple[str, str]] | None = None,
        content: bytes | AsyncIterator[bytes] | None = None,
        timeout_s: float | None,
    ) -> AsyncIterator[httpx.Response]:
        """The answer, which is a good one; else its error."""
        try:
            # As a tuple: that is what a query of repeated names is typed as.
            request = self._client.build_request(
                method, path, params=tuple(params or ()), content=content, timeout=timeout_s
            )
            answer = await self._client.send(request, stream=True)
            try:
                if answer.status_code >= 400:
                    raise _error(answer.status_code, await answer.aread(), self._url)
                yield answer
            finally:
                await answer.aclose()
        except httpx.ConnectError as error:
            raise StartupError(
                f"no gateway answers at {self._url}; to work on its folder while it is stopped: --data DIR"
            ) from error
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise SparinglyError(f"the exchange with {self._url} broke off: {reason}") from error


@asynccontextmanager
async def open_remote(
    url: str, key: str | None, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[RemoteCache]:
    """The cache of the gateway at `url`; raises StartupError where that is no address."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    try:
        client = httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, transport=transport)
        has_host = bool(client.base_url.host) and client.base_url.scheme in ("http", "https")
    except (httpx.InvalidURL, UnicodeEncodeError) as error:
        raise StartupError("--url or the admin key cannot be sent as they are") from error
    async with client:
        if not has_host:
            raise StartupError(f"--url: expected something like http://127.0.0.1:8787, got {url!r}")
        yield RemoteCache(client, url=url)


def _error(status: int, body: bytes, url: str) -> SparinglyError:
    try:
        message = msgspec.json.decode(body, type=_Error).error.message
    except msgspec.DecodeError:
        # Some other server's words.
        message = f"{url} answers with status {status}, not as a gateway of ours"
    if status == 401:
        return NotAuthorized(message)
    return InvalidRequest(message) if status < 500 else SparinglyError(message)


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    file.seek(0)
    while piece := file.read(_PIECE_BYTES):
        yield piece
