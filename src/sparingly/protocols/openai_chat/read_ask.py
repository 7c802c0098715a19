"""Read a Chat Completions request into an `Ask`.

Strict on types, lenient on ranges: a value is refused only if no provider could
mean anything by it.  What is equal in meaning reads equal: one text part and
plain text, one stop word and a list of one, 1 and 1.0, null and the absence of
a field that this API has.

Unknown fields go into `extra`, at each level: of the body, of a turn (where
`content` and `tool_calls` hold those of parts and calls, by position) and of a
tool.
"""

from collections.abc import Iterator

from sparingly.core.chat import (
    Ask,
    Image,
    Json,
    Opaque,
    Part,
    Refusal,
    Role,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
    canonical_json,
)
from sparingly.errors import InvalidRequest
from sparingly.protocols.fields import (
    an_object,
    kept,
    leftover,
    missing,
    objects,
    optional_bool,
    optional_int,
    optional_number,
    optional_text,
    parse_object,
    text,
    wrong,
)
from sparingly.protocols.foreign import set_apart
from sparingly.protocols.openai_chat import shapes

# Bounds of nonsense, not of any provider: 128 drafts is OpenAI's own limit, temperatures above 2 are
# accepted by some servers, seeds and token counts must fit the integers that ledgers and stores hold.
_MOST_DRAFTS = 128
_MOST_LOGPROBS = 1_000
_MOST_TOKENS = 2**31 - 1
# The word of llama.cpp's server and of LM Studio.
_NO_LIMIT = -1
_SEEDS = (-(2**63), 2**63 - 1)

# An empty text, in both forms of `content`.
_SILENCE = ("", [{"type": "text", "text": ""}])


def read_ask(body: bytes) -> Ask:
    """Read a request; raises InvalidRequest that names the field."""
    try:
        return _ask(parse_object(body))
    except RecursionError as error:
        raise InvalidRequest("the body is nested too deeply") from error


def _ask(body: dict[str, object]) -> Ask:
    model = text(body, "model")
    if not model:
        raise wrong("model", "the name of a model", model)
    if body.get("messages") is None:
        raise missing("messages")
    messages = objects(body["messages"], "messages")
    if not messages:
        raise InvalidRequest("`messages` must hold at least one message", field="messages")
    max_tokens, marks = _max_tokens(body)
    extra = _unknown(body, shapes.READ | shapes.NOT_THE_ANSWER, shapes.NULLABLE)
    effort = extra.get("reasoning_effort")
    if effort is not None and not isinstance(effort, str):
        raise wrong("reasoning_effort", "text", effort)
    return Ask(
        model=model,
        turns=tuple(_turn(message, index) for index, message in enumerate(messages)),
        sampling=_sampling(body, max_tokens),
        tools=tuple(_tools(body)),
        tool_choice=_tool_choice(body),
        parallel_tool_calls=optional_bool(body, "parallel_tool_calls"),
        response_format=_response_format(body),
        extra=kept(extra | marks | _counted_logprobs(body)),
        stream=optional_bool(body, "stream") or False,
        include_usage=_include_usage(body),
    )


def _max_tokens(body: dict[str, object]) -> tuple[int | None, dict[str, object]]:
    """The limit, and what tells its two names apart: the newer one counts hidden reasoning."""
    newer = optional_int(body, shapes.MAX_COMPLETION_TOKENS, least=1, most=_MOST_TOKENS)
    if newer is None and body.get("max_tokens") == _NO_LIMIT:
        return None, {"max_tokens": _NO_LIMIT}
    older = optional_int(body, "max_tokens", least=1, most=_MOST_TOKENS)
    if newer is None:
        return older, {}
    marks: dict[str, object] = {shapes.MAX_TOKENS_FIELD: shapes.MAX_COMPLETION_TOKENS}
    if older is not None:
        marks["max_tokens"] = older
    return newer, marks


def _sampling(body: dict[str, object], max_tokens: int | None) -> Sampling:
    return Sampling(
        temperature=optional_number(body, "temperature", least=0, most=100),
        top_p=optional_number(body, "top_p", least=0, most=1),
        n=optional_int(body, "n", least=1, most=_MOST_DRAFTS),
        seed=optional_int(body, "seed", least=_SEEDS[0], most=_SEEDS[1]),
        stop=_stop(body),
        logprobs=None if _counted_logprobs(body) else optional_bool(body, "logprobs"),
        top_logprobs=optional_int(body, "top_logprobs", least=0, most=_MOST_LOGPROBS),
        max_tokens=max_tokens,
        presence_penalty=optional_number(body, "presence_penalty", least=-100, most=100),
        frequency_penalty=optional_number(body, "frequency_penalty", least=-100, most=100),
    )


