"""Look up what is already known: exact first, then by closeness where that can pay.

The cache is an optimization: every trouble in here is a miss and a code in
`Found.trouble`, never an error to the client.
"""

import asyncio

import msgspec

from sparingly.core.admission import is_cacheable
from sparingly.core.chat import Ask
from sparingly.core.directives import Directives
from sparingly.core.entry import Entry, Scope
from sparingly.core.fingerprint import Fingerprint
from sparingly.core.judging import Bar, is_fresh, judge
from sparingly.core.policy import CachePolicy
from sparingly.core.vectors import Vector
from sparingly.core.verdict import Bypass, Evidence, Hit, Miss, Verdict
from sparingly.errors import EmbedderError, StoreError, TextUnfit
from sparingly.pipeline.breaker import Breaker
from sparingly.ports import AnswerStore, Clock, Embedder

# A healthy look-up takes milliseconds.  Past this the answer comes sooner from upstream.
PATIENCE_S = 1.0
_COOLDOWN_S = 5.0


class Found(msgspec.Struct, frozen=True):
    """The verdict, and what making it left over: the question's vector, timings, troubles."""

    verdict: Verdict
    vector: Vector | None = None
    embed_s: float | None = None
    search_s: float | None = None
    judge_s: float | None = None
    trouble: tuple[str, ...] = ()


class _NoVector(Exception):
    """The text cannot be embedded; `reason` says why, `trouble` whether that is a fault."""

    def __init__(self, reason: str, *, trouble: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.trouble = (reason,) if trouble else ()


class _Progress(msgspec.Struct):
    """Whom a look-up waits for, so that slowness is held against the right part."""

    is_embedding: bool = False


class Lookup:
    """Asks store and embedder, never for longer than `patience_s`."""

    def __init__(
        self, *, embedder: Embedder, store: AnswerStore, clock: Clock, patience_s: float | None = PATIENCE_S
    ) -> None:
        self._embedder = embedder
        self._store = store
        self._clock = clock
        self._patience_s = patience_s
        self._store_breaker = Breaker(clock, cooldown_s=_COOLDOWN_S)
        self._embedder_breaker = Breaker(clock, cooldown_s=_COOLDOWN_S)

    async def find(
        self, ask: Ask, fingerprint: Fingerprint, *, directives: Directives, policy: CachePolicy
    ) -> Found:
        """Decide what the cache has for a request."""
        if policy.mode == "off":
            return Found(Bypass("cache-off"))
        if not directives.look:
            return Found(Bypass("no-cache" if directives.keep else "no-store"))
        reason = is_cacheable(ask, policy)
        if reason is not None:
            return Found(Bypass(reason))
        if not self._store_breaker.allows():
            return Found(Miss("store-down"), trouble=("store-down",))
        progress = _Progress()
        try:
            async with asyncio.timeout(self._patience_s):
                found = await self._exact_then_close(fingerprint, directives, policy, progress)
        except StoreError as error:
            # Losing the cache must cost money, never answers.
            self._store_breaker.failed()
            return Found(Miss(error.code), trouble=(error.code,))
        except TimeoutError:
            # As above: whoever is slow here, upstream will answer.
            if not progress.is_embedding:
                self._store_breaker.failed()
                return Found(Miss("store-slow"), trouble=("store-slow",))
            # The store did its part; exact hits must go on.
            self._embedder_breaker.failed()
            found = Found(Miss("embedder-slow"), trouble=("embedder-slow",))
        self._store_breaker.worked()
        return found

    async def _exact_then_close(
        self, fingerprint: Fingerprint, directives: Directives, policy: CachePolicy, progress: _Progress
    ) -> Found:
        now = self._clock.now()
        bar = Bar(policy.threshold, directives.max_age_s, directives.min_fresh_s)
        begun = self._clock.tick()
        entry = await self._store.exact(fingerprint.digest, now=now)
        searched = self._clock.tick() - begun
        if entry is not None and is_fresh(entry, bar, now=now):
            return Found(_same(entry), search_s=searched)

        reason = _no_closeness(fingerprint, directives, policy)
        if reason is not None or fingerprint.text is None:
            return Found(Miss(reason or "no-user-text"), search_s=searched)
        # Nothing to be close to: no embedding, no search.
        if await self._store.is_empty(fingerprint.scope):
            return Found(Miss("empty-scope"), search_s=searched)
        begun = self._clock.tick()
        progress.is_embedding = True
        try:
            vector = await self._embed(fingerprint.text)
        except _NoVector as no:
            return Found(Miss(no.reason), search_s=searched, trouble=no.trouble)
        progress.is_embedding = False
        embed_s = self._clock.tick() - begun
        found = await self._closest(fingerprint.scope, vector, bar, policy.k)
        if isinstance(found.verdict, Hit) and found.verdict.entry.digest == fingerprint.digest:
            # Written back between the two reads: close is not the word for equal.
            found = msgspec.structs.replace(found, verdict=_same(found.verdict.entry))
        return msgspec.structs.replace(found, embed_s=embed_s, search_s=searched + (found.search_s or 0.0))

    async def _closest(self, scope: Scope, vector: Vector, bar: Bar, k: int) -> Found:
        begun = self._clock.tick()
        now = self._clock.now()
        neighbors = await self._store.neighbors(scope, vector, limit=k, now=now)
        found = self._clock.tick()
        verdict = judge(neighbors, bar=bar, now=now)
        return Found(verdict, vector=vector, search_s=found - begun, judge_s=self._clock.tick() - found)

    async def _embed(self, text: str) -> Vector:
        if not self._embedder_breaker.allows():
            raise _NoVector("embedder-down", trouble=True)
        try:
            vector = await self._embedder.embed(text)
        except TextUnfit as error:
            self._embedder_breaker.worked()
            raise _NoVector(error.code, trouble=False) from error
        except EmbedderError as error:
            self._embedder_breaker.failed()
            raise _NoVector(error.code, trouble=True) from error
        self._embedder_breaker.worked()
        return vector


def _same(entry: Entry) -> Hit:
    return Hit(entry, "exact", "same", Evidence(1.0, entry.source, 1.0, entry.source))


def _no_closeness(fingerprint: Fingerprint, directives: Directives, policy: CachePolicy) -> str | None:
    if fingerprint.exact_only is not None:
        return fingerprint.exact_only
    if not policy.semantic:
        return "semantic-off"
    if directives.max_error is not None:
        # A bare threshold has no stated error, so a caller who names a bound gets the exact tier only.
        return "no-stated-error"
    return None
