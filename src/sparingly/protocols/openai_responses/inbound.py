"""Serve clients that speak Responses."""

from typing import Final

import msgspec

from sparingly.core.answer import Answer
from sparingly.core.chat import Ask
from sparingly.protocols.dialect import Failure, Reached, Stamp, StreamWriter
from sparingly.protocols.openai_errors import error_of
from sparingly.protocols.openai_responses import shapes
from sparingly.protocols.openai_responses.places import place_of
from sparingly.protocols.openai_responses.read_ask import read_ask
from sparingly.protocols.openai_responses.write_answer import begun, write_answer
from sparingly.protocols.openai_responses.write_stream import ResponsesWriter
from sparingly.protocols.sse import write_event


class OpenAIResponsesInbound:
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
        return ResponsesWriter(ask, stamp)

    def error(self, failure: Failure) -> bytes:
        """Write an error body."""
        return msgspec.json.encode({"error": error_of(failure)})

    def error_event(self, failure: Failure) -> bytes:
        """Write an error into a stream that has begun.

        Twice, for two kinds of clients: OpenAI's own libraries raise at an `error` event that holds an
        `error`; agents take `response.failed` with `server_error` for what may be tried again.
        """
        at = failure.reached or Reached()
        error = error_of(failure)
        told = {"type": "error", "sequence_number": at.sequence, **error, "error": error}
        told["type"] = "error"
        # `code` is from a list of the API's own.
        code = "server_error" if failure.status >= 500 else "invalid_prompt"
        failed = begun(Stamp(id="", created=0), at.model) | {
            "id": at.id,
            "status": "failed",
            "error": {"code": code, "message": failure.message},
        }
        last = {"type": "response.failed", "sequence_number": at.sequence + 1, "response": failed}
        return write_event(msgspec.json.encode(told), name="error") + write_event(
            msgspec.json.encode(last), name="response.failed"
        )
