"""Have a language model look again at misses that the judge was not sure of.

Question: what may a slow and costly opinion decide?  Choice: not this request,
unless the operator wants to wait for it (`sync`).  The request is a miss; the
opinion is remembered for the pair and serves the next time it is asked: yes, and
the stored answer is given; no, and nobody asks the model again.  A yes is also a
confirmation of the entry; a no is nothing against it, for it was not served.
Rejected: replacing the judge by the model (a second or more per request).

Rule: a time-out, nonsense, a spent budget and any trouble mean no for now.
"""

from collections import OrderedDict
from collections.abc import Callable

import msgspec

from sparingly.core.directives import Directives
from sparingly.core.entry import Digest, Entry, Selector
from sparingly.core.fingerprint import Fingerprint
from sparingly.core.guarantee.awaiting import Label
from sparingly.core.judging.grey_zone import Budget, Look, Pair, is_grey, read_look, second_look_ask, spend
from sparingly.core.judging.judge import bar_of, is_fresh, standing_of
from sparingly.core.judging.standing import Said, is_revoked, told
from sparingly.core.ledger import LedgerEntry, Timings
from sparingly.core.policy import CachePolicy, GreyZone
from sparingly.core.verdict import Hit, Miss
from sparingly.errors import StoreError
from sparingly.pipeline.background import Background
from sparingly.pipeline.choosing.small_model import Opinion, SmallModel
from sparingly.pipeline.exchange import Incoming
from sparingly.pipeline.lookup import Found
from sparingly.ports import AnswerStore, Clock, Ledger

# Pairs remembered: some 2 MB.
_MOST_PAIRS = 10_000

PATH = "/second-look"
"""What the ledger names as the path of a look."""


class Doubtful(msgspec.Struct, frozen=True):
    """A miss that is looked at again, and the request that met it."""

    mark: Fingerprint
    verdict: Miss
    incoming: Incoming
    route: str

    @property
    def pair(self) -> tuple[Digest, str]:
        """What a look is remembered by: the question, and whose answer it would get."""
        return self.mark.digest, self.verdict.evidence.candidate or ""


class SecondLook:
    """Looks again; `learn` is told what came of it, for recalibration."""

    def __init__(
        self,
        *,
        model: SmallModel,
        store: AnswerStore,
        ledger: Ledger,
        background: Background,
        clock: Clock,
        learn: Callable[[Label], None],
    ) -> None:
        self._model = model
        self._store = store
        self._ledger = ledger
        self._background = background
        self._clock = clock
        self._learn = learn
        self._budget = Budget()
        self._looks: OrderedDict[tuple[Digest, str], Look] = OrderedDict()
        self._under_way: set[tuple[Digest, str]] = set()

    async def reconsidered(
        self, found: Found, mark: Fingerprint, incoming: Incoming, policy: CachePolicy, *, route: str
    ) -> Found:
        """What the cache has for a request after a second look, or the same as before."""
        verdict, zone = found.verdict, policy.grey_zone
        if not isinstance(verdict, Miss) or not is_grey(verdict, zone) or mark.text is None:
            return found
        if incoming.directives.max_error is not None:
            # The model's error is not known, so a caller who names a bound is not served by it.
            return found
        doubtful = Doubtful(mark, verdict, incoming, route)
        pair = doubtful.pair
        look = self._looks.get(pair)
        if look is None and pair not in self._under_way and self._may_ask(zone):
            if zone.sync:
                look = await self._look(doubtful, zone)
            else:
                self._background.spawn("second-look", self._later(doubtful, zone))
        if look != "same":
            return found
        return await self._promoted(found, verdict, mark, incoming.directives, policy)

    async def _promoted(
        self, found: Found, verdict: Miss, mark: Fingerprint, directives: Directives, policy: CachePolicy
    ) -> Found:
        try:
            entry = await self._candidate(mark, verdict)
        except StoreError as error:
            # As for every look-up: losing the cache costs money, never answers.
            return msgspec.structs.replace(found, trouble=(*found.trouble, error.code))
        if entry is None or is_revoked(standing_of(entry)):
            return found
        if not is_fresh(entry, bar_of(policy, directives), now=self._clock.now()):
            return found
        hit = Hit(entry, "semantic", "second-look-same", verdict.evidence)
        return msgspec.structs.replace(found, verdict=hit)

    async def _later(self, doubtful: Doubtful, zone: GreyZone) -> None:
        await self._look(doubtful, zone)

    async def _look(self, doubtful: Doubtful, zone: GreyZone) -> Look:
        """Ask, remember and write down; a StoreError means no look was taken."""
        mark, incoming, pair = doubtful.mark, doubtful.incoming, doubtful.pair
        self._under_way.add(pair)
        try:
            entry = await self._candidate(mark, doubtful.verdict)
            if entry is None or entry.text is None or mark.text is None:
                return "unclear"
            question = second_look_ask(
                Pair(entry.text, entry.answer.text, mark.text),
                model=self._model.name,
                max_tokens=zone.max_tokens,
            )
            begun = self._clock.tick()
            opinion = await self._model.ask(question, client_key=incoming.caller.key)
            look: Look = "unclear" if opinion.text is None else read_look(opinion.text)
            self._enter(incoming, opinion, look, seconds=self._clock.tick() - begun)
            await self._remember(doubtful, entry, look)
        except StoreError:
            # Nobody's answer depends on it; the look-up tells of a store in trouble.
            return "unclear"
        else:
            return look
        finally:
            self._under_way.discard(pair)

    async def _remember(self, doubtful: Doubtful, entry: Entry, look: Look) -> None:
        if look == "unclear":
            # Not remembered: the model may do better the next time.
            return
        self._looks[doubtful.pair] = look
        if len(self._looks) > _MOST_PAIRS:
            self._looks.popitem(last=False)
        said: Said = "right" if look == "same" else "wrong"
        self._learn(Label(doubtful.route, doubtful.incoming.id, said, "second-look"))
        if said == "right":
            standing = told(standing_of(entry), said)
            await self._store.credit(entry.digest, confirmed=standing.confirmed, denied=standing.denied)

    async def _candidate(self, mark: Fingerprint, verdict: Miss) -> Entry | None:
        """The entry that the judge liked best, from the question's own scope only."""
        source = verdict.evidence.candidate or ""
        entries = await self._store.page(Selector(sources=(source,), scope=mark.scope), limit=1)
        return entries[0] if entries else None

    def _may_ask(self, zone: GreyZone) -> bool:
        after = spend(self._budget, per_minute=zone.max_per_minute, now=self._clock.now())
        if after is not None:
            self._budget = after
        return after is not None

    def _enter(self, incoming: Incoming, opinion: Opinion, look: Look, *, seconds: float) -> None:
        """A line of its own: the request's is written already, and the ledger is append-only."""
        cost = opinion.cost_nano or 0
        trouble = () if opinion.trouble is None else (f"second-look-{opinion.trouble}",)
        if opinion.cost_nano is None:
            trouble = (*trouble, "second-look-price-unknown")
        self._ledger.enter(
            LedgerEntry(
                id=f"{incoming.id}:second-look",
                time=self._clock.now(),
                tenant=incoming.caller.tenant,
                path=PATH,
                asked=self._model.name,
                status=200 if opinion.text is not None else 502,
                verdict="overhead",
                reason=f"second-look-{look}",
                routed=self._model.name,
                served=self._model.name,
                provider=self._model.provider,
                usage=opinion.usage,
                cost_nano=cost,
                overhead_nano=cost,
                timings=Timings(total_s=seconds),
                trouble=trouble,
            )
        )
