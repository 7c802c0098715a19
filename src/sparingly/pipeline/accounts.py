"""Write down what a request was, cost and saved: from the pipeline's notes to one ledger entry."""

import msgspec

from sparingly.core.answer import Answer, Usage
from sparingly.core.catalog import Catalog, places
from sparingly.core.chat import Tenant
from sparingly.core.features import as_numbers, features_of
from sparingly.core.ledger import LedgerEntry, Observed, Routing, Timings
from sparingly.core.pricing import known_cost_nano
from sparingly.core.routing.conversation import Conversation
from sparingly.core.routing.decide import Candidate, Decision
from sparingly.core.verdict import Bypass, Evidence, Hit, Miss, Verdict
from sparingly.pipeline.exchange import Incoming, Summary
from sparingly.ports import Prices

_CHARS_PER_TOKEN = 4


class Notes(msgspec.Struct):
    """What the pipeline learns on the way of one request; the only mutable thing in it."""

    incoming: Incoming
    route: str
    baseline_model: str
    conversation: Conversation
    verdict: Verdict = Bypass("unfinished")
    decision: Decision | None = None
    candidate: Candidate | None = None
    status: int = 200
    attempts: int = 0
    overhead_nano: int = 0
    observing: bool = False
    """A hit is only written down; the client is served from upstream."""
    timings: Timings = Timings()
    observed: Observed | None = None
    trouble: tuple[str, ...] = ()
    kept: str = ""
    is_private: bool = False
    """It carries personal data and stays out of what its tenant shares."""

    @property
    def hit(self) -> Hit | None:
        """The hit that is served; one that is only observed is none."""
        return self.verdict if isinstance(self.verdict, Hit) and not self.observing else None

    def timed(self, **seconds: float | None) -> None:
        """Note how long a step took."""
        self.timings = msgspec.structs.replace(self.timings, **seconds)


def usage_of(incoming: Incoming, answer: Answer) -> Usage:
    """The provider's count of tokens, or our estimate, marked as such."""
    return answer.usage if answer.usage is not None else _estimated(incoming, answer)


def usage_so_far(incoming: Incoming, partial: Answer) -> Usage:
    """The tokens of an answer that broke off: some providers count the input at once, the output at the end."""
    guess = _estimated(incoming, partial)
    if partial.usage is None:
        return guess
    output_tokens = max(partial.usage.output_tokens, guess.output_tokens)
    return msgspec.structs.replace(partial.usage, output_tokens=output_tokens, estimated=True)


def _estimated(incoming: Incoming, answer: Answer) -> Usage:
    return Usage(
        input_tokens=features_of(incoming.ask, "").estimated_tokens,
        output_tokens=_chars(answer) // _CHARS_PER_TOKEN,
        estimated=True,
    )


def _chars(answer: Answer) -> int:
    return sum(
        len(getattr(block, "text", "") or getattr(block, "arguments", ""))
        for choice in answer.choices
        for block in choice.blocks
    )


class Money(msgspec.Struct, frozen=True):
    """What a request cost and what its baseline would have, as the ledger's fields of these names."""

    cost_nano: int
    baseline_nano: int
    is_known: bool = True
    """Whether both prices are."""

    @property
    def saved_nano(self) -> int:
        """What the gateway saved."""
        return self.baseline_nano - self.cost_nano


class Accounts:
    """Prices what the pipeline noted."""

    def __init__(self, *, prices: Prices, catalog: Catalog) -> None:
        self._prices = prices
        self._catalog = catalog

    def baseline_nano(self, notes: Notes, usage: Usage) -> int | None:
        """What the baseline model would have taken for these tokens; None where its price is unknown."""
        served = places(self._catalog, notes.baseline_model)
        provider, model = (served[0].provider, served[0].model) if served else ("", notes.baseline_model)
        return known_cost_nano(usage, self._prices.price(provider, model, now=notes.incoming.time))

    def paid_nano(self, notes: Notes, usage: Usage) -> int | None:
        """What the served model takes; None where its price is unknown; a hit is free."""
        if notes.hit is not None:
            return 0
        if notes.candidate is None:
            return 0
        candidate = notes.candidate
        price = self._prices.price(candidate.provider, candidate.model, now=notes.incoming.time)
        return known_cost_nano(usage, price)

    def money(self, notes: Notes, usage: Usage, *, charged: bool = True) -> Money:
        """What these tokens cost and save; `charged` is False when the provider served nothing."""
        paid = self.paid_nano(notes, usage) if charged else 0
        baseline = self.baseline_nano(notes, usage) if charged else 0
        if paid is None or baseline is None:
            # Half a saving is no saving: without both prices nothing is claimed.
            known = paid if paid is not None else 0
            return Money(known + notes.overhead_nano, known, is_known=False)
        return Money(paid + notes.overhead_nano, baseline)

    def entry(
        self, notes: Notes, usage: Usage, *, total_s: float, complete: bool, charged: bool = True
    ) -> LedgerEntry:
        """One line of the ledger; `charged` is False when the provider served nothing."""
        money = self.money(notes, usage, charged=charged)
        verdict, evidence = _told(notes)
        decision = notes.decision
        incoming = notes.incoming
        return LedgerEntry(
            id=incoming.id,
            time=incoming.time,
            tenant=incoming.caller.tenant,
            path=incoming.path,
            asked=incoming.ask.model,
            status=notes.status,
            verdict=verdict,
            reason=reason_of(notes),
            route=notes.route,
            routed=decision.routed if decision is not None else None,
            served=served_model(notes),
            provider=notes.candidate.provider if notes.candidate is not None else None,
            streamed=incoming.ask.stream,
            complete=complete,
            similarity=evidence.similarity,
            nearest=evidence.nearest,
            probability=evidence.probability,
            candidate=evidence.candidate,
            usage=usage,
            cost_nano=money.cost_nano,
            baseline_nano=money.baseline_nano,
            overhead_nano=notes.overhead_nano,
            attempts=notes.attempts,
            escalated=decision.escalated if decision is not None else False,
            confidence=decision.confidence if decision is not None else None,
            scores=decision.scores if decision is not None else {},
            features=as_numbers(decision.features) if decision is not None else {},
            propensity=decision.propensity if decision is not None else 1.0,
            routing=_routing(decision) if decision is not None else None,
            conversation=notes.conversation.id,
            tags=incoming.directives.tags,
            timings=msgspec.structs.replace(notes.timings, total_s=total_s),
            observed=notes.observed,
            trouble=notes.trouble if money.is_known else (*notes.trouble, "price-unknown"),
            kept=notes.kept,
        )


