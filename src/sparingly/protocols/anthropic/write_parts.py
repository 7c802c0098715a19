"""Translate the parts of one turn into content blocks of the Messages API.

The mark for the provider's prompt cache, `cache_control`, is understood where
clients of Chat Completions put it: on a part, a call or a message; a message's
goes to its last block.  Blocks that `read_parts` kept as they were go back so.
"""

import re
from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from sparingly.core.chat import Image, Opaque, Part, Refusal, Text, Thinking, ToolCall, ToolResult, Turn
from sparingly.errors import InvalidRequest
from sparingly.protocols.anthropic import shapes
from sparingly.protocols.fields import opened
from sparingly.protocols.foreign import foreign_kind, refuse_foreign, signer

API = "Anthropic's API"

Block: TypeAlias = dict[str, object]

_DATA_URI = re.compile(r"data:(image/[\w.+-]+);base64,", re.ASCII | re.IGNORECASE)

# It refuses an id that does not match ^[a-zA-Z0-9_-]+$ (its error message, 2026).
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")

# Fields of an assistant's message that hold something it said, in forms this API has no block for.
_SAID = frozenset({"audio", "function_call"})


def inexpressible(field: str, what: str) -> InvalidRequest:
    """The error for what this API has no way to say."""
    return InvalidRequest(f"{API} cannot express {what} (`{field}`)", field=field)


def blocks_of(turn: Turn, index: int) -> list[Block]:
    """The blocks of a turn; `index` is its place in the request."""
    path = f"messages.{index}."
    if turn.name is not None and turn.role != "tool":
        raise inexpressible(f"{path}name", "the name of a speaker")
    extra = opened(turn.extra)
    if turn.role != "assistant":
        extra = refuse_foreign(extra, own=shapes.NAME, api=API, path=path)
    hints = _Hints(extra, path, of_calls=turn.role == "assistant")
    _check_extra(turn, extra, path)
    blocks: list[Block] = []
    for place, part in enumerate(turn.parts):
        if _is_citations(part):
            _cite(blocks, part)
            continue
        if isinstance(part, ToolResult):
            made = [_result(part, hints, path, hints.of_block(place))]
        else:
            hint = hints.of_part(part)
            made = [block | hint for block in _blocks(part, path)]
            if made:
                made[-1] |= hints.of_block(place)
        blocks += made
    if not blocks and turn.role == "user":
        # Left out, it would leave the model to go on with its own last words.
        raise inexpressible(f"{path}content", "an empty message")
    if blocks and hints.mark is not None:
        blocks[-1].setdefault(shapes.CACHE_CONTROL, hints.mark)
    return blocks


class _Hints:
    """What a turn's unknown fields say of its blocks; takes them out of `extra`."""

    def __init__(self, extra: dict[str, msgspec.Raw], path: str, *, of_calls: bool) -> None:
        """`of_calls` says that the turn may hold calls; elsewhere a field of their name is unknown like any other."""
        self._path = path
        self._of_content = opened(extra.pop("content", None))
        self._of_calls = opened(extra.pop("tool_calls", None)) if of_calls else {}
        self._of_blocks = opened(opened(extra.pop(shapes.NAME, None)).get("blocks"))
        # Marks the oldest form of a tool's result, which is refused with its own words.
        extra.pop("role", None)
        self.mark = extra.pop(shapes.CACHE_CONTROL, None)
        # Positions among the parts of each kind, which is how Chat Completions numbers their unknown fields.
        self._content = 0
        self._calls = 0

    def of_part(self, part: Part) -> Block:
        """The hint of the next part."""
        if isinstance(part, ToolCall):
            call = opened(self._of_calls.get(str(self._calls)))
            self._calls += 1
            mark = call.get(shapes.CACHE_CONTROL)
            return {} if mark is None else {shapes.CACHE_CONTROL: mark}
        if isinstance(part, Thinking):
            return {}
        self._content += 1
        return self.of_content(self._content - 1)

    def of_content(self, position: int) -> Block:
        """The hint of a part of the content."""
        hints = opened(self._of_content.get(str(position)))
        for name in hints:
            if name != shapes.CACHE_CONTROL:
                path = f"{self._path}content.{position}.{name}"
                raise inexpressible(path, f"`{name}` of a part")
        return dict(hints)

    def of_block(self, place: int) -> dict[str, msgspec.Raw]:
        """Unknown fields that a block of this API had."""
        return opened(self._of_blocks.get(str(place)))


def _check_extra(turn: Turn, extra: dict[str, msgspec.Raw], path: str) -> None:
    for name in extra:
        if turn.role == "assistant" and name not in _SAID:
            # Signs of an earlier answer, sent back.
            continue
        raise inexpressible(path + name, f"`{name}` of a message")


def _blocks(part: Part, path: str) -> Iterator[Block]:
    match part:
        case Text(text=words) | Refusal(text=words):
            # An empty text block is refused by this API and says nothing.
            if words:
                yield {"type": "text", "text": words}
        case Thinking():
            # Only a block that this API signed can be given back; any other is another model's.
            if part.signature is not None and signer(part.signature) in (None, shapes.NAME):
                yield {"type": "thinking", "thinking": part.text, "signature": part.signature}
        case Image():
            yield {"type": "image", "source": _source(part.url, path)}
        case ToolCall():
            yield {"type": "tool_use", "id": _id(part.id), "name": part.name, "input": _input(part, path)}
        case Opaque():
            own = _own_block(part)
            if not own:
                raise inexpressible(f"{path}content", f"a part of type {foreign_kind(part.json)!r}")
            yield own
        case ToolResult():
            raise inexpressible(f"{path}content", "a tool's result within another")


def _is_citations(part: Part) -> bool:
    return isinstance(part, Opaque) and _own_block(part).get("type") == "citations"


def _cite(blocks: list[Block], citations: Part) -> None:
    """Give the last block the citations that stand behind it."""
    if blocks:
        blocks[-1]["citations"] = _own_block(citations)["citations"]


def _own_block(part: Part) -> Block:
    """The block that an opaque part is; empty where it is another dialect's."""
    value = msgspec.json.decode(part.json) if isinstance(part, Opaque) else None
    block = value.get(shapes.NAME) if isinstance(value, dict) and len(value) == 1 else None
    return block if isinstance(block, dict) else {}


def _result(result: ToolResult, hints: _Hints, path: str, unknown: dict[str, msgspec.Raw]) -> Block:
    if not result.call_id:
        raise inexpressible(f"{path}role", "the result of a function that was called without an id")
    of_blocks = opened(unknown.pop("content", None))
    content: list[Block] = []
    for position, part in enumerate(result.parts):
        if _is_citations(part):
            _cite(content, part)
            continue
        hint = hints.of_content(position) | opened(of_blocks.get(str(position)))
        content += [block | hint for block in _blocks(part, path)]
    written: Block = {"type": "tool_result", "tool_use_id": _id(result.call_id)}
    if len(content) == 1 and content[0].keys() == {"type", "text"}:
        written["content"] = content[0]["text"]
    elif content:
        written["content"] = content
    if result.is_error:
        written["is_error"] = True
    return written | unknown


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
