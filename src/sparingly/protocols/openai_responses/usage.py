"""Tokens as the Responses API counts them, to and from `Usage`.

What `Usage` has no field for is handed back beside it.  A usage served from
memory carries `"cached": true`, an estimated one `"estimated": true`; the counts
stay the stored ones (see `openai_chat/usage.py`).
"""

from collections.abc import Mapping

from sparingly.core.answer import Usage
from sparingly.protocols.openai_usage import Names, details, read_counts

_NAMES = Names("input_tokens", "output_tokens", "input_tokens_details", "output_tokens_details")


def read_usage(value: object) -> tuple[Usage | None, dict[str, object]]:
    """The tokens, and what is left of the object; None where there is no usage."""
    return read_counts(value, _NAMES)


def write_usage(usage: Usage, rest: Mapping[str, object], *, cached: bool) -> dict[str, object]:
    """The object, with the rest that `read_usage` left."""
    rest = dict(rest)
    of_input = {"cached_tokens": usage.cached_input_tokens, "cache_write_tokens": usage.cache_write_tokens}
    written: dict[str, object] = {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": of_input | details(rest, "input_tokens_details"),
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens}
        | details(rest, "output_tokens_details"),
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
    if usage.estimated:
        written["estimated"] = True
    if cached:
        written["cached"] = True
    return written | rest
