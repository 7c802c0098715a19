"""The way of a request, in order: fingerprint, look up, judge, route, call, serve.

Writing back and entering happen in `serve`, once the client has its answer.
The live gateway and replay run this code; nothing here logs, has a clock of its
own or knows HTTP.
"""

from collections.abc import Callable

import msgspec

from sparingly.core.entry import Entry
from sparingly.core.fingerprint import Canon, Fingerprint
from sparingly.core.keeping.personal import action_for
from sparingly.core.policy import CachePolicy, PersonalAction, for_route
from sparingly.core.routing.baseline import baseline_model
from sparingly.core.routing.conversation import Conversation, conversation_of
from sparingly.core.routing.target import Target
from sparingly.core.verdict import Bypass, Evidence, Hit, Miss
from sparingly.errors import NotCached, UpstreamNonsense
from sparingly.pipeline.accounts import Notes
from sparingly.pipeline.call import Call
from sparingly.pipeline.choosing.route import Router
from sparingly.pipeline.exchange import Incoming, Reply
from sparingly.pipeline.holders import Holders
from sparingly.pipeline.in_flight import InFlight, Lead
from sparingly.pipeline.large import by_size
from sparingly.pipeline.lookup import Found, Lookup, doubt_of
from sparingly.pipeline.marking import marked
from sparingly.pipeline.second_look import SecondLook
from sparingly.pipeline.serve import Fresh, Serve, stamp_of
from sparingly.pipeline.watching.recalibrating import Recalibrating
from sparingly.pipeline.watching.recheck import Recheck
from sparingly.protocols.labels import metadata_of
from sparingly.protocols.switches import switches


