"""Read one message of a Messages API request into turns.

A tool's result is a turn of its own here, as in Chat Completions, so that the
same conversation reads the same in either dialect; a user's message that holds
results and words becomes several turns.

`cache_control` is read over, wherever it stands: it says what the provider may
bill as cached, never what is answered, and same-dialect bodies go on with it
unchanged.  Blocks that only this API knows become opaque parts under its name;
unknown fields of a block go into the turn's `extra`, by the part's position.
"""

from collections.abc import Iterator

import msgspec

from sparingly.core.chat import (
    Image,
    Json,
    Opaque,
    Part,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Turn,
    canonical_json,
)
from sparingly.errors import InvalidRequest
from sparingly.protocols.anthropic import shapes
from sparingly.protocols.anthropic.read_answer import opaque, own
from sparingly.protocols.fields import (
    an_object,
    leftover,
    missing,
    objects,
    opened,
    optional_bool,
    optional_text,
    text,
    wrong,
)
from sparingly.protocols.foreign import PREFILL


class _Read(msgspec.Struct):
    """Parts read so far, and the unknown fields of each by its position."""

    parts: list[Part] = []
    unknown: dict[str, object] = {}

    def turn(self, role: Role, rest: dict[str, object]) -> Turn:
        fields = rest | {"blocks": self.unknown} if self.unknown else rest
        return Turn(role, tuple(self.parts), extra=own(fields))


def turns_of(message: dict[str, object], index: int, *, is_last: bool = False) -> Iterator[Turn]:
    """The turns that one message is; raises InvalidRequest that names the field.

    An assistant's message that is the last is the beginning of the answer, and is marked so: in another
    dialect it is an earlier answer.
    """
    path = f"messages.{index}."
    role = text(message, "role", path)
    if role not in shapes.ROLES:
        roles = ", ".join(shapes.ROLES)
        raise InvalidRequest(f"`{path}role` must be one of {roles}, not {role[:40]!r}", field=f"{path}role")
    rest = leftover(message, shapes.REQUEST_MESSAGE)
    is_prefill = is_last and role == "assistant"
    content = message.get("content")
    if isinstance(content, str):
        turn = Turn(_role(role), (Text(content),), extra=own(rest))
        yield _begun(turn) if is_prefill else turn
        return
    if content is None:
        if role == "system" and rest.get("output_config"):
            # It says how to go on, and no words.
            yield Turn("system", (), extra=own(rest))
            return
        raise missing(f"{path}content")
    if not isinstance(content, list):
        raise wrong(f"{path}content", "text or a list of blocks", content)
    blocks = objects(content, f"{path}content")
    if role != "user":
        turn = _read(blocks, f"{path}content.").turn(_role(role), rest)
        yield _begun(turn) if is_prefill else turn
        return
    yield from _of_user(blocks, rest, f"{path}content.")


def system_turn(system: object) -> Turn | None:
    """The system prompt; None where there is none."""
    if system is None or system == []:
        return None
    if isinstance(system, str):
        return Turn("system", (Text(system),))
    if not isinstance(system, list):
        raise wrong("system", "text or a list of blocks", system)
    return _read(objects(system, "system"), "system.").turn("system", {})


def _begun(turn: Turn) -> Turn:
    """A turn that the answer goes on with."""
    return msgspec.structs.replace(turn, extra=canonical_json({**opened(turn.extra), PREFILL: True}))


def _role(role: str) -> Role:
    return "assistant" if role == "assistant" else "system" if role == "system" else "user"


def _of_user(blocks: list[dict[str, object]], rest: dict[str, object], path: str) -> Iterator[Turn]:
    said = _Read()
    # A message without blocks is one all the same.
    is_due = not blocks
    for position, block in enumerate(blocks):
        if block.get("type") != "tool_result":
            _take(said, block, f"{path}{position}.")
            is_due = True
            continue
        if is_due:
            yield said.turn("user", rest)
            said, is_due = _Read(), False
        result = _Read()
        _take(result, block, f"{path}{position}.")
        yield result.turn("tool", rest)
    if is_due:
        yield said.turn("user", rest)


def _read(blocks: list[dict[str, object]], path: str) -> _Read:
    read = _Read()
    for position, block in enumerate(blocks):
        _take(read, block, f"{path}{position}.")
    return read


def _take(read: _Read, block: dict[str, object], path: str) -> None:
    kind = text(block, "type", path)
    place = str(len(read.parts))
    inner: dict[str, object] = {}
    match kind:
        case "text":
            read.parts.append(Text(text(block, "text", path)))
            if block.get("citations"):
                read.parts.append(opaque({"type": "citations", "citations": block["citations"]}))
        case "image":
            read.parts.append(_image(block, path))
        case "thinking":
            # An empty signature is none: so reasoning is written that came from another provider.
            signature = optional_text(block, "signature", path) or None
            read.parts.append(Thinking(text(block, "thinking", path), signature))
        case "tool_use":
            read.parts.append(_call(block, path))
        case "tool_result":
            result, inner = _result(block, path)
            read.parts.append(result)
        case _:
            read.parts.append(Opaque(_uncached(block)))
            return
    unknown = leftover(block, shapes.REQUEST_BLOCKS[kind]) | inner
    # Clients send a block back as they parsed it, absent fields as null.
    unknown = {name: value for name, value in unknown.items() if value is not None}
    if unknown:
        read.unknown[place] = unknown


def _image(block: dict[str, object], path: str) -> Part:
    source = an_object(block, "source", path)
    match source:
        case {"type": "base64", "media_type": str(media_type), "data": str(data), **more} if not more:
            return Image(f"data:{media_type};base64,{data}")
        case {"type": "url", "url": str(url), **more} if not more:
            return Image(url)
        case _:
            # A file that lies at the provider, a source yet to be invented, or one with fields that nobody knows.
            return Opaque(_uncached(block))


def _call(block: dict[str, object], path: str) -> ToolCall:
    # An empty input is a call without arguments, which is not no call.
    arguments = {} if block.get("input") is None else an_object(block, "input", path)
    return ToolCall(text(block, "id", path), text(block, "name", path), canonical_json(arguments))


def _result(block: dict[str, object], path: str) -> tuple[ToolResult, dict[str, object]]:
    """The result, and the unknown fields of the blocks in it."""
    call_id = text(block, "tool_use_id", path)
    is_error = optional_bool(block, "is_error") or False
    # A result without content says nothing.
    content = block.get("content") or ""
    if isinstance(content, str):
        return ToolResult(call_id, (Text(content),), is_error), {}
    if not isinstance(content, list):
        raise wrong(f"{path}content", "text or a list of blocks", content)
    read = _read(objects(content, f"{path}content"), f"{path}content.")
    return ToolResult(call_id, tuple(read.parts), is_error), {"content": read.unknown} if read.unknown else {}


def _uncached(block: dict[str, object]) -> Json:
    kept = {name: value for name, value in block.items() if name != shapes.CACHE_CONTROL}
    return opaque(kept).json
