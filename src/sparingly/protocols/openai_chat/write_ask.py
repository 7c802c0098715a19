"""Write an `Ask` as a Chat Completions request.

For clients of another dialect; the same dialect's bodies are patched, not
written.  Law: what this writes, `read_ask` reads as the same `Ask`, wherever
the `Ask` came from this dialect.

Signed reasoning is another provider's and stays out; that a tool failed is said
in its result (`failed_results.py`).  What else another dialect knows and this one
does not is refused by name.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec

from sparingly.core.chat import (
    Ask,
    Image,
    Json,
    Opaque,
    Part,
    Refusal,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
)
from sparingly.errors import InvalidRequest
from sparingly.protocols.failed_results import told_parts
from sparingly.protocols.fields import opened
from sparingly.protocols.foreign import (
    foreign_kind,
    is_foreign,
    put_back,
    refuse_foreign,
    refuse_held,
    refuse_prefill,
    without_foreign,
)
from sparingly.protocols.openai_chat import shapes
from sparingly.protocols.openai_chat.from_anthropic import check_tool, spoken, translated

_API = "Chat Completions"

# OpenAI's models that reason know the limit by its newer name only; many compatible servers by the older.
_REASONS = re.compile(r"(?:o\d|gpt-[5-9])")


def write_ask(ask: Ask, *, model: str) -> bytes:
    """The body; raises InvalidRequest that names what cannot be expressed."""
    refuse_held(ask, api=_API)
    refuse_prefill(ask, api=_API)
    extra = refuse_foreign(translated(opened(ask.extra)), own=shapes.NAME, api=_API)
    limit = "max_tokens"
    if extra.pop(shapes.MAX_TOKENS_FIELD, None) is not None or _REASONS.match(model):
        limit = shapes.MAX_COMPLETION_TOKENS
    sampling = msgspec.structs.asdict(ask.sampling)
    body: dict[str, object] = {
        "model": model,
        "messages": [message for i, turn in enumerate(ask.turns) for message in _messages(turn, i)],
        limit: sampling.pop("max_tokens"),
        **sampling,
        "tools": [_tool(tool, index) for index, tool in enumerate(ask.tools)] or None,
        "tool_choice": _known(ask.tool_choice, "tool_choice"),
        "parallel_tool_calls": ask.parallel_tool_calls,
        "response_format": _known(ask.response_format, "response_format"),
        "stream": True if ask.stream else None,
        "stream_options": {"include_usage": True} if ask.include_usage else None,
    }
    known = {name: value for name, value in body.items() if value is not None}
    return msgspec.json.encode(known | put_back(extra, own=shapes.NAME))


def _own(extra: dict[str, msgspec.Raw], path: str = "") -> dict[str, msgspec.Raw]:
    """Unknown fields as this dialect's clients wrote them; raises InvalidRequest where they are another's."""
    return put_back(refuse_foreign(extra, own=shapes.NAME, api=_API, path=path), own=shapes.NAME)


def _known(json: Json | None, field: str) -> msgspec.Raw | None:
    """A value in this dialect's words."""
    if json is None:
        return None
    value = msgspec.json.decode(json)
    if isinstance(value, dict):
        refuse_foreign(value, own=shapes.NAME, api=_API, path=f"{field}.")
    return msgspec.Raw(json)


def _tool(tool: Tool, index: int) -> dict[str, object]:
    path = f"tools.{index}."
    extra = opened(tool.extra)
    check_tool(extra, path)
    extra = _own(extra, path)
    if "type" in extra:
        return dict(extra)
    function: dict[str, object] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = msgspec.Raw(tool.parameters)
    function |= opened(extra.pop("function", None))
    return {"type": "function", "function": function, **extra}


