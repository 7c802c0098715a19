"""What a model said: items of the Responses API as blocks of ours, and back.

Both directions serve requests (a conversation's earlier answers) and answers.
Items of one answer stand beside each other here, where other APIs have one
message with parts; so a run of items becomes one run of blocks.

`rest` keeps what a block has no place for, by the position of the item's first
block (`"3"`), or of a part in a message (`"3.part"`).  An entry for a message
also says that it begins there, since texts in a row are one message otherwise.

Reasoning belongs to who made it: one item is one block, whose signature holds the
id, the encrypted content and the lengths of its parts.  Items that we wrote down for another provider have
ids of our own (`OWN_REASONING`) and carry that provider's signature as it was.
"""

from collections.abc import Sequence

import msgspec

from sparingly.core.answer import Block
from sparingly.core.chat import Opaque, Part, Refusal, Text, Thinking, ToolCall, canonical_json
from sparingly.protocols.fields import leftover
from sparingly.protocols.openai_responses import shapes

Item = dict[str, object]

_SIGNED = f"{shapes.NAME}:"
PART_END = "\n\n"
"""What stands between the parts of a reasoning item in the text of its block."""

_PART_KINDS = {"summary": "summary_text", "content": "reasoning_text"}

# Says of an opaque part that it stands within a message; without it it is an item.
_WITHIN = "within"


def add_item(item: Item, blocks: list[Block], rest: dict[str, object]) -> None:
    """Append an item's blocks, and note what they have no place for."""
    position = len(blocks)
    match item.get("type", "message"):
        case "message":
            follows = bool(blocks) and _is_said(blocks[-1])
            _add_message(item, blocks, rest)
            left = without_nulls(leftover(item, shapes.MESSAGE))
            if len(blocks) > position and (left or follows):
                rest[str(position)] = left
        case "function_call":
            blocks.append(ToolCall(_text(item, "call_id"), _text(item, "name"), _text(item, "arguments")))
            left = without_nulls(leftover(item, shapes.FUNCTION_CALL))
            if left:
                rest[str(position)] = left
        case "reasoning":
            thought = thinking_of(item)
            blocks.extend([thought] if thought is not None else [])
        case _:
            blocks.append(opaque_item(item))


def said_part(part: object) -> tuple[Block, dict[str, object]]:
    """A part of an assistant's message, and what it has no place for."""
    fields = part if isinstance(part, dict) else {}
    match fields:
        case {"type": "output_text" | "text" | "input_text", "text": str(words)}:
            left = without_nulls(leftover(fields, shapes.OUTPUT_TEXT))
            # An empty list of citations is no citation.
            return Text(words), {name: value for name, value in left.items() if value != []}
        case {"type": "refusal", "refusal": str(words)}:
            return Refusal(words), without_nulls(leftover(fields, shapes.REFUSAL))
        case _:
            return opaque_part(part), {}


def opaque_item(item: Item) -> Opaque:
    """An item that only this dialect understands."""
    return Opaque(canonical_json({shapes.NAME: item}))


def opaque_part(part: object) -> Opaque:
    """A part of a message that only this dialect understands."""
    return Opaque(canonical_json({shapes.NAME: part, _WITHIN: "message"}))


def thinking_of(item: Item) -> Thinking | None:
    """The block of a reasoning item; None where it says nothing."""
    summary, content = _texts(item.get("summary")), _texts(item.get("content"))
    signature = signature_of(item)
    if signature is None and not summary and not content:
        return None
    return Thinking(PART_END.join((*summary, *content)), signature)


def signature_of(item: Item) -> str | None:
    """What must come back with the text of a reasoning item."""
    encrypted, item_id = item.get("encrypted_content"), item.get("id")
    if isinstance(item_id, str) and item_id.startswith(shapes.OWN_REASONING):
        return encrypted if isinstance(encrypted, str) and encrypted else None
    kept = without_nulls(leftover(item, shapes.REASONING))
    kept |= without_nulls({"id": item_id, "encrypted_content": encrypted})
    for name in _PART_KINDS:
        lengths = [len(text) for text in _texts(item.get(name))]
        if lengths:
            kept[name] = lengths
    return _SIGNED + canonical_json(kept)


