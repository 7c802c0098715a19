"""Serve an answer, stored or fresh, and settle it once the client has it.

Settling: enter the ledger, keep the answer if it may be kept, and let those go
who waited for it.  It happens in `Reply.finish`, after the last byte, so that
nothing of it delays the answer.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Self

import msgspec

from sparingly.core.answer import Answer, Usage
from sparingly.core.entry import Entry
from sparingly.core.evidence.word_table import WordTable
from sparingly.core.fingerprint import Fingerprint
from sparingly.core.guarantee.agreement import agreement
from sparingly.core.guarantee.awaiting import Label
from sparingly.core.keeping.admission import admit
from sparingly.core.keeping.freshness import TimeClass
from sparingly.core.keeping.poisoning import agree
from sparingly.core.keeping.worth import worth
from sparingly.core.ledger import LedgerEntry, Observed
from sparingly.core.policy import CachePolicy
from sparingly.core.transcript import unfold
from sparingly.core.vectors import Vector
from sparingly.core.verdict import Hit
from sparingly.errors import UpstreamNonsense
from sparingly.pipeline.accounts import (
    Accounts,
    Notes,
    served_model,
    summary,
    unanswered,
    usage_of,
    usage_so_far,
)
from sparingly.pipeline.background import Background
from sparingly.pipeline.call import Called
from sparingly.pipeline.choosing.route import Router
from sparingly.pipeline.exchange import Incoming, Reply
from sparingly.pipeline.in_flight import Lead
from sparingly.pipeline.relay import Relay
from sparingly.pipeline.write_back import WriteBack
from sparingly.ports import Clock, Ledger
from sparingly.protocols.dialect import Failure, Stamp
from sparingly.protocols.dialects import INBOUND

EVENT_STREAM = "text/event-stream; charset=utf-8"

# A paced hit is cut about as providers cut theirs.
_PIECE_CHARS = 16
_CHARS_PER_TOKEN = 4


class Fresh(msgspec.Struct, frozen=True):
    """What settling a fresh answer needs; `mark` is None where the cache is off."""

    policy: CachePolicy
    mark: Fingerprint | None
    vector: Vector | None
    lead: Lead | None
    time_class: TimeClass = "stable"
    doubted: Entry | None = None
    """Another tenant's answer that this one may confirm."""


def stamp_of(incoming: Incoming, hit: Hit | None = None) -> Stamp:
    """The id and time that an answer of ours carries."""
    return Stamp(
        id=incoming.id,
        created=int(incoming.time),
        cached=hit is not None,
        is_same_question=hit is not None and hit.tier == "exact",
        ask=incoming.ask,
    )


