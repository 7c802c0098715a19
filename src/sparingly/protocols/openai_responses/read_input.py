"""Read the items of a Responses request into turns.

The items of one answer (reasoning, words, calls) stand in a row here and are one
turn of ours, as they are one message in other APIs.  Ids and states of items
are read over: they differ each time an answer is given and say nothing to the
model, except for the ids of reasoning (see `items.py`) and of what the provider
keeps about its own tools' calls.
"""

from collections.abc import Mapping

from sparingly.core.answer import Block
from sparingly.core.chat import (
    Image,
    Json,
    Opaque,
    Part,
    Role,
    Text,
    ToolResult,
    Turn,
    canonical_json,
)
from sparingly.errors import InvalidRequest
from sparingly.protocols.fields import kept, leftover, missing, objects, optional_text, text, wrong
from sparingly.protocols.openai_responses import shapes
from sparingly.protocols.openai_responses.items import (
    Item,
    add_item,
    opaque_item,
    opaque_part,
    without_nulls,
)

_ROLES = ("user", "assistant", "system", "developer")


def turns_of(items: list[Item]) -> tuple[list[Turn], str | None]:
    """The turns, and the name of an item that only the provider holds, where there is one.

    Raises:
        InvalidRequest: an item is wrong; it names the field.
    """
    turns, _, by_reference = numbered_turns_of(items)
    return turns, by_reference


def numbered_turns_of(items: list[Item]) -> tuple[list[Turn], list[int], str | None]:
    """As `turns_of`, with the number of the item that each turn begins with."""
    turns: list[Turn] = []
    numbers: list[int] = []
    by_reference: str | None = None
    said: list[Block] = []
    rest: dict[str, object] = {}
    first = 0

    def end_answer() -> None:
        nonlocal said, rest
        if said:
            turns.append(Turn("assistant", tuple(said), extra=_own(rest)))
            numbers.append(first)
        said, rest = [], {}

    for index, item in enumerate(items):
        path = f"input.{index}."
        kind = _kind(item, path)
        if kind in shapes.UNNAMED:
            item = {name: value for name, value in item.items() if name not in ("id", "status")}  # noqa: PLW2901
        if kind in ("item_reference", "compaction_trigger"):
            by_reference = kind
        if _is_said(item, kind):
            _check_said(item, kind, path)
            first = first if said else index
            add_item(item, said, rest)
            continue
        end_answer()
        turns.append(_turn(item, kind, path))
        numbers.append(index)
    end_answer()
    return turns, numbers, by_reference


def _kind(item: Item, path: str) -> str:
    kind = optional_text(item, "type", path)
    if kind is not None:
        return kind
    if "role" in item:
        return "message"
    if item.keys() == {"id"}:
        return "item_reference"
    raise missing(f"{path}type")


def _is_said(item: Item, kind: str) -> bool:
    """Whether an item is part of an answer; of the provider's own tools, a call is and its output, too."""
    if kind == "message":
        return item.get("role") == "assistant"
    return kind in ("function_call", "reasoning") or kind.endswith("_call")


def _check_said(item: Item, kind: str, path: str) -> None:
    match kind:
        case "function_call":
            for name in ("call_id", "name", "arguments"):
                text(item, name, path)
        case "message":
            content = item.get("content")
            if content is None:
                raise missing(f"{path}content")
            if not isinstance(content, str):
                objects(content, f"{path}content")
        case _:
            return


def _turn(item: Item, kind: str, path: str) -> Turn:
    match kind:
        case "message":
            return _message(item, path)
        case "function_call_output":
            parts, left = _content(item.get("output"), f"{path}output")
            rest = without_nulls(leftover(item, shapes.FUNCTION_OUTPUT))
            return Turn(
                "tool",
                (ToolResult(_call_of(item, path), parts),),
                extra=_own(left | {"item": rest} if rest else left),
            )
        case _:
            return Turn("tool" if kind.endswith("_output") else "user", (opaque_item(item),))


def _call_of(item: Item, path: str) -> str:
    """The call that an output answers; one that names its tool need not have any."""
    return (
        text(item, "call_id", path)
        if item.get("name") is None
        else optional_text(item, "call_id", path) or ""
    )


def _message(item: Item, path: str) -> Turn:
    role = text(item, "role", path)
    if role not in _ROLES:
        roles = ", ".join(_ROLES)
        raise InvalidRequest(f"`{path}role` must be one of {roles}, not {role[:40]!r}", field=f"{path}role")
    parts, left = _content(item.get("content"), f"{path}content")
    rest = without_nulls(leftover(item, shapes.MESSAGE))
    return Turn(_role(role), parts, extra=_own(left | {"item": rest} if rest else left))


def _role(role: str) -> Role:
    match role:
        case "system" | "developer":
            return role
        case _:
            return "user"


def _content(content: object, path: str) -> tuple[tuple[Part, ...], dict[str, object]]:
    """The parts, and what they have no place for by their position."""
    if content is None:
        raise missing(path)
    if isinstance(content, str):
        return (Text(content),), {}
    if not isinstance(content, list):
        raise wrong(path, "text or a list of parts", content)
    parts: list[Part] = []
    rest: dict[str, object] = {}
    for index, part in enumerate(objects(content, path)):
        read, left = _part(part, f"{path}.{index}.")
        parts.append(read)
        if left:
            rest[f"{index}.part"] = left
    return tuple(parts), rest


def _part(part: Item, path: str) -> tuple[Part, dict[str, object]]:
    match text(part, "type", path):
        case "input_text" | "output_text" | "text":
            left = without_nulls(leftover(part, shapes.INPUT_TEXT | shapes.OUTPUT_TEXT))
            return Text(text(part, "text", path)), {k: value for k, value in left.items() if value != []}
        case "input_image" if isinstance(part.get("image_url"), str):
            detail = optional_text(part, "detail", path)
            left = without_nulls(leftover(part, shapes.INPUT_IMAGE))
            # `auto` is what no detail means; this API's clients always say it.
            return Image(text(part, "image_url", path), None if detail == "auto" else detail), left
        case "input_file" if shapes.INPUT_FILE.issuperset(without_nulls(part)):
            # In the words of Chat Completions, which takes the same files.
            file = {name: part.get(name) for name in ("file_id", "file_data", "filename")}
            return Opaque(canonical_json({"type": "file", "file": without_nulls(file)})), {}
        case _:
            # A picture or a file that lies elsewhere, and parts yet to be invented.
            return opaque_part(part), {}


def _own(rest: Mapping[str, object]) -> Json | None:
    return kept({shapes.NAME: dict(rest)}) if rest else None
