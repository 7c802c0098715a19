"""Translate turns into the input items of a Responses request; what has no item is refused by name."""

from collections.abc import Iterator, Sequence

import msgspec

from sparingly.core.chat import Image, Opaque, Part, Text, ToolResult, Turn
from sparingly.errors import InvalidRequest
from sparingly.protocols.failed_results import told_parts
from sparingly.protocols.fields import opened
from sparingly.protocols.foreign import foreign_kind, refuse_foreign
from sparingly.protocols.openai_chat.from_anthropic import spoken
from sparingly.protocols.openai_responses import shapes
from sparingly.protocols.openai_responses.items import Item, item_of, items_of, part_of

API = "OpenAI's Responses API"

# Fields of an assistant's message that hold something it said, in forms this API has no item for.
_SAID = frozenset({"audio", "function_call"})


def inexpressible(field: str, what: str) -> InvalidRequest:
    """The error for what this API has no way to say."""
    return InvalidRequest(f"{API} cannot express {what} (`{field}`)", field=field)


def input_of(turns: Sequence[Turn], *, first: int) -> list[Item]:
    """The items; `first` is the place of the first of these turns in the request."""
    return [item for i, turn in enumerate(turns, start=first) for item in _items(spoken(turn, i, api=API), i)]


def _items(turn: Turn, index: int) -> Iterator[Item]:
    path = f"messages.{index}."
    if turn.name is not None and turn.role != "tool":
        raise inexpressible(f"{path}name", "the name of a speaker")
    extra = opened(turn.extra)
    own: dict[str, object] = dict(opened(extra.pop(shapes.NAME, None)))
    if turn.role == "assistant":
        _check_said(turn, extra, path)
        rest = {place: msgspec.json.decode(raw) for place, raw in own.items() if isinstance(raw, msgspec.Raw)}
        yield from items_of(turn.parts, rest, tells_all=False)
        return
    of_parts = opened(extra.pop("content", None))
    # Marks the oldest form of a tool's result, which is refused with its own words.
    extra.pop("role", None)
    # A mark for a prompt cache, which this API keeps by itself.
    extra.pop("cache_control", None)
    for name in refuse_foreign(extra, own=shapes.NAME, api=API, path=path):
        raise inexpressible(path + name, f"`{name}` of a message")
    _check_hints(of_parts, path)
    yield from _told(turn, own, path)


def _told(turn: Turn, own: dict[str, object], path: str) -> Iterator[Item]:
    """What a user, a tool or the operator says."""
    more = own.pop("item", None)
    fields = opened(more) if isinstance(more, msgspec.Raw) else {}
    said: list[Part] = []
    for part in turn.parts:
        if isinstance(part, ToolResult):
            yield _result(part, own, path) | fields
        elif isinstance(part, Opaque) and (item := item_of(part)) is not None:
            yield item
        else:
            said.append(part)
    if said or not turn.parts:
        yield {"type": "message", "role": turn.role, "content": _content(said, own, path)} | fields


def _result(result: ToolResult, own: dict[str, object], path: str) -> Item:
    if not result.call_id:
        raise inexpressible(f"{path}role", "the result of a function that was called without an id")
    return {
        "type": "function_call_output",
        "call_id": result.call_id,
        "output": _content(told_parts(result), own, path),
    }


def _content(parts: Sequence[Part], own: dict[str, object], path: str) -> object:
    """One text alone is written as text."""
    written = [
        _part(part, path) | _fields(own.get(f"{position}.part")) for position, part in enumerate(parts)
    ]
    alone = written[0] if len(written) == 1 else {}
    return alone["text"] if alone.keys() == {"type", "text"} else written


def _part(part: Part, path: str) -> Item:
    match part:
        case Text(text=words):
            return {"type": "input_text", "text": words}
        case Image():
            return {"type": "input_image", "image_url": part.url, "detail": part.detail or "auto"}
        case Opaque():
            written = part_of(part) or _file(part)
            if written is None:
                raise inexpressible(f"{path}content", f"a part of type {foreign_kind(part.json)!r}")
            return written
        case _:
            raise inexpressible(f"{path}content", f"a {type(part).__name__} part in this message")


def _file(part: Opaque) -> Item | None:
    """A file in the words of Chat Completions, as `read_input.py` reads it."""
    match msgspec.json.decode(part.json):
        case {"type": "file", "file": dict(fields), **rest} if rest.keys() <= {"cache_control"}:
            written: Item = {"type": "input_file"}
            return written | fields
        case _:
            return None


def _check_said(turn: Turn, extra: dict[str, msgspec.Raw], path: str) -> None:
    """Signs of an earlier answer are left out; what it said must have an item."""
    for name in sorted(_SAID.intersection(extra)):
        raise inexpressible(path + name, f"`{name}` of a message")
    for part in turn.parts:
        if isinstance(part, Image | ToolResult):
            raise inexpressible(f"{path}content", f"a {type(part).__name__} part in an answer")
        if isinstance(part, Opaque) and item_of(part) is None and part_of(part) is None:
            raise inexpressible(f"{path}content", f"a part of type {foreign_kind(part.json)!r}")


def _check_hints(of_parts: dict[str, msgspec.Raw], path: str) -> None:
    """Unknown fields of parts: only a mark for a prompt cache says nothing to this API."""
    for position, raw in of_parts.items():
        for name in opened(raw):
            if name != "cache_control":
                raise inexpressible(f"{path}content.{position}.{name}", f"`{name}` of a part")


def _fields(raw: object) -> Item:
    return dict(opened(raw)) if isinstance(raw, msgspec.Raw) else {}
