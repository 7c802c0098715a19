"""Write an answer as one whole Messages API message.

Unknown fields go back to the level they came from.  What other dialects keep
for themselves (audio, free-form calls, log probabilities) has no block here and
is left out; drafts but the first are left out too, and no client of this
dialect can have asked for them.
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from sparingly.core.answer import Answer, Block, Choice
from sparingly.core.chat import Json, Opaque, Refusal, Text, Thinking, ToolCall
from sparingly.errors import UpstreamNonsense
from sparingly.protocols.anthropic import shapes
from sparingly.protocols.anthropic.usage import write_input, write_output
from sparingly.protocols.dialect import Stamp
from sparingly.protocols.fields import opened

CITATIONS = "citations"

_NOTHING_SAID = Choice(0, ())
# What an answer without a count of its own is told to have taken; the API's clients need the object.
_NO_USAGE: Mapping[str, object] = {"input_tokens": 0, "output_tokens": 0}


def write_answer(answer: Answer, stamp: Stamp) -> bytes:
    """The body.

    Raises:
        UpstreamNonsense: a tool is called with what is not a JSON object.
    """
    choice = answer.choices[0] if answer.choices else _NOTHING_SAID
    extra = own_fields(answer.extra)
    rest = opened(extra.pop("usage", None))
    body: dict[str, object] = {
        "id": message_id(stamp),
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": list(_blocks(choice.blocks, unknown_of_blocks(choice.message_extra))),
        **stop_fields(
            choice.finish, extra, calls=any(isinstance(block, ToolCall) for block in choice.blocks)
        ),
    }
    if answer.usage is None:
        body["usage"] = {**_NO_USAGE, **rest}
    else:
        body["usage"] = write_input(answer.usage, rest, cached=stamp.cached) | write_output(answer.usage)
    return msgspec.json.encode(body | {name: value for name, value in extra.items() if name not in body})


def message_id(stamp: Stamp) -> str:
    """An id as Anthropic's clients know them."""
    return f"msg_{stamp.id}"


def own_fields(extra: Json | None) -> dict[str, msgspec.Raw]:
    """The unknown fields that are this dialect's own."""
    return opened(opened(extra).get(shapes.NAME))


def unknown_of_blocks(message_extra: Json | None) -> dict[str, msgspec.Raw]:
    """The unknown fields of blocks, by their place on the wire."""
    return opened(own_fields(message_extra).get("blocks"))


def own_block(json: Json) -> dict[str, object] | None:
    """An opaque block of this dialect; None for another's."""
    part = msgspec.json.decode(json)
    block = part.get(shapes.NAME) if isinstance(part, dict) else None
    return block if isinstance(block, dict) else None


def stop_fields(finish: str | None, extra: dict[str, msgspec.Raw], *, calls: bool) -> dict[str, object]:
    """Why an answer ended; takes from `extra` what says it better than `finish` does.

    Of an answer that calls a tool it was told to call, Chat Completions says `stop`; clients of this API run
    tools where the reason is `tool_use`.
    """
    finish = "tool_calls" if calls and finish == "stop" else finish
    fields: dict[str, object] = {
        "stop_reason": extra.pop("stop_reason", None) or shapes.STOPS.get(finish, "end_turn")
    }
    for name in shapes.STOP_FIELDS:
        fields[name] = extra.pop(name, None)
    return fields


def _blocks(blocks: Iterable[Block], unknown: Mapping[str, msgspec.Raw]) -> Iterator[dict[str, object]]:
    place = 0
    held: dict[str, object] | None = None
    for block in blocks:
        if isinstance(block, Opaque):
            theirs = own_block(block.json)
            if theirs is None:
                continue
            if theirs.get("type") == CITATIONS:
                # They stand behind the text they belong to.
                if held is not None:
                    held[CITATIONS] = theirs[CITATIONS]
                continue
        else:
            theirs = _block(block)
        if held is not None:
            yield held
        held = theirs | opened(unknown.get(str(place)))
        place += 1
    if held is not None:
        yield held


def _block(block: Text | Thinking | Refusal | ToolCall) -> dict[str, object]:
    match block:
        case Text(text=words) | Refusal(text=words):
            return {"type": "text", "text": words}
        case Thinking():
            return {"type": "thinking", "thinking": block.text, "signature": block.signature or ""}
        case ToolCall():
            return {"type": "tool_use", "id": block.id, "name": block.name, "input": _input(block)}


def _input(call: ToolCall) -> msgspec.Raw:
    """The arguments as the object they must be here; none are an empty one."""
    text = call.arguments.strip() or "{}"
    try:
        is_object = isinstance(msgspec.json.decode(text), dict)
    except msgspec.DecodeError:
        is_object = False
    if not is_object:
        raise UpstreamNonsense(f"the model calls {call.name!r} with arguments that are not a JSON object")
    return msgspec.Raw(text)
