"""Say in Chat Completions what a client of the Messages API asked for, or refuse it by name.

Translated: a thinking budget to an effort (there is no other word for how long
to think), a PDF to a file, a text document to text.  Left out, because it asks
for nothing here: leave to think, which models that reason have anyway; the
clearing of earlier thinking, which never goes to another provider; what an
earlier answer carried for its own provider (citations, redacted thinking).
"""

from collections.abc import Mapping

import msgspec

from sparingly.core.chat import Opaque, Part, Text, Turn, canonical_json
from sparingly.errors import InvalidRequest
from sparingly.protocols.fields import opened

_NAME = "anthropic"
_API = "Chat Completions"

# What a budget means as an effort: our own choice, since no provider says.  Anthropic's least budget is 1,024;
# up to twice and four times that is little and some.
_BUDGETS = ((2_048, "low"), (4_096, "medium"))
_MOST_EFFORT = "high"

_PLAIN_THINKING = frozenset({"disabled", "adaptive", "between_tools"})
_OF_EARLIER_ANSWERS = frozenset({"citations", "redacted_thinking"})
_CLEARS_THINKING = "clear_thinking_"


def translated(extra: dict[str, msgspec.Raw], *, api: str = _API) -> dict[str, msgspec.Raw]:
    """The unknown fields of a request, with those of the Messages API in this dialect's words.

    `api` is who cannot express the rest: OpenAI's two APIs share these words.
    """
    fields = dict(extra)
    effort = _effort(fields.pop("thinking", None), api)
    if effort is not None:
        fields.setdefault("reasoning_effort", msgspec.Raw(msgspec.json.encode(effort)))
    if fields.get("reasoning_effort") == msgspec.Raw(b'"max"'):
        raise _inexpressible("output_config.effort", "the effort 'max'", api)
    own = fields.get(_NAME)
    if own is not None:
        theirs = opened(own)
        if _asks_for_nothing(theirs.get("context_management")):
            theirs.pop("context_management", None)
        fields[_NAME] = msgspec.Raw(msgspec.json.encode(theirs))
    return fields


def check_tool(extra: dict[str, msgspec.Raw], path: str) -> None:
    """Refuse the tools that run at Anthropic's: there is nothing here to run them."""
    kind = opened(extra.get(_NAME)).get("type")
    if kind is not None:
        raise _inexpressible(f"{path}type", f"a tool of the provider's own, {msgspec.json.decode(kind)!r}")


def spoken(turn: Turn, index: int) -> Turn:
    """A turn with the blocks of the Messages API as parts of this dialect; `index` is its place.

    Raises:
        InvalidRequest: one of them cannot be expressed.
    """
    if not any(isinstance(part, Opaque) for part in turn.parts):
        return turn
    path = f"messages.{index}.content"
    parts = (_part(part, path, is_answer=turn.role == "assistant") for part in turn.parts)
    return msgspec.structs.replace(turn, parts=tuple(part for part in parts if part is not None))


def _part(part: Part, path: str, *, is_answer: bool) -> Part | None:
    block = _their_block(part)
    if is_answer and block.get("type") in _OF_EARLIER_ANSWERS:
        return None
    match block:
        case {"type": "document", "citations": {"enabled": True}}:
            raise _inexpressible(path, "a document that is to be cited")
        case {"type": "document", "source": {"type": "base64", "media_type": str(media), "data": str(data)}}:
            title = block.get("title")
            name = title if isinstance(title, str) and title else "document.pdf"
            file = {"filename": name, "file_data": f"data:{media};base64,{data}"}
            return Opaque(canonical_json({"type": "file", "file": file}))
        case {"type": "document", "source": {"type": "text", "data": str(words)}}:
            heads = (block.get("title"), block.get("context"))
            return Text("\n\n".join([*(head for head in heads if isinstance(head, str) and head), words]))
        case {"type": kind}:
            raise _inexpressible(path, f"a block of type {kind!r}")
        case _:
            return part


def _their_block(part: Part) -> Mapping[str, object]:
    """The block that only the Messages API knows; empty where it is none."""
    value = msgspec.json.decode(part.json) if isinstance(part, Opaque) else None
    block = value.get(_NAME) if isinstance(value, dict) and len(value) == 1 else None
    return block if isinstance(block, dict) else {}


def _effort(thinking: msgspec.Raw | None, api: str = _API) -> str | None:
    match None if thinking is None else msgspec.json.decode(thinking):
        case None:
            return None
        case {"type": str(kind)} if kind in _PLAIN_THINKING:
            return None
        case {"type": "enabled", "budget_tokens": int(budget)}:
            return next((effort for below, effort in _BUDGETS if budget < below), _MOST_EFFORT)
        case _:
            raise _inexpressible("thinking", "this kind of thinking", api)


def _asks_for_nothing(context_management: msgspec.Raw | None) -> bool:
    match None if context_management is None else msgspec.json.decode(context_management):
        case {"edits": list(edits)}:
            kinds = [edit.get("type") if isinstance(edit, dict) else None for edit in edits]
            return all(isinstance(kind, str) and kind.startswith(_CLEARS_THINKING) for kind in kinds)
        case _:
            return False


def _inexpressible(field: str, what: str, api: str = _API) -> InvalidRequest:
    return InvalidRequest(f"{api} cannot express {what} (`{field}`)", field=field)
