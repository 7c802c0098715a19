"""Serve clients that speak Chat Completions."""

from typing import Final

import msgspec

from sparingly.core.answer import Answer
from sparingly.core.chat import Ask
from sparingly.protocols.dialect import Failure, Stamp, StreamWriter
from sparingly.protocols.openai_chat import shapes
from sparingly.protocols.openai_chat.read_ask import read_ask
from sparingly.protocols.openai_chat.write_answer import write_answer
from sparingly.protocols.openai_chat.write_stream import ChatWriter
from sparingly.protocols.openai_errors import error_of
from sparingly.protocols.sse import write_event


class OpenAIChatInbound:
    """Reads clients' requests and writes them answers; satisfies `Inbound`."""

    name: Final = shapes.NAME

    def read(self, body: bytes) -> Ask:
        """Read a request; raises InvalidRequest that names the field."""
        return read_ask(body)

    def place(self, body: bytes, field: str) -> str:  # noqa: ARG002 - the port's arguments
        """The same: the canonical request goes by this dialect's words and numbers."""
        return field

    def whole(self, answer: Answer, stamp: Stamp) -> bytes:
        """Write a whole answer."""
        return write_answer(answer, stamp)

    def stream(self, ask: Ask, stamp: Stamp) -> StreamWriter:
        """Begin a streamed answer."""
        return ChatWriter(ask, stamp)

    def error(self, failure: Failure) -> bytes:
        """Write an error body."""
        return msgspec.json.encode({"error": error_of(failure)})

    def error_event(self, failure: Failure) -> bytes:
        """Write an error into a stream that has begun; no `[DONE]` follows, since nothing is done."""
        return write_event(self.error(failure))
