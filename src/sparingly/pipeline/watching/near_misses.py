"""Show the misses that were nearly hits, so that lost hits can be found.

The ledger knows which entry a miss came close to; the questions themselves are
in the store, for as long as it keeps them.
"""

import msgspec

from sparingly.core.chat import Tenant
from sparingly.core.entry import Selector
from sparingly.core.ledger import Past
from sparingly.ports import AnswerStore, History


class NearMiss(msgspec.Struct, frozen=True):
    """A miss, its question and the stored one it came close to; None where the store has forgotten it."""

    id: str
    time: float
    tenant: Tenant
    asked: str
    reason: str
    similarity: float | None
    probability: float | None
    candidate: str | None
    question: str | None
    candidate_question: str | None


async def near_misses(
    history: History, store: AnswerStore, *, tenant: Tenant | None, since: float, limit: int
) -> list[NearMiss]:
    """The judged misses closest to a hit, closest first; raises ServiceError."""
    pasts = await history.near_misses(tenant=tenant, since=since, limit=limit)
    sources = tuple({one for past in pasts for one in (past.id, past.candidate) if one is not None})
    entries = await store.page(Selector(sources=sources), limit=2 * len(sources)) if sources else []
    texts = {entry.source: entry.text for entry in entries}
    return [_shown(past, texts) for past in pasts]


def _shown(past: Past, texts: dict[str, str | None]) -> NearMiss:
    return NearMiss(
        id=past.id,
        time=past.time,
        tenant=past.tenant,
        asked=past.asked,
        reason=past.reason,
        similarity=past.similarity,
        probability=past.probability,
        candidate=past.candidate,
        question=texts.get(past.id),
        candidate_question=texts.get(past.candidate or ""),
    )
