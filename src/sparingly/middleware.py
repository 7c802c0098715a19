"""The gateway within an ASGI app: LLM routes of Litestar, Starlette or FastAPI, answered from memory.

    app = SparinglyMiddleware(app, "gateway.yaml")            # any ASGI app
    app.add_middleware(SparinglyMiddleware, config="gateway.yaml")   # FastAPI, Starlette

A request to one of `paths` is answered from memory; else the wrapped app answers, and
what it says is kept.  All else goes to the app untouched.

Rule: a hit does not reach the app, so neither do its checks.  Whatever decides who may
ask belongs outside, in a middleware that runs before this one.  Two callers share
answers only when all their credentials, cookies included, and all headers that a proxy
names people by are the same, or when `tenant` says that they are one; where it says None,
memory has no part in the request.  What tells callers apart outside the headers (a
client's certificate, `scope["user"]`) is for `tenant` to say.

Opened when the server starts, or with the first request where nobody tells of that.
One data folder has one owner: several worker processes need a Qdrant server as their store.
"""

import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from hashlib import blake2b
from typing import Any, TypeAlias, cast

import msgspec
from litestar.types import HTTPScope, Receive, Send

from sparingly.bootstrap import Brought, open_app
from sparingly.clock import SystemClock
from sparingly.config.embedded import Config, embedded_settings
from sparingly.config.environment import CLIENT
from sparingly.core.catalog import ProviderKind
from sparingly.core.chat import Tenant
from sparingly.data_folder import data_folder
from sparingly.errors import StartupError, UpstreamBroke, UpstreamUnreachable
from sparingly.long_lived import LongLived
from sparingly.pipeline.exchange import Caller
from sparingly.settings import Provider
from sparingly.telemetry.logs import EventLog, library_log
from sparingly.upstreams.asgi_app import AppVisit, AsgiAppUpstream
from sparingly.upstreams.asgi_exchange import Endpoint
from sparingly.web.auth import DEFAULT_TENANT, Door
from sparingly.web.headers import CREDENTIALS
from sparingly.web.llm import ENDPOINTS, LlmEndpoints

# Every framework has its own names for these; the specification has none.
AsgiScope: TypeAlias = Any
AsgiReceive: TypeAlias = Callable[[], Awaitable[Any]]
AsgiSend: TypeAlias = Callable[[Any], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[AsgiScope, AsgiReceive, AsgiSend], Awaitable[None]]

# As proxies that check who asks tell the app (`X-Forwarded-User`, `X-Amzn-Oidc-Data`, `Cf-Access-Jwt-Assertion`,
# `X-Goog-Iap-...`), and keys under the names of other houses.  One too many costs a hit.
_WHO = re.compile(
    r"auth|user|email|account|principal|identity|subject|oidc|jwt|assertion|token|secret|[-_]key$|cert"
)
_NOT_WHO = frozenset({"user-agent", "idempotency-key", "x-idempotency-key", "sec-websocket-key"})

_NO_ANSWER = frozenset(
    (b"x-sparingly-reason", error.code.encode()) for error in (UpstreamUnreachable, UpstreamBroke)
)


class _Visitor(AppVisit):
    """A request, and whose it is."""

    def __init__(self, scope: HTTPScope, tenant: Tenant) -> None:
        super().__init__(scope)
        self.tenant = tenant


_visitor: ContextVar[_Visitor] = ContextVar("sparingly_visitor")


class _AppDoor(Door):
    """Everybody whom the app's own checks let through."""

    def __init__(self) -> None:
        super().__init__({})

    def admit(self, key: str | None) -> Caller:
        """The caller, as the middleware knows it."""
        return Caller(_visitor.get().tenant, key)


