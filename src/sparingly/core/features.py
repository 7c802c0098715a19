"""Cheap facts about a request that routing decides by.

One pass over lengths and a few patterns on the head of the last user text: the
cost must not grow with a prompt of hundreds of kilobytes.  They are facts, not
judgements; what they mean for a tier is learned in `core/classifying`.
"""

import re

import msgspec

from sparingly.core.chat import Ask, Image, Json, Opaque, Part, Text, Thinking, ToolCall, ToolResult
from sparingly.core.wording import wording

# 4 characters a token is OpenAI's own rule of thumb for English; good enough to tell long from short.
_CHARS_PER_TOKEN = 4
_HEAD_CHARS = 2_000


class Features(msgspec.Struct, frozen=True):
    """What a request looks like; `text_*` fields describe the last user text only."""

    turns: int = 0
    tools: int = 0
    tool_results: int = 0
    images: int = 0
    files: int = 0
    estimated_tokens: int = 0
    text_chars: int = 0
    text_words: int = 0
    text_lines: int = 0
    numbers: int = 0
    code: bool = False
    wants_format: bool = False
    """Whether a response format is set."""
    max_tokens: int = 0
    ask_words: int = 0
    """Length of the paragraph that asks; the four below count words in it (see `core/wording`)."""
    lookup_words: int = 0
    craft_words: int = 0
    reasoning_words: int = 0
    demand_words: int = 0
    user_turns: int = 0
    answers: int = 0
    """Turns of the model so far; 0 begins a conversation."""
    thinking: bool = False
    """Whether the caller asks the model to reason at length."""
    web_search: bool = False
    """Whether a tool is offered that searches the web at the provider."""
    agent_session: bool = False
    """Whether another request of the same session has offered tools."""
    sub_agent: bool = False
    """Whether it is of another conversation than the one that its session began with tools."""


def features_of(ask: Ask, text: str) -> Features:
    """The features of a request whose last user text is `text`."""
    parts = [part for turn in ask.turns for part in turn.parts]
    chars = sum(_part_chars(part) for part in parts)
    chars += sum(len(tool.description or "") + len(tool.parameters or b"") for tool in ask.tools)
    return msgspec.structs.replace(
        text_features(text),
        turns=len(ask.turns),
        tools=len(ask.tools) + sum(_offered(part) for part in parts),
        tool_results=sum(isinstance(part, ToolResult) for part in parts),
        images=sum(isinstance(part, Image) for part in parts),
        files=sum(isinstance(part, Opaque) for part in parts),
        estimated_tokens=chars // _CHARS_PER_TOKEN,
        wants_format=ask.response_format is not None,
        max_tokens=ask.sampling.max_tokens or 0,
        user_turns=sum(turn.role == "user" for turn in ask.turns),
        answers=sum(turn.role == "assistant" for turn in ask.turns),
        thinking=_thinks(ask),
        web_search=_searches(ask),
    )


def text_features(text: str) -> Features:
    """The features that the text alone has."""
    head = text[:_HEAD_CHARS]
    asking = wording(head)
    return Features(
        estimated_tokens=len(text) // _CHARS_PER_TOKEN,
        text_chars=len(text),
        text_words=len(head.split()),
        text_lines=head.count("\n") + 1 if head else 0,
        numbers=len(_NUMBER.findall(head)),
        code=_CODE.search(head) is not None,
        ask_words=asking.words,
        lookup_words=asking.lookup,
        craft_words=asking.craft,
        reasoning_words=asking.reasoning,
        demand_words=asking.demand,
    )


def as_numbers(features: Features) -> dict[str, float]:
    """The features that are not zero, for the ledger."""
    values = {name: float(value) for name, value in msgspec.structs.asdict(features).items()}
    return {name: value for name, value in values.items() if value != 0.0}


def _thinks(ask: Ask) -> bool:
    """Anthropic's `thinking`, OpenAI's `reasoning_effort` and `reasoning.effort`, as their clients send them."""
    if ask.extra is None or not ("thinking" in ask.extra or "reasoning" in ask.extra):
        return False
    asked = msgspec.json.decode(ask.extra, type=_Reasoning)
    return (
        _field(asked.thinking, "type") in {"enabled", "adaptive"}
        or asked.reasoning_effort in _MUCH
        or _field(asked.reasoning, "effort") in _MUCH
    )


def _field(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _searches(ask: Ask) -> bool:
    """By the type that the provider's own tools have; a function of any name is the caller's."""
    if ask.extra is not None and '"web_search_options"' in ask.extra:
        return True
    kinds = (_kind(tool.extra) for tool in ask.tools if tool.extra)
    return any(isinstance(kind, str) and kind.startswith("web_search") for kind in kinds)


def _kind(json: Json) -> object:
    """The type in a dialect's own object, which may stand under the dialect's name."""
    value = msgspec.json.decode(json)
    inner = [value, *value.values()] if isinstance(value, dict) else []
    return next((one["type"] for one in inner if isinstance(one, dict) and "type" in one), None)


def _offered(part: Part) -> int:
    """The tools in an item that offers some: so Codex tells of its own (OpenAI's `additional_tools`)."""
    if not isinstance(part, Opaque) or '"additional_tools"' not in part.json:
        return 0
    value = msgspec.json.decode(part.json)
    items = value.values() if isinstance(value, dict) else ()
    return sum(_count(_field(item, "tools")) for item in items if _field(item, "type") == "additional_tools")


def _count(value: object) -> int:
    return len(value) if isinstance(value, list) else 0


class _Reasoning(msgspec.Struct):
    thinking: object = None
    reasoning: object = None
    reasoning_effort: object = None


_MUCH = frozenset({"high", "xhigh", "max"})


def _part_chars(part: Part) -> int:
    match part:
        case Text(text=text) | Thinking(text=text):
            return len(text)
        case ToolCall(arguments=arguments):
            return len(arguments)
        case ToolResult(parts=parts):
            return sum(_part_chars(inner) for inner in parts)
        case _:
            # Pictures and files are counted, not weighed: data URIs say nothing about tokens.
            return 0


_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_CODE = re.compile(
    r"```|^[ \t]*(?:def|class|import|from|function|const|public|SELECT|#include)\b|[;{}][ \t]*$", re.MULTILINE
)
