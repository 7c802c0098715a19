"""Serve clients that speak the Messages API."""

from typing import Final

import msgspec

from sparingly.core.answer import Answer
from sparingly.core.chat import Ask
from sparingly.protocols.anthropic import shapes
from sparingly.protocols.anthropic.places import place_of
from sparingly.protocols.anthropic.read_ask import read_ask
from sparingly.protocols.anthropic.write_answer import write_answer
from sparingly.protocols.anthropic.write_stream import MessagesWriter
from sparingly.protocols.dialect import Failure, Stamp, StreamWriter
from sparingly.protocols.sse import write_event


class AnthropicInbound:
    """Reads clients' requests and writes them answers; satisfies `Inbound`."""

    name: Final = shapes.NAME

    def read(self, body: bytes) -> Ask:
        """Read a request; raises InvalidRequest that names the field."""
        return read_ask(body)

    def place(self, body: bytes, field: str) -> str:
        """What a client calls a place in its request."""
        return place_of(body, field)

    def whole(self, answer: Answer, stamp: Stamp) -> bytes:
        """Write a whole answer."""
        return write_answer(answer, stamp)

    def stream(self, ask: Ask, stamp: Stamp) -> StreamWriter:
        """Begin a streamed answer."""
        return MessagesWriter(ask, stamp)

    def error(self, failure: Failure) -> bytes:
        """Write an error body."""
        other = "api_error" if failure.status >= 500 else "invalid_request_error"
        error = {"type": shapes.ERRORS.get(failure.status, other), "message": failure.message}
        return msgspec.json.encode({"type": "error", "error": error})

    def error_event(self, failure: Failure) -> bytes:
        """Write an error into a stream that has begun; no `message_stop` follows, since nothing is whole."""
        return write_event(self.error(failure), name="error")
