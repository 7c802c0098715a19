"""Read a streamed Responses answer into deltas.

The order of events is response.created; per item output_item.added, its parts
and their deltas, output_item.done; and one event with the whole answer, which
says how it ended.  Events of unknown kinds say nothing.  Complete means: that
last event came, and it said `completed` or `incomplete`.

Texts are taken from their deltas; what a server sends only when a part or an item
is done is taken from there, since some leave the deltas of short parts out.
"""

import msgspec

from sparingly.core.chat import Refusal, Text, canonical_json
from sparingly.core.transcript import (
    AnswerExtra,
    Begun,
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
from sparingly.errors import UpstreamBroke, UpstreamNonsense
from sparingly.protocols.dialect import Reached
from sparingly.protocols.fields import leftover
from sparingly.protocols.openai_responses import shapes
from sparingly.protocols.openai_responses.items import (
    PART_END,
    Item,
    opaque_item,
    opaque_part,
    said_part,
    signature_of,
    without_nulls,
)
from sparingly.protocols.openai_responses.read_answer import extra_of, finish_of, logprobs_of
from sparingly.protocols.openai_responses.usage import read_usage
from sparingly.protocols.provider_errors import parse, provider_error
from sparingly.protocols.sse import SseParser

# Events with more words: what kind of part they go on with, and which field numbers it.
_WORDS = {
    "response.output_text.delta": ("text", "content_index"),
    "response.refusal.delta": ("refusal", "content_index"),
    "response.reasoning_text.delta": ("content", "content_index"),
    "response.reasoning_summary_text.delta": ("summary", "summary_index"),
}


_PART_EVENTS = frozenset(
    {"response.content_part.added", "response.content_part.done", "response.reasoning_summary_part.added"}
)
_PART_KINDS = {
    "output_text": "text",
    "refusal": "refusal",
    "reasoning_text": "content",
    "summary_text": "summary",
}


class _Under(msgspec.Struct):
    """An item under way, by its place in the output."""

    kind: str
    position: int
    """That of its first block."""
    follows: bool
    """Whether it is a message right after another one."""
    call: int = 0
    parts: set[tuple[str, int]] = set()
    """What has begun in it."""
    has_arguments: bool = False


class ResponsesReader:
    """One streamed answer."""

    def __init__(self) -> None:
        self._events = SseParser()
        self._items: dict[int, _Under] = {}
        self._blocks = 0
        self._calls = 0
        self._ends_in_words = False
        self._ended = False
        self._reached = Reached()

    def feed(self, data: bytes) -> list[Delta]:
        """The deltas that are complete by now; raises UpstreamBroke and UpstreamNonsense."""
        deltas: list[Delta] = []
        for event in self._events.feed(data):
            if event.data and event.data != b"[DONE]":
                self._read(parse(event.data), deltas)
        return deltas

    @property
    def is_complete(self) -> bool:
        """Whether the provider said how the answer ended."""
        return self._ended

    @property
    def reached(self) -> Reached:
        """How far the stream got."""
        return self._reached

    def _read(self, event: dict[str, object], deltas: list[Delta]) -> None:
        number = event.get("sequence_number")
        if isinstance(number, int):
            self._reached = msgspec.structs.replace(self._reached, sequence=number + 1)
        kind = event.get("type")
        if not isinstance(kind, str):
            kind = None
        words = _WORDS.get(str(kind))
        if words is not None:
            self._words(event, *words, deltas)
        elif kind == "response.function_call_arguments.delta":
            self._arguments(event, deltas)
        elif kind in _PART_EVENTS:
            self._part(str(kind), event, deltas)
        elif kind == "response.output_item.added":
            self._added(event, deltas)
        elif kind == "response.output_item.done":
            self._done(event, deltas)
        else:
            self._about_all(kind, event, deltas)

    def _about_all(self, kind: object, event: dict[str, object], deltas: list[Delta]) -> None:
        """The events that speak of the answer as a whole; others are read over."""
        match kind:
            case "response.created":
                self._created(_object(event, "response"), deltas)
            case "response.completed" | "response.incomplete":
                self._end(_object(event, "response"), deltas)
            case "response.failed" | "response.cancelled":
                said = provider_error(_object(event, "response")) or "it gave no reason"
                raise UpstreamBroke(f"the provider ended its stream with an error: {said}")
            case _:
                # Some servers send an error without a type, as Chat Completions has it.
                if kind == "error" or (kind is None and event.get("error") is not None):
                    raise UpstreamBroke(
                        f"the provider ended its stream with an error: {provider_error(event)}"
                    )

    def _created(self, response: Item, deltas: list[Delta]) -> None:
        answer_id, model = response.get("id"), response.get("model")
        name = model if isinstance(model, str) else ""
        self._reached = msgspec.structs.replace(
            self._reached, id=answer_id if isinstance(answer_id, str) else "", model=name
        )
        deltas.append(Begun(name))

    def _end(self, response: Item, deltas: list[Delta]) -> None:
        model = response.get("model")
        if isinstance(model, str) and model != self._reached.model:
            deltas.append(Begun(model))
        usage, _ = read_usage(response.get("usage"))
        if usage is not None:
            deltas.append(UsageTold(usage))
        extra = extra_of(response)
        if extra is not None:
            deltas.append(AnswerExtra(extra))
        finish = finish_of(response, calls=self._calls > 0)
        if finish is not None:
            self._ended = True
            deltas.append(Finished(0, finish))

    def _added(self, event: dict[str, object], deltas: list[Delta]) -> None:
        item = event.get("item")
        if not isinstance(item, dict):
            # Some servers announce nothing in particular; openai-python reads over it, too.
            return
        self._begin(_index(event), item, deltas)

    def _begin(self, index: int, item: Item, deltas: list[Delta]) -> _Under:
        kind = str(item.get("type"))
        follows = kind == "message" and self._ends_in_words
        under = self._items[index] = _Under(kind, self._blocks, follows)
        if kind == "function_call":
            under.call = self._calls
            self._calls += 1
            self._opened(words=False)
            deltas.append(ToolCallBegun(0, under.call, _text(item, "call_id"), _text(item, "name")))
        return under

    def _part(self, name: str, event: dict[str, object], deltas: list[Delta]) -> None:
        """A part begins, or one of a kind that nobody here knows is there."""
        under = self._items.get(_index(event))
        part = _object(event, "part")
        kind = _PART_KINDS.get(str(part.get("type")))
        index = event.get("summary_index" if kind == "summary" else "content_index")
        if under is None or not isinstance(index, int):
            raise UpstreamNonsense("the provider's stream begins a part of an item that has not begun")
        if kind is None:
            if name.endswith(".done"):
                under.parts.add(("opaque", index))
                self._opened(words=True)
                deltas.append(OpaqueDelta(0, opaque_part(part).json, begins=True))
        elif (kind, index) not in under.parts:
            self._said(under, (kind, index), "", deltas)

    def _words(self, event: dict[str, object], kind: str, index_name: str, deltas: list[Delta]) -> None:
        under = self._items.get(_index(event))
        if under is None:
            raise UpstreamNonsense("the provider's stream goes on with an item that has not begun")
        index = event.get(index_name)
        self._said(under, (kind, index if isinstance(index, int) else 0), _text(event, "delta"), deltas)

    def _said(self, under: _Under, part: tuple[str, int], text: str, deltas: list[Delta]) -> None:
        kind, is_first = part[0], not under.parts
        begins = part not in under.parts
        under.parts.add(part)
        if kind in ("text", "refusal"):
            delta = TextDelta if kind == "text" else RefusalDelta
            deltas.append(delta(0, text, begins=begins))
        else:
            # All parts of an item are one block.
            between = PART_END if begins and not is_first else ""
            deltas.append(ThinkingDelta(0, between + text, begins=is_first))
            begins = is_first
        if begins:
            self._opened(words=kind in ("text", "refusal"))

    def _arguments(self, event: dict[str, object], deltas: list[Delta]) -> None:
        under, piece = self._items.get(_index(event)), _text(event, "delta")
        if under is None:
            raise UpstreamNonsense("the provider's stream goes on with an item that has not begun")
        if piece and under.kind == "function_call":
            under.has_arguments = True
            deltas.append(ToolCallDelta(0, under.call, piece))

    def _done(self, event: dict[str, object], deltas: list[Delta]) -> None:
        index, item = _index(event), _object(event, "item")
        under = self._items.get(index) or self._begin(index, item, deltas)
        match under.kind:
            case "function_call":
                arguments = _text(item, "arguments")
                if arguments and not under.has_arguments:
                    deltas.append(ToolCallDelta(0, under.call, arguments))
                self._keep(under, without_nulls(leftover(item, shapes.FUNCTION_CALL)), deltas, is_due=False)
            case "message":
                self._message_done(under, item, deltas)
            case "reasoning":
                self._reasoning_done(under, item, deltas)
            case _:
                self._opened(words=False)
                deltas.append(OpaqueDelta(0, opaque_item(item).json, begins=True))

    def _message_done(self, under: _Under, item: Item, deltas: list[Delta]) -> None:
        content = item.get("content")
        seen = {index for _, index in under.parts}
        for index, part in enumerate(content if isinstance(content, list) else ()):
            block, left = said_part(part)
            if index not in seen:
                if isinstance(block, Text | Refusal):
                    kind = "text" if isinstance(block, Text) else "refusal"
                    self._said(under, (kind, index), block.text, deltas)
                else:
                    self._opened(words=True)
                    deltas.append(OpaqueDelta(0, opaque_part(part).json, begins=True))
            if left:
                kept = {shapes.NAME: {f"{under.position + index}.part": left}}
                deltas.append(MessageExtra(0, canonical_json(kept)))
        logprobs = logprobs_of(item)
        if logprobs:
            deltas.append(LogprobsDelta(0, canonical_json({"content": logprobs})))
        left = without_nulls(leftover(item, shapes.MESSAGE))
        self._keep(under, left, deltas, is_due=under.follows and self._blocks > under.position)

    def _reasoning_done(self, under: _Under, item: Item, deltas: list[Delta]) -> None:
        for kind in ("summary", "content"):
            parts = item.get(kind)
            for index, part in enumerate(parts if isinstance(parts, list) else ()):
                if isinstance(part, dict) and (kind, index) not in under.parts:
                    self._said(under, (kind, index), _text(part, "text"), deltas)
        signature = signature_of(item)
        if signature is not None:
            is_first = not under.parts
            if is_first:
                self._opened(words=False)
            deltas.append(ThinkingDelta(0, "", signature=signature, begins=is_first))

    def _keep(self, under: _Under, left: Item, deltas: list[Delta], *, is_due: bool) -> None:
        if left or is_due:
            deltas.append(MessageExtra(0, canonical_json({shapes.NAME: {str(under.position): left}})))

    def _opened(self, *, words: bool) -> None:
        self._blocks += 1
        self._ends_in_words = words


def _index(event: dict[str, object]) -> int:
    index = event.get("output_index")
    if not isinstance(index, int):
        raise UpstreamNonsense("the provider's stream names no item in an event of an item")
    return index


def _object(event: dict[str, object], name: str) -> Item:
    value = event.get(name)
    if not isinstance(value, dict):
        raise UpstreamNonsense(f"the provider's stream has an event without its `{name}`")
    return value


def _text(fields: dict[str, object], name: str) -> str:
    value = fields.get(name, "")
    return value if isinstance(value, str) else ""
