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


def read_usage(value: object) -> tuple[Usage | None, dict[str, object]]:
    """The tokens, and what is left of the object; None where there is no usage."""
    if not isinstance(value, dict):
        return None, {}
    rest = dict(value)
    in_details, out_details = (
        _details(rest, "prompt_tokens_details"),
        _details(rest, "completion_tokens_details"),
    )
    usage = Usage(
        input_tokens=_take(rest, "prompt_tokens"),
        output_tokens=_take(rest, "completion_tokens"),
        cached_input_tokens=_take(in_details, "cached_tokens"),
        cache_write_tokens=_take(in_details, "cache_write_tokens"),
        reasoning_tokens=_take(out_details, "reasoning_tokens"),
        estimated=rest.pop("estimated", False) is True,
    )
    rest.pop("cached", None)
    if rest.get("total_tokens") == usage.input_tokens + usage.output_tokens:
        del rest["total_tokens"]
    if in_details:
        rest["prompt_tokens_details"] = in_details
    if out_details:
        rest["completion_tokens_details"] = out_details
    return usage, {name: left for name, left in rest.items() if left is not None}


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
        "prompt_tokens_details": in_details | _details(rest, "prompt_tokens_details"),
        "completion_tokens_details": out_details | _details(rest, "completion_tokens_details"),
    }
    if usage.estimated:
        written["estimated"] = True
    if cached:
        written["cached"] = True
    return written | rest


def _details(fields: dict[str, object], name: str) -> dict[str, object]:
    value = fields.pop(name, None)
    return dict(value) if isinstance(value, dict) else {}


def _take(fields: dict[str, object], name: str) -> int:
    """A count; what is no count counts nothing, since a wrong figure must not cost an answer."""
    value = fields.pop(name, None)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
