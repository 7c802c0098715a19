"""Translate the parts of one turn into content blocks of the Messages API."""

import re
from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from sparingly.core.chat import Image, Opaque, Part, Refusal, Text, Thinking, ToolCall, ToolResult, Turn
from sparingly.errors import InvalidRequest
from sparingly.protocols.fields import opened

Block: TypeAlias = dict[str, object]

_DATA_URI = re.compile(r"data:(image/[\w.+-]+);base64,", re.ASCII | re.IGNORECASE)

# It refuses an id that does not match ^[a-zA-Z0-9_-]+$ (its error message, 2026).
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")

# Fields of an assistant's message that hold something it said, in forms this API has no block for.
_SAID = frozenset({"audio", "function_call"})


def inexpressible(field: str, what: str) -> InvalidRequest:
    """The error for what this API has no way to say."""
    return InvalidRequest(f"Anthropic's API cannot express {what} (`{field}`)", field=field)


def blocks_of(turn: Turn, index: int) -> list[Block]:
    """The blocks of a turn; `index` is its place in the request."""
    path = f"messages.{index}."
    if turn.name is not None and turn.role != "tool":
        raise inexpressible(f"{path}name", "the name of a speaker")
    extra = opened(turn.extra)
    of_parts = opened(extra.pop("content", None))
    extra.pop("tool_calls", None)
    # Marks the oldest form of a tool's result, which is refused with its own words.
    extra.pop("role", None)
    _check_extra(turn, extra, path)
    blocks: list[Block] = []
    # Positions among the content parts, which is how the unknown fields of parts are numbered.
    position = 0
    for part in turn.parts:
        if isinstance(part, ToolResult):
            blocks.append(_result(part, of_parts, path))
            continue
        is_content = not isinstance(part, Thinking | ToolCall)
        hints = opened(of_parts.get(str(position))) if is_content else {}
        hint = _hint(hints, f"{path}content.{position}.")
        blocks.extend(block | hint for block in _blocks(part, path))
        position += is_content
    if not blocks and turn.role == "user":
        # Left out, it would leave the model to go on with its own last words.
        raise inexpressible(f"{path}content", "an empty message")
    return blocks


def _check_extra(turn: Turn, extra: dict[str, msgspec.Raw], path: str) -> None:
    for name in extra:
        if turn.role == "assistant" and name not in _SAID:
            # Signs of an earlier answer, sent back.
            continue
        raise inexpressible(path + name, f"`{name}` of a message")


def _hint(extra: dict[str, msgspec.Raw], path: str) -> Block:
    """Unknown fields of a part: only this API's own mark for its prompt cache is understood."""
    for name in extra:
        if name != "cache_control":
            raise inexpressible(path + name, f"`{name}` of a part")
    return dict(extra)


def _blocks(part: Part, path: str) -> Iterator[Block]:
    match part:
        case Text(text=words) | Refusal(text=words):
            # An empty text block is refused by this API and says nothing.
            if words:
                yield {"type": "text", "text": words}
        case Thinking():
            # Only a signed block can be given back; without its signature it is another model's.
            if part.signature is not None:
                yield {"type": "thinking", "thinking": part.text, "signature": part.signature}
        case Image():
            yield {"type": "image", "source": _source(part.url, path)}
        case ToolCall():
            yield {"type": "tool_use", "id": _id(part.id), "name": part.name, "input": _input(part, path)}
        case Opaque():
            kind = msgspec.json.decode(part.json, type=dict[str, object]).get("type")
            raise inexpressible(f"{path}content", f"a part of type {kind!r}")
        case ToolResult():
            yield _result(part, {}, path)


def _result(result: ToolResult, of_parts: dict[str, msgspec.Raw], path: str) -> Block:
    if not result.call_id:
        raise inexpressible(f"{path}role", "the result of a function that was called without an id")
    content = [
        block | _hint(opened(of_parts.get(str(position))), f"{path}content.{position}.")
        for position, part in enumerate(result.parts)
        for block in _blocks(part, path)
    ]
    written: Block = {"type": "tool_result", "tool_use_id": _id(result.call_id)}
    if len(content) == 1 and content[0].keys() == {"type", "text"}:
        written["content"] = content[0]["text"]
    elif content:
        written["content"] = content
    if result.is_error:
        written["is_error"] = True
    return written


def _id(call: str) -> str:
    """A call's id in the letters this API takes; other providers' ids have dots and colons.

    The same for a call and its result, which is all that it is for.
    """
    return _NOT_IN_IDS.sub("_", call)


def _source(url: str, path: str) -> Block:
    match = _DATA_URI.match(url)
    if match is not None:
        return {"type": "base64", "media_type": match[1].lower(), "data": url[match.end() :]}
    if url.startswith(("https://", "http://")):
        return {"type": "url", "url": url}
    raise inexpressible(f"{path}content", "a picture that is neither a URL nor a base64 data URI")


def _input(call: ToolCall, path: str) -> msgspec.Raw:
    """The arguments as the object they must be here, byte for byte as the model wrote them."""
    text = call.arguments.strip() or "{}"
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise _not_an_object(call, path) from error
    if not isinstance(value, dict):
        raise _not_an_object(call, path)
    return msgspec.Raw(text)


def _not_an_object(call: ToolCall, path: str) -> InvalidRequest:
    return inexpressible(
        f"{path}tool_calls", f"the call of {call.name!r} whose arguments are not a JSON object"
    )