def _counted_logprobs(body: dict[str, object]) -> dict[str, object]:
    """The form of some servers, Together's and Fireworks' among them, which say here how many are wanted."""
    value = body.get("logprobs")
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_LOGPROBS
    return {"logprobs": value} if is_count else {}


def _stop(body: dict[str, object]) -> tuple[str, ...] | None:
    value = body.get("stop")
    if value is None:
        return None
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        raise wrong("stop", "text or a list of texts", value)
    for index, word in enumerate(value):
        if not isinstance(word, str):
            raise wrong(f"stop.{index}", "text", word)
    return tuple(value)


def _include_usage(body: dict[str, object]) -> bool:
    if body.get("stream_options") is None:
        return False
    options = an_object(body, "stream_options")
    value = options.get("include_usage")
    if value is not None and not isinstance(value, bool):
        raise wrong("stream_options.include_usage", "true or false", value)
    return value or False


def _tool_choice(body: dict[str, object]) -> Json | None:
    value = body.get("tool_choice")
    if value is None:
        return None
    if not isinstance(value, str | dict):
        raise wrong("tool_choice", "text or an object", value)
    return canonical_json(value)


def _response_format(body: dict[str, object]) -> Json | None:
    if body.get("response_format") is None:
        return None
    value = an_object(body, "response_format")
    text(value, "type", "response_format.")
    return canonical_json(value)


def _tools(body: dict[str, object]) -> Iterator[Tool]:
    if body.get("tools") is None:
        return
    for index, tool in enumerate(objects(body["tools"], "tools")):
        path = f"tools.{index}."
        kind = text(tool, "type", path)
        if kind != "function":
            yield Tool(name=_name_of(tool, kind), extra=canonical_json(set_apart(tool, own=shapes.NAME)))
            continue
        function = an_object(tool, "function", path)
        path += "function."
        parameters = None
        if function.get("parameters") is not None:
            parameters = canonical_json(an_object(function, "parameters", path))
        extra = _unknown(tool, shapes.TOOL)
        inner = _unknown(function, shapes.FUNCTION, shapes.NULLABLE_OF_FUNCTION)
        yield Tool(
            name=text(function, "name", path),
            description=optional_text(function, "description", path),
            parameters=parameters,
            extra=kept(extra | {"function": inner} if inner else extra),
        )


def _unknown(
    fields: dict[str, object], known: frozenset[str], nullable: frozenset[str] = frozenset()
) -> dict[str, object]:
    """The fields that have no place of their own, less those whose emptiness only says that they are absent."""
    rest = leftover(fields, known)
    return set_apart(
        {name: value for name, value in rest.items() if name not in nullable or value not in (None, [])},
        own=shapes.NAME,
    )


def _name_of(tool: dict[str, object], kind: str) -> str:
    """The name of a tool of another kind: OpenAI keeps it in an object named after the kind."""
    inner = tool.get(kind)
    name = inner.get("name") if isinstance(inner, dict) else None
    return name if isinstance(name, str) else kind


def _turn(message: dict[str, object], index: int) -> Turn:
    path = f"messages.{index}."
    role = text(message, "role", path)
    name = optional_text(message, "name", path)
    match role:
        case "system" | "developer" | "user":
            return _plain(role, message, path, name)
        case "assistant":
            return _assistant(message, path, name)
        case "tool":
            call_id = text(message, "tool_call_id", path)
            parts, unknown = _content(message, path)
            extra = _unknown(message, shapes.TOOL_MESSAGE, shapes.NULLABLE_OF_MESSAGE) | unknown
            return Turn("tool", (ToolResult(call_id, parts),), name, kept(extra))
        case "function":
            # The form before tools: the result of a call that had no id, and may have had no result.
            is_empty = message.get("content", ...) is None
            parts, unknown = ((), {}) if is_empty else _content(message, path)
            extra = _unknown(message, shapes.MESSAGE, shapes.NULLABLE_OF_MESSAGE) | unknown
            extra["role"] = "function"
            return Turn("tool", (ToolResult("", parts),), name, kept(extra))
        case _:
            roles = ", ".join(shapes.ROLES)
            raise InvalidRequest(
                f"`{path}role` must be one of {roles}, not {role[:40]!r}", field=f"{path}role"
            )


