"""Write an answer as the events of the Responses API, in the order in which OpenAI sends them.

response.created and response.in_progress open the stream, an item opens and
closes around its parts, and the last event holds the whole answer.  They wait for
the first content: before it there is nothing that a client could use, and the
id of a stored answer is known only then.

Words and reasoning close when something else begins.  Calls stay open until the
answer ends, since the pieces of several may come mixed; their items close in order.
What an answer ends with is what was streamed: the same ids, the same texts.
"""

from collections.abc import Iterable

import msgspec

from sparingly.core.answer import Answer, Usage
from sparingly.core.chat import Ask, Json, Opaque
from sparingly.core.json_pieces import join, overlay
from sparingly.core.transcript import (
    AnswerExtra,
    Begun,
    ChoiceExtra,
    Delta,
    Finished,
    LogprobsDelta,
    MessageExtra,
    OfChoice,
    OpaqueDelta,
    RefusalDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegun,
    ToolCallDelta,
    UsageTold,
)
from sparingly.protocols.dialect import Reached, Stamp
from sparingly.protocols.fields import opened
from sparingly.protocols.openai_responses import shapes
from sparingly.protocols.openai_responses.items import Item, item_of, part_of
from sparingly.protocols.openai_responses.open_items import OpenCall, OpenItem, OpenMessage, OpenReasoning
from sparingly.protocols.openai_responses.write_answer import begun, response, rest_of

_encode = msgspec.json.Encoder().encode


