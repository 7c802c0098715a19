"""Tokens as both of OpenAI's APIs count them: the same object under two sets of names."""

from typing import NamedTuple

from sparingly.core.answer import Usage


class Names(NamedTuple):
    """What an API calls its counts, and the objects with their parts."""

    input: str
    output: str
    input_details: str
    output_details: str


def read_counts(value: object, names: Names) -> tuple[Usage | None, dict[str, object]]:
    """The tokens, and what is left of the object; None where there is no usage."""
    if not isinstance(value, dict):
        return None, {}
    rest = dict(value)
    of_input, of_output = details(rest, names.input_details), details(rest, names.output_details)
    usage = Usage(
        input_tokens=_take(rest, names.input),
        output_tokens=_take(rest, names.output),
        cached_input_tokens=_take(of_input, "cached_tokens"),
        cache_write_tokens=_take(of_input, "cache_write_tokens"),
        reasoning_tokens=_take(of_output, "reasoning_tokens"),
        estimated=rest.pop("estimated", False) is True,
    )
    rest.pop("cached", None)
    if rest.get("total_tokens") == usage.input_tokens + usage.output_tokens:
        del rest["total_tokens"]
    parts = {names.input_details: of_input, names.output_details: of_output}
    rest |= {name: left for name, left in parts.items() if left}
    return usage, {name: left for name, left in rest.items() if left is not None}


def details(fields: dict[str, object], name: str) -> dict[str, object]:
    """Take the object of that name out; empty where there is none."""
    value = fields.pop(name, None)
    return dict(value) if isinstance(value, dict) else {}


def _take(fields: dict[str, object], name: str) -> int:
    """A count; what is no count counts nothing, since a wrong figure must not cost an answer."""
    value = fields.pop(name, None)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
