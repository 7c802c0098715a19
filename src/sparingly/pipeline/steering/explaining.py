"""Explain what the gateway would do with a request, without doing it.

It runs the code that serves: the same fingerprint, look-up, judge and router.
Nothing is called, stored or entered, but for a classifier or an embedding that
the route needs.
"""

from collections.abc import Mapping
from math import inf, isfinite

import msgspec

from sparingly.core.chat import Ask, Tenant
from sparingly.core.directives import CONVERSATION, directives_of, pin_of
from sparingly.core.entry import Digest, Neighbor, Scope
from sparingly.core.evidence.question import Question
from sparingly.core.features import as_numbers
from sparingly.core.fingerprint import Canon, Fingerprint
from sparingly.core.judging.judge import Weighed
from sparingly.core.keeping.admission import is_cacheable
from sparingly.core.keeping.curation import shown
from sparingly.core.keeping.personal import action_for
from sparingly.core.policy import CachePolicy, PersonalAction, for_route
from sparingly.core.routing.conversation import Conversation, conversation_of
from sparingly.core.routing.decide import Alternative, Candidate
from sparingly.core.routing.estimates import Estimate
from sparingly.core.routing.target import Target
from sparingly.core.routing.traffic import kinds_of
from sparingly.core.vectors import Vector
from sparingly.core.verdict import Bypass, Hit, Verdict
from sparingly.errors import EmbedderError, SparinglyError, StoreError, TextUnfit
from sparingly.pipeline.choosing.route import Router
from sparingly.pipeline.embedding import comparable
from sparingly.pipeline.lookup import Found, Lookup
from sparingly.pipeline.marking import marked
from sparingly.pipeline.watching.recalibrating import Recalibrating
from sparingly.ports import AnswerStore, Clock, Embedder
from sparingly.protocols.switches import switches


class Check(msgspec.Struct, frozen=True):
    """One condition of a tier: whether it holds and, if not, why."""

    tier: str
    name: str
    holds: bool
    reason: str = ""


class Mark(msgspec.Struct, frozen=True):
    """The fingerprint; `covers` tells what the scope is made of."""

    scope: Scope
    digest: Digest
    text: str | None
    exact_only: str | None
    covers: dict[str, str]


class Near(msgspec.Struct, frozen=True):
    """A stored question in scope, with what the judge makes of it; `evidence` names the figures it saw."""

    id: Digest
    source: str
    question: str | None
    similarity: float
    age_s: float
    confirmed: int
    denied: int
    probability: float | None = None
    veto: str | None = None
    evidence: dict[str, float] = {}


class Ruling(msgspec.Struct, frozen=True):
    """The verdict as the headers name it."""

    verdict: str
    reason: str
    similarity: float | None = None
    probability: float | None = None
    source: str | None = None
    trouble: tuple[str, ...] = ()


class Needed(msgspec.Struct, frozen=True):
    """What a hit by closeness needs: a similarity without a fitted judge, else a probability.

    `probability` is the policy's point, for `max_error` where that is set; `live` what labels ask for
    meanwhile, where that is more.  `is_closed` says that either is out of reach: only equal requests are served.
    """

    similarity: float | None = None
    probability: float | None = None
    live: float | None = None
    max_error: float | None = None
    is_closed: bool = False


