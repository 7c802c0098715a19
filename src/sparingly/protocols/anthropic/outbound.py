"""Ask Anthropic's Messages API."""

from typing import Final

from sparingly.core.answer import Answer
from sparingly.core.chat import Ask
from sparingly.protocols.anthropic import shapes
from sparingly.protocols.anthropic.read_answer import read_answer
from sparingly.protocols.anthropic.read_stream import MessagesReader
from sparingly.protocols.anthropic.unsigned import is_any_unsigned, without_unsigned
from sparingly.protocols.anthropic.write_ask import write_ask
from sparingly.protocols.dialect import StreamReader
from sparingly.protocols.patching import replaced, top_level
from sparingly.protocols.provider_errors import error_message


class AnthropicOutbound:
    """Writes requests to providers and reads their answers; satisfies `Outbound`."""

    name: Final = shapes.NAME
    path: Final = shapes.PATH

    def patch(self, raw: bytes, *, model: str, inject_usage: bool = False) -> bytes:  # noqa: ARG002 - see below
        """The client's own body with another model; the same bytes where nothing changes.

        Usage need not be asked for: this API always tells it.  Reasoning that
        another house wrote earlier in the conversation is taken out, since this
        API refuses what it has not signed.
        """
        fields = top_level(raw)
        changes: dict[str, object] = {"model": model}
        if is_any_unsigned(raw):
            changes |= without_unsigned(fields)
        return replaced(raw, fields, changes)

    def write(self, ask: Ask, *, model: str) -> bytes:
        """Translate a request; raises InvalidRequest that names what cannot be expressed."""
        return write_ask(ask, model=model)

    def read(self, body: bytes) -> Answer:
        """Read a whole answer; raises UpstreamNonsense."""
        return read_answer(body)

    def reader(self) -> StreamReader:
        """Begin reading a streamed answer."""
        return MessagesReader()

    def error_message(self, body: bytes) -> str:
        """The provider's own words in the body of an error."""
        return error_message(body)
