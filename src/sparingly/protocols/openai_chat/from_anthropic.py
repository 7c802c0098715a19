"""Say in Chat Completions what a client of the Messages API asked for, or refuse it by name.

Translated: a thinking budget to an effort (there is no other word for how long
to think), a PDF to a file, a text document and what is said of one to text.  An
effort has the same names in all three APIs.  Left out, because it asks for nothing
here: leave to think, which models that reason have anyway, and how much of it is
displayed; the clearing of earlier thinking, which never goes to another provider;
what an earlier answer carried for its own provider (citations, redacted thinking).
"""

from collections.abc import Iterator, Mapping

import msgspec

from sparingly.core.chat import Opaque, Part, Text, Turn, canonical_json
from sparingly.errors import InvalidRequest
from sparingly.protocols.fields import leftover, opened

_NAME = "anthropic"
_API = "Chat Completions"

# What a budget means as an effort: our own choice, since no provider says.  Anthropic's least budget is 1,024;
# up to twice and four times that is little and some.
_BUDGETS = ((2_048, "low"), (4_096, "medium"))
_MOST_EFFORT = "high"

_THINKING = frozenset({"type", "budget_tokens", "display"})
_DOCUMENT = frozenset({"type", "source", "title", "context", "citations", "cache_control"})
_SOURCE = frozenset({"type", "media_type", "data"})
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


def spoken(turn: Turn, index: int, *, api: str = _API) -> Turn:
    """A turn with the blocks of the Messages API as parts of this dialect; `index` is its place.

    Raises:
        InvalidRequest: one of them cannot be expressed.
    """
    if not any(isinstance(part, Opaque) for part in turn.parts):
        return turn
    path = f"messages.{index}.content"
    is_answer = turn.role == "assistant"
    parts = (said for part in turn.parts for said in _parts(part, path, api, is_answer=is_answer))
    return msgspec.structs.replace(turn, parts=tuple(parts))


def _parts(part: Part, path: str, api: str, *, is_answer: bool) -> Iterator[Part]:
    block = _their_block(part)
    kind = block.get("type")
    if not block:
        yield part
    elif kind == "document":
        yield from _document(block, path, api)
    elif not is_answer or kind not in _OF_EARLIER_ANSWERS:
        raise _inexpressible(path, f"a block of type {kind!r}", api)


def _document(block: Mapping[str, object], path: str, api: str) -> Iterator[Part]:
    heads = [head for name in ("title", "context") if isinstance(head := block.get(name), str) and head]
    for name in leftover(block, _DOCUMENT):
        raise _inexpressible(path, f"`{name}` of a document", api)
    match block:
        case {"citations": {"enabled": True}}:
            raise _inexpressible(path, "a document that is to be cited", api)
        case {"source": {"type": "base64", "media_type": str(media), "data": str(data), **rest}} if not rest:
            title, context = block.get("title"), block.get("context")
            if isinstance(context, str) and context:
                yield Text(context)
            name = title if isinstance(title, str) and title else "document.pdf"
            file = {"filename": name, "file_data": f"data:{media};base64,{data}"}
            yield Opaque(canonical_json({"type": "file", "file": file}))
        case {"source": {"type": "text", "data": str(words), **rest}} if _SOURCE.issuperset(rest):
            yield Text("\n\n".join([*heads, words]))
        case _:
            raise _inexpressible(path, "a block of type 'document' with this source", api)


def _their_block(part: Part) -> Mapping[str, object]:
    """The block that only the Messages API knows; empty where it is none."""
    value = msgspec.json.decode(part.json) if isinstance(part, Opaque) else None
    block = value.get(_NAME) if isinstance(value, dict) and len(value) == 1 else None
    return block if isinstance(block, dict) else {}


def _effort(thinking: msgspec.Raw | None, api: str = _API) -> str | None:
    match None if thinking is None else msgspec.json.decode(thinking):
        case None:
            return None
        case dict(said) if not _THINKING.issuperset(said):
            raise _inexpressible("thinking", "this kind of thinking", api)
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
