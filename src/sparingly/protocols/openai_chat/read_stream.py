"""Read a streamed Chat Completions answer into deltas.

Complete means: at least one choice has begun, and each one that has, has its
`finish_reason`.  `[DONE]` is not asked for, since some servers leave it out,
and does not make a stream complete that has none.

What a chunk repeats (the model, the server's fingerprint) is told once.
"""

import msgspec

from sparingly.core.chat import Text, canonical_json
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
from sparingly.errors import UpstreamBroke, UpstreamNonsense
from sparingly.protocols.dialect import Reached
from sparingly.protocols.fields import leftover
from sparingly.protocols.foreign import set_apart
from sparingly.protocols.openai_chat import shapes
from sparingly.protocols.openai_chat.read_answer import called, content_blocks, reasoning_of, unknown_of_call
from sparingly.protocols.openai_chat.usage import read_usage
from sparingly.protocols.provider_errors import parse, provider_error
from sparingly.protocols.sse import SseParser

_NOTHING = object()


class _Call(msgspec.Struct):
    """A tool call under way, at its place among the choice's calls."""

    index: int
    id: str
    name: str


class _Seen(msgspec.Struct):
    """What one choice has told so far."""

    calls: dict[int, _Call] = {}
    """By the index on the wire, which servers use more than once."""
    begun: int = 0
    opaque: object = None
    """What kind of opaque part is under way."""
    names_reasoning: bool = False
    finish: str | None = None


class ChatReader:
    """One streamed answer."""

    def __init__(self) -> None:
        self._events = SseParser()
        self._model: str | None = None
        self._extra: dict[str, object] = {}
        self._seen: dict[int, _Seen] = {}

    def feed(self, data: bytes) -> list[Delta]:
        """The deltas that are complete by now; raises UpstreamBroke and UpstreamNonsense."""
        deltas: list[Delta] = []
        for event in self._events.feed(data):
            if event.data == b"[DONE]" or not event.data:
                continue
            chunk = parse(event.data)
            if chunk.get("error") is not None or chunk.get("object") == "error" or event.name == "error":
                said = provider_error(chunk)
                raise UpstreamBroke(f"the provider ended its stream with an error: {said}")
            self._read(chunk, deltas)
        return deltas

    @property
    def is_complete(self) -> bool:
        """Whether every choice that has begun has finished, and one has."""
        return bool(self._seen) and all(seen.finish is not None for seen in self._seen.values())

    @property
    def reached(self) -> Reached:
        """Nothing: events of this API do not say."""
        return Reached()

    def _read(self, chunk: dict[str, object], deltas: list[Delta]) -> None:
        model = chunk.get("model")
        if self._model is None or (model and model != self._model):
            self._model = model if isinstance(model, str) else ""
            deltas.append(Begun(self._model))
        if not shapes.CHUNK.issuperset(chunk):
            self._tell(set_apart(leftover(chunk, shapes.CHUNK), own=shapes.NAME), deltas)
        choices = chunk.get("choices")
        if choices:
            if not isinstance(choices, list):
                raise UpstreamNonsense("the provider's chunk has no list of `choices`")
            for choice in choices:
                self._choice(choice, deltas)
        if chunk.get("usage") is not None:
            usage, rest = read_usage(chunk["usage"])
            if usage is not None:
                deltas.append(UsageTold(usage))
            if rest:
                self._tell({"usage": rest}, deltas)

    def _tell(self, fields: dict[str, object], deltas: list[Delta]) -> None:
        """Unknown top-level fields, where they are new."""
        news = {
            name: value
            for name, value in fields.items()
            if value is not None and self._extra.get(name, _NOTHING) != value
        }
        if news:
            self._extra |= news
            deltas.append(AnswerExtra(canonical_json(news)))

    def _choice(self, choice: object, deltas: list[Delta]) -> None:
        if not isinstance(choice, dict):
            raise UpstreamNonsense("a choice in the provider's chunk is not an object")
        index = choice.get("index", 0)
        if not isinstance(index, int):
            raise UpstreamNonsense("a choice in the provider's chunk has no index")
        seen = self._seen.get(index)
        if seen is None:
            seen = self._seen[index] = _Seen()
        delta = choice.get("delta")
        if isinstance(delta, dict):
            self._delta(index, seen, delta, deltas)
        if choice.get("logprobs") is not None:
            deltas.append(LogprobsDelta(index, canonical_json(choice["logprobs"])))
        if not shapes.CHUNK_CHOICE.issuperset(choice):
            extra = _without_nulls(leftover(choice, shapes.CHUNK_CHOICE))
            if extra:
                deltas.append(ChoiceExtra(index, canonical_json(extra)))
        finish = choice.get("finish_reason")
        if isinstance(finish, str) and finish and finish != seen.finish:
            seen.finish = finish
            deltas.append(Finished(index, finish))

    def _delta(self, index: int, seen: _Seen, delta: dict[str, object], deltas: list[Delta]) -> None:
        if not _PLAIN.issuperset(delta):
            _unusual(index, seen, delta, deltas)
        content = delta.get("content")
        if isinstance(content, str):
            if content:
                deltas.append(TextDelta(index, content))
        elif content is not None:
            _parts(index, seen, content, deltas)
        refusal = delta.get("refusal")
        if isinstance(refusal, str) and refusal:
            deltas.append(RefusalDelta(index, refusal))
        calls = delta.get("tool_calls")
        if isinstance(calls, list):
            for position, call in enumerate(calls):
                _call(index, seen, position, call, deltas)


