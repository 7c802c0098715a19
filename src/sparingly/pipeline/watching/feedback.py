"""Take a caller's word on an answer: right or wrong.

A word counts once a request, and only from the tenant whose request it was.
Wrong: the entry that was given, or the one that the request wrote, is revoked at
once, with those of its scope that are as similar as the operator says; it costs
a call to ask anew, and trust to be wrong twice.  Right: an entry that was given
for another question than its own has earned trust.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

import msgspec

from sparingly.core.chat import Tenant
from sparingly.core.entry import Digest, Entry, Selector
from sparingly.core.guarantee.awaiting import Label
from sparingly.core.judging.judge import standing_of
from sparingly.core.judging.standing import Said, told
from sparingly.core.ledger import Past
from sparingly.errors import TextUnfit, UnknownRequest
from sparingly.ports import AnswerStore, Clock, Embedder, History

# Requests whose word was taken: a caller who repeats it is not heard twice.
_MOST_HEARD = 100_000

# Neighbors that a denied entry takes along, at most.
_MOST_NEIGHBORS = 100


class Taken(msgspec.Struct, frozen=True):
    """What a word did: `entries` is how many were revoked or confirmed."""

    id: str
    verdict: Said
    done: Literal["revoked", "confirmed", "noted", "known-already"]
    entries: int = 0


class Feedback:
    """Takes words on answers; `learn` is told of those that were semantic hits, for recalibration."""

    def __init__(
        self,
        *,
        store: AnswerStore,
        embedder: Embedder,
        history: History,
        clock: Clock,
        revoke_similarity: float | None,
        learn: Callable[[Label], None],
    ) -> None:
        """`revoke_similarity` is how similar an entry must be to a denied one to be revoked with it."""
        self._store = store
        self._embedder = embedder
        self._history = history
        self._clock = clock
        self._revoke_similarity = revoke_similarity
        self._learn = learn
        self._heard: OrderedDict[str, None] = OrderedDict()

    async def take(self, request_id: str, said: Said, *, tenant: Tenant) -> Taken:
        """Act on a word.

        Raises:
            UnknownRequest: no request of that id was this tenant's.
            ServiceError: ledger, store or embedder failed; the word may be said again.
        """
        past = await self._history.request(request_id)
        if past is None or past.tenant != tenant:
            # One answer for both: whether somebody else's request exists is nobody's business.
            raise UnknownRequest(f"no request {request_id[:64]!r} of yours is known", field="id")
        if request_id in self._heard:
            return Taken(request_id, said, "known-already")
        is_close = past.verdict == "semantic"
        entry = await self._entry(past)
        taken = Taken(request_id, said, "noted")
        if said == "wrong" and entry is not None:
            taken = Taken(request_id, said, "revoked", await self._revoke(entry))
        elif said == "right" and entry is not None and is_close:
            standing = told(standing_of(entry), said)
            await self._store.credit(entry.digest, confirmed=standing.confirmed, denied=standing.denied)
            taken = Taken(request_id, said, "confirmed", 1)
        if is_close:
            self._learn(Label(past.route, request_id, said, "feedback"))
        self._remember(request_id)
        return taken

    async def _entry(self, past: Past) -> Entry | None:
        """The entry that was given, or on a miss the one that the request wrote."""
        is_hit = past.verdict in ("exact", "semantic")
        source = past.candidate if is_hit and past.candidate is not None else past.id
        entries = await self._store.page(Selector(sources=(source,)), limit=1)
        return entries[0] if entries else None

    async def _revoke(self, entry: Entry) -> int:
        digests = {entry.digest, *await self._close_ones(entry)}
        return await self._store.forget(Selector(digests=tuple(sorted(digests))))

    async def _close_ones(self, entry: Entry) -> list[Digest]:
        if self._revoke_similarity is None or entry.text is None:
            return []
        try:
            vector = await self._embedder.embed(entry.text)
        except TextUnfit:
            # Such an entry is compared with nothing and has no neighbors.
            return []
        near = await self._store.neighbors(entry.scope, vector, limit=_MOST_NEIGHBORS, now=self._clock.now())
        return [one.entry.digest for one in near if one.similarity >= self._revoke_similarity]

    def _remember(self, request_id: str) -> None:
        self._heard[request_id] = None
        if len(self._heard) > _MOST_HEARD:
            self._heard.popitem(last=False)
