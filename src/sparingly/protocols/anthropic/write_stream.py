"""Write an answer as the Messages API's events, in the order in which Anthropic sends them.

message_start with what is known of the input; each block from its start to its
stop before the next begins (see `in_turn.py`); message_delta with the reason to stop and the
counts; message_stop.

Nothing is sent before the first content, so that a count told by then stands in
message_start.  A count is told once: the input in message_start or, where it
came later, in message_delta; clients overwrite one by the other, but trackers
have been seen to add them.
"""

from collections.abc import Iterable, Mapping

import msgspec

from sparingly.core.answer import Usage
from sparingly.core.chat import Ask, Json
from sparingly.core.transcript import (
    AnswerExtra,
    Begun,
    ChoiceExtra,
    Delta,
    Finished,
    LogprobsDelta,
    MessageExtra,
    OpaqueDelta,
    RefusalDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegun,
    ToolCallDelta,
    UsageTold,
)
from sparingly.protocols.anthropic.in_turn import InTurn
from sparingly.protocols.anthropic.usage import write_input, write_output
from sparingly.protocols.anthropic.write_answer import (
    CITATIONS,
    message_id,
    own_block,
    own_fields,
    stop_fields,
    unknown_of_blocks,
)
from sparingly.protocols.dialect import Reached, Stamp
from sparingly.protocols.fields import opened
from sparingly.protocols.sse import write_event

_encode = msgspec.json.Encoder().encode

# A summary of the conversation comes after its block has begun (anthropic-python 2.12, `accumulate_event`).
_COMPACTION = "compaction"
_COMPACTED = ("content", "encrypted_content")

# The only draft this dialect can tell.
_FIRST = 0