class Serve:
    """Turns verdicts and calls into replies."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        router: Router,
        write_back: WriteBack,
        background: Background,
        ledger: Ledger,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
        table: WordTable,
        learn: Callable[[Label], None],
        on_settled: Callable[[Incoming, Answer | None, LedgerEntry], None] | None = None,
    ) -> None:
        """`on_settled` is told of every finished request, for the traffic log; `learn` what an observed hit was worth."""
        self._accounts = accounts
        self._router = router
        self._write_back = write_back
        self._background = background
        self._ledger = ledger
        self._clock = clock
        self._sleep = sleep
        self._table = table
        self._learn = learn
        self._on_settled = on_settled

    def stored(
        self, notes: Notes, hit: Hit, policy: CachePolicy, *, then: Callable[[], None] | None = None
    ) -> Reply:
        """Serve an answer from memory, whole or streamed as the client asked; `then` is called once it is served."""
        incoming, answer, stamp = notes.incoming, hit.entry.answer, stamp_of(notes.incoming, hit)
        body: bytes | AsyncIterator[bytes]
        if incoming.ask.stream and policy.pace_tokens_per_s > 0:
            body = self._paced(incoming, answer, stamp, policy.pace_tokens_per_s)
        else:
            body = _told(incoming, answer, stamp)
        usage = usage_of(incoming, answer)
        notes.timed(first_byte_s=self._since_arrival(notes))
        baseline = self._accounts.baseline_nano(notes, usage)

        def finish(delivered: bool) -> LedgerEntry:  # noqa: FBT001 - a callback's one argument
            self._background.spawn("touch", self._write_back.served(hit.entry, to=incoming.caller.tenant))
            if then is not None:
                then()
            return self._enter(notes, answer, usage, complete=delivered)

        return Reply(
            status=200,
            body=body,
            summary=summary(notes, now=self._clock.now(), cost_nano=0, saved_nano=baseline),
            finish=finish,
            content_type=_type_told(incoming),
        )

    def fresh(self, notes: Notes, called: Called, fresh: Fresh) -> Reply:
        """Serve a provider's answer, or its error."""
        notes.candidate = called.candidate
        notes.status = called.status
        notes.attempts = called.attempts
        notes.timed(upstream_first_s=called.first_s, first_byte_s=self._since_arrival(notes))
        try:
            if called.relay is not None:
                return self._streamed(notes, called, called.relay, fresh)
            return self._whole(notes, called, called.whole or b"", fresh)
        except BaseException:
            called.work.end()
            raise

    def unanswered(self, notes: Notes) -> None:
        """Enter what deciding cost a request that nobody answered."""
        entry = unanswered(notes)
        if entry is not None:
            self._ledger.enter(entry)

    def _told_router(self, notes: Notes, called: Called, answer: Answer | None, usage: Usage) -> None:
        called.work.end()
        if answer is not None and notes.decision is not None:
            self._router.answered(notes.conversation, notes.decision, called.candidate, usage)

    def _streamed(self, notes: Notes, called: Called, relay: Relay, fresh: Fresh) -> Reply:
        def finish(delivered: bool) -> LedgerEntry:  # noqa: FBT001 - a callback's one argument
            answer = relay.answer()
            if relay.trouble is not None:
                notes.trouble += (relay.trouble.code,)
            usage = (
                usage_of(notes.incoming, answer)
                if answer is not None
                else usage_so_far(notes.incoming, relay.partial())
            )
            self._told_router(notes, called, answer, usage)
            self._settle(notes, answer, usage, fresh)
            return self._enter(notes, answer, usage, complete=delivered and relay.complete)

        return Reply(
            status=called.status,
            body=_Closing(relay),
            summary=summary(notes, now=self._clock.now(), cost_nano=None, saved_nano=None),
            finish=finish,
            content_type=EVENT_STREAM,
            provider_headers=called.headers,
        )

    def _whole(self, notes: Notes, called: Called, whole: bytes, fresh: Fresh) -> Reply:
        incoming = notes.incoming
        answer = None if called.is_error else _read(called, whole)
        if answer is None:
            notes.trouble += (f"provider-{called.status}" if called.is_error else UpstreamNonsense.code,)
        body, content_type = whole, _content_type(called)
        if not called.same_dialect:
            if answer is not None:
                body = _told(incoming, answer, stamp_of(incoming))
                # Some servers answer a request for a stream with a whole answer.
                content_type = _type_told(incoming)
            else:
                body = INBOUND[incoming.dialect].error(_told_elsewhere(called, whole))
        usage = usage_of(incoming, answer) if answer is not None else Usage()
        charged = answer is not None
        money = self._accounts.money(notes, usage, charged=charged)

        def finish(delivered: bool) -> LedgerEntry:  # noqa: FBT001 - a callback's one argument
            self._told_router(notes, called, answer, usage)
            self._settle(notes, answer, usage, fresh)
            return self._enter(notes, answer, usage, complete=delivered, charged=charged)

        return Reply(
            status=called.status,
            body=body,
            summary=summary(
                notes, now=self._clock.now(), cost_nano=money.cost_nano, saved_nano=money.saved_nano
            ),
            finish=finish,
            content_type=content_type,
            provider_headers=called.headers,
        )

    async def _paced(
        self, incoming: Incoming, answer: Answer, stamp: Stamp, tokens_per_s: float
    ) -> AsyncIterator[bytes]:
        writer = INBOUND[incoming.dialect].stream(incoming.ask, stamp)
        pause_s = _PIECE_CHARS / _CHARS_PER_TOKEN / tokens_per_s
        for delta in unfold(answer, piece_chars=_PIECE_CHARS):
            piece = writer.write([delta])
            if piece:
                yield piece
                await self._sleep(pause_s)
        yield writer.close()

    def _settle(self, notes: Notes, answer: Answer | None, usage: Usage, fresh: Fresh) -> None:
        """Keep the answer if it may be kept; in any case let go who waited for it."""
        entry, lead = None, fresh.lead
        try:
            if answer is not None and fresh.mark is not None:
                self._observe(notes, answer)
                entry = self._entry(notes, answer, usage, fresh, fresh.mark)
        finally:
            if lead is not None and entry is None:
                lead.end(None)
        if entry is None:
            return
        doubted = fresh.doubted
        if doubted is not None and agree(entry.answer.text, doubted.answer.text):
            self._background.spawn("vouch", self._write_back.vouch(doubted))
        if lead is not None:
            lead.share(entry)
        vector = fresh.vector if entry.text is not None else None
        self._background.spawn(
            "write-back",
            self._write_back.keep(entry, vector=vector),
            on_end=(lambda: lead.end(entry)) if lead is not None else None,
        )

    def _observe(self, notes: Notes, answer: Answer) -> None:
        """Write down what would have been served beside what came back, and whether they say the same."""
        hit = notes.verdict
        if not notes.observing or not isinstance(hit, Hit):
            return
        said = agreement(hit.entry.answer, answer, self._table)
        notes.observed = Observed(
            tier=hit.tier,
            source=hit.entry.source,
            similarity=hit.evidence.similarity,
            probability=hit.evidence.probability,
            stored_text=hit.entry.answer.text,
            fresh_text=answer.text,
            agreement=said,
        )
        if said != "unclear" and hit.tier == "semantic":
            self._learn(Label(notes.route, notes.incoming.id, said, "observed"))

    def _entry(
        self, notes: Notes, answer: Answer, usage: Usage, fresh: Fresh, mark: Fingerprint
    ) -> Entry | None:
        incoming = notes.incoming
        admission = admit(
            incoming.ask,
            answer,
            mark,
            directives=incoming.directives,
            policy=fresh.policy,
            answer_bytes=len(msgspec.json.encode(answer)),
            time_class=fresh.time_class,
        )
        notes.kept = "own-scope" if notes.is_private and admission.tier != "none" else admission.reason
        if admission.tier == "none":
            return None
        now = self._clock.now()
        cost_nano = self._accounts.baseline_nano(notes, usage) or 0
        return Entry(
            digest=mark.digest,
            scope=mark.scope,
            tenant=incoming.caller.tenant,
            text=mark.text if admission.tier == "semantic" else None,
            answer=answer if answer.usage is not None else msgspec.structs.replace(answer, usage=usage),
            asked=incoming.ask.model,
            served=served_model(notes) or incoming.ask.model,
            source=incoming.id,
            created_at=now,
            expires_at=now + admission.ttl_s,
            cost_nano=cost_nano,
            worth=worth(last_used=now, hits=0, cost_nano=cost_nano),
            tags=incoming.directives.tags,
        )

    def _enter(
        self, notes: Notes, answer: Answer | None, usage: Usage, *, complete: bool, charged: bool = True
    ) -> LedgerEntry:
        entry = self._accounts.entry(
            notes,
            usage,
            total_s=self._since_arrival(notes),
            complete=complete,
            charged=charged,
        )
        self._ledger.enter(entry)
        if self._on_settled is not None:
            self._on_settled(notes.incoming, answer, entry)
        return entry

    def _since_arrival(self, notes: Notes) -> float:
        return self._clock.tick() - notes.incoming.arrived