# What most deltas hold; the rest is looked for only in others.
_PLAIN = frozenset({"role", "content", "refusal", "tool_calls"})


def _unusual(index: int, seen: _Seen, delta: dict[str, object], deltas: list[Delta]) -> None:
    """Reasoning, opaque parts and unknown fields."""
    extra = set_apart(leftover(delta, shapes.ANSWER_MESSAGE), own=shapes.NAME)
    thinking = reasoning_of(delta, extra)
    if extra.get(shapes.REASONING) == "":
        if seen.names_reasoning:
            del extra[shapes.REASONING]
        seen.names_reasoning = True
    extra = _without_nulls(extra)
    if extra:
        deltas.append(MessageExtra(index, canonical_json(extra)))
    if thinking is not None:
        deltas.append(ThinkingDelta(index, thinking))
    for name in shapes.OPAQUE_FIELDS:
        if delta.get(name) is not None:
            _opaque(index, seen, name, {"type": name, name: delta[name]}, deltas)


def _parts(index: int, seen: _Seen, content: object, deltas: list[Delta]) -> None:
    for block in content_blocks(content):
        if isinstance(block, Text):
            deltas.append(TextDelta(index, block.text))
        else:
            part = msgspec.json.decode(block.json)
            _opaque(index, seen, part.get("type") if isinstance(part, dict) else None, part, deltas)


def _opaque(index: int, seen: _Seen, kind: object, part: object, deltas: list[Delta]) -> None:
    """A part, or more of the one under way."""
    deltas.append(OpaqueDelta(index, canonical_json(part), begins=kind != seen.opaque))
    seen.opaque = kind


def _call(choice: int, seen: _Seen, position: int, call: object, deltas: list[Delta]) -> None:
    if not isinstance(call, dict):
        raise UpstreamNonsense("a tool call in the provider's chunk is not an object")
    wire = call.get("index")
    wire = wire if isinstance(wire, int) else position
    kind = call.get("type", "function" if "function" in call or wire in seen.calls else shapes.CUSTOM)
    if kind is not None and kind != "function":
        part = {name: value for name, value in call.items() if name != "index"}
        _opaque(choice, seen, (kind, wire), part, deltas)
        return
    call_id, name, arguments = called(call)
    known = seen.calls.get(wire)
    # A new id with a name is a new call even under an old index: Gemini's compatible endpoint numbers every
    # call 0.  A new id without a name is not: older vLLM makes one up for every piece.
    if known is None or (name and call_id and known.id and call_id != known.id):
        known = seen.calls[wire] = _Call(seen.begun, call_id, name)
        seen.begun += 1
        deltas.append(ToolCallBegun(choice, known.index, call_id, name))
    unknown = unknown_of_call(call)
    if unknown:
        extra = {"tool_calls": {str(known.index): unknown}}
        deltas.append(MessageExtra(choice, canonical_json(extra)))
    if arguments:
        deltas.append(ToolCallDelta(choice, known.index, arguments))


def _without_nulls(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}
