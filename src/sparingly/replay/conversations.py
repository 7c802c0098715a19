"""Tell which conversation a logged request continues; logs carry no conversation ids.

Clients send the whole conversation each time, so a request continues the one
whose last question, with everything before it, it repeats.  Two callers who
begin with the same words are one conversation until they part; that blurs
counts of conversations a little and never costs one its turns.
"""

from hashlib import blake2b

import msgspec

from sparingly.core.chat import Ask, Tenant

_encoder = msgspec.json.Encoder()


class Conversations:
    """Remembers every question seen, with what came before it."""

    def __init__(self) -> None:
        self._known: dict[bytes, str] = {}

    def name(self, ask: Ask, *, tenant: Tenant, id_: str) -> str:
        """The conversation `ask` belongs to: the id of the request that began it."""
        digests = _questions(ask, tenant)
        conversation = next(
            (self._known[digest] for digest in reversed(digests) if digest in self._known), id_
        )
        if digests:
            self._known.setdefault(digests[-1], conversation)
        return conversation


def _questions(ask: Ask, tenant: Tenant) -> list[bytes]:
    """A digest for each user turn, over everything up to and with it."""
    digests = []
    rolling = blake2b(tenant.encode(), digest_size=16)
    for turn in ask.turns:
        rolling.update(_encoder.encode(turn))
        if turn.role == "user":
            digests.append(rolling.digest())
    return digests
