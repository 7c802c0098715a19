"""Refuse by name what a client of another dialect asked for and this one cannot express.

What only one dialect knows, its reader keeps under that dialect's own name, in
the `extra` of a request, a turn or a tool, in an opaque part, or before a
signature.  So no other dialect takes it for its own, and whoever writes for
another provider finds it all in one place.

Hints (`<dialect>-hints`) ask how much is told of an answer, not for another
one; they are left out.
"""

from typing import TypeVar

import msgspec

from sparingly.core.chat import Ask, Json
from sparingly.errors import InvalidRequest

_DIALECTS = ("openai", "anthropic", "openai-responses", "openai-embeddings")

_T = TypeVar("_T")


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
        for field in fields:
            raise InvalidRequest(f"{api} cannot express `{path}{field}`", field=f"{path}{field}")
    return kept


def refuse_held(ask: Ask, *, api: str) -> None:
    """Raise InvalidRequest where the answer builds on what another provider holds, by the name of the field.

    That the answer itself shall be held is no reason: an id that leads nowhere says so when it is used.
    """
    if ask.held not in (None, "store"):
        raise InvalidRequest(
            f"{api} cannot express `{ask.held}`: only a provider that speaks the client's dialect can hold it",
            field=ask.held,
        )


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
