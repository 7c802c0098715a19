"""Name a place in a request as its client wrote it.

Whoever writes for a provider names what it refuses by the canonical request: by
the number of a turn and in the words of Chat Completions.  A client of another
dialect knows neither: there a system prompt is no message, one message may be
several turns, and a format is called otherwise.  So each inbound dialect tells
what it calls a place; nothing of it is worked out unless something is refused.
"""

import re
from collections.abc import Callable, Mapping

from sparingly.errors import InvalidRequest

_TURN = re.compile(r"messages\.(\d+)(?:\.(.*))?", re.DOTALL)
_OF_FUNCTION = re.compile(r"(tools\.\d+)\.function\.(.*)", re.DOTALL)


def in_clients_words(error: InvalidRequest, place_of: Callable[[str], str]) -> InvalidRequest:
    """The same refusal, with the place it names as `place_of` calls it."""
    if error.field is None:
        return error
    place = place_of(error.field)
    return InvalidRequest(error.message.replace(f"`{error.field}`", f"`{place}`"), field=place)


def turn_of(field: str) -> tuple[int, str] | None:
    """The number of the turn that a place lies in, and the place within it; None for any other place."""
    match = _TURN.fullmatch(field)
    return None if match is None else (int(match[1]), match[2] or "")


def renamed(field: str, names: Mapping[str, str]) -> str:
    """A field by what `names` call it or what it lies in; a function's description is a tool's own there."""
    match = _OF_FUNCTION.fullmatch(field)
    if match is not None:
        return f"{match[1]}.{match[2]}"
    head, dot, rest = field.partition(".")
    return names.get(head, head) + dot + rest
