"""Say that a tool failed, for providers whose API has no field for it.

Of the three dialects only the Messages API marks a tool's result as an error
(`is_error`).  Coding agents mark one all the time, so to refuse it would keep
them from every other provider; to drop it would show a model a failure as a
result.  So it is said where the model reads: a fixed notice before the result.

A notice that comes in is a text like any other: who wrote it, nobody can know.
"""

import msgspec

from sparingly.core.chat import Part, Text, ToolResult

NOTICE = "[tool error]"
"""Always the same words, so that the provider's prompt cache finds the conversation again."""


def told_parts(result: ToolResult) -> tuple[Part, ...]:
    """The parts of a result, with the notice before them where the tool failed."""
    if not result.is_error:
        return result.parts
    match result.parts:
        case (Text(text=words) as first, *rest):
            said = f"{NOTICE} {words}" if words else NOTICE
            return (msgspec.structs.replace(first, text=said), *rest)
        case parts:
            return (Text(NOTICE), *parts)
