"""Read a streamed Messages API answer into deltas.

The order of events is message_start; per block content_block_start, its
deltas, content_block_stop; message_delta with the stop reason and the final
counts; message_stop.  Pings and events of unknown kinds say nothing.  Complete
means: a stop reason was given and message_stop came.

Counts are cumulative and told twice; the later ones replace the earlier, never
add to them.
"""

import msgspec

from sparingly.core.chat import canonical_json
from sparingly.core.transcript import (
    AnswerExtra,
    Begun,
    Delta,
    Finished,
    MessageExtra,
    OpaqueDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegun,
    ToolCallDelta,
    UsageTold,
)
from sparingly.errors import UpstreamBroke, UpstreamNonsense
from sparingly.protocols.anthropic.read_answer import (
    finish_of,
    message_rest,
    opaque,
    own,
    unknown_of_block,
    without_nulls,
)
from sparingly.protocols.anthropic.usage import read_usage
from sparingly.protocols.dialect import Reached
from sparingly.protocols.fields import leftover
from sparingly.protocols.provider_errors import parse, provider_error
from sparingly.protocols.sse import SseParser

# Everything else in a `message_delta` is a late field of the message.
_DELTA_EVENT = frozenset({"type", "delta", "usage"})


class _Block(msgspec.Struct):
    """A block under way; `start` is what it began with."""

    kind: str
    start: dict[str, object]
    call: int = 0
    input: list[str] = []
    citations: list[object] = []


class MessagesReader:
    """One streamed answer."""

    def __init__(self) -> None:
        self._events = SseParser()
        self._blocks: dict[int, _Block] = {}
        self._calls = 0
        self._message: dict[str, object] = {}
        self._usage: dict[str, object] = {}
        self._stopped = False

    def feed(self, data: bytes) -> list[Delta]:
        """The deltas that are complete by now; raises UpstreamBroke and UpstreamNonsense."""
        deltas: list[Delta] = []
        for event in self._events.feed(data):
            if event.data:
                self._read(parse(event.data), deltas)
        return deltas

    @property
    def is_complete(self) -> bool:
        """Whether the provider gave a reason to stop and said that it did."""
        return self._stopped and self._message.get("stop_reason") is not None

    @property
    def reached(self) -> Reached:
        """Nothing: events of this API do not say."""
        return Reached()

    def _read(self, event: dict[str, object], deltas: list[Delta]) -> None:
        match event.get("type"):
            case "content_block_delta":
                self._delta(self._block(event), _object(event, "delta"), deltas)
            case "content_block_start":
                self._begin(_index(event), _object(event, "content_block"), deltas)
            case "content_block_stop":
                self._end(_index(event), deltas)
            case "message_start":
                self._start(_object(event, "message"), deltas)
            case "message_delta":
                self._stop(event, deltas)
            case "message_stop":
                self._stopped = True
            case "error":
                raise UpstreamBroke(f"the provider ended its stream with an error: {provider_error(event)}")
            case _:
                # `ping`, and what may be added: the API's versioning policy says to read over unknown events.
                return

    def _start(self, message: dict[str, object], deltas: list[Delta]) -> None:
        self._message = dict(message)
        model = message.get("model")
        deltas.append(Begun(model if isinstance(model, str) else ""))
        usage = message.get("usage")
        if isinstance(usage, dict):
            self._count(usage, deltas)

    def _stop(self, event: dict[str, object], deltas: list[Delta]) -> None:
        self._message |= leftover(event, _DELTA_EVENT) | _object(event, "delta")
        usage = event.get("usage")
        if isinstance(usage, dict):
            self._count(usage, deltas)
        reason = self._message.get("stop_reason")
        rest = read_usage(self._usage)[1]
        extra = own(message_rest(self._message, reason, rest, calls=self._calls > 0))
        if extra is not None:
            deltas.append(AnswerExtra(extra))
        finish = finish_of(reason)
        if finish is not None:
            deltas.append(Finished(0, finish))

    def _count(self, usage: dict[str, object], deltas: list[Delta]) -> None:
        self._usage |= without_nulls(usage)
        deltas.append(UsageTold(read_usage(self._usage)[0]))

    def _begin(self, index: int, start: dict[str, object], deltas: list[Delta]) -> None:
        block = self._blocks[index] = _Block(str(start.get("type")), start)
        match block.kind:
            case "text":
                deltas.append(TextDelta(0, _text(start, "text"), begins=True))
            case "thinking":
                deltas.append(ThinkingDelta(0, _text(start, "thinking"), begins=True))
            case "tool_use":
                block.call = self._calls
                self._calls += 1
                deltas.append(ToolCallBegun(0, block.call, _text(start, "id"), _text(start, "name")))
            case _:
                return
        unknown = unknown_of_block(start)
        if unknown:
            extra = {"anthropic": {"blocks": {str(index): unknown}}}
            deltas.append(MessageExtra(0, canonical_json(extra)))

    def _delta(self, block: _Block, delta: dict[str, object], deltas: list[Delta]) -> None:
        match delta.get("type"):
            case "text_delta":
                deltas.append(TextDelta(0, _text(delta, "text")))
            case "thinking_delta":
                deltas.append(ThinkingDelta(0, _text(delta, "thinking")))
            case "signature_delta":
                deltas.append(ThinkingDelta(0, "", signature=_text(delta, "signature")))
            case "input_json_delta":
                piece = _text(delta, "partial_json")
                if piece:
                    block.input.append(piece)
                    if block.kind == "tool_use":
                        deltas.append(ToolCallDelta(0, block.call, piece))
            case "citations_delta":
                block.citations.append(delta.get("citation"))
            case _:
                # What a block of a kind we do not know learns later, such as the summary of a compaction.
                block.start |= without_nulls({name: said for name, said in delta.items() if name != "type"})

    def _end(self, index: int, deltas: list[Delta]) -> None:
        block = self._blocks.pop(index, None)
        if block is None:
            return
        match block.kind:
            case "tool_use":
                if not block.input:
                    # No piece came: the input is what the block began with, `{}` where it takes no arguments.
                    whole = msgspec.json.encode(block.start.get("input") or {}).decode()
                    deltas.append(ToolCallDelta(0, block.call, whole))
            case "text":
                if block.citations:
                    cited = opaque({"type": "citations", "citations": block.citations})
                    deltas.append(OpaqueDelta(0, cited.json, begins=True))
            case "thinking":
                return
            case _:
                if block.input:
                    block.start["input"] = _json("".join(block.input))
                deltas.append(OpaqueDelta(0, opaque(block.start).json, begins=True))

    def _block(self, event: dict[str, object]) -> _Block:
        block = self._blocks.get(_index(event))
        if block is None:
            raise UpstreamNonsense("the provider's stream goes on with a block that has not begun")
        return block


def _index(event: dict[str, object]) -> int:
    index = event.get("index")
    if not isinstance(index, int):
        raise UpstreamNonsense("the provider's stream names no block in an event of a block")
    return index


def _object(event: dict[str, object], name: str) -> dict[str, object]:
    value = event.get(name)
    if not isinstance(value, dict):
        raise UpstreamNonsense(f"the provider's stream has an event without its `{name}`")
    return value


def _text(fields: dict[str, object], name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise UpstreamNonsense(f"the provider's stream has a `{name}` that is not text")
    return value


def _json(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise UpstreamNonsense(
            f"the input of a block in the provider's stream is not JSON: {error}"
        ) from error
