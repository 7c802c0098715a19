"""Tokens as Chat Completions counts them, to and from `Usage`.

What `Usage` has no field for (audio tokens, rejected predictions, a server's own
figures) is handed back beside it and merged in again when written, so a stored
answer tells the same numbers as a fresh one.

A usage served from memory carries `"cached": true`, an estimated one
`"estimated": true`.  The token counts stay the stored ones: they say what the
answer cost when it was made, and budgets built on them keep working.  Clients
that know neither field ignore them (openai-python shows them as attributes).
"""

from collections.abc import Mapping

from sparingly.core.answer import Usage
from sparingly.protocols.openai_usage import Names, details, read_counts

_NAMES = Names("prompt_tokens", "completion_tokens", "prompt_tokens_details", "completion_tokens_details")


def read_usage(value: object) -> tuple[Usage | None, dict[str, object]]:
    """The tokens, and what is left of the object; None where there is no usage."""
    return read_counts(value, _NAMES)


def write_usage(usage: Usage, rest: Mapping[str, object], *, cached: bool) -> dict[str, object]:
    """The object, with the rest that `read_usage` left."""
    in_details: dict[str, object] = {"cached_tokens": usage.cached_input_tokens}
    if usage.cache_write_tokens:
        in_details["cache_write_tokens"] = usage.cache_write_tokens
    out_details: dict[str, object] = {"reasoning_tokens": usage.reasoning_tokens}
    rest = dict(rest)
    written: dict[str, object] = {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": in_details | details(rest, "prompt_tokens_details"),
        "completion_tokens_details": out_details | details(rest, "completion_tokens_details"),
    }
    if usage.estimated:
        written["estimated"] = True
    if cached:
        written["cached"] = True
    return written | rest