class SparinglyMiddleware:
    """Wraps an ASGI app; see the module."""

    def __init__(
        self,
        app: AsgiApp,
        config: Config = None,
        *,
        paths: Mapping[str, str] = ENDPOINTS,
        tenant: Callable[[AsgiScope], str | None] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Check the config; nothing is opened yet.

        `paths` maps the app's LLM routes to the dialect spoken there: `openai`,
        `openai-responses` or `anthropic`.  `tenant` names who asks, or None for nobody known.

        Raises:
            ConfigError: something is wrong with the config.
        """
        self._app = app
        self._paths = dict(paths)
        self._tenant = tenant
        self._environ = os.environ if environ is None else environ
        dialects = frozenset(self._paths.values())
        kind: ProviderKind = "anthropic" if dialects == {"anthropic"} else "openai"
        wrapped = Provider(kind=kind, base_url="http://wrapped-app")
        settings = embedded_settings(config, self._environ, client=wrapped)
        # The app is asked once: what it does may have effects, and trying again is its own business.
        retry = msgspec.structs.replace(settings.routing.retry, attempts=1)
        routing = msgspec.structs.replace(settings.routing, retry=retry)
        self._settings = msgspec.structs.replace(settings, routing=routing)
        self._upstream = AsgiAppUpstream(
            cast("Endpoint", app), name=CLIENT, dialects=dialects, visit=_visitor.get
        )
        self._home = LongLived(self._opened)

    async def __call__(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
            return
        if scope["type"] == "http" and scope["method"] == "POST":
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            tenant = self._tenant_of(scope) if path in self._paths else None
            if tenant is not None:
                await self._answer(_Visitor(scope, tenant), path, receive, send)
                return
        await self._app(scope, receive, send)

    async def aclose(self) -> None:
        """Close what was opened; for apps whose server tells of no end."""
        await self._home.aclose()

    async def _answer(self, visitor: _Visitor, path: str, receive: AsgiReceive, send: AsgiSend) -> None:
        llm = await self._home.value()
        has_failed = False

        async def told(message: Any) -> None:
            nonlocal has_failed
            if message["type"] == "http.response.start":
                # What the app raised is for the server that runs it, as if we were not there.
                has_failed = visitor.error is not None and not _NO_ANSWER.isdisjoint(message["headers"])
                message = {**message, "headers": [*message["headers"], *_cookies(visitor)]}
            if not has_failed:
                await send(message)

        token = _visitor.set(visitor)
        try:
            scope = cast("HTTPScope", {**visitor.scope, "path": path})
            await llm(scope, cast("Receive", receive), cast("Send", told))
        finally:
            _visitor.reset(token)
        if visitor.error is not None and (has_failed or visitor.head is not None):
            raise visitor.error

    def _tenant_of(self, scope: AsgiScope) -> Tenant | None:
        if self._tenant is not None:
            named = self._tenant(scope)
            return None if named is None else Tenant(named)
        credentials = [pair for pair in scope["headers"] if _tells_who(pair[0].decode("latin-1").lower())]
        if not credentials:
            return DEFAULT_TENANT
        digest = blake2b(repr(sorted(credentials)).encode(), digest_size=8, person=b"sparingly-caller")
        return Tenant(f"caller-{digest.hexdigest()}")

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[LlmEndpoints]:
        brought = Brought({CLIENT: self._upstream}, _AppDoor(), self._paths)
        data = data_folder(self._settings, self._environ)
        events = EventLog(library_log(), SystemClock())
        async with open_app(
            self._settings, self._environ, data=data, events=events, brought=brought
        ) as opened:
            yield opened.llm
            await self._upstream.aclose()

    async def _live(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        """Open before the app starts, close after it has stopped, whether or not it takes part in this."""
        first = await receive()
        try:
            await self._home.value()
        except StartupError as error:
            await send({"type": "lifespan.startup.failed", "message": error.message})
            return
        heard, said = [first], []

        async def passed_on() -> Any:
            return heard.pop() if heard else await receive()

        async def told(message: Any) -> None:
            said.append(message)
            if message["type"].startswith("lifespan.shutdown"):
                await self._home.aclose()
            await send(message)

        try:
            await self._app(scope, passed_on, told)
        except Exception:
            if said:
                raise
            # An app may refuse this kind of scope (ASGI, "Lifespan Protocol"); we still want it.
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await self._home.aclose()
            await send({"type": "lifespan.shutdown.complete"})
        finally:
            await self._home.aclose()


def _tells_who(name: str) -> bool:
    """Whether a header may say who asks; in lower case."""
    return name in CREDENTIALS or (name not in _NOT_WHO and _WHO.search(name) is not None)


def _cookies(visitor: _Visitor) -> list[tuple[bytes, bytes]]:
    """What the app wants its visitor to keep; from a provider such a header would go no further."""
    if visitor.head is None:
        return []
    return [pair for pair in visitor.head.headers if pair[0].lower() == b"set-cookie"]