class ResponsesWriter:
    """One streamed answer."""

    def __init__(self, ask: Ask, stamp: Stamp) -> None:
        self._stamp = msgspec.structs.replace(stamp, ask=ask)
        self._model = ask.model
        self._usage: Usage | None = None
        self._extra: list[Json] = []
        self._rest: list[Json] = []
        self._logprobs: list[Json] = []
        self._output: list[OpenItem] = []
        self._current: OpenMessage | OpenReasoning | None = None
        self._calls: dict[int, OpenCall] = {}
        self._blocks = 0
        self._finish: str | None = None
        self._sequence = 0
        self._has_begun = False

    @property
    def reached(self) -> Reached:
        """How far the stream got."""
        return Reached(id=str(self._first()["id"]), model=self._model, sequence=self._sequence)

    def write(self, deltas: Iterable[Delta]) -> bytes:
        """The events for some deltas."""
        deltas = list(deltas)
        # Told with the words they belong to, which may close before these come.
        self._logprobs += [delta.json for delta in deltas if isinstance(delta, LogprobsDelta)]
        return b"".join([self._event(delta) for delta in deltas])

    def close(self) -> bytes:
        """The end of the last item, and the event that holds the whole answer."""
        out = self._begun() + self._closed() + self._closed_calls()
        answer = Answer(self._model, (), self._usage, overlay(self._extra))
        whole = response(answer, self._stamp, self._finish, [item.whole() for item in self._output])
        kind = "response.incomplete" if whole["status"] == "incomplete" else "response.completed"
        return out + self._told(kind, {"response": whole})

    def _event(self, delta: Delta) -> bytes:
        match delta:
            case Begun():
                self._model = delta.model or self._model
                return b""
            case AnswerExtra():
                self._extra.append(delta.json)
                return b""
            case UsageTold():
                self._usage = delta.usage
                return b""
            case _ if delta.choice == 0:
                return self._of_choice(delta)
            case _:
                # This API has one draft.
                return b""

    def _of_choice(self, delta: OfChoice) -> bytes:
        match delta:
            case TextDelta() | RefusalDelta():
                return self._words(delta)
            case ThinkingDelta():
                return self._thought(delta)
            case ToolCallBegun():
                return self._call(delta)
            case ToolCallDelta():
                call = self._calls.get(delta.index)
                return b"" if call is None else self._all(call.more(delta.arguments))
            case OpaqueDelta():
                return self._opaque(delta)
            case _:
                self._note(delta)
                return b""

    def _note(self, delta: MessageExtra | LogprobsDelta | Finished | ChoiceExtra) -> None:
        """What is told later."""
        match delta:
            case MessageExtra():
                self._rest.append(delta.json)
            case Finished():
                self._finish = delta.reason
            case LogprobsDelta() | ChoiceExtra():
                # Noted already; fields of another API's choice, which have no place here.
                return

    def _words(self, delta: TextDelta | RefusalDelta) -> bytes:
        if not delta.text and not delta.begins:
            return b""
        kind = "refusal" if isinstance(delta, RefusalDelta) else "output_text"
        message = self._current
        if isinstance(message, OpenMessage) and message.kind == kind and not delta.begins:
            return self._all(message.more(delta.text))
        place, rest = self._blocks, self._rest_now()
        message, out = self._message(rest)
        out += self._all(message.begin(kind, rest.get(f"{place}.part")))
        return out + (self._all(message.more(delta.text)) if delta.text else b"")

    def _message(self, rest: dict[str, object]) -> tuple[OpenMessage, bytes]:
        """The message that the next block belongs to, and the events that open it where it is a new one."""
        left = rest.get(str(self._blocks))
        self._blocks += 1
        message = self._current
        if isinstance(message, OpenMessage) and left is None:
            self._lend_logprobs(message)
            return message, b""
        out = self._begun() + self._closed()
        message = self._current = OpenMessage(self._stamp, len(self._output), left)
        return message, out + self._opened(message)

    def _thought(self, delta: ThinkingDelta) -> bytes:
        if not delta.text and not delta.begins and delta.signature is None:
            return b""
        out = b""
        item = self._current
        if not isinstance(item, OpenReasoning) or delta.begins:
            out = self._begun() + self._closed()
            item = self._current = OpenReasoning(self._stamp, len(self._output))
            out += self._opened(item)
            self._blocks += 1
        if delta.text:
            out += self._all(item.more(delta.text))
        if delta.signature is not None:
            item.signature = delta.signature
        return out

    def _call(self, delta: ToolCallBegun) -> bytes:
        out = self._begun() + self._closed()
        left = self._rest_now().get(str(self._blocks))
        self._blocks += 1
        call = self._calls[delta.index] = OpenCall(self._stamp, len(self._output), delta.id, delta.name, left)
        return out + self._opened(call)

    def _opaque(self, delta: OpaqueDelta) -> bytes:
        """A whole part of this dialect's own; pieces of other dialects' parts are left out."""
        block = Opaque(delta.json)
        part, item = part_of(block), item_of(block)
        if part is not None:
            message, out = self._message(self._rest_now())
            return out + self._all(message.put(part))
        self._blocks += delta.begins
        if item is None:
            return b""
        out = self._begun() + self._closed()
        ready = OpenItem(self._stamp, len(self._output), item)
        return out + self._opened(ready) + self._all(ready.close())

    def _opened(self, item: OpenItem) -> bytes:
        self._output.append(item)
        return self._all(item.open())

    def _closed(self) -> bytes:
        """Close words or reasoning."""
        item, self._current = self._current, None
        if item is None:
            return b""
        if isinstance(item, OpenMessage):
            self._lend_logprobs(item)
        return self._all(item.close())

    def _lend_logprobs(self, message: OpenMessage) -> None:
        """Give what was told of words to the text that is about to end."""
        if message.kind == "output_text" and self._logprobs:
            message.logprobs, self._logprobs = join(self._logprobs, appends_text=False), []

    def _closed_calls(self) -> bytes:
        calls, self._calls = list(self._calls.values()), {}
        return b"".join(self._all(call.close()) for call in calls)

    def _begun(self) -> bytes:
        """The two events before all others."""
        if self._has_begun:
            return b""
        self._has_begun = True
        first = self._first()
        return self._told("response.created", {"response": first}) + self._told(
            "response.in_progress", {"response": first}
        )

    def _first(self) -> Item:
        own = opened(opened(overlay(self._extra)).get(shapes.NAME))
        providers = msgspec.json.decode(own["id"]) if "id" in own else None
        return begun(self._stamp, self._model, providers)

    def _rest_now(self) -> dict[str, object]:
        return rest_of(join(self._rest, appends_text=True))

    def _all(self, events: Iterable[tuple[str, Item]]) -> bytes:
        return b"".join([self._told(kind, fields) for kind, fields in events])

    def _told(self, kind: str, fields: Item) -> bytes:
        number, self._sequence = self._sequence, self._sequence + 1
        data = _encode({"type": kind, "sequence_number": number, **fields})
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)
