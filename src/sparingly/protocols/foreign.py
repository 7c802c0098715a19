"""Refuse by name what a client of another dialect asked for and this one cannot express.

What only one dialect knows, its reader keeps under that dialect's own name, in
the `extra` of a request, a turn or a tool, in an opaque part, or before a
signature.  So no other dialect takes it for its own, and whoever writes for
another provider finds it all in one place.  A client's own field of such a name
is kept under its dialect's, too: nobody may say what another dialect's reader says.

Hints (`<dialect>-hints`) ask how much is told of an answer, not for another
one; they are left out.
"""

from typing import TypeVar

import msgspec

from sparingly.core.chat import Ask, Json
from sparingly.errors import InvalidRequest

_DIALECTS = ("openai", "anthropic", "openai-responses", "openai-embeddings")

# Names under which readers keep unknown fields of something that is known itself.
_HOLDS_FIELDS = frozenset({"blocks", "item", "output_config", "reasoning", "text"})
_OF_PART = ".part"

# Every name under which a reader keeps what only its dialect knows, or marks what the request does not say itself.
_KEPT_UNDER = frozenset({"max_tokens_field", *(name + end for name in _DIALECTS for end in ("", "-hints"))})

_T = TypeVar("_T")

PREFILL = "prefix"
"""In `Turn.extra` of the last turn: the answer goes on with its words.  Chat Completions has no word of its own
for it; this is what DeepSeek's and Mistral's servers call it."""


def refuse_foreign(extra: dict[str, _T], *, own: str, api: str, path: str = "") -> dict[str, _T]:
    """`extra` without other dialects' names.

    Raises:
        InvalidRequest: there is something under one.  Of a whole object of another dialect, such as a tool,
            it names the type, for that is what cannot be expressed; else the first field.
    """
    kept = dict(extra)
    for name in _DIALECTS:
        kept.pop(f"{name}-hints", None)
        if name == own or name not in kept:
            continue
        value = kept.pop(name)
        fields = msgspec.json.decode(value) if isinstance(value, msgspec.Raw) else value
        if not isinstance(fields, dict):
            continue
        if isinstance(fields.get("type"), str):
            raise InvalidRequest(f"{api} cannot express `{path}type` {fields['type']!r}", field=f"{path}type")
        field = _first_field(fields)
        if field is not None:
            raise InvalidRequest(f"{api} cannot express `{path}{field}`", field=f"{path}{field}")
    return kept


def _first_field(fields: dict[str, object]) -> str | None:
    """The first field, with its path where it stands in another: by the position of a part, or in a known object."""
    for name, value in fields.items():
        if name in _HOLDS_FIELDS or name.isdigit() or name.endswith(_OF_PART):
            within = _first_field(value) if isinstance(value, dict) else None
            return name if within is None else f"{name}.{within}"
        return name
    return None


def refuse_held(ask: Ask, *, api: str) -> None:
    """Raise InvalidRequest where the answer builds on what another provider holds, by the name of the field.

    That the answer itself shall be held is no reason: an id that leads nowhere says so when it is used.
    """
    if ask.held not in (None, "store"):
        raise InvalidRequest(
            f"{api} cannot express `{ask.held}`: only a provider that speaks the client's dialect can hold it",
            field=ask.held,
        )


def refuse_prefill(ask: Ask, *, api: str) -> None:
    """Raise InvalidRequest where the answer shall go on with the request's last words.

    To an API that does not continue them they would be an earlier answer, and its own would begin anew.
    """
    last = ask.turns[-1] if ask.turns else None
    if last is None or last.role != "assistant" or last.extra is None:
        return
    if msgspec.json.decode(last.extra, type=dict[str, msgspec.Raw]).get(PREFILL) == msgspec.Raw(b"true"):
        field = f"messages.{len(ask.turns) - 1}.role"
        raise InvalidRequest(
            f"{api} cannot express the beginning of an answer that the model shall go on with: "
            f"the last message is an assistant's (`{field}`)",
            field=field,
        )


def set_apart(fields: dict[str, object], *, own: str) -> dict[str, object]:
    """Unknown fields of a client's, with those that bear the name of another dialect put under `own`.

    That name is what our readers keep fields under; a client's own field of that name must not pass for one.
    """
    if _KEPT_UNDER.isdisjoint(fields):
        return fields
    apart = {name: value for name, value in fields.items() if name in _KEPT_UNDER}
    return {name: value for name, value in fields.items() if name not in apart} | {own: apart}


def put_back(fields: dict[str, msgspec.Raw], *, own: str) -> dict[str, msgspec.Raw]:
    """Fields that know no other dialect, those among them that `set_apart` took out."""
    kept = dict(fields)
    apart = kept.pop(own, None)
    return kept if apart is None else kept | msgspec.json.decode(apart, type=dict[str, msgspec.Raw])


def is_foreign(part: Json, *, own: str) -> bool:
    """Whether an opaque part is another dialect's."""
    value = msgspec.json.decode(part)
    return isinstance(value, dict) and any(name in value for name in _DIALECTS if name != own)


def foreign_kind(part: Json) -> str:
    """The type of an opaque part, whichever dialect it came from."""
    value = msgspec.json.decode(part)
    if isinstance(value, dict):
        value = next((value[name] for name in _DIALECTS if name in value), value)
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else "unknown"


def without_foreign(extra: dict[str, _T], *, own: str) -> dict[str, _T]:
    """`extra` without other dialects' names: of an earlier answer, they mean nothing to another provider."""
    return {name: value for name, value in extra.items() if name == own or name not in _DIALECTS}


def signer(signature: str | None) -> str | None:
    """The dialect that signed; None where the signature does not say, as Anthropic's do not."""
    name, colon, _ = (signature or "").partition(":")
    return name if colon and name in _DIALECTS else None
