"""Join JSON values that arrive in pieces, as streams deliver fields that nobody here knows.

The rules are those by which the providers' own clients put a streamed message
together: objects are joined key by key, lists are appended, a null adds nothing.
Whether text is appended or replaced is the caller's to say, since only it
knows what the field is.
"""

import msgspec

from sparingly.core.chat import Json, canonical_json

# Text that names a thing rather than being part of it: sent again it replaces, never "call_1call_1".
_NAMES = frozenset({"id", "type", "name", "role", "format"})


def join(pieces: list[Json], *, appends_text: bool) -> Json | None:
    """One value of all the pieces; a single piece stays as it is, no piece is None."""
    if len(pieces) <= 1:
        return pieces[0] if pieces else None
    whole: object = None
    for piece in pieces:
        whole = _joined(whole, msgspec.json.decode(piece), appends_text=appends_text)
    return canonical_json(whole)


def overlay(pieces: list[Json]) -> Json | None:
    """One object of all the pieces, in which a later field replaces an earlier one whole."""
    if len(pieces) <= 1:
        return pieces[0] if pieces else None
    whole: dict[str, object] = {}
    for piece in pieces:
        whole |= msgspec.json.decode(piece, type=dict[str, object])
    return canonical_json(whole)


def _joined(old: object, new: object, *, appends_text: bool) -> object:
    if new is None:
        return old
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {
            key: _joined(old.get(key), value, appends_text=appends_text and key not in _NAMES)
            for key, value in new.items()
        }
    if isinstance(old, list) and isinstance(new, list):
        return old + new
    if appends_text and isinstance(old, str) and isinstance(new, str):
        return old + new
    return new
