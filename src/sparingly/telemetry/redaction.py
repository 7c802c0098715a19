"""Blank out parts of a JSON value by dotted paths, such as `request.messages.*.content`.

Pure.  `*` stands for every item of a list and every key of an object; a number
for one item.  A path that leads nowhere changes nothing.
"""

from collections.abc import Sequence

REDACTED = "[redacted]"


def redact(value: object, paths: Sequence[Sequence[str]]) -> object:
    """Replace what the paths lead to, in place where it can be, and return the value."""
    for path in paths:
        value = _redact(value, path)
    return value


def steps(path: str) -> tuple[str, ...]:
    """The parts of a dotted path."""
    return tuple(path.split("."))


def _redact(value: object, path: Sequence[str]) -> object:
    if not path:
        return REDACTED
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        for key in list(value) if step == "*" else [step]:
            if key in value:
                value[key] = _redact(value[key], rest)
    elif isinstance(value, list):
        for index in _indexes(value, step):
            value[index] = _redact(value[index], rest)
    return value


def _indexes(items: list[object], step: str) -> Sequence[int]:
    if step == "*":
        return range(len(items))
    # At most 9 digits: no list is longer, and int() refuses thousands of them.
    is_index = step.isdecimal() and len(step) <= 9 and int(step) < len(items)
    return [int(step)] if is_index else []
