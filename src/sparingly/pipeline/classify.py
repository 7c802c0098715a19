"""Ask a classifier which tier a request belongs to.

Two kinds behind one Protocol: the local one compares the look-up's embedding
with labelled examples, the other asks a small model.  Neither ever raises: no
answer in time is `classified=None`, and routing escalates.
"""

from typing import Protocol

import msgspec

from sparingly.core.chat import Ask
from sparingly.core.features import Features
from sparingly.core.routing.tiers import Classified
from sparingly.core.vectors import Vector


class Classification(msgspec.Struct, frozen=True):
    """What came of asking: the tier or None, the question's vector where one was made, what it cost."""

    classified: Classified | None
    vector: Vector | None = None
    embed_s: float | None = None
    cost_nano: int = 0
    trouble: tuple[str, ...] = ()


class TierClassifier(Protocol):
    """Sorts requests into tiers.

    Contract: never raises and answers within its time limit; `vector` is the
    embedding of `text` where the look-up already made it; `client_key` is the
    caller's own provider key, for providers that have none configured.
    """

    async def classify(
        self, ask: Ask, *, text: str, features: Features, vector: Vector | None, client_key: str | None
    ) -> Classification: ...