class _Closing:
    """The relay's pieces; however the client leaves, the provider's connection is closed.

    Not a generator: one that is closed before its first piece never gets to its `finally`.
    """

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._pieces = relay.pieces()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._pieces)
        except BaseException:
            # The end, a failure, or a client that left.
            await self._relay.aclose()
            raise

    async def aclose(self) -> None:
        try:
            await self._pieces.aclose()
        finally:
            await self._relay.aclose()


def _told(incoming: Incoming, answer: Answer, stamp: Stamp) -> bytes:
    """An answer that is there, whole or as all the events of a stream, as the client asked."""
    inbound = INBOUND[incoming.dialect]
    if not incoming.ask.stream:
        return inbound.whole(answer, stamp)
    writer = inbound.stream(incoming.ask, stamp)
    return writer.write(unfold(answer, piece_chars=None)) + writer.close()


def _type_told(incoming: Incoming) -> str:
    return EVENT_STREAM if incoming.ask.stream else "application/json"


def _read(called: Called, whole: bytes) -> Answer | None:
    try:
        return called.outbound.read(whole)
    except UpstreamNonsense:
        # In its own dialect the client may understand what we do not; it is passed on and not kept.
        if called.same_dialect:
            return None
        raise


def _told_elsewhere(called: Called, whole: bytes) -> Failure:
    """A provider's error for a client of another dialect."""
    return Failure(called.status, "provider-error", called.outbound.error_message(whole))


def _content_type(called: Called) -> str:
    if not called.same_dialect:
        return "application/json"
    return next(
        (value for name, value in called.headers if name.lower() == "content-type"), "application/json"
    )
