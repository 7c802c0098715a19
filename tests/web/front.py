"""The web layer in front of a small world, and a provider whose every move a test makes."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from sparingly.core.chat import Tenant
from sparingly.core.ledger import LedgerEntry
from sparingly.core.policy import CachePolicy, RoutingPolicy
from sparingly.errors import UpstreamError
from sparingly.ports import Upstream, UpstreamReply, UpstreamRequest
from sparingly.web.app import App, Port, build_app
from sparingly.web.auth import Door
from sparingly.web.llm import LlmEndpoints
from sparingly.web.models import ModelList
from sparingly.web.relaying import Relays
from tests.fakes.upstream import JSON
from tests.pipeline.parts import GatedUpstream
from tests.pipeline.world import CATALOG, World, a_world

LIMIT = 1_000


class Gauge:
    """Counts the requests under way."""

    def __init__(self) -> None:
        self.now = 0
        self.most = 0

    def began(self) -> None:
        self.now += 1
        self.most = max(self.most, self.now)

    def ended(self) -> None:
        self.now -= 1


class Front:
    """The app, the world behind it, and what it told."""

    def __init__(
        self,
        world: World,
        *,
        keys: Mapping[str, Tenant],
        relay_to: Upstream | None,
        relay_by_house: Mapping[str, Upstream],
        ports: tuple[Port, ...],
        routing: RoutingPolicy,
        max_body_bytes: int,
    ) -> None:
        self.world = world
        self.observed: list[LedgerEntry] = []
        self.gauge = Gauge()
        self._visits = 0
        upstream = world.one if relay_to is None else relay_to
        llm = LlmEndpoints(
            gateway=world.pipeline.gateway,
            counter=world.pipeline.counter,
            relays=Relays(
                default=upstream,
                upstreams=world.parts.upstreams,
                holders=world.pipeline.holders,
                by_house=relay_by_house,
            ),
            models=ModelList(catalog=CATALOG, policy=routing, upstream=upstream),
            door=Door(keys),
            ledger=world.ledger,
            observe=self.observed.append,
            in_flight=self.gauge,
            clock=world.clock,
            new_id=self._new_id,
            max_body_bytes=max_body_bytes,
        )
        self.app: App = build_app(llm=llm, ports=ports, metrics=lambda: b"sparingly_up 1\n")

    @property
    def line(self) -> LedgerEntry:
        """The ledger's one line, which whoever watches was told as well."""
        (entry,) = self.world.ledger.entries
        assert self.observed == [entry]
        assert self.gauge.now == 0
        return entry

    def _new_id(self) -> str:
        self._visits += 1
        return f"req-{self._visits}"


@asynccontextmanager
async def a_front(
    cache: CachePolicy | None = None,
    routing: RoutingPolicy | None = None,
    *,
    keys: Mapping[str, Tenant] | None = None,
    one: GatedUpstream | None = None,
    relay_to: Upstream | None = None,
    relay_by_house: Mapping[str, Upstream] | None = None,
    ports: tuple[Port, ...] = (),
    max_body_bytes: int = LIMIT,
) -> AsyncIterator[Front]:
    """A gateway whose app can be visited."""
    async with a_world(cache, routing, one=one) as world:
        yield Front(
            world,
            keys=keys or {},
            relay_to=relay_to,
            relay_by_house=relay_by_house or {},
            ports=ports,
            routing=routing or RoutingPolicy(),
            max_body_bytes=max_body_bytes,
        )


class PipeUpstream:
    """A provider that reads uploads while it answers, and says what a test hands it, when it does."""

    name, dialect, dialects = "pipe", "openai", frozenset({"openai"})

    def __init__(
        self, *, status: int = 200, headers: Sequence[tuple[str, str]] = JSON, answers_early: bool = False
    ) -> None:
        """With `answers_early` it answers before it has read the request, as a refusal may."""
        self._status = status
        self._headers = headers
        self._answers_early = answers_early
        self._words: asyncio.Queue[bytes | UpstreamError | None] = asyncio.Queue()
        self._uploading: asyncio.Future[None] | None = None
        self.requests: list[UpstreamRequest] = []
        self.uploaded: list[bytes] = []
        self.arrived = asyncio.Event()
        self.was_uploaded = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.was_given_up = False
        self.is_closed = False

    def say(self, *words: bytes | UpstreamError | None) -> None:
        """Send pieces; None ends the answer, an error breaks it off."""
        self.may_answer.set()
        for word in words:
            self._words.put_nowait(word)

    async def send(self, request: UpstreamRequest) -> UpstreamReply:
        self.requests.append(request)
        self.arrived.set()
        self._uploading = uploading = asyncio.ensure_future(self._upload(request.body))
        try:
            if not self._answers_early:
                await uploading
            await self.may_answer.wait()
        except BaseException:
            self.was_given_up = True
            uploading.cancel()
            raise
        return _PipeReply(self, self._status, self._headers)

    async def ping(self) -> None:
        pass

    async def aclose(self) -> None:
        pass

    async def pieces(self) -> AsyncIterator[bytes]:
        """The words said, as they are said."""
        while (word := await self._words.get()) is not None:
            if isinstance(word, UpstreamError):
                raise word
            yield word

    def close(self) -> None:
        """Hang up: an upload under way ends."""
        self.is_closed = True
        if self._uploading is not None:
            self._uploading.cancel()

    async def _upload(self, body: bytes | AsyncIterator[bytes]) -> None:
        if isinstance(body, bytes):
            self.uploaded.append(body)
        else:
            async for piece in body:
                self.uploaded.append(piece)
                self.was_uploaded.set()
        self.was_uploaded.set()


class _PipeReply:
    def __init__(self, pipe: PipeUpstream, status: int, headers: Sequence[tuple[str, str]]) -> None:
        self.status = status
        self.headers = headers
        self._pipe = pipe

    def body(self) -> AsyncIterator[bytes]:
        return self._pipe.pieces()

    async def read(self) -> bytes:
        return b"".join([piece async for piece in self.body()])

    async def aclose(self) -> None:
        self._pipe.close()
