"""A small world for look-ups: one known answer, a question close to it, one far from it."""

from sparingly.core.chat import Ask
from sparingly.core.directives import Directives
from sparingly.core.entry import Entry
from sparingly.core.judging.model import JudgeModel
from sparingly.core.policy import CachePolicy
from sparingly.pipeline.lookup import Found, Lookup
from tests.asks import NOW, entry, mark
from tests.fakes.clock import FakeClock
from tests.pipeline.parts import MeaningEmbedder, WatchedStore

POLICY = CachePolicy(threshold=0.9, k=3)
KNOWN, CLOSE, FAR = "How do I reset my password?", "How can I reset my password?", "What is the time?"


class World:
    """A Lookup in a world that knows one answer."""

    def __init__(self, *, patience_s: float | None = None, model: JudgeModel | None = None) -> None:
        self.embedder = MeaningEmbedder()
        self.embedder.know(CLOSE, like=KNOWN, similarity=0.95)
        self.store = WatchedStore()
        self.clock = FakeClock(NOW)
        self.lookup = Lookup(
            embedder=self.embedder, store=self.store, clock=self.clock, patience_s=patience_s, model=model
        )

    async def learn(self, asked: Ask, *, expires_at: float = NOW + 3_600.0) -> Entry:
        """Put an answer, with its vector unless it is for the exact tier."""
        found = mark(asked)
        kept = entry(found, expires_at=expires_at)
        vector = None if found.exact_only else await MeaningEmbedder().embed(found.text or "")
        self.store.entries[kept.digest] = kept
        if vector is not None:
            self.store.vectors[kept.digest] = vector
        return kept

    async def find(
        self, asked: Ask, *, directives: Directives | None = None, policy: CachePolicy = POLICY
    ) -> Found:
        return await self.lookup.find(
            asked,
            mark(asked),
            directives=Directives() if directives is None else directives,
            policy=policy,
        )
