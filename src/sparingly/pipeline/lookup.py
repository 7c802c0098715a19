"""Look up what is already known: exact first, then by closeness where that can pay.

The cache is an optimization: every trouble in here is a miss and a code in
`Found.trouble`, never an error to the client.
"""

import asyncio
from collections.abc import Sequence
from math import inf

import msgspec

from sparingly.core.chat import Ask
from sparingly.core.directives import Directives
from sparingly.core.entry import Entry, Neighbor
from sparingly.core.evidence.question import Question
from sparingly.core.fingerprint import Fingerprint
from sparingly.core.judging.judge import Bar, Weighed, bar_of, is_fresh, judge, weigh
from sparingly.core.judging.model import JudgeModel
from sparingly.core.judging.operating_point import operating_point
from sparingly.core.keeping.admission import is_cacheable
from sparingly.core.keeping.freshness import FreshnessModel, TimeClass, kept_for_s, time_class
from sparingly.core.keeping.poisoning import Doubt, doubt
from sparingly.core.policy import CachePolicy
from sparingly.core.vectors import Vector
from sparingly.core.verdict import Bypass, Evidence, Hit, Miss, Verdict
from sparingly.errors import EmbedderError, StoreError, TextUnfit
from sparingly.pipeline.breaker import Breaker
from sparingly.pipeline.embedding import comparable
from sparingly.pipeline.turns import Turns
from sparingly.ports import AnswerStore, Clock, Embedder

# A healthy look-up takes milliseconds.  Past this the answer comes sooner from upstream.
PATIENCE_S = 1.0
_COOLDOWN_S = 5.0
_JUDGE_ERROR = "judge-error"


class Found(msgspec.Struct, frozen=True):
    """The verdict, and what making it left over: the question's vector, timings, troubles."""

    verdict: Verdict
    vector: Vector | None = None
    embed_s: float | None = None
    search_s: float | None = None
    judge_s: float | None = None
    trouble: tuple[str, ...] = ()
    time_class: TimeClass = "stable"
    doubted: Entry | None = None
    """What would have been a hit, were it not another tenant's and not confirmed; see `core/keeping/poisoning.py`."""


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
        self,
        *,
        embedder: Embedder,
        store: AnswerStore,
        clock: Clock,
        patience_s: float | None = PATIENCE_S,
        freshness: FreshnessModel | None = None,
        model: JudgeModel | None = None,
    ) -> None:
        """Without `freshness` every question counts as timeless; without a `model` closeness is all that is judged."""
        self._model = model
        self._freshness = freshness
        self._embedder = embedder
        self._store = store
        self._clock = clock
        self._patience_s = patience_s
        self._turns = Turns()
        self._store_breaker = Breaker(clock, cooldown_s=_COOLDOWN_S)
        self._embedder_breaker = Breaker(clock, cooldown_s=_COOLDOWN_S)

    async def find(
        self,
        ask: Ask,
        fingerprint: Fingerprint,
        *,
        directives: Directives,
        policy: CachePolicy,
        live: float = -inf,
    ) -> Found:
        """Decide what the cache has for a request; `live` is the least probability that labels ask for meanwhile."""
        if policy.mode == "off":
            return Found(Bypass("cache-off"))
        reason = is_cacheable(ask, policy)
        if not directives.look:
            reason = "no-cache" if directives.keep else "no-store"
        # Also where nothing is looked up: it says how long the fresh answer may be kept.
        kind = self._time_class(ask, policy)
        if reason is not None:
            return Found(Bypass(reason), time_class=kind)
        if kept_for_s(kind, policy) <= 0 < policy.ttl_s:
            # Nothing such is kept, and nothing else may answer it.
            return Found(Bypass("time-dependent"), time_class=kind)
        model = self._model if policy.judge == "fitted" else None
        bar = bar_of(policy, _no_older(directives, kind, policy), model=model, live=live)
        reason = _no_closeness(fingerprint, directives, policy, bar, has_model=model is not None)
        found = await self._looked_up(fingerprint, bar, policy, reason)
        return msgspec.structs.replace(found, time_class=kind)

    def _time_class(self, ask: Ask, policy: CachePolicy) -> TimeClass:
        if self._freshness is None or not policy.ttl_classes.enabled:
            return "stable"
        return time_class(ask.last_user_text, model=self._freshness, policy=policy.ttl_classes)

    async def _looked_up(
        self, fingerprint: Fingerprint, bar: Bar, policy: CachePolicy, exact_only: str | None
    ) -> Found:
        if not self._store_breaker.allows():
            return Found(Miss("store-down"), trouble=("store-down",))
        progress = _Progress()
        try:
            async with asyncio.timeout(self._patience_s):
                found = await self._exact_then_close(fingerprint, bar, policy, progress, exact_only)
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
        self,
        fingerprint: Fingerprint,
        bar: Bar,
        policy: CachePolicy,
        progress: _Progress,
        exact_only: str | None,
    ) -> Found:
        now = self._clock.now()
        begun = self._clock.tick()
        entry = await self._store.exact(fingerprint.digest, now=now)
        searched = self._clock.tick() - begun
        if entry is not None and is_fresh(entry, bar, now=now):
            return Found(_same(entry), search_s=searched)

        if exact_only is not None or fingerprint.text is None:
            return Found(Miss(exact_only or "no-user-text"), search_s=searched)
        # Nothing to be close to: no embedding, no search.
        if await self._store.is_empty(fingerprint.scope):
            return Found(Miss("empty-scope"), search_s=searched)
        begun = self._clock.tick()
        progress.is_embedding = True
        try:
            vector, unread = await self._embed(fingerprint.text)
        except _NoVector as no:
            return Found(Miss(no.reason), search_s=searched, trouble=no.trouble)
        progress.is_embedding = False
        embed_s = self._clock.tick() - begun
        found = await self._closest(fingerprint, Question(fingerprint.text, vector, unread), bar, policy)
        if isinstance(found.verdict, Hit) and found.verdict.entry.digest == fingerprint.digest:
            # Written back between the two reads: close is not the word for equal.
            found = msgspec.structs.replace(found, verdict=_same(found.verdict.entry))
        return msgspec.structs.replace(found, embed_s=embed_s, search_s=searched + (found.search_s or 0.0))

    async def _closest(
        self, fingerprint: Fingerprint, question: Question, bar: Bar, policy: CachePolicy
    ) -> Found:
        begun = self._clock.tick()
        now = self._clock.now()
        vector = question.vector
        neighbors = await self._store.neighbors(fingerprint.scope, vector, limit=policy.k, now=now)
        # What was embedded together comes back together.
        await self._turns.take()
        found = self._clock.tick()
        verdict = self._judged(neighbors, question, bar, policy, now=now)
        doubted = None
        reason = doubt_of(verdict, fingerprint, policy)
        if reason is not None and isinstance(verdict, Hit):
            # Judged again among those that may serve this tenant.
            doubted = verdict.entry
            rest = _undoubted(neighbors, fingerprint, policy)
            again = self._judged(rest, question, bar, policy, now=now)
            verdict = again if isinstance(again, Hit) else Miss(reason, verdict.evidence)
        return Found(
            verdict,
            # A vector that stands for a part of the words is for nobody else.
            vector=None if question.unread else vector,
            search_s=found - begun,
            judge_s=self._clock.tick() - found,
            trouble=(verdict.reason,) if verdict.reason == _JUDGE_ERROR else (),
            doubted=doubted if reason == "unconfirmed" else None,
        )

    def _judged(
        self, neighbors: Sequence[Neighbor], question: Question, bar: Bar, policy: CachePolicy, *, now: float
    ) -> Hit | Miss:
        model = self._model if policy.judge == "fitted" else None
        try:
            return judge(neighbors, bar=bar, now=now, question=question, model=model)
        except Exception:  # noqa: BLE001 - it reads whatever a user can write: a fault in there costs a call, never an answer
            return Miss(_JUDGE_ERROR)

    def point(self, policy: CachePolicy) -> float | None:
        """The probability that a hit by closeness needs, for explanations; None without a fitted judge."""
        if self._model is None or policy.judge != "fitted":
            return None
        return operating_point(policy, self._model)

    def weighed(
        self, neighbors: Sequence[Neighbor], question: Question, policy: CachePolicy
    ) -> list[Weighed]:
        """What the fitted judge makes of each neighbor that it looks at, for explanations; nothing without one."""
        if self._model is None or policy.judge != "fitted":
            return []
        bar = bar_of(policy, Directives())
        floor = self._model.floor if bar.floor is None else bar.floor
        # Figures depend on what else is compared, so the far ones are left out as they are in a verdict.
        near = [one for one in neighbors if one.similarity >= floor and one.entry.unread == question.unread]
        try:
            return weigh(question, near, model=self._model, bar=bar)
        except Exception:  # noqa: BLE001 - as in `_judged`, which tells of it
            return []

    async def _embed(self, text: str) -> tuple[Vector, str]:
        if not self._embedder_breaker.allows():
            raise _NoVector("embedder-down", trouble=True)
        try:
            found = await comparable(self._embedder, text)
        except TextUnfit as error:
            self._embedder_breaker.worked()
            raise _NoVector(error.code, trouble=False) from error
        except EmbedderError as error:
            self._embedder_breaker.failed()
            raise _NoVector(error.code, trouble=True) from error
        self._embedder_breaker.worked()
        return found