def summary(notes: Notes, *, now: float, cost_nano: int | None, saved_nano: int | None) -> Summary:
    """What the client is told in headers."""
    verdict, evidence = _told(notes)
    hit = notes.hit
    return Summary(
        id=notes.incoming.id,
        verdict=verdict,
        reason=reason_of(notes),
        route=notes.route,
        tier=notes.decision.tier if notes.decision is not None else None,
        route_reason=notes.decision.reason if notes.decision is not None else None,
        served=served_model(notes),
        source=hit.entry.source if hit is not None else None,
        similarity=evidence.similarity,
        age_s=max(0.0, now - hit.entry.created_at) if hit is not None else None,
        cost_nano=cost_nano,
        saved_nano=saved_nano,
    )


def served_model(notes: Notes) -> str | None:
    """The model whose words the client gets: the stored answer's, or the one that was called."""
    if notes.hit is not None:
        return notes.hit.entry.served
    return notes.candidate.model if notes.candidate is not None else None


def reason_of(notes: Notes) -> str:
    """Why it was a hit, a miss or a bypass; what the provider refused says so instead."""
    if notes.status >= 400:
        return "provider-error"
    return "observed" if isinstance(notes.verdict, Hit) and notes.observing else notes.verdict.reason


def _told(notes: Notes) -> tuple[str, Evidence]:
    """The verdict as ledger and headers name it: an observed hit was served as a miss."""
    match notes.verdict:
        case Hit(tier=tier, evidence=evidence):
            return ("miss" if notes.observing else tier), evidence
        case Miss(evidence=evidence):
            return "miss", evidence
        case Bypass():
            return "bypass", Evidence()


def unanswered(notes: Notes) -> LedgerEntry | None:
    """What deciding cost a request that nobody answered; its own line is written where it is told so.

    None where nothing was paid.
    """
    if not notes.overhead_nano:
        return None
    incoming = notes.incoming
    return LedgerEntry(
        id=f"{incoming.id}:classifier",
        time=incoming.time,
        tenant=incoming.caller.tenant,
        path=incoming.path,
        asked=incoming.ask.model,
        status=502,
        verdict="overhead",
        reason="unanswered",
        route=notes.route,
        cost_nano=notes.overhead_nano,
        overhead_nano=notes.overhead_nano,
        conversation=notes.conversation.id,
        routing=_routing(notes.decision) if notes.decision is not None else None,
        trouble=notes.trouble,
    )


def _routing(decision: Decision) -> Routing:
    return Routing(
        reason=decision.reason,
        strategy=decision.strategy,
        tier=decision.tier,
        task=decision.task,
        support=decision.support,
        estimates={one.model: (one.quality, one.cost_nano) for one in decision.estimates},
        alternatives=tuple(dict.fromkeys(one.model for one in decision.alternatives)),
        held=decision.held,
        move=decision.move,
        cost_weight=decision.cost_weight,
    )


class Ended(msgspec.Struct, frozen=True):
    """A request that ended without a reply of the pipeline's: refused, failed, relayed, or its client left."""

    id: str
    time: float
    tenant: Tenant
    path: str
    status: int
    reason: str
    total_s: float
    asked: str = ""
    streamed: bool = False
    provider: str | None = None
    complete: bool = False


def ended(request: Ended) -> LedgerEntry:
    """Its line of the ledger: every request has one."""
    return LedgerEntry(
        id=request.id,
        time=request.time,
        tenant=request.tenant,
        path=request.path,
        asked=request.asked,
        status=request.status,
        verdict="bypass",
        reason=request.reason,
        route=request.asked,
        streamed=request.streamed,
        provider=request.provider,
        complete=request.complete,
        timings=Timings(total_s=request.total_s),
    )
