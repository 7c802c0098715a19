"""What the Messages API calls a place in the canonical request."""

import re
from collections.abc import Iterator

from sparingly.protocols.anthropic.read_parts import system_turn, turns_of
from sparingly.protocols.fields import objects, parse_object
from sparingly.protocols.places import renamed, turn_of

# A field of a block, by its position among the parts of a turn.
_BLOCK = re.compile(r"blocks\.\d+\.")

_NAMES = {
    "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
    "reasoning_effort": "output_config.effort",
    "response_format": "output_config.format",
    "stop": "stop_sequences",
}


def place_of(body: bytes, field: str) -> str:
    """The place in a request that was read before."""
    found = turn_of(field)
    if found is None:
        return renamed(field, _NAMES)
    number, within = found
    fields = parse_object(body)
    owners = list(_owners(fields))
    owner = owners[number] if number < len(owners) else None
    if owner is None:
        blocks = _within_block({"content": fields.get("system")}, within) if _BLOCK.match(within) else ""
        return "system" + blocks.removeprefix("content")
    path, message = f"messages.{owner}.", objects(fields["messages"], "messages")[owner]
    if _BLOCK.match(within):
        return path + _within_block(message, within)
    # Calls and results are blocks of the content here.
    return path + ("content" if within in ("", "tool_calls") else within)


def _owners(fields: dict[str, object]) -> Iterator[int | None]:
    """For each turn, the number of its message; None for the system prompt."""
    if system_turn(fields.get("system")) is not None:
        yield None
    for index, message in enumerate(objects(fields["messages"], "messages")):
        for _ in turns_of(message, index):
            yield index


def _within_block(message: dict[str, object], within: str) -> str:
    """`blocks.2.x`, by the position among the parts of a turn, as `content.3.x`, by that of the block."""
    _, _, name = within.split(".", 2)
    content = message.get("content")
    blocks = content if isinstance(content, list) else []
    # Positions differ where a message is several turns; the block that has the field does not.
    head = name.partition(".")[0]
    for position, block in enumerate(blocks):
        if isinstance(block, dict) and head in block:
            return f"content.{position}.{head}"
    return "content"
