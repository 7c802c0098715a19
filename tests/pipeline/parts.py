"""Parts of a pipeline that count what they are asked, and fail or hang when a test says so."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from hashlib import blake2b
from math import sqrt

import numpy as np

from sparingly.core.entry import Digest, Entry, Neighbor, Scope
from sparingly.core.vectors import Vector
from sparingly.errors import EmbedderError, StoreError, TextUnfit
from sparingly.ports import UpstreamReply, UpstreamRequest
from tests.fakes.store import FakeStore
from tests.fakes.upstream import Dead, FakeUpstream, Scripted, ScriptedReply

DOWN = StoreError("the disk is full")


class MeaningEmbedder:
    """An Embedder whose texts have nothing in common, except those that a test calls similar."""

    dimensions, window_tokens = 4096, 256

    def __init__(self) -> None:
        self.name = "meanings"
        self.embedded: list[str] = []
        self.heads: list[str] = []
        self.trouble: EmbedderError | TextUnfit | None = None
        self.hangs = False
        self._similar: dict[str, tuple[str, float]] = {}

    def know(self, text: str, *, like: str, similarity: float) -> None:
        """Let `text` be this similar to another text."""
        self._similar[text] = (like, similarity)

    async def embed(self, text: str) -> Vector:
        self.embedded.append(text)
        if self.hangs:
            await asyncio.Event().wait()
        if self.trouble is not None:
            raise self.trouble
        like, similarity = self._similar.get(text, (text, 1.0))
        # The odd axes are for what a paraphrase has of its own.
        return self._axis(like, 0) * similarity + self._axis(text, 1) * sqrt(1 - similarity**2)

    async def head(self, text: str) -> Vector:
        """Of a text that `trouble` calls unfit there is one, too: that of its first characters."""
        self.heads.append(text)
        if isinstance(self.trouble, EmbedderError):
            raise self.trouble
        return self._axis(text[: self.window_tokens], 0)

    async def ping(self) -> None:
        pass

    async def aclose(self) -> None:
        pass

    def _axis(self, text: str, parity: int) -> Vector:
        vector = np.zeros(self.dimensions, dtype=np.float32)
        place = int.from_bytes(blake2b(text.encode(), digest_size=2).digest()) % (self.dimensions // 2)
        vector[2 * place + parity] = 1.0
        return vector


class WatchedStore(FakeStore):
    """A FakeStore that counts its calls and can be made to hang; `late` digests come too late for `exact`."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()
        self.hangs: set[str] = set()
        self.late: set[Digest] = set()

    async def exact(self, digest: Digest, *, now: float) -> Entry | None:
        await self._called("exact")
        return None if digest in self.late else await super().exact(digest, now=now)

    async def is_empty(self, scope: Scope) -> bool:
        await self._called("is_empty")
        return await super().is_empty(scope)

    async def neighbors(self, scope: Scope, vector: Vector, *, limit: int, now: float) -> list[Neighbor]:
        await self._called("neighbors")
        return await super().neighbors(scope, vector, limit=limit, now=now)

    async def put(self, entry: Entry, vector: Vector | None) -> None:
        await self._called("put")
        await super().put(entry, vector)

    async def touch(self, digest: Digest, *, worth: float, hits: int) -> None:
        await self._called("touch")
        await super().touch(digest, worth=worth, hits=hits)

    async def _called(self, name: str) -> None:
        self.calls[name] += 1
        if name in self.hangs:
            await asyncio.Event().wait()


class GatedUpstream(FakeUpstream):
    """A FakeUpstream that answers nobody until its gate is opened."""

    def __init__(self, *script: Scripted | Dead, name: str = "fake", dialect: str = "openai") -> None:
        super().__init__(*script, name=name, dialect=dialect)
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = 0

    async def send(self, request: UpstreamRequest) -> UpstreamReply:
        self.asked += 1
        await self.gate.wait()
        return await super().send(request)

    def sent(self, number: int = 0) -> dict[str, object]:
        """The JSON of a request it was sent."""
        body = self.requests[number].body
        assert isinstance(body, bytes)
        fields: dict[str, object] = json.loads(body)
        return fields


class StalledUpstream(GatedUpstream):
    """A provider that begins to answer and then says nothing more; `stalled` is set when it falls silent."""

    def __init__(self, *script: Scripted | Dead, name: str = "fake", dialect: str = "openai") -> None:
        super().__init__(*script, name=name, dialect=dialect)
        self.stalled = asyncio.Event()

    async def send(self, request: UpstreamRequest) -> UpstreamReply:
        self.requests.append(request)
        scripted = self._script[0]
        assert isinstance(scripted, Scripted)
        self.replies.append(reply := _StalledReply(scripted, self.stalled))
        return reply


class _StalledReply(ScriptedReply):
    """A reply that does not end after its pieces."""

    def __init__(self, scripted: Scripted, stalled: asyncio.Event) -> None:
        super().__init__(scripted)
        self._stalled = stalled

    async def body(self) -> AsyncIterator[bytes]:
        async for piece in super().body():
            yield piece
        self._stalled.set()
        await asyncio.Event().wait()
