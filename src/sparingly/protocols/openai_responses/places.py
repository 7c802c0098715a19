"""What the Responses API calls a place in the canonical request."""

from sparingly.protocols.fields import objects, parse_object
from sparingly.protocols.openai_responses.read_input import numbered_turns_of
from sparingly.protocols.places import renamed, turn_of

_NAMES = {
    "logprobs": "include",
    "max_tokens": "max_output_tokens",
    "reasoning_effort": "reasoning.effort",
    "response_format": "text.format",
    "verbosity": "text.verbosity",
}


def place_of(body: bytes, field: str) -> str:
    """The place in a request that was read before."""
    found = turn_of(field)
    if found is None:
        return renamed(field, _NAMES)
    number, within = found
    fields = parse_object(body)
    if fields.get("instructions") is not None:
        if number == 0:
            return "instructions"
        number -= 1
    asked = fields.get("input")
    if not isinstance(asked, list):
        return "input"
    items = objects(asked, "input")
    numbers = numbered_turns_of(items)[1]
    if number >= len(numbers):
        return "input"
    owner = numbers[number]
    return f"input.{owner}" + _within(items[owner], within)


def _within(item: dict[str, object], within: str) -> str:
    content = "output" if "output" in item else "content"
    match within.split("."):
        case ["item", *names]:
            return "." + ".".join(names)
        case [position, "part", *names]:
            return ".".join(["", content, position, *names])
        case ["content", *names] if content in item:
            return ".".join(["", content, *names])
        case ["role"] if "role" in item:
            return ".role"
        case _:
            # The item as a whole: a call, a result, a tool of the provider's own.
            return ""
