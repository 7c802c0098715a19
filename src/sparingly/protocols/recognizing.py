"""Tell the dialect of a request by its body, for who has nothing else of it.

A body that clients of two dialects may have sent is not guessed at: an explanation
of another request than was asked misleads more than none.  An `input` is taken for
Responses unless it shows that vectors are wanted.
"""

from collections.abc import Iterator

from sparingly.errors import InvalidRequest
from sparingly.protocols.anthropic import shapes as anthropic
from sparingly.protocols.fields import parse_object
from sparingly.protocols.openai_chat import shapes as chat

EMBEDDINGS = "openai-embeddings"
RESPONSES = "openai-responses"

_OF_CHAT = chat.READ | chat.NOT_THE_ANSWER
_OF_MESSAGES = anthropic.READ | anthropic.NOT_THE_ANSWER
# Sent to either API, since SDKs pass on what they do not know.
_SHARED = frozenset({"thinking", "top_k", "cache_control", "reasoning_effort"})
_ONLY_CHAT = _OF_CHAT - _OF_MESSAGES - _SHARED
_ONLY_MESSAGES = _OF_MESSAGES - _OF_CHAT - _SHARED

_MESSAGE_OF_CHAT = frozenset({"tool_calls", "tool_call_id", "refusal", "reasoning_content", "name"})
_PARTS_OF_CHAT = frozenset({"image_url", "input_audio", "file", "refusal"})
_BLOCKS_OF_MESSAGES = (anthropic.REQUEST_BLOCKS.keys() | {"document", "redacted_thinking"}) - {"text"}
_CHOICES_OF_MESSAGES = frozenset({"auto", "any", "tool", "none"})


def dialect_of(body: bytes) -> str:
    """The name of the dialect.

    Raises:
        InvalidRequest: it can be one of several, or is none.
    """
    fields = parse_object(body)
    if "messages" not in fields:
        return _by_input(fields)
    if "input" in fields:
        raise InvalidRequest("the body has both `messages` and `input`: say which dialect it is")
    marks = list(_marks(fields))
    found = sorted({dialect for dialect, _ in marks})
    if len(found) == 1:
        return found[0]
    if not found and fields.get("max_tokens") is None:
        # Messages has no default.
        return chat.NAME
    if not found:
        raise InvalidRequest(
            f"the body can be of Chat Completions as well as of Messages: say which, {chat.NAME} or {anthropic.NAME}"
        )
    places = " and ".join(f"`{next(where for name, where in marks if name == one)}` ({one})" for one in found)
    raise InvalidRequest(f"the body has {places}: say which dialect it is")


def _by_input(fields: dict[str, object]) -> str:
    asked = fields.get("input")
    if asked is None and "prompt" not in fields:
        raise InvalidRequest(
            "the body has neither `messages` nor `input`: it is no request of a known dialect"
        )
    is_list = isinstance(asked, list) and bool(asked) and not isinstance(asked[0], dict)
    return (
        EMBEDDINGS
        if is_list or not fields.keys().isdisjoint({"dimensions", "encoding_format"})
        else RESPONSES
    )


def _marks(fields: dict[str, object]) -> Iterator[tuple[str, str]]:
    """What only one of the two has: its name, and the place."""
    for name in fields:
        if name in _ONLY_CHAT or name in _ONLY_MESSAGES:
            yield (chat.NAME if name in _ONLY_CHAT else anthropic.NAME), name
    match fields.get("tool_choice"):
        case str() | {"type": "function" | "custom" | "allowed_tools"}:
            yield chat.NAME, "tool_choice"
        case {"type": str(kind)} if kind in _CHOICES_OF_MESSAGES:
            yield anthropic.NAME, "tool_choice"
    for index, tool in enumerate(_objects(fields.get("tools"))):
        if "function" in tool or "custom" in tool:
            yield chat.NAME, f"tools.{index}"
        elif "name" in tool:
            yield anthropic.NAME, f"tools.{index}"
    for index, message in enumerate(_objects(fields["messages"])):
        yield from _marks_of(message, index)


def _marks_of(message: dict[str, object], index: int) -> Iterator[tuple[str, str]]:
    path = f"messages.{index}"
    role = message.get("role")
    if role in ("developer", "tool", "function") or (role == "system" and index == 0):
        yield chat.NAME, f"{path}.role"
    if not _MESSAGE_OF_CHAT.isdisjoint(message):
        yield chat.NAME, path
    for place, part in enumerate(_objects(message.get("content"))):
        kind = part.get("type")
        if kind in _PARTS_OF_CHAT or kind in _BLOCKS_OF_MESSAGES:
            yield (chat.NAME if kind in _PARTS_OF_CHAT else anthropic.NAME), f"{path}.content.{place}"


def _objects(value: object) -> list[dict[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