class Routing(msgspec.Struct, frozen=True):
    """Who would be asked on a miss, and why; `trouble` is there when nobody can be."""

    route: str
    routed: str | None = None
    strategy: str | None = None
    tier: str | None = None
    task: str | None = None
    reason: str = ""
    propensity: float = 1.0
    traffic: tuple[str, ...] = ()
    confidence: float | None = None
    escalated: bool = False
    features: dict[str, float] = {}
    scores: dict[str, float] = {}
    candidates: tuple[Candidate, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    support: float | None = None
    conversation: str = ""
    held: str | None = None
    move: str | None = None
    trouble: tuple[str, ...] = ()


class Explanation(msgspec.Struct, frozen=True):
    """Everything that was found out about a request."""

    asked: str
    tenant: Tenant
    mode: str
    fingerprint: Mark
    eligibility: tuple[Check, ...]
    neighbors: tuple[Near, ...]
    ruling: Ruling
    routing: Routing
    needed: Needed = Needed()


class Explainer:
    """Explains requests with the parts of a pipeline."""

    def __init__(
        self,
        *,
        cache: CachePolicy,
        canon: Canon,
        lookup: Lookup,
        recalibrating: Recalibrating,
        router: Router,
        store: AnswerStore,
        embedder: Embedder,
        clock: Clock,
    ) -> None:
        self._cache = cache
        self._canon = canon
        self._lookup = lookup
        self._recalibrating = recalibrating
        self._router = router
        self._store = store
        self._embedder = embedder
        self._clock = clock

    async def explain(
        self,
        ask: Ask,
        *,
        tenant: Tenant,
        path: str,
        metadata: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Explanation:
        """What would be done with a request, and why; names of `headers` are in lower case.

        Raises:
            InvalidRequest: a header makes no sense.
        """
        labels, told = metadata or {}, dict(headers or {})
        directives, pin = directives_of(told), pin_of(told)
        sticky = self._router.policy.sticky
        if CONVERSATION in told:
            told[sticky.header.lower()] = told[CONVERSATION]
        conversation = conversation_of(ask, tenant=tenant, headers=told, metadata=labels, policy=sticky)
        target = self._router.target(
            ask, path=path, conversation=conversation, pinned=pin, headers=told, metadata=labels
        )
        policy = for_route(self._cache, target.route)
        action = action_for(ask, tenant, policy.personal, is_shared=tenant in self._canon.groups)
        mark = marked(
            ask,
            self._canon,
            target,
            tenant=tenant,
            switched=switches("", told.items()),
            pin=pin,
            is_private=action == "own_scope",
        )
        found = Found(Bypass("personal-data"))
        if action != "no_store":
            live = self._recalibrating.bar(target.route, policy)
            found = await self._lookup.find(ask, mark, directives=directives, policy=policy, live=live)
        neighbors = await self._neighbors(mark, policy, found)
        return Explanation(
            asked=ask.model,
            tenant=tenant,
            mode=policy.mode,
            fingerprint=_told(mark, ask, self._canon),
            eligibility=tuple(_checks(ask, mark, policy, action)),
            neighbors=tuple(neighbors),
            ruling=_ruling(found),
            needed=_needed(policy, self._lookup.point(policy), self._recalibrating.bar(target.route, policy)),
            routing=await self._routing(ask, target, conversation, found.vector),
        )

    async def _neighbors(self, mark: Fingerprint, policy: CachePolicy, found: Found) -> list[Near]:
        """The closest entries, also where the verdict was reached without looking at them."""
        if mark.exact_only is not None or mark.text is None or policy.mode == "off":
            return []
        now = self._clock.now()
        try:
            vector, unread = found.vector, ""
            if vector is None:
                vector, unread = await comparable(self._embedder, mark.text)
            near = await self._store.neighbors(mark.scope, vector, limit=policy.k, now=now)
        except (StoreError, EmbedderError, TextUnfit):
            # The ruling tells of it.
            return []
        weighed = self._lookup.weighed(near, Question(mark.text, vector, unread), policy)
        known = {one.neighbor.entry.digest: one for one in weighed}
        return [_near(one, known.get(one.entry.digest), now=now) for one in near]

    async def _routing(
        self, ask: Ask, target: Target, conversation: Conversation, vector: Vector | None
    ) -> Routing:
        try:
            chosen = await self._router.choose(
                ask, target, conversation=conversation, vector=vector, client_key=None
            )
        except SparinglyError as error:
            # A model that nobody serves: the rest is worth telling all the same.
            return Routing(route=target.route, reason=error.message, trouble=(error.code,))
        decision = chosen.decision
        return Routing(
            route=decision.route,
            routed=decision.routed,
            strategy=decision.strategy,
            tier=decision.tier,
            task=decision.task,
            reason=decision.reason,
            propensity=decision.propensity,
            traffic=tuple(sorted(kinds_of(decision.features, self._router.policy.traffic))),
            confidence=decision.confidence,
            escalated=decision.escalated,
            features=as_numbers(decision.features),
            scores=decision.scores,
            candidates=decision.candidates,
            alternatives=decision.alternatives,
            estimates=decision.estimates,
            support=decision.support,
            conversation=conversation.id,
            held=decision.held,
            move=decision.move,
            trouble=chosen.trouble,
        )


def _needed(policy: CachePolicy, point: float | None, live: float) -> Needed:
    if point is None:
        return Needed(similarity=policy.threshold)
    return Needed(
        probability=point if isfinite(point) else None,
        live=live if isfinite(live) and live > point else None,
        max_error=policy.max_error,
        is_closed=max(point, live) == inf,
    )


def _near(one: Neighbor, weighed: Weighed | None, *, now: float) -> Near:
    entry = one.entry
    return Near(
        id=entry.digest,
        source=entry.source,
        question=shown(entry).question,
        similarity=one.similarity,
        age_s=max(0.0, now - entry.created_at),
        confirmed=entry.confirmed,
        denied=entry.denied,
        probability=None if weighed is None else weighed.probability,
        veto=None if weighed is None else weighed.veto,
        evidence={} if weighed is None else weighed.evidence,
    )


def _told(mark: Fingerprint, ask: Ask, canon: Canon) -> Mark:
    before = len(ask.turns) - 1
    system = sum(turn.role in ("system", "developer") for turn in ask.turns)
    set_fields = {
        name: str(value)
        for name in ask.sampling.__struct_fields__
        if (value := getattr(ask.sampling, name)) is not None
    }
    covers = {
        "model": ask.model,
        "turns before": f"{before}, of them {system} system",
        "tools": str(len(ask.tools)),
        "sampling": ", ".join(f"{name}={value}" for name, value in set_fields.items()) or "the provider's",
        "response format": ask.response_format or "text",
        "other fields": ask.extra or "none",
        "embedder": canon.embedder,
        "answers come from": canon.realm or "anywhere",
    }
    return Mark(mark.scope, mark.digest, mark.text, mark.exact_only, covers)


def _checks(ask: Ask, mark: Fingerprint, policy: CachePolicy, action: PersonalAction | None) -> list[Check]:
    refused = is_cacheable(ask, policy)
    return [
        _check("exact", "the cache is on", "cache-off" if policy.mode == "off" else None),
        _check("exact", "such a request may be cached", refused),
        _check("exact", "no personal data forbids it", "personal-data" if action == "no_store" else None),
        _check("shared", "no personal data keeps it apart", "own-scope" if action == "own_scope" else None),
        _check("semantic", "the semantic tier is on", None if policy.semantic else "semantic-off"),
        _check("semantic", "closeness may be tried", mark.exact_only),
    ]


def _check(tier: str, name: str, reason: str | None) -> Check:
    return Check(tier, name, reason is None, reason or "")


def _ruling(found: Found) -> Ruling:
    verdict: Verdict = found.verdict
    if isinstance(verdict, Bypass):
        return Ruling("bypass", verdict.reason, trouble=found.trouble)
    evidence = verdict.evidence
    return Ruling(
        verdict=verdict.tier if isinstance(verdict, Hit) else "miss",
        reason=verdict.reason,
        similarity=evidence.similarity,
        probability=evidence.probability,
        source=verdict.entry.source if isinstance(verdict, Hit) else evidence.candidate,
        trouble=found.trouble,
    )
