"""The app: which path is whose.

| path | answered by |
|---|---|
| POST /v1/chat/completions, /v1/responses, /v1/messages, /v1/embeddings | the gateway (`web/llm.py`, raw ASGI) |
| /v1/models | the config's models, then the default provider's (`web/models.py`) |
| /v1/sparingly/feedback | a caller's word on an answer (`web/feedback.py`) |
| /v1/... | the default provider, relayed (`web/llm.py`) |
| /admin/... | the operator's view of the cache (`web/admin.py`) |
| /healthz | this process: it is alive |
| /readyz | every port, pinged |
| /metrics | Prometheus |

What is beneath /v1 is also found without it and with two of it (`web/paths.py`).

LLM traffic goes past Litestar's router, for speed and because it needs the raw
connection (see `web/asgi.py`); everything else is Litestar's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import msgspec
from litestar import Litestar, MediaType, Request, Response, get
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ControllerRouterHandler, HTTPScope, Receive, Scope, Send

from sparingly.errors import SparinglyError
from sparingly.telemetry.metrics import CONTENT_TYPE
from sparingly.web.failures import failure_of
from sparingly.web.feedback import PREFIX
from sparingly.web.paths import served_path

PING_PATIENCE_S = 2.0

HttpApp: TypeAlias = Callable[[HTTPScope, Receive, Send], Awaitable[None]]


class Port(msgspec.Struct, frozen=True):
    """One dependency; an `essential` group must have a member that works, or nothing can be answered."""

    name: str
    ping: Callable[[], Awaitable[None]]
    essential: str | None = None


class App:
    """An ASGI app in two halves."""

    def __init__(self, llm: HttpApp, rest: Litestar) -> None:
        self._llm = llm
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Dispatch one connection."""
        if scope["type"] != ScopeType.HTTP:
            await self._rest(scope, receive, send)
            return
        path = served_path(scope["path"])
        if path is not None and not path.startswith(PREFIX):
            await self._llm(_moved(scope, path), receive, send)
            return
        if scope["method"] == "HEAD":
            # RFC 9110, section 9.3.2: as GET, and the server leaves the body out.  Many probes ask so.
            scope = {**scope, "method": "GET"}
        await self._rest(scope, receive, send)


def build_app(
    *,
    llm: HttpApp,
    ports: tuple[Port, ...],
    metrics: Callable[[], bytes],
    more: Sequence[ControllerRouterHandler] = (),
    ping_patience_s: float = PING_PATIENCE_S,
) -> App:
    """Put the app together; what it uses is open already and is closed by whoever opened it."""

    @get("/healthz", media_type=MediaType.JSON, sync_to_thread=False)
    def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @get("/readyz", media_type=MediaType.JSON)
    async def readyz() -> Response[dict[str, object]]:
        troubles = dict(await asyncio.gather(*(_pinged(port, ping_patience_s) for port in ports)))
        return _readiness(ports, troubles)

    @get("/metrics")
    async def metrics_page() -> Response[bytes]:
        return Response(metrics(), media_type=CONTENT_TYPE)

    rest = Litestar(
        [healthz, readyz, metrics_page, *more],
        openapi_config=None,
        logging_config=None,
        exception_handlers={HTTPException: _in_our_shape, SparinglyError: _told},
    )
    return App(llm, rest)


def _moved(scope: HTTPScope, path: str) -> HTTPScope:
    """A connection at the path that is meant."""
    if path == scope["path"]:
        return scope
    raw = scope.get("raw_path", b"").decode("latin-1")
    return {**scope, "path": path, "raw_path": (served_path(raw) or raw).encode("latin-1")}


async def _pinged(port: Port, patience_s: float) -> tuple[str, str | None]:
    """A port's name, and what is wrong with it."""
    try:
        async with asyncio.timeout(patience_s):
            await port.ping()
    except SparinglyError as error:
        return port.name, error.message
    except TimeoutError:
        return port.name, f"no answer within {patience_s:g} s"
    return port.name, None


def _readiness(ports: tuple[Port, ...], troubles: dict[str, str | None]) -> Response[dict[str, object]]:
    """Ready when a request can be answered.

    A lost cache or ledger degrades the gateway and must not take it out of a
    load balancer: that would turn a lost saving into an outage.
    """
    groups: dict[str, list[bool]] = {}
    for port in ports:
        if port.essential is not None:
            groups.setdefault(port.essential, []).append(troubles[port.name] is None)
    ready = all(any(members) for members in groups.values())
    well = all(trouble is None for trouble in troubles.values())
    status = "ready" if well else "degraded" if ready else "not ready"
    report = {name: "ok" if trouble is None else trouble for name, trouble in troubles.items()}
    return Response({"status": status, "ports": report}, status_code=200 if ready else 503)


def _in_our_shape(_: Request[object, object, State], error: HTTPException) -> Response[dict[str, object]]:
    body = {"message": error.detail, "type": "invalid_request_error", "param": None, "code": None}
    return Response({"error": body}, status_code=error.status_code, headers=error.headers)


def _told(_: Request[object, object, State], error: SparinglyError) -> Response[dict[str, object]]:
    failure = failure_of(error)
    body = {
        "message": failure.message,
        "type": _kind(failure.status),
        "param": failure.field,
        "code": failure.code,
    }
    return Response({"error": body}, status_code=failure.status)


def _kind(status: int) -> str:
    return "invalid_request_error" if status < 500 else "api_error"