class Gateway:
    """Answers requests; raises RequestError and UpstreamError, never anything of the cache's."""

    def __init__(
        self,
        *,
        cache: CachePolicy,
        canon: Canon,
        lookup: Lookup,
        router: Router,
        call: Call,
        serve: Serve,
        recalibrating: Recalibrating,
        second_look: SecondLook | None = None,
        recheck: Recheck | None = None,
        holders: Holders,
    ) -> None:
        self._cache = cache
        self._canon = canon
        self._lookup = lookup
        self._router = router
        self._call = call
        self._serve = serve
        self._recalibrating = recalibrating
        self._second_look = second_look
        self._recheck = recheck
        self._holders = holders
        self._in_flight = InFlight()

    async def answer(self, incoming: Incoming) -> Reply:
        """One request's answer, from memory or from the cheapest model that will do."""
        conversation, target = await by_size(len(incoming.body), lambda: self._headed(incoming))
        notes = Notes(
            incoming=incoming,
            route=target.route,
            conversation=conversation,
            baseline_model=baseline_model(
                target,
                asked=incoming.ask.model,
                policy=self._router.policy,
                catalog=self._router.catalog,
            ),
        )
        policy = for_route(self._cache, target.route)
        notes.observing = policy.mode == "observe"
        if incoming.directives.only_if_cached and policy.mode != "on":
            raise NotCached(f"nothing stored is served for this route: its cache.mode is '{policy.mode}'")
        if policy.mode == "off":
            # Not even a fingerprint: a gateway that only routes should cost what routing costs.
            notes.verdict = Bypass("cache-off")
            return await self._ask_upstream(notes, target, policy, mark=None, found=None, lead=None)

        action = await by_size(len(incoming.body), lambda: self._personal_action(incoming, policy))
        if action == "no_store":
            if incoming.directives.only_if_cached:
                raise NotCached(
                    "nothing is stored for requests with personal data: cache.personal says no_store"
                )
            notes.verdict, notes.kept = Bypass("personal-data"), "personal-data"
            return await self._ask_upstream(notes, target, policy, mark=None, found=None, lead=None)
        is_private = action == "own_scope"
        notes.is_private, notes.kept = is_private, "own-scope" if is_private else ""
        mark = await by_size(len(incoming.body), lambda: self._mark(incoming, target, is_private=is_private))
        # Drawn before anything is known, or the sample would not be a fair one.
        is_drawn = self._recheck is not None and policy.mode == "on" and self._recheck.draws(policy)
        found = await self._found(incoming, mark, policy, target)
        self._recalibrating.asked(target.route, policy, incoming.id, found.verdict, is_drawn=is_drawn)
        _note_look_up(notes, found)
        if isinstance(found.verdict, Hit) and policy.mode == "on":
            then = self._check(notes, target, found.verdict, policy) if is_drawn else None
            served = self._stored(notes, found.verdict, policy, then=then)
            if not isinstance(served, Miss):
                return served
            found = msgspec.structs.replace(found, verdict=served)
        if incoming.directives.only_if_cached:
            raise NotCached(f"nothing stored may answer this request: {found.verdict.reason}")

        lead = await self._lead(mark, policy, found)
        if isinstance(lead, Hit):
            notes.verdict = lead
            served = self._stored(notes, lead, policy)
            if not isinstance(served, Miss):
                return served
            lead = None
        return await self._ask_upstream(notes, target, policy, mark=mark, found=found, lead=lead)

    def _stored(
        self, notes: Notes, hit: Hit, policy: CachePolicy, *, then: Callable[[], None] | None = None
    ) -> Reply | Miss:
        """The stored answer; a miss where it was made in a dialect that can say more than this client's."""
        try:
            return self._serve.stored(notes, hit, policy, then=then)
        except UpstreamNonsense:
            # A fresh answer may be one that this dialect can say.
            notes.verdict = Miss("inexpressible", hit.evidence)
            return notes.verdict

    async def _found(
        self, incoming: Incoming, mark: Fingerprint, policy: CachePolicy, target: Target
    ) -> Found:
        found = await self._lookup.find(
            incoming.ask,
            mark,
            directives=incoming.directives,
            policy=policy,
            live=self._recalibrating.bar(target.route, policy),
        )
        if self._second_look is None:
            return found
        again = await self._second_look.reconsidered(found, mark, incoming, policy, route=target.route)
        return _undoubted(again, mark, policy)

    def _check(
        self, notes: Notes, target: Target, hit: Hit, policy: CachePolicy
    ) -> Callable[[], None] | None:
        recheck = self._recheck
        if recheck is None or hit.tier != "semantic":
            return None
        return lambda: recheck.start(notes.incoming, notes.conversation, target, hit, policy)

    def _personal_action(self, incoming: Incoming, policy: CachePolicy) -> PersonalAction | None:
        tenant = incoming.caller.tenant
        return action_for(incoming.ask, tenant, policy.personal, is_shared=tenant in self._canon.groups)

    def _headed(self, incoming: Incoming) -> tuple[Conversation, Target]:
        headers, metadata = dict(incoming.headers), metadata_of(incoming.body)
        if incoming.conversation is not None:
            headers[self._router.policy.sticky.header.lower()] = incoming.conversation
        conversation = conversation_of(
            incoming.ask,
            tenant=incoming.caller.tenant,
            headers=headers,
            metadata=metadata,
            policy=self._router.policy.sticky,
        )
        return conversation, self._router.target(
            incoming.ask,
            path=incoming.path,
            conversation=conversation,
            pinned=incoming.pin,
            headers=headers,
            metadata=metadata,
        )

    def _mark(self, incoming: Incoming, target: Target, *, is_private: bool) -> Fingerprint:
        return marked(
            incoming.ask,
            self._canon,
            target,
            tenant=incoming.caller.tenant,
            switched=switches(incoming.query, incoming.headers),
            pin=incoming.pin,
            is_private=is_private,
        )

    async def _lead(self, mark: Fingerprint, policy: CachePolicy, found: Found) -> Lead | Hit | None:
        """Lead the equal requests under way, or take what their leader got."""
        if policy.mode != "on" or not policy.wait_for_same or isinstance(found.verdict, Bypass):
            # Who goes past the cache goes past those who wait, too.
            return None
        got = await self._in_flight.lead_or_wait(mark.digest)
        if isinstance(got, Entry):
            return Hit(got, "exact", "same-in-flight", Evidence(1.0, got.source, 1.0, got.source))
        return got

    async def _ask_upstream(
        self,
        notes: Notes,
        target: Target,
        policy: CachePolicy,
        *,
        mark: Fingerprint | None,
        found: Found | None,
        lead: Lead | None,
    ) -> Reply:
        incoming = notes.incoming
        try:
            chosen = await self._router.choose(
                incoming.ask,
                target,
                conversation=notes.conversation,
                vector=found.vector if found is not None else None,
                client_key=incoming.caller.key,
            )
            notes.decision = chosen.decision
            notes.overhead_nano += chosen.classification.cost_nano
            notes.trouble += chosen.trouble
            notes.timed(route_s=chosen.route_s)
            candidates = self._holders.able(incoming, chosen.decision.candidates)
            self._router.asked(notes.conversation, chosen.decision)
            called = await self._call.begin(incoming, candidates, stamp=stamp_of(incoming))
            fresh = Fresh(policy, mark, chosen.vector, lead)
            if found is not None:
                fresh = Fresh(policy, mark, chosen.vector, lead, found.time_class, found.doubted)
            return self._serve.fresh(notes, called, fresh)
        except BaseException:
            # Whoever waits for this answer must ask for themselves.
            if lead is not None:
                lead.end(None)
            self._serve.unanswered(notes)
            raise


def _undoubted(found: Found, mark: Fingerprint, policy: CachePolicy) -> Found:
    """A second look may say that two questions are one; it cannot say whose answer to trust."""
    reason = doubt_of(found.verdict, mark, policy)
    if reason is None or not isinstance(found.verdict, Hit):
        return found
    return msgspec.structs.replace(found, verdict=Miss(reason, found.verdict.evidence))


def _note_look_up(notes: Notes, found: Found) -> None:
    notes.verdict = found.verdict
    notes.trouble += found.trouble
    notes.timed(embed_s=found.embed_s, search_s=found.search_s, judge_s=found.judge_s)