def _messages(turn: Turn, index: int) -> Iterator[dict[str, object]]:
    turn = spoken(turn, index)
    extra = opened(turn.extra)
    if turn.role == "assistant":
        # What an earlier answer carried for its own provider.
        extra = without_foreign(extra, own=shapes.NAME)
    extra = _own(extra, f"messages.{index}.")
    of_parts = opened(extra.pop("content", None))
    # Tool results come first: they answer the assistant's turn before this one.
    for part in turn.parts:
        if isinstance(part, ToolResult):
            yield _result(turn, part, extra, of_parts, index)
        elif turn.role == "tool":
            # What another dialect's own tools gave; to refuse it is all that is left.
            _part(part, {}, index)
    rest: list[Part] = [part for part in turn.parts if not isinstance(part, ToolResult)]
    if turn.role == "tool" or (not rest and turn.parts):
        return
    message: dict[str, object] = {"role": turn.role}
    if turn.name is not None:
        message["name"] = turn.name
    if turn.role == "assistant":
        said = _said(rest, opened(extra.pop("tool_calls", None)), of_parts, index)
        if turn.parts and said == {"content": None} and not extra:
            # All of it was for another provider.
            return
        message |= said
    else:
        message["content"] = _content(rest, of_parts, index)
    yield message | extra


def _result(
    turn: Turn,
    result: ToolResult,
    extra: dict[str, msgspec.Raw],
    of_parts: dict[str, msgspec.Raw],
    index: int,
) -> dict[str, object]:
    if any(not isinstance(part, Text) for part in result.parts):
        field = f"messages.{index}.content"
        raise InvalidRequest(
            f"{_API} cannot express a tool's result that is not text (`{field}`)", field=field
        )
    message: dict[str, object] = {"role": "tool", "content": _content(told_parts(result), of_parts, index)}
    if "role" not in extra:
        message["tool_call_id"] = result.call_id
    if turn.name is not None:
        message["name"] = turn.name
    return message | extra if turn.role == "tool" else message


def _said(
    parts: list[Part], of_calls: dict[str, msgspec.Raw], of_parts: dict[str, msgspec.Raw], index: int
) -> dict[str, object]:
    """What an assistant's message holds besides role and name."""
    calls: list[object] = []
    spoken: list[Part] = []
    reasoning: list[str] = []
    functions = 0
    for part in parts:
        if isinstance(part, ToolCall):
            calls.append(_call(part, of_calls.get(str(functions))))
            functions += 1
        elif isinstance(part, Opaque) and _type_of(part) == shapes.CUSTOM:
            calls.append(msgspec.Raw(part.json))
        elif isinstance(part, Thinking):
            if part.signature is None:
                reasoning.append(part.text)
        else:
            spoken.append(part)
    said: dict[str, object] = {"content": _content(spoken, of_parts, index) if spoken else None}
    if reasoning:
        said[shapes.REASONING_CONTENT] = "".join(reasoning)
    if calls:
        said["tool_calls"] = calls
    return said


def _call(call: ToolCall, extra: msgspec.Raw | None) -> dict[str, object]:
    rest = opened(extra)
    inner = opened(rest.pop("function", None))
    function = {"name": call.name, "arguments": call.arguments, **inner}
    return {"id": call.id, "type": "function", "function": function, **rest}


def _content(parts: Iterable[Part], extras: dict[str, msgspec.Raw], index: int) -> object:
    """One text as text, anything else as a list of parts."""
    parts = list(parts)
    if len(parts) == 1 and isinstance(parts[0], Text) and not extras:
        return parts[0].text
    return [_part(part, opened(extras.get(str(place))), index) for place, part in enumerate(parts)]


def _part(part: Part, extra: dict[str, msgspec.Raw], index: int) -> object:
    field = f"messages.{index}.content"
    match part:
        case Text(text=words):
            return {"type": "text", "text": words} | extra
        case Refusal(text=words):
            return {"type": "refusal", "refusal": words} | extra
        case Image():
            image: dict[str, object] = {"url": part.url}
            if part.detail is not None:
                image["detail"] = part.detail
            image |= opened(extra.pop("image_url", None))
            return {"type": "image_url", "image_url": image} | extra
        case Opaque(json=json):
            if is_foreign(json, own=shapes.NAME):
                kind = foreign_kind(json)
                raise InvalidRequest(
                    f"{_API} cannot express a part of type {kind!r} (`{field}`)", field=field
                )
            return msgspec.Raw(json)
        case _:
            kind = type(part).__name__
            raise InvalidRequest(
                f"{_API} cannot express a {kind} part in this message (`{field}`)", field=field
            )


def _type_of(part: Opaque) -> object:
    return msgspec.json.decode(part.json, type=dict[str, object]).get("type")
