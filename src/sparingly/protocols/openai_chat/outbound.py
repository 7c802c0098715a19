"""Ask providers that speak Chat Completions."""

import re
from typing import Final

import msgspec

from sparingly.core.answer import Answer
from sparingly.core.chat import Ask
from sparingly.protocols.dialect import StreamReader
from sparingly.protocols.openai_chat import shapes
from sparingly.protocols.openai_chat.read_answer import read_answer
from sparingly.protocols.openai_chat.read_stream import ChatReader
from sparingly.protocols.openai_chat.write_ask import write_ask
from sparingly.protocols.patching import replaced, top_level
from sparingly.protocols.provider_errors import error_message


class OpenAIChatOutbound:
    """Writes requests to providers and reads their answers; satisfies `Outbound`."""

    name: Final = shapes.NAME
    path: Final = shapes.PATH

    def patch(self, raw: bytes, *, model: str, inject_usage: bool = False) -> bytes:
        """The client's own body with another model; the same bytes where nothing changes.

        `inject_usage` asks for token counts on a stream; providers refuse that
        option on anything else, so there it does nothing.
        """
        fields = top_level(raw)
        changes: dict[str, object] = {"model": model}
        if inject_usage and fields.get("stream") == _TRUE:
            options = _options(fields.get("stream_options"))
            if options.get("include_usage") != _TRUE:
                changes["stream_options"] = options | {"include_usage": True}
        return replaced(raw, fields, changes)

    def write(self, ask: Ask, *, model: str) -> bytes:
        """Translate a request; raises InvalidRequest that names what cannot be expressed."""
        return write_ask(ask, model=model)

    def read(self, body: bytes) -> Answer:
        """Read a whole answer; raises UpstreamNonsense."""
        return read_answer(body)

    def reader(self) -> StreamReader:
        """Begin reading a streamed answer."""
        return ChatReader()

    def error_message(self, body: bytes) -> str:
        """The provider's own words in the body of an error."""
        return error_message(body)


_TRUE = msgspec.Raw(b"true")

# An event ends with an empty line; a lone CR, which the standard also allows, ends lines nowhere in practice.
_EVENT_END = re.compile(rb"\r?\n\r?\n")
_NO_CHOICES = re.compile(rb'"choices"\s*:\s*\[\s*\]')


class UsageStripper:
    """Takes the usage that we asked for out of a stream whose client did not.

    Works on the bytes: whole events pass untouched in one piece unless one of
    them has an empty list of choices.  Only an event without choices that
    carries a usage is taken out; others without choices (Azure's filter
    results) stay.  An event that is not complete is held until it is.
    """

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> bytes:
        """What may go to the client by now."""
        held = self._held
        # 1. What arrives is most often whole events, and none of them is ours.
        if not held and data.endswith(b"\n\n") and _NO_CHOICES.search(data) is None:
            return data
        # 2. Half an event was held, or will be, or one may be ours.  Of an empty line that was cut, up to
        #    three bytes may have come before.
        start = max(0, len(held) - 3)
        held += data
        end = 0
        for match in _EVENT_END.finditer(held, start):
            end = match.end()
        if not end:
            return b""
        events = bytes(held[:end])
        del held[:end]
        return events if _NO_CHOICES.search(events) is None else _without_usage(events)

    def close(self) -> bytes:
        """What is left when the stream ends."""
        left, self._held = bytes(self._held), bytearray()
        return _without_usage(left) if left else left


def _without_usage(events: bytes) -> bytes:
    kept: list[bytes] = []
    start = 0
    for match in _EVENT_END.finditer(events):
        event = events[start : match.end()]
        start = match.end()
        if not _is_only_usage(event):
            kept.append(event)
    rest = events[start:]
    if not _is_only_usage(rest):
        kept.append(rest)
    return b"".join(kept)


class _Chunk(msgspec.Struct):
    choices: list[msgspec.Raw]
    usage: dict[str, msgspec.Raw] | None = None


def _is_only_usage(event: bytes) -> bool:
    data = event.strip().removeprefix(b"data:")
    try:
        chunk = msgspec.json.decode(data, type=_Chunk)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Not a chunk, or not one we understand: it is the client's.
        return False
    return not chunk.choices and chunk.usage is not None


def _options(raw: msgspec.Raw | None) -> dict[str, object]:
    """The stream options there are; null is none."""
    if raw is None or raw == msgspec.Raw(b"null"):
        return {}
    return dict(top_level(bytes(raw)))
