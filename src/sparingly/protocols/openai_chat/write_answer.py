"""Write an answer as one whole Chat Completions object.

Unknown fields go back to the level they came from; a known field is never
overwritten by one.  Parts that Chat Completions cannot express (another
provider's redacted reasoning, citations, server tools) are left out.
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from sparingly.core.answer import Answer, Choice
from sparingly.core.chat import Json, Opaque, Refusal, Text, Thinking, ToolCall
from sparingly.protocols.dialect import Stamp
from sparingly.protocols.fields import opened
from sparingly.protocols.foreign import is_foreign, put_back, without_foreign
from sparingly.protocols.openai_chat import shapes
from sparingly.protocols.openai_chat.usage import write_usage


def write_answer(answer: Answer, stamp: Stamp) -> bytes:
    """The body."""
    extra = put_back(without_foreign(opened(answer.extra), own=shapes.NAME), own=shapes.NAME)
    left_of_usage = usage_rest(extra)
    body: dict[str, object] = {
        "id": answer_id(stamp),
        "object": "chat.completion",
        "created": stamp.created,
        "model": answer.model,
        "choices": [_choice(choice) for choice in answer.choices],
    }
    if answer.usage is not None:
        body["usage"] = write_usage(answer.usage, left_of_usage, cached=stamp.cached)
    return msgspec.json.encode(with_extra(body, extra))


def answer_id(stamp: Stamp) -> str:
    """An id as OpenAI's clients know them."""
    return f"chatcmpl-{stamp.id}"


def usage_rest(extra: dict[str, msgspec.Raw]) -> dict[str, object]:
    """Take what `read_usage` left out of an answer's unknown fields."""
    raw = extra.pop("usage", None)
    return {} if raw is None else msgspec.json.decode(raw, type=dict[str, object])


def with_extra(known: dict[str, object], extra: Mapping[str, object]) -> dict[str, object]:
    """Known fields first, then the unknown ones."""
    return known | {name: value for name, value in extra.items() if name not in known}


class Speaker:
    """Names the wire fields of one message's blocks, whole or in pieces."""

    def __init__(self) -> None:
        self._reasoning = shapes.REASONING_CONTENT
        self._of_calls: dict[str, msgspec.Raw] = {}

    def unknown(self, json: Json | None) -> dict[str, msgspec.Raw]:
        """The message's unknown fields, less those that say how to write it or are another dialect's."""
        extra = opened(json)
        if extra.get(shapes.REASONING) == msgspec.Raw(b'""'):
            self._reasoning = shapes.REASONING
            del extra[shapes.REASONING]
        self._of_calls |= opened(extra.pop("tool_calls", None))
        return put_back(without_foreign(extra, own=shapes.NAME), own=shapes.NAME)

    def thinking(self, words: str) -> dict[str, object]:
        """Reasoning, under the name it came by."""
        return {self._reasoning: words}

    def call(self, index: int, call_id: str, name: str, arguments: str) -> dict[str, object]:
        """A function's call with the unknown fields it came with."""
        rest = opened(self._of_calls.get(str(index)))
        function = {"name": name, "arguments": arguments, **opened(rest.pop("function", None))}
        return {"id": call_id, "type": "function", "function": function, **rest}

    def opaque(self, json: Json) -> dict[str, object]:
        """The delta of an opaque part; empty where it cannot be expressed."""
        if is_foreign(json, own=shapes.NAME):
            return {}
        part = msgspec.json.decode(json)
        if not isinstance(part, dict) or "type" not in part:
            return {}
        kind = part["type"]
        if kind in shapes.OPAQUE_FIELDS:
            return {kind: part.get(kind)}
        return {"tool_calls": [part]} if kind == shapes.CUSTOM else {"content": [part]}


def _choice(choice: Choice) -> dict[str, object]:
    return with_extra(
        {
            "index": choice.index,
            "message": _message(choice),
            "logprobs": None if choice.logprobs is None else msgspec.Raw(choice.logprobs),
            "finish_reason": choice.finish,
        },
        opened(choice.extra),
    )


def _message(choice: Choice) -> dict[str, object]:
    speaker = Speaker()
    extra = speaker.unknown(choice.message_extra)
    opaque = [speaker.opaque(block.json) for block in choice.blocks if isinstance(block, Opaque)]
    calls = [*_calls(choice, speaker), *_listed(opaque, "tool_calls")]
    fields = {name: value for part in opaque for name, value in part.items() if name in shapes.OPAQUE_FIELDS}
    thinking = "".join(block.text for block in choice.blocks if isinstance(block, Thinking))
    refusals = [block.text for block in choice.blocks if isinstance(block, Refusal)]
    message: dict[str, object] = {
        "role": "assistant",
        "content": _content(choice, speaker, is_alone=not (calls or fields or refusals)),
        "refusal": "".join(refusals) if refusals else None,
    }
    if thinking:
        message |= speaker.thinking(thinking)
    if calls:
        message["tool_calls"] = calls
    return with_extra(message | fields, extra)


def _calls(choice: Choice, speaker: Speaker) -> Iterator[object]:
    calls = (block for block in choice.blocks if isinstance(block, ToolCall))
    for index, call in enumerate(calls):
        yield speaker.call(index, call.id, call.name, call.arguments)


def _listed(parts: Iterable[dict[str, object]], name: str) -> Iterator[object]:
    for part in parts:
        items = part.get(name)
        if isinstance(items, list):
            yield from items


def _content(choice: Choice, speaker: Speaker, *, is_alone: bool) -> object:
    """Text; a list of parts only where one of them is no text; null where something else was said instead."""
    parts: list[object] = []
    words: list[str] = []
    for block in choice.blocks:
        if isinstance(block, Text):
            words.append(block.text)
            parts.append({"type": "text", "text": block.text})
        elif isinstance(block, Opaque):
            parts.extend(_listed([speaker.opaque(block.json)], "content"))
    if len(parts) > len(words):
        return parts
    return "".join(words) if words or is_alone else None
