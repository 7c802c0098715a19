"""Know which provider holds an answer that a client may come back to by its id.

`previous_response_id` and `GET /v1/responses/{id}` mean something to one provider
only.  Which one, this process remembers of the answers that it passed on; the
ledger is not asked, since it knows requests and not providers' ids.  After a
restart, or for an answer made elsewhere, nobody knows: a request then goes where
its model is, and a path to every provider that speaks Responses, one by one.
"""

from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from sparingly.core.answer import Answer
from sparingly.core.ledger import LedgerEntry
from sparingly.core.routing.decide import Candidate
from sparingly.errors import InvalidRequest
from sparingly.pipeline.exchange import Incoming
from sparingly.protocols.fields import opened
from sparingly.protocols.openai_responses import shapes
from sparingly.protocols.openai_responses.ids import continued_id, providers_id

# About 3 MB.  A conversation of an agent goes on within minutes; what is older is found by asking around.
_MOST = 20_000


class Holders:
    """Remembers who gave an answer its id."""

    def __init__(self, *, most: int = _MOST) -> None:
        self._providers: OrderedDict[str, str] = OrderedDict()
        self._most = most

    def settled(self, incoming: Incoming, answer: Answer | None, entry: LedgerEntry) -> None:
        """Note who holds the answer of a finished request, where somebody does."""
        if incoming.dialect != shapes.NAME or answer is None or entry.provider is None:
            return
        own = opened(opened(answer.extra).get(shapes.NAME))
        if "id" in own:
            self._providers[msgspec.json.decode(own["id"], type=str)] = entry.provider
            if len(self._providers) > self._most:
                self._providers.popitem(last=False)

    def holder(self, told: str) -> str | None:
        """The provider that holds the answer of an id, whether we or it gave the id; None where nobody knows."""
        held = providers_id(told)
        return None if held is None else self._providers.get(held)

    def able(self, incoming: Incoming, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
        """Those who can answer: of a request that goes on with an answer, its holder.

        Raises:
            InvalidRequest: the holder does not serve the model that is asked for.
        """
        if incoming.ask.held != "previous_response_id":
            return candidates
        told = continued_id(incoming.body)
        holder = None if told is None else self.holder(told)
        if holder is None:
            return candidates
        able = [one for one in candidates if one.provider == holder]
        if candidates and not able:
            raise InvalidRequest(
                f"`previous_response_id`: the provider {holder!r} holds this answer, and {incoming.ask.model!r} is "
                f"served by {', '.join(sorted({one.provider for one in candidates}))}. Ask for a model of "
                f"{holder!r}, or send the conversation as `input`",
                field="previous_response_id",
            )
        return able
