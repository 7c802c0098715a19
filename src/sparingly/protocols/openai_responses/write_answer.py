"""Write an answer as one whole Responses object.

This API's answers repeat the request, so what of it is known is written here
too.  Items get fresh ids, except for reasoning, whose id belongs to its encrypted
content.  Parts that this API cannot express (another provider's redacted
reasoning, citations, server tools) are left out, and so are further choices.
"""

import msgspec

from sparingly.core.answer import Answer, Choice
from sparingly.core.chat import Ask, Json, Text
from sparingly.errors import InvalidRequest
from sparingly.protocols.dialect import Stamp
from sparingly.protocols.fields import opened
from sparingly.protocols.openai_responses import shapes
from sparingly.protocols.openai_responses.ids import item_id, response_id
from sparingly.protocols.openai_responses.items import Item, items_of
from sparingly.protocols.openai_responses.usage import write_usage
from sparingly.protocols.openai_responses.write_ask import choice_of, format_of, tools_of

_PREFIXES = {"message": "msg_", "function_call": "fc_", "reasoning": shapes.OWN_REASONING}
_REASONS = {"length": "max_output_tokens", "content_filter": "content_filter"}


def write_answer(answer: Answer, stamp: Stamp) -> bytes:
    """The body."""
    choice = answer.choices[0] if answer.choices else Choice(0, ())
    output = [finished(item, stamp, position) for position, item in enumerate(_items(choice))]
    return msgspec.json.encode(response(answer, stamp, choice.finish, output))


def response(answer: Answer, stamp: Stamp, finish: str | None, output: list[Item]) -> dict[str, object]:
    """The answer with its items."""
    extra = opened(answer.extra)
    own: dict[str, object] = dict(opened(extra.get(shapes.NAME)))
    providers, details = own.pop("id", None), own.pop("incomplete_details", None)
    left_of_usage = own.pop("usage", None)
    reason = _REASONS.get(finish or "")
    usage = None
    if answer.usage is not None:
        rest = dict(opened(left_of_usage)) if isinstance(left_of_usage, msgspec.Raw) else {}
        usage = write_usage(answer.usage, rest, cached=stamp.cached)
    known = {
        **begun(stamp, answer.model, _decoded(providers)),
        "status": "incomplete" if reason else "completed",
        "completed_at": None if reason else stamp.created,
        "incomplete_details": details or ({"reason": reason} if reason else None),
        "output": output,
        "usage": usage,
    }
    if "service_tier" in extra:
        known["service_tier"] = extra["service_tier"]
    return known | {name: value for name, value in own.items() if name not in known}


def begun(stamp: Stamp, model: str, providers: object = None) -> dict[str, object]:
    """An answer that has no items yet."""
    return {
        "id": response_id(stamp, providers if isinstance(providers, str) else None),
        "object": "response",
        "created_at": stamp.created,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        **repeated(stamp.ask),
        "model": model,
        "output": [],
        "usage": None,
    }


def repeated(ask: Ask | None) -> dict[str, object]:
    """What an answer repeats of its request, as far as this API can say it."""
    first = ask.turns[0] if ask is not None and ask.turns else None
    instructions = None
    if first is not None and first.role == "system" and len(first.parts) == 1:
        instructions = first.parts[0].text if isinstance(first.parts[0], Text) else None
    sampling = ask.sampling if ask is not None else None
    fields: dict[str, object] = {
        "instructions": instructions,
        "max_output_tokens": sampling.max_tokens if sampling else None,
        "metadata": {},
        "parallel_tool_calls": ask is None or ask.parallel_tool_calls is not False,
        "previous_response_id": None,
        "temperature": sampling.temperature if sampling else None,
        "top_p": sampling.top_p if sampling else None,
        "tool_choice": "auto",
        "tools": [],
        "text": {"format": {"type": "text"}},
        "truncation": "disabled",
    }
    if ask is not None:
        try:
            fields["tools"] = tools_of(ask)
            fields["tool_choice"] = choice_of(ask.tool_choice) or "auto"
            fields["text"] = {"format": format_of(ask.response_format) or {"type": "text"}}
        except InvalidRequest:
            # A log may be played in another dialect than it was asked in; what cannot be said is not repeated.
            return fields
    return fields


def finished(item: Item, stamp: Stamp, position: int) -> Item:
    """An item of a finished answer, with its id and state."""
    prefix = _PREFIXES.get(str(item.get("type")))
    if prefix is None:
        return item
    named: Item = {"id": item_id(prefix, stamp, position)} | item
    return named if prefix == shapes.OWN_REASONING else {"status": "completed"} | named


def with_logprobs(content: list[Item], logprobs: Json | None) -> Json | None:
    """Put the log probabilities of all words on the first text; give them back where there is none."""
    for part in content:
        if part.get("type") == "output_text":
            part.setdefault("logprobs", _tokens(logprobs))
            logprobs = None
    return logprobs


def _tokens(logprobs: Json | None) -> list[object]:
    """The log probabilities of words; none where a server has another form for them."""
    told = None if logprobs is None else msgspec.json.decode(logprobs)
    tokens = told.get("content") if isinstance(told, dict) else None
    return tokens if isinstance(tokens, list) else []


def rest_of(choice_extra: Json | None) -> dict[str, object]:
    """What items have besides their blocks, see `items.py`."""
    own = opened(choice_extra).get(shapes.NAME)
    return {} if own is None else msgspec.json.decode(own, type=dict[str, object])


def _items(choice: Choice) -> list[Item]:
    items = items_of(choice.blocks, rest_of(choice.message_extra), tells_all=True)
    logprobs = choice.logprobs
    for item in items:
        content = item.get("content")
        if item.get("type") == "message" and isinstance(content, list):
            logprobs = with_logprobs(content, logprobs)
    return items


def _decoded(raw: object) -> object:
    return msgspec.json.decode(raw) if isinstance(raw, msgspec.Raw) else None
