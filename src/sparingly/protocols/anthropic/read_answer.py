"""Read a Messages API answer; nothing in it is lost.

What has no place in an `Answer` is kept under one name, `anthropic`, so that no
other dialect takes it for its own: at the top the stop sequence, the container
and unknown usage; in a block the citations (an opaque block after their text)
and every block of a kind we do not know.
"""

from collections.abc import Iterator

import msgspec

from sparingly.core.answer import Answer, Block, Choice
from sparingly.core.chat import Json, Opaque, Text, Thinking, ToolCall, canonical_json
from sparingly.errors import UpstreamNonsense
from sparingly.protocols.anthropic import shapes
from sparingly.protocols.anthropic.usage import read_usage
from sparingly.protocols.fields import kind, leftover
from sparingly.protocols.provider_errors import parse, provider_error


def read_answer(body: bytes) -> Answer:
    """Read an answer; raises UpstreamNonsense."""
    message = parse(body)
    content = message.get("content")
    if not isinstance(content, list):
        said = provider_error(message)
        raise UpstreamNonsense(
            f"the provider sent an error as an answer: {said}"
            if said
            else "the provider's answer has no `content`"
        )
    blocks: list[Block] = []
    unknown: dict[str, object] = {}
    for index, block in enumerate(content):
        if not isinstance(block, dict):
            raise UpstreamNonsense(f"the provider's answer holds {kind(block)} as a block")
        blocks.extend(read_block(block))
        left = unknown_of_block(block)
        if left:
            unknown[str(index)] = left
    usage = message.get("usage")
    told, rest = read_usage(usage if isinstance(usage, dict) else {})
    reason = message.get("stop_reason")
    model = message.get("model")
    choice = Choice(
        index=0,
        blocks=tuple(blocks),
        finish=finish_of(reason),
        message_extra=own({"blocks": unknown} if unknown else {}),
    )
    return Answer(
        model=model if isinstance(model, str) else "",
        choices=(choice,),
        usage=told if isinstance(usage, dict) else None,
        extra=own(
            message_rest(message, reason, rest, calls=any(isinstance(block, ToolCall) for block in blocks))
        ),
    )


def read_block(block: dict[str, object]) -> Iterator[Block]:
    """The blocks of ours that one of theirs becomes."""
    match block:
        case {"type": "text", "text": str(words)}:
            yield Text(words)
            if block.get("citations"):
                yield opaque({"type": "citations", "citations": block["citations"]})
        case {"type": "thinking", "thinking": str(words)}:
            signature = block.get("signature")
            yield Thinking(words, signature if isinstance(signature, str) else None)
        case {"type": "tool_use", "id": str(call_id), "name": str(name)}:
            # An empty input is a call without arguments, which is not no call.
            arguments = msgspec.json.encode(block.get("input") or {}).decode()
            yield ToolCall(call_id, name, arguments)
        case _:
            yield opaque(block)


def opaque(block: dict[str, object]) -> Opaque:
    """A block that only this dialect understands."""
    return Opaque(canonical_json({shapes.NAME: block}))


def own(fields: dict[str, object]) -> Json | None:
    """Unknown fields under this dialect's name; None when there are none."""
    return canonical_json({shapes.NAME: fields}) if fields else None


def unknown_of_block(block: dict[str, object]) -> dict[str, object]:
    """The unknown fields of a block that is not opaque."""
    known = shapes.BLOCKS.get(str(block.get("type")))
    return {} if known is None else without_nulls(leftover(block, known))


def message_rest(
    message: dict[str, object], reason: object, usage: dict[str, object], *, calls: bool
) -> dict[str, object]:
    """What the answer as a whole has no place for; `calls` says that it calls a tool, which is a reason itself."""
    rest = leftover(message, shapes.MESSAGE) | {name: message.get(name) for name in shapes.STOP_FIELDS}
    is_plain = isinstance(reason, str) and reason in shapes.PLAIN_REASONS
    if not is_plain or (calls and reason == "end_turn"):
        rest["stop_reason"] = reason
    if usage:
        rest["usage"] = usage
    return without_nulls(rest)


def finish_of(reason: object) -> str | None:
    """Our word for a reason to stop; a reason we do not know stays as it is."""
    return shapes.FINISH.get(reason, reason) if isinstance(reason, str) else None


def without_nulls(fields: dict[str, object]) -> dict[str, object]:
    """The fields that say something."""
    return {name: value for name, value in fields.items() if value is not None}
