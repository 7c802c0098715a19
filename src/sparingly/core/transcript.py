"""Fold a stream of deltas into an answer, and unfold an answer into a stream.

Law: `fold(unfold(answer)) == answer` for every complete answer, however it is
cut into pieces.  Dialects turn their events into these deltas and back; they
do not fold.

A complete answer has its choices in order of their index, and each of them has
a finish.  Deltas of several choices, and of several tool calls of one choice,
may be mixed; what belongs together says so by its numbers.
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias, assert_never

import msgspec

from sparingly.core.answer import Answer, Block, Choice, Usage
from sparingly.core.chat import Json, Opaque, Refusal, Text, Thinking, ToolCall
from sparingly.core.json_pieces import join, overlay


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """The provider answers; sent again, a name replaces an empty one."""

    model: str


class AnswerExtra(msgspec.Struct, frozen=True, tag="answer_extra"):
    """Unknown top-level fields, an object; later fields replace earlier ones."""

    json: Json


class TextDelta(msgspec.Struct, frozen=True, tag="text"):
    """More words; `begins` opens a block of their own even after other words."""

    choice: int
    text: str
    begins: bool = False


class ThinkingDelta(msgspec.Struct, frozen=True, tag="thinking"):
    """More reasoning; a signature belongs to the whole block."""

    choice: int
    text: str
    signature: str | None = None
    begins: bool = False


class RefusalDelta(msgspec.Struct, frozen=True, tag="refusal"):
    """More of a refusal."""

    choice: int
    text: str
    begins: bool = False


class ToolCallBegun(msgspec.Struct, frozen=True, tag="tool_call_begun"):
    """The model calls a tool; `index` counts the calls of the choice from 0."""

    choice: int
    index: int
    id: str
    name: str


class ToolCallDelta(msgspec.Struct, frozen=True, tag="tool_call"):
    """More of the arguments of call `index`."""

    choice: int
    index: int
    arguments: str


class OpaqueDelta(msgspec.Struct, frozen=True, tag="opaque"):
    """A part that only its dialect understands, or more of it: see `json_pieces.join`."""

    choice: int
    json: Json
    begins: bool = False


class LogprobsDelta(msgspec.Struct, frozen=True, tag="logprobs"):
    """Log probabilities of more tokens."""

    choice: int
    json: Json


class ChoiceExtra(msgspec.Struct, frozen=True, tag="choice_extra"):
    """Unknown fields of the choice; text in them is replaced."""

    choice: int
    json: Json


class MessageExtra(msgspec.Struct, frozen=True, tag="message_extra"):
    """Unknown fields of the message; text in them is appended."""

    choice: int
    json: Json


class Finished(msgspec.Struct, frozen=True, tag="finished"):
    """The choice is complete."""

    choice: int
    reason: str


class UsageTold(msgspec.Struct, frozen=True, tag="usage"):
    """The tokens of the whole answer so far; the last word counts."""

    usage: Usage


Delta: TypeAlias = (
    Begun
    | AnswerExtra
    | TextDelta
    | ThinkingDelta
    | RefusalDelta
    | ToolCallBegun
    | ToolCallDelta
    | OpaqueDelta
    | LogprobsDelta
    | ChoiceExtra
    | MessageExtra
    | Finished
    | UsageTold
)


def fold(deltas: Iterable[Delta]) -> Answer:
    """The answer that the deltas make up, complete or not."""
    model = ""
    usage: Usage | None = None
    extras: list[Json] = []
    drafts: dict[int, _Draft] = {}
    for delta in deltas:
        match delta:
            case Begun():
                model = delta.model or model
            case AnswerExtra():
                extras.append(delta.json)
            case UsageTold():
                usage = delta.usage
            case _:
                draft = drafts.get(delta.choice)
                if draft is None:
                    draft = drafts[delta.choice] = _Draft(delta.choice)
                draft.add(delta)
    choices = tuple(drafts[index].choice() for index in sorted(drafts))
    return Answer(model=model, choices=choices, usage=usage, extra=overlay(extras))


def unfold(answer: Answer, *, piece_chars: int | None) -> list[Delta]:
    """The deltas of an answer, its texts cut to `piece_chars`; None leaves each block in one piece.

    The usage comes first, as it is known: some dialects begin a stream with it.
    """
    deltas: list[Delta] = [Begun(answer.model)]
    if answer.usage is not None:
        deltas.append(UsageTold(answer.usage))
    if answer.extra is not None:
        deltas.append(AnswerExtra(answer.extra))
    for choice in answer.choices:
        deltas.extend(_unfolded(choice, piece_chars))
    return deltas


def has_content(deltas: Iterable[Delta]) -> bool:
    """Whether anything a client would miss has begun: words, reasoning, a refusal, a call, an opaque part."""
    for delta in deltas:
        match delta:
            case TextDelta(text=text) | ThinkingDelta(text=text) | RefusalDelta(text=text) if text:
                return True
            case ToolCallBegun() | OpaqueDelta():
                return True
            case _:
                continue
    return False


def _unfolded(choice: Choice, piece_chars: int | None) -> Iterator[Delta]:
    index = choice.index
    if choice.message_extra is not None:
        yield MessageExtra(index, choice.message_extra)
    calls = 0
    for block in choice.blocks:
        yield from _block_deltas(block, index, calls, piece_chars)
        calls += isinstance(block, ToolCall)
    if choice.logprobs is not None:
        yield LogprobsDelta(index, choice.logprobs)
    if choice.extra is not None:
        yield ChoiceExtra(index, choice.extra)
    if choice.finish is not None:
        yield Finished(index, choice.finish)


def _block_deltas(block: Block, choice: int, call: int, piece_chars: int | None) -> Iterator[Delta]:
    match block:
        case Text() | Refusal():
            kind = TextDelta if isinstance(block, Text) else RefusalDelta
            for position, piece in enumerate(_pieces(block.text, piece_chars)):
                yield kind(choice, piece, begins=position == 0)
        case Thinking():
            for position, piece in enumerate(_pieces(block.text, piece_chars)):
                yield ThinkingDelta(choice, piece, begins=position == 0)
            if block.signature is not None:
                yield ThinkingDelta(choice, "", signature=block.signature)
        case ToolCall():
            yield ToolCallBegun(choice, call, block.id, block.name)
            if block.arguments:
                yield from (ToolCallDelta(choice, call, p) for p in _pieces(block.arguments, piece_chars))
        case Opaque():
            yield OpaqueDelta(choice, block.json, begins=True)
        case _:
            assert_never(block)


def _pieces(text: str, piece_chars: int | None) -> list[str]:
    """At least one piece, so that an empty block survives."""
    if piece_chars is None or len(text) <= piece_chars:
        return [text]
    return [text[start : start + piece_chars] for start in range(0, len(text), piece_chars)]


class _Growing:
    """A block under construction; `pieces` hold its text, its arguments or its JSON."""

    __slots__ = ("id", "kind", "name", "pieces", "signature")

    def __init__(self, kind: type[Block], first: str | None = None) -> None:
        self.kind = kind
        self.pieces = [] if first is None else [first]
        self.signature: str | None = None
        self.id = ""
        self.name = ""

    def block(self) -> Block:
        if self.kind is Opaque:
            return Opaque(join([Json(piece) for piece in self.pieces], appends_text=True) or Json("null"))
        text = "".join(self.pieces)
        if self.kind is Text:
            return Text(text)
        if self.kind is Thinking:
            return Thinking(text, self.signature)
        if self.kind is Refusal:
            return Refusal(text)
        return ToolCall(self.id, self.name, text)


OfChoice: TypeAlias = (
    TextDelta
    | ThinkingDelta
    | RefusalDelta
    | ToolCallBegun
    | ToolCallDelta
    | OpaqueDelta
    | LogprobsDelta
    | ChoiceExtra
    | MessageExtra
    | Finished
)
"""What belongs to one choice."""


class _Draft:
    """A choice under construction."""

    def __init__(self, index: int) -> None:
        self._index = index
        self._blocks: list[_Growing] = []
        self._calls: dict[int, _Growing] = {}
        self._finish: str | None = None
        self._jsons: dict[type[OfChoice], list[Json]] = {
            LogprobsDelta: [],
            ChoiceExtra: [],
            MessageExtra: [],
        }

    def add(self, delta: OfChoice) -> None:
        match delta:
            case TextDelta():
                self._grow(Text, delta.text, begins=delta.begins)
            case ToolCallDelta():
                self._call(delta.index).pieces.append(delta.arguments)
            case ThinkingDelta():
                block = self._grow(Thinking, delta.text, begins=delta.begins)
                if delta.signature is not None:
                    (block or self._open(Thinking)).signature = delta.signature
            case RefusalDelta():
                self._grow(Refusal, delta.text, begins=delta.begins)
            case ToolCallBegun():
                call = self._call(delta.index)
                call.id, call.name = delta.id, delta.name
            case OpaqueDelta():
                self._grow(Opaque, delta.json, begins=delta.begins)
            case Finished():
                self._finish = delta.reason
            case _:
                self._jsons[type(delta)].append(delta.json)

    def choice(self) -> Choice:
        return Choice(
            index=self._index,
            blocks=tuple(block.block() for block in self._blocks),
            finish=self._finish,
            logprobs=join(self._jsons[LogprobsDelta], appends_text=False),
            extra=join(self._jsons[ChoiceExtra], appends_text=False),
            message_extra=join(self._jsons[MessageExtra], appends_text=True),
        )

    def _grow(self, kind: type[Block], piece: str, *, begins: bool) -> _Growing | None:
        """Add to the last block, or open one; nothing is no reason to open one."""
        last = self._blocks[-1] if self._blocks else None
        if last is not None and last.kind is kind and not begins:
            last.pieces.append(piece)
            return last
        return self._open(kind, piece) if piece or begins else None

    def _open(self, kind: type[Block], piece: str | None = None) -> _Growing:
        block = _Growing(kind, piece)
        self._blocks.append(block)
        return block

    def _call(self, index: int) -> _Growing:
        call = self._calls.get(index)
        if call is None:
            call = self._calls[index] = self._open(ToolCall)
        return call
