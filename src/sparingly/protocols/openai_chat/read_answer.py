"""Read a whole Chat Completions answer; nothing in it is lost.

Lenient: servers that call themselves compatible differ, and an answer that the
client could use must not be refused for a field nobody needs.  Only what makes
the answer unusable to us is nonsense: no object, no choices, no message.
"""

from collections.abc import Iterator

import msgspec

from sparingly.core.answer import Answer, Block, Choice
from sparingly.core.chat import Opaque, Refusal, Text, Thinking, ToolCall, canonical_json
from sparingly.errors import UpstreamNonsense
from sparingly.protocols.fields import kept, kind, leftover
from sparingly.protocols.foreign import set_apart
from sparingly.protocols.openai_chat import shapes
from sparingly.protocols.openai_chat.usage import read_usage
from sparingly.protocols.provider_errors import parse, provider_error


def read_answer(body: bytes) -> Answer:
    """Read an answer; raises UpstreamNonsense."""
    whole = parse(body)
    choices = whole.get("choices")
    if not isinstance(choices, list):
        said = provider_error(whole)
        raise UpstreamNonsense(
            f"the provider sent an error as an answer: {said}"
            if said
            else "the provider's answer has no `choices`"
        )
    usage, rest = read_usage(whole.get("usage"))
    extra = set_apart(leftover(whole, shapes.ANSWER), own=shapes.NAME)
    if rest:
        extra["usage"] = rest
    model = whole.get("model")
    return Answer(
        model=model if isinstance(model, str) else "",
        choices=tuple(_choice(choice, position) for position, choice in enumerate(choices)),
        usage=usage,
        extra=kept(extra),
    )


def _choice(choice: object, position: int) -> Choice:
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise UpstreamNonsense(f"the provider's answer has no message in choice {position}")
    index, finish = choice.get("index"), choice.get("finish_reason")
    logprobs = choice.get("logprobs")
    extra = set_apart(leftover(message, shapes.ANSWER_MESSAGE), own=shapes.NAME)
    return Choice(
        index=index if isinstance(index, int) else position,
        blocks=tuple(_blocks(message, extra)),
        finish=finish if isinstance(finish, str) and finish else None,
        logprobs=None if logprobs is None else canonical_json(logprobs),
        extra=kept(leftover(choice, shapes.CHOICE)),
        message_extra=kept(extra),
    )


def _blocks(message: dict[str, object], extra: dict[str, object]) -> Iterator[Block]:
    """The blocks in the order in which models make them; unknown fields of calls go to `extra`."""
    thinking = reasoning_of(message, extra)
    if thinking is not None:
        yield Thinking(thinking)
    calls, content = message.get("tool_calls"), message.get("content")
    # Servers that call a tool without a word say so by an empty text, which is no word of the model's.
    yield from content_blocks(None if calls and content == "" else content)
    refusal = message.get("refusal")
    if isinstance(refusal, str):
        yield Refusal(refusal)
    for name in shapes.OPAQUE_FIELDS:
        if message.get(name) is not None:
            yield Opaque(canonical_json({"type": name, name: message[name]}))
    unknown: dict[str, object] = {}
    functions = 0
    for call in calls if isinstance(calls, list) else []:
        if not isinstance(call, dict):
            raise UpstreamNonsense(f"the provider's answer holds {kind(call)} as a tool call")
        if not isinstance(call.get("function"), dict):
            yield Opaque(canonical_json(call))
            continue
        yield ToolCall(*called(call))
        left = unknown_of_call(call)
        if left:
            unknown[str(functions)] = left
        functions += 1
    if unknown:
        extra["tool_calls"] = unknown


def reasoning_of(message: dict[str, object], extra: dict[str, object]) -> str | None:
    """The reasoning under either name; `extra` remembers the newer name, or the second text where both are."""
    older, newer = message.get(shapes.REASONING_CONTENT), message.get(shapes.REASONING)
    if isinstance(older, str) and older:
        if newer is not None and newer != "":
            extra[shapes.REASONING] = newer
        return older
    if isinstance(newer, str) and newer:
        extra[shapes.REASONING] = ""
        return newer
    if newer is not None and not isinstance(newer, str):
        extra[shapes.REASONING] = newer
    return None


def content_blocks(content: object) -> Iterator[Text | Opaque]:
    """Text, or the parts of a list."""
    if content is None:
        return
    if isinstance(content, str):
        yield Text(content)
        return
    if not isinstance(content, list):
        raise UpstreamNonsense(f"the provider's answer has {kind(content)} as content")
    for part in content:
        words = part.get("text") if isinstance(part, dict) else None
        if isinstance(part, dict) and part.keys() == {"type", "text"} and isinstance(words, str):
            yield Text(words)
        else:
            yield Opaque(canonical_json(part))


def called(call: dict[str, object]) -> tuple[str, str, str]:
    """Id, name and arguments of a function's call; what a server leaves out is empty."""
    function = call.get("function")
    name = function.get("name") if isinstance(function, dict) else None
    arguments = function.get("arguments") if isinstance(function, dict) else None
    if arguments is not None and not isinstance(arguments, str):
        # Some servers send the arguments parsed.
        arguments = msgspec.json.encode(arguments).decode()
    call_id = call.get("id")
    return (
        call_id if isinstance(call_id, str) else "",
        name if isinstance(name, str) else "",
        arguments or "",
    )


def unknown_of_call(call: dict[str, object]) -> dict[str, object]:
    """The unknown fields of a function's call, such as signatures that must come back with it."""
    function = call.get("function")
    inner = leftover(function, shapes.CALLED_FUNCTION) if isinstance(function, dict) else {}
    left = leftover(call, shapes.CALL)
    return left | {"function": inner} if inner else left
