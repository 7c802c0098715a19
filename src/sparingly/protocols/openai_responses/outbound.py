"""Ask providers that speak Responses."""

from typing import Final

import msgspec

from sparingly.core.answer import Answer
from sparingly.core.chat import Ask
from sparingly.protocols.dialect import StreamReader
from sparingly.protocols.openai_responses import shapes
from sparingly.protocols.openai_responses.ids import providers_id
from sparingly.protocols.openai_responses.items import Item, signed_item, thinking_of
from sparingly.protocols.openai_responses.read_answer import read_answer
from sparingly.protocols.openai_responses.read_stream import ResponsesReader
from sparingly.protocols.openai_responses.write_ask import write_ask
from sparingly.protocols.patching import replaced, top_level
from sparingly.protocols.provider_errors import error_message

_OWN_REASONING = shapes.OWN_REASONING.encode()


class OpenAIResponsesOutbound:
    """Writes requests to providers and reads their answers; satisfies `Outbound`."""

    name: Final = shapes.NAME
    path: Final = shapes.PATH

    def patch(self, raw: bytes, *, model: str, inject_usage: bool = False) -> bytes:  # noqa: ARG002 - see below
        """The client's own body with another model; the same bytes where nothing changes.

        Usage need not be asked for: this API always tells it.  Ids that we gave are put back into the
        provider's, and reasoning that we wrote down for another provider stays out: it would be looked for.
        """
        fields = top_level(raw)
        changes: dict[str, object] = {"model": model}
        previous = _text(fields.get("previous_response_id"))
        if previous is not None and previous.startswith(shapes.OWN_RESPONSE):
            changes["previous_response_id"] = providers_id(previous)
        if _OWN_REASONING in raw:
            items = msgspec.json.decode(fields.get("input", b"null"))
            if isinstance(items, list):
                changes["input"] = [kept for item in items for kept in _theirs(item)]
        return replaced(raw, fields, changes)

    def write(self, ask: Ask, *, model: str) -> bytes:
        """Translate a request; raises InvalidRequest that names what cannot be expressed."""
        return write_ask(ask, model=model)

    def read(self, body: bytes) -> Answer:
        """Read a whole answer; raises UpstreamNonsense."""
        return read_answer(body)

    def reader(self) -> StreamReader:
        """Begin reading a streamed answer."""
        return ResponsesReader()

    def error_message(self, body: bytes) -> str:
        """The provider's own words in the body of an error."""
        return error_message(body)


def _theirs(item: object) -> list[object]:
    """An item as the provider knows it; none where it does not."""
    if not isinstance(item, dict) or item.get("type") != "reasoning":
        return [item]
    if not str(item.get("id")).startswith(shapes.OWN_REASONING):
        return [item]
    restored = _restored(item)
    return [] if restored is None else [restored]


def _restored(item: Item) -> Item | None:
    thought = thinking_of(item)
    if thought is None or thought.signature is None:
        return None
    return signed_item(thought.signature, thought.text)


def _text(raw: msgspec.Raw | None) -> str | None:
    value = None if raw is None else msgspec.json.decode(raw)
    return value if isinstance(value, str) else None
