"""Tokens as the Responses API counts them, to and from `Usage`.

What `Usage` has no field for is handed back beside it.  A usage served from
memory carries `"cached": true`, an estimated one `"estimated": true`; the counts
stay the stored ones (see `openai_chat/usage.py`).
"""

from collections.abc import Mapping

from sparingly.core.answer import Usage


def read_usage(value: object) -> tuple[Usage | None, dict[str, object]]:
    """The tokens, and what is left of the object; None where there is no usage."""
    if not isinstance(value, dict):
        return None, {}
    rest = dict(value)
    of_input, of_output = _details(rest, "input_tokens_details"), _details(rest, "output_tokens_details")
    usage = Usage(
        input_tokens=_take(rest, "input_tokens"),
        output_tokens=_take(rest, "output_tokens"),
        cached_input_tokens=_take(of_input, "cached_tokens"),
        cache_write_tokens=_take(of_input, "cache_write_tokens"),
        reasoning_tokens=_take(of_output, "reasoning_tokens"),
        estimated=rest.pop("estimated", False) is True,
    )
    rest.pop("cached", None)
    if rest.get("total_tokens") == usage.input_tokens + usage.output_tokens:
        del rest["total_tokens"]
    details = {"input_tokens_details": of_input, "output_tokens_details": of_output}
    rest |= {name: left for name, left in details.items() if left}
    return usage, {name: left for name, left in rest.items() if left is not None}


def write_usage(usage: Usage, rest: Mapping[str, object], *, cached: bool) -> dict[str, object]:
    """The object, with the rest that `read_usage` left."""
    rest = dict(rest)
    of_input = {"cached_tokens": usage.cached_input_tokens, "cache_write_tokens": usage.cache_write_tokens}
    written: dict[str, object] = {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": of_input | _details(rest, "input_tokens_details"),
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens}
        | _details(rest, "output_tokens_details"),
        "total_tokens": usage.input_tokens + usage.output_tokens,
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
