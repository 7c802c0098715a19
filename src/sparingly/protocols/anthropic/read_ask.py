"""Read a Messages API request into an `Ask`.

What is equal in meaning to a Chat Completions request reads equal to it, so
that one stored answer serves both: the choice of tools, the format of the
answer and the effort are put into that dialect's words.  What only this API
knows is kept under one name, `anthropic`, at each level (the body, a turn, a
tool), and is part of the scope.

Left out, because it cannot change what is answered: `cache_control`, which is
about billing; `metadata`, `service_tier` and their like; `eager_input_streaming`
of a tool, which is about travel.
"""

from collections.abc import Iterator

from sparingly.core.chat import Ask, Json, Sampling, Tool, Turn, canonical_json
from sparingly.errors import InvalidRequest
from sparingly.protocols.anthropic import shapes
from sparingly.protocols.anthropic.read_parts import system_turn, turns_of
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

# Bounds of nonsense, as in Chat Completions.  No token at all is how a prompt is put into the provider's cache.
_MOST_TOKENS = 2**31 - 1


def read_ask(body: bytes, *, is_to_be_answered: bool = True) -> Ask:
    """Read a request; one whose tokens are only counted needs no limit.

    Raises:
        InvalidRequest: something is wrong; it names the field.
    """
    try:
        return _ask(parse_object(body), is_to_be_answered=is_to_be_answered)
    except RecursionError as error:
        raise InvalidRequest("the body is nested too deeply") from error


def _ask(body: dict[str, object], *, is_to_be_answered: bool) -> Ask:
    model = text(body, "model")
    if not model:
        raise wrong("model", "the name of a model", model)
    max_tokens = optional_int(body, "max_tokens", least=0, most=_MOST_TOKENS)
    if max_tokens is None and is_to_be_answered:
        raise missing("max_tokens")
    choice, parallel = _tool_choice(body)
    form, config = _output_config(body)
    stream = optional_bool(body, "stream") or False
    return Ask(
        model=model,
        turns=tuple(_turns(body)),
        sampling=Sampling(
            temperature=optional_number(body, "temperature", least=0, most=100),
            top_p=optional_number(body, "top_p", least=0, most=1),
            stop=_stop(body),
            max_tokens=max_tokens,
        ),
        tools=tuple(_tools(body)),
        tool_choice=choice,
        parallel_tool_calls=parallel,
        response_format=form,
        extra=_extra(body, config),
        stream=stream,
        # This API always tells the usage, so a provider of another dialect is asked for it.
        include_usage=stream,
    )


def _turns(body: dict[str, object]) -> Iterator[Turn]:
    system = system_turn(body.get("system"))
    if system is not None:
        yield system
    if body.get("messages") is None:
        raise missing("messages")
    messages = objects(body["messages"], "messages")
    if not messages:
        raise InvalidRequest("`messages` must hold at least one message", field="messages")
    for index, message in enumerate(messages):
        yield from turns_of(message, index, is_last=index == len(messages) - 1)


def _stop(body: dict[str, object]) -> tuple[str, ...] | None:
    value = body.get("stop_sequences")
    if value is None or value == []:
        return None
    if not isinstance(value, list):
        raise wrong("stop_sequences", "a list of texts", value)
    for index, word in enumerate(value):
        if not isinstance(word, str):
            raise wrong(f"stop_sequences.{index}", "text", word)
    return tuple(value)


def _extra(body: dict[str, object], config: dict[str, object]) -> Json | None:
    extra: dict[str, object] = {}
    top_k = optional_int(body, "top_k", least=0, most=_MOST_TOKENS)
    if top_k is not None:
        extra["top_k"] = top_k
    if body.get("thinking") is not None:
        thinking = extra["thinking"] = an_object(body, "thinking")
        text(thinking, "type", "thinking.")
    if "effort" in config:
        effort = optional_text(config, "effort", "output_config.")
        if effort is not None:
            extra["reasoning_effort"] = effort
    rest = leftover(body, shapes.READ | shapes.NOT_THE_ANSWER)
    of_config = leftover(config, frozenset({"effort", "format"}))
    if of_config:
        rest["output_config"] = of_config
    rest = {name: value for name, value in rest.items() if value is not None}
    return kept(extra | {shapes.NAME: rest} if rest else extra)


def _output_config(body: dict[str, object]) -> tuple[Json | None, dict[str, object]]:
    """The format in the words of Chat Completions, and all of `output_config`."""
    config = {} if body.get("output_config") is None else an_object(body, "output_config")
    path, form = "output_config.format", config.get("format")
    if form is None:
        # Its name while it was in beta.
        path, form = "output_format", body.get("output_format")
    match form:
        case None:
            return None, config
        case {"type": "json_schema", "schema": dict(schema), **more} if not more:
            # The name is a label that Chat Completions insists on; to keep to the schema is strict there.
            said = {"name": "answer", "schema": schema, "strict": True}
            return canonical_json({"type": "json_schema", "json_schema": said}), config
        case dict():
            return canonical_json({shapes.NAME: form}), config
        case _:
            raise wrong(path, "an object", form)


def _tool_choice(body: dict[str, object]) -> tuple[Json | None, bool | None]:
    """The choice in the words of Chat Completions, and whether several tools may be called at once."""
    if body.get("tool_choice") is None:
        return None, None
    choice = an_object(body, "tool_choice")
    path = "tool_choice."
    kind = text(choice, "type", path)
    parallel = False if optional_bool(choice, "disable_parallel_tool_use") else None
    if leftover(choice, shapes.TOOL_CHOICE):
        return canonical_json({shapes.NAME: choice}), parallel
    match kind:
        case "auto" | "none":
            return canonical_json(kind), parallel
        case "any":
            return canonical_json("required"), parallel
        case "tool":
            return canonical_json(
                {"type": "function", "function": {"name": text(choice, "name", path)}}
            ), parallel
        case _:
            return canonical_json({shapes.NAME: choice}), parallel


def _tools(body: dict[str, object]) -> Iterator[Tool]:
    if body.get("tools") is None:
        return
    for index, tool in enumerate(objects(body["tools"], "tools")):
        path = f"tools.{index}."
        kind = optional_text(tool, "type", path) or shapes.CUSTOM_TOOL
        if kind != shapes.CUSTOM_TOOL:
            # A tool of the provider's own.
            said = {name: value for name, value in tool.items() if name != shapes.CACHE_CONTROL}
            name = tool.get("name")
            yield Tool(name if isinstance(name, str) else kind, extra=canonical_json({shapes.NAME: said}))
            continue
        yield Tool(
            name=text(tool, "name", path),
            description=optional_text(tool, "description", path),
            parameters=canonical_json(an_object(tool, "input_schema", path)),
            extra=_of_tool(tool),
        )


def _of_tool(tool: dict[str, object]) -> Json | None:
    extra: dict[str, object] = {}
    if optional_bool(tool, "strict"):
        extra["function"] = {"strict": True}
    rest = {
        name: value
        for name, value in leftover(tool, shapes.TOOL).items()
        if value not in shapes.NEUTRAL_OF_TOOL.get(name, (None,))
    }
    return kept(extra | {shapes.NAME: rest} if rest else extra)
