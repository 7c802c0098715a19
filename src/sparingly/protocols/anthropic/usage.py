"""Tokens as the Messages API counts them, to `Usage`.

Anthropic's `input_tokens` leave out what was read from and written to the
prompt cache; `Usage.input_tokens` counts everything.
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
    )
    rest = {name: value for name, value in fields.items() if name not in _KNOWN and value is not None}
    return usage, rest


def _count(fields: Mapping[str, object], name: str) -> int:
    value = fields.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