def _plain(role: Role, message: dict[str, object], path: str, name: str | None) -> Turn:
    parts, unknown = _content(message, path)
    extra = _unknown(message, shapes.MESSAGE, shapes.NULLABLE_OF_MESSAGE)
    return Turn(role, parts, name, kept(extra | unknown))


def _assistant(message: dict[str, object], path: str, name: str | None) -> Turn:
    extra = _unknown(message, shapes.ASSISTANT_MESSAGE, shapes.NULLABLE_OF_MESSAGE)
    parts: list[Part] = []
    reasoning = optional_text(message, shapes.REASONING_CONTENT, path)
    other = message.get(shapes.REASONING)
    if reasoning is None and isinstance(other, str):
        reasoning = other
    elif other is not None:
        extra[shapes.REASONING] = other
    if reasoning is not None:
        parts.append(Thinking(reasoning))
    # Of a message that only calls tools, many clients say that its words are an empty text.
    is_silent = bool(message.get("tool_calls")) and message.get("content") in _SILENCE
    if message.get("content") is not None and not is_silent:
        said, unknown = _content(message, path)
        parts.extend(said)
        extra |= unknown
    refusal = optional_text(message, "refusal", path)
    if refusal is not None:
        parts.append(Refusal(refusal))
    if message.get("tool_calls") is not None:
        calls, unknown = _calls(message, path)
        parts.extend(calls)
        extra |= unknown
    if not parts and not extra and "content" not in message:
        raise missing(f"{path}content")
    return Turn("assistant", tuple(parts), name, kept(extra))


def _calls(message: dict[str, object], path: str) -> tuple[list[Part], dict[str, object]]:
    """The calls, and the unknown fields in them by position among the functions' calls."""
    calls: list[Part] = []
    unknown: dict[str, object] = {}
    functions = 0
    for index, call in enumerate(objects(message["tool_calls"], f"{path}tool_calls")):
        here = f"{path}tool_calls.{index}."
        if call.get("type", "function") != "function":
            calls.append(Opaque(canonical_json(call)))
            continue
        function = an_object(call, "function", here)
        name = text(function, "name", f"{here}function.")
        calls.append(ToolCall(text(call, "id", here), name, text(function, "arguments", f"{here}function.")))
        extra = leftover(call, shapes.CALL)
        inner = leftover(function, shapes.CALLED_FUNCTION)
        if extra or inner:
            unknown[str(functions)] = extra | {"function": inner} if inner else extra
        functions += 1
    return calls, {"tool_calls": unknown} if unknown else {}


def _content(message: dict[str, object], path: str) -> tuple[tuple[Part, ...], dict[str, object]]:
    """The parts of `content`, and the unknown fields in them by position."""
    content = message.get("content")
    if isinstance(content, str):
        return (Text(content),), {}
    path += "content"
    if content is None:
        raise missing(path)
    if not isinstance(content, list):
        raise wrong(path, "text or a list of parts", content)
    parts: list[Part] = []
    unknown: dict[str, object] = {}
    for index, part in enumerate(content):
        if not isinstance(part, dict):
            raise wrong(f"{path}.{index}", "an object", part)
        read, extra = _part(part, f"{path}.{index}.")
        parts.append(read)
        if extra:
            unknown[str(index)] = extra
    return tuple(parts), {"content": unknown} if unknown else {}


_TEXT_PART = frozenset({"type", "text"})
_IMAGE_PART = frozenset({"type", "image_url"})
_IMAGE_URL = frozenset({"url", "detail"})
_REFUSAL_PART = frozenset({"type", "refusal"})


def _part(part: dict[str, object], path: str) -> tuple[Part, dict[str, object]]:
    match text(part, "type", path):
        case "text":
            return Text(text(part, "text", path)), leftover(part, _TEXT_PART)
        case "image_url":
            extra = leftover(part, _IMAGE_PART)
            if isinstance(part.get("image_url"), str):
                # Mistral's shorter form.
                return Image(text(part, "image_url", path)), extra
            image = an_object(part, "image_url", path)
            inner = leftover(image, _IMAGE_URL)
            path += "image_url."
            read = Image(text(image, "url", path), optional_text(image, "detail", path))
            return read, extra | {"image_url": inner} if inner else extra
        case "refusal":
            return Refusal(text(part, "refusal", path)), leftover(part, _REFUSAL_PART)
        case _:
            return Opaque(canonical_json(part)), {}