def doubt_of(verdict: Verdict, fingerprint: Fingerprint, policy: CachePolicy) -> Doubt | None:
    """Why another tenant's answer may not be served for closeness; None where it may, or nothing is served."""
    if not isinstance(verdict, Hit) or verdict.tier != "semantic":
        return None
    return _doubt(verdict.entry, fingerprint, policy)


def _undoubted(
    neighbors: Sequence[Neighbor], fingerprint: Fingerprint, policy: CachePolicy
) -> list[Neighbor]:
    return [near for near in neighbors if _doubt(near.entry, fingerprint, policy) is None]


def _doubt(entry: Entry, fingerprint: Fingerprint, policy: CachePolicy) -> Doubt | None:
    return doubt(entry, asked=fingerprint.text or "", tenant=fingerprint.tenant, write=policy.shared_write)


def _no_older(directives: Directives, kind: TimeClass, policy: CachePolicy) -> Directives:
    """What is asked now may want a younger answer than what is stored was asked for."""
    if kind == "stable":
        return directives
    oldest = float(kept_for_s(kind, policy))
    wanted = directives.max_age_s
    return msgspec.structs.replace(directives, max_age_s=oldest if wanted is None else min(wanted, oldest))


def _same(entry: Entry) -> Hit:
    return Hit(entry, "exact", "same", Evidence(1.0, entry.source, 1.0, entry.source))


def _no_closeness(
    fingerprint: Fingerprint, directives: Directives, policy: CachePolicy, bar: Bar, *, has_model: bool
) -> str | None:
    """Why only an equal request may be served."""
    if fingerprint.exact_only is not None:
        return fingerprint.exact_only
    if not policy.semantic:
        return "semantic-off"
    is_bounded = directives.max_error is not None or policy.max_error is not None
    if is_bounded and (not has_model or bar.probability == inf):
        # A bare threshold states no error, and a judge none that is small enough.
        return "no-stated-error"
    return None