def signed_item(signature: str, text: str) -> Item | None:
    """The reasoning item that a signature of this dialect's belongs to; None for any other."""
    if not signature.startswith(_SIGNED):
        return None
    try:
        item: Item = msgspec.json.decode(signature[len(_SIGNED) :], type=dict[str, object])
    except msgspec.DecodeError:
        # Not as we wrote it: no provider could make anything of it.
        return None
    lengths = {name: _lengths(item.pop(name, None)) for name in _PART_KINDS}
    item |= {"type": "reasoning", "summary": []}
    start = 0
    for name, kind in _PART_KINDS.items():
        for length in lengths[name]:
            part = {"type": kind, "text": text[start : start + length]}
            parts = item.setdefault(name, [])
            if isinstance(parts, list):
                parts.append(part)
            start += length + len(PART_END)
    return item


def items_of(blocks: Sequence[Part], rest: dict[str, object], *, tells_all: bool) -> list[Item]:
    """The items, without ids; `tells_all` also writes down reasoning that no provider of this API made."""
    items: list[Item] = []
    for position, block in enumerate(blocks):
        if isinstance(block, Thinking):
            items += _reasoned(block, tells_all=tells_all)
        else:
            _add_block(block, position, items, rest)
    return items


def written_part(block: Part, left: object) -> Item | None:
    """A block as a part of an assistant's message; None where it is none."""
    more = _object(left)
    match block:
        case Text(text=words):
            return Item(type="output_text", text=words, annotations=[]) | more
        case Refusal(text=words):
            return Item(type="refusal", refusal=words) | more
        case Opaque():
            return part_of(block)
        case _:
            return None


def part_of(block: Opaque) -> Item | None:
    """The part of a message that an opaque block is; None where it is none of this dialect's."""
    value = msgspec.json.decode(block.json)
    part = value.get(shapes.NAME) if isinstance(value, dict) and _WITHIN in value else None
    return part if isinstance(part, dict) else None


def item_of(block: Opaque) -> Item | None:
    """The item that an opaque block is; None where it is none of this dialect's."""
    value = msgspec.json.decode(block.json)
    item = value.get(shapes.NAME) if isinstance(value, dict) and _WITHIN not in value else None
    return item if isinstance(item, dict) else None


def without_nulls(fields: dict[str, object]) -> dict[str, object]:
    """The fields that say something."""
    return {name: value for name, value in fields.items() if value is not None}


def _add_message(item: Item, blocks: list[Block], rest: dict[str, object]) -> None:
    content = item.get("content")
    parts = content if isinstance(content, list) else [{"type": "output_text", "text": content}]
    for part in parts if content is not None else ():
        block, left = said_part(part)
        if left:
            rest[f"{len(blocks)}.part"] = left
        blocks.append(block)


def _add_block(block: Part, position: int, items: list[Item], rest: dict[str, object]) -> None:
    left = rest.get(str(position))
    part = written_part(block, rest.get(f"{position}.part"))
    if part is not None:
        last = items[-1] if items else {}
        content = last.get("content")
        if last.get("type") == "message" and isinstance(content, list) and left is None:
            content.append(part)
            return
        items.append({"type": "message", "role": "assistant", "content": [part], **_object(left)})
    elif isinstance(block, ToolCall):
        call: Item = {
            "type": "function_call",
            "call_id": block.id,
            "name": block.name,
            "arguments": block.arguments,
        }
        items.append(call | _object(left))
    elif isinstance(block, Opaque) and (item := item_of(block)) is not None:
        items.append(item)


def _reasoned(thought: Thinking, *, tells_all: bool) -> list[Item]:
    """The reasoning item of a block; none where its provider could make nothing of it."""
    signed = signed_item(thought.signature, thought.text) if thought.signature is not None else None
    if signed is not None:
        # Without its content the provider would have to hold it, which it was told not to.
        return [signed] if tells_all or "encrypted_content" in signed else []
    if not tells_all:
        return []
    item: Item = {"type": "reasoning", "summary": []}
    if thought.text:
        item["summary"] = [{"type": "summary_text", "text": thought.text}]
    if thought.signature is not None:
        item["encrypted_content"] = thought.signature
    return [item]


def _is_said(block: Block) -> bool:
    return written_part(block, None) is not None


def _texts(parts: object) -> list[str]:
    found = [part.get("text") for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    return [text for text in found if isinstance(text, str)]


def _lengths(value: object) -> list[int]:
    return [length for length in value if isinstance(length, int)] if isinstance(value, list) else []


def _text(item: Item, name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _object(value: object) -> Item:
    return value if isinstance(value, dict) else {}