class MessagesWriter:
    """One streamed answer."""

    def __init__(self, ask: Ask, stamp: Stamp) -> None:
        self._stamp = stamp
        self._model = ask.model
        self._extra: dict[str, msgspec.Raw] = {}
        self._usage_rest: dict[str, msgspec.Raw] = {}
        self._usage: Usage | None = None
        self._has_started = False
        self._input_told = False
        self._unknown: dict[str, msgspec.Raw] = {}
        self._place = -1
        self._order = InTurn()
        self._open: object = None
        """What the block under way is: its type, or the number of a call."""
        self._finish: str | None = None
        self._has_called = False

    def write(self, deltas: Iterable[Delta]) -> bytes:
        """The events for some deltas.

        Raises:
            UpstreamNonsense: a call goes on whose arguments were whole.
        """
        return b"".join([self._events(one) for delta in deltas for one in self._in_turn(delta)])

    def close(self) -> bytes:
        """What ends the last block and the message."""
        waited = b"".join([self._events(delta) for delta in self._order.close()])
        start = waited + self._started() + self._stopped()
        delta = stop_fields(self._finish, self._extra, calls=self._has_called)
        usage: dict[str, object] = {"output_tokens": 0}
        if self._usage is not None:
            usage = write_output(self._usage)
            if not self._input_told:
                usage = self._input(self._usage) | usage
        event = {"type": "message_delta", "delta": {**delta, **self._extra}, "usage": usage}
        return start + _event(event) + _event({"type": "message_stop"})

    @property
    def reached(self) -> Reached:
        """Nothing: an error in a stream of this API stands by itself."""
        return Reached()

    def _in_turn(self, delta: Delta) -> Iterable[Delta]:
        match delta:
            case Begun() | AnswerExtra() | UsageTold():
                return (delta,)
            case _:
                return self._order.add(delta) if delta.choice == _FIRST else ()

    def _events(self, delta: Delta) -> bytes:
        match delta:
            case Begun() | AnswerExtra() | UsageTold():
                self._note(delta)
                return b""
            case TextDelta() | RefusalDelta():
                return self._said("text", {"text": ""}, delta.text, begins=delta.begins)
            case ThinkingDelta():
                return self._thought(delta)
            case ToolCallBegun():
                self._has_called = True
                return self._begun(
                    delta.index, {"type": "tool_use", "id": delta.id, "name": delta.name, "input": {}}
                )
            case ToolCallDelta():
                return self._delta({"type": "input_json_delta", "partial_json": delta.arguments})
            case OpaqueDelta():
                return self._opaque(delta.json)
            case Finished() | MessageExtra() | LogprobsDelta() | ChoiceExtra():
                self._note(delta)
                return b""

    def _note(
        self,
        delta: Begun | AnswerExtra | UsageTold | Finished | MessageExtra | LogprobsDelta | ChoiceExtra,
    ) -> None:
        """Keep what is told later, or never here."""
        match delta:
            case Begun():
                self._model = delta.model or self._model
            case AnswerExtra():
                self._extra |= own_fields(delta.json)
                self._usage_rest |= opened(self._extra.pop("usage", None))
            case UsageTold():
                self._usage = delta.usage
            case Finished():
                self._finish = delta.reason
            case MessageExtra():
                self._unknown |= unknown_of_blocks(delta.json)
            case _:
                return

    def _said(self, kind: str, empty: dict[str, str], words: str, *, begins: bool) -> bytes:
        """More of a block of words; nothing is no reason to open one."""
        head = b""
        if begins or (self._open != kind and words):
            head = self._begun(kind, {"type": kind, **empty})
        if not words:
            return head
        # The frequent event, written without building the objects around it.
        return head + (
            b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,'
            b'"delta":{"type":"%b_delta","%b":%b}}\n\n'
            % (self._place, kind.encode(), kind.encode(), _encode(words))
        )

    def _thought(self, delta: ThinkingDelta) -> bytes:
        events = self._said("thinking", {"thinking": "", "signature": ""}, delta.text, begins=delta.begins)
        if delta.signature is None:
            return events
        if self._open != "thinking":
            events += self._begun("thinking", {"type": "thinking", "thinking": "", "signature": ""})
        return events + self._delta({"type": "signature_delta", "signature": delta.signature})

    def _opaque(self, json: Json) -> bytes:
        block = own_block(json)
        if block is None:
            return b""
        if block.get("type") == CITATIONS:
            cited = block.get(CITATIONS)
            if self._open != "text" or not isinstance(cited, list):
                return b""
            return b"".join([self._delta({"type": "citations_delta", "citation": one}) for one in cited])
        if block.get("type") == _COMPACTION:
            later = {name: block[name] for name in _COMPACTED if name in block}
            start = self._begun("opaque", block | dict.fromkeys(later))
            return start + self._delta({"type": "compaction_delta", **later})
        if not isinstance(block.get("input"), dict):
            return self._begun("opaque", block)
        # A tool of the provider's own is called in pieces, like any other.
        piece = {"type": "input_json_delta", "partial_json": _encode(block["input"]).decode()}
        return self._begun("opaque", block | {"input": {}}) + self._delta(piece)

    def _begun(self, kind: object, block: Mapping[str, object]) -> bytes:
        events = self._started() + self._stopped()
        self._open, self._place = kind, self._place + 1
        start = {**block, **opened(self._unknown.get(str(self._place)))}
        return events + _event({"type": "content_block_start", "index": self._place, "content_block": start})

    def _delta(self, delta: Mapping[str, object]) -> bytes:
        return _event({"type": "content_block_delta", "index": self._place, "delta": delta})

    def _stopped(self) -> bytes:
        if self._open is None:
            return b""
        self._open = None
        return _event({"type": "content_block_stop", "index": self._place})

    def _started(self) -> bytes:
        if self._has_started:
            return b""
        self._has_started = True
        usage: dict[str, object] = {"input_tokens": 0}
        if self._usage is not None:
            usage, self._input_told = self._input(self._usage), True
        message: dict[str, object] = {
            "id": message_id(self._stamp),
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {**usage, "output_tokens": 0},
        }
        return _event({"type": "message_start", "message": message})

    def _input(self, usage: Usage) -> dict[str, object]:
        return write_input(usage, self._usage_rest, cached=self._stamp.cached)


def _event(event: Mapping[str, object]) -> bytes:
    return write_event(_encode(event), name=str(event["type"]))
