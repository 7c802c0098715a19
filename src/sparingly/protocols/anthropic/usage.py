"""Tokens as the Messages API counts them, to and from `Usage`.

Anthropic's `input_tokens` leave out what was read from and written to the
prompt cache; `Usage.input_tokens` counts everything.

An answer from memory tells all its input as read from a cache, since that is
what happened, and `"cached": true` beside it; its output tokens stay the stored
ones.  An estimated usage carries `"estimated": true`.  Clients that know
neither field ignore them.
"""

from collections.abc import Mapping

from sparingly.core.answer import Usage

_KNOWN = frozenset(
    {
        "input_tokens",
        "output_tokens",
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
        "output_tokens_details",
        "cached",
        "estimated",
    }
)


def read_usage(fields: Mapping[str, object]) -> tuple[Usage, dict[str, object]]:
    """The tokens, and the fields that `Usage` has no place for."""
    read = _count(fields, "cache_read_input_tokens")
    written = _count(fields, "cache_creation_input_tokens")
    details = fields.get("output_tokens_details")
    usage = Usage(
        input_tokens=_count(fields, "input_tokens") + read + written,
        output_tokens=_count(fields, "output_tokens"),
        cached_input_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=_count(details, "thinking_tokens") if isinstance(details, dict) else 0,
        estimated=fields.get("estimated") is True,
    )
    rest = {name: value for name, value in fields.items() if name not in _KNOWN and value is not None}
    return usage, rest


def write_input(usage: Usage, rest: Mapping[str, object], *, cached: bool) -> dict[str, object]:
    """What is known of a usage before the answer: the input, with the rest that `read_usage` left."""
    read = usage.input_tokens if cached else usage.cached_input_tokens
    written = 0 if cached else usage.cache_write_tokens
    fields: dict[str, object] = {
        "input_tokens": max(0, usage.input_tokens - read - written),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
    }
    if usage.estimated:
        fields["estimated"] = True
    if cached:
        fields["cached"] = True
    return {**rest, **fields}


def write_output(usage: Usage) -> dict[str, object]:
    """What only the end of an answer tells."""
    fields: dict[str, object] = {"output_tokens": usage.output_tokens}
    if usage.reasoning_tokens:
        fields["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return fields


def _count(fields: Mapping[str, object], name: str) -> int:
    value = fields.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
