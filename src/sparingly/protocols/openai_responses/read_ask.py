"""Read a Responses request into an `Ask`.

What is equal in meaning to a Chat Completions request reads equal to it, so
that one stored answer serves both: instructions are a system turn, the items of
one answer are one turn, tools, formats and choices are put into that dialect's
words.  What only this API knows is kept under its name, at each level, and is
part of the scope; what only changes how much is told of an answer (`include`,
the summary of reasoning) is kept as hints.

An answer that builds on what the provider holds (`previous_response_id`, a
conversation, a stored prompt, an item by its id), that is made in the background,
or that the provider is told to hold (`store: true`), is the provider's alone:
`Ask.held` names the field, and nothing of the cache's is tried.
"""

from collections.abc import Iterator

from sparingly.core.chat import Ask, Json, Sampling, Text, Tool, Turn, canonical_json
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
from sparingly.protocols.openai_responses import shapes
from sparingly.protocols.openai_responses.ids import providers_id
from sparingly.protocols.openai_responses.items import without_nulls
from sparingly.protocols.openai_responses.read_input import turns_of

# Bounds of nonsense, as in Chat Completions.
_MOST_TOKENS = 2**31 - 1

_FUNCTION_TOOL = frozenset({"type", "name", "description", "parameters", "strict"})
# Values of a tool's fields that ask for nothing.
_NEUTRAL_OF_TOOL = {"async": False, "defer_loading": False}
# Fields of Anthropic's API that clients pass through OpenAI-shaped SDKs; they mean the same there.
_SHARED = ("thinking", "top_k")

_REASONING = frozenset({"effort", "summary", "generate_summary"})
_TEXT = frozenset({"format", "verbosity"})
_FORMAT = frozenset({"type", "name", "schema", "strict", "description"})


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
    turns, by_reference = _turns(body)
    held = _held(body) or by_reference
    if held not in shapes.OF_THE_PROVIDER:
        _check_input(body)
    include = _include(body)
    max_tokens = optional_int(body, "max_output_tokens", least=1, most=_MOST_TOKENS)
    stream = optional_bool(body, "stream") or False
    return Ask(
        model=model,
        turns=tuple(turns),
        sampling=Sampling(
            temperature=optional_number(body, "temperature", least=0, most=100),
            top_p=optional_number(body, "top_p", least=0, most=1),
            logprobs=True if shapes.LOGPROBS in include else None,
            top_logprobs=optional_int(body, "top_logprobs", least=0, most=1_000),
            max_tokens=max_tokens,
        ),
        tools=tuple(_tools(body)),
        tool_choice=_tool_choice(body),
        parallel_tool_calls=optional_bool(body, "parallel_tool_calls"),
        response_format=_format(body),
        extra=_extra(body, include, limited=max_tokens is not None),
        stream=stream,
        # This API always tells the usage, so a provider of another dialect is asked for it.
        include_usage=stream,
        held=held,
    )


def _turns(body: dict[str, object]) -> tuple[list[Turn], str | None]:
    """The turns, and the field of an item that only the provider holds."""
    turns: list[Turn] = []
    instructions = optional_text(body, "instructions")
    if instructions is not None:
        turns.append(Turn("system", (Text(instructions),)))
    asked = body.get("input")
    if asked is None:
        return turns, None
    if isinstance(asked, str):
        return [*turns, Turn("user", (Text(asked),))], None
    if not isinstance(asked, list):
        raise wrong("input", "text or a list of items", asked)
    read, by_reference = turns_of(objects(asked, "input"))
    return [*turns, *read], by_reference


def _check_input(body: dict[str, object]) -> None:
    if body.get("input") is None:
        raise missing("input")
    if body["input"] == []:
        raise InvalidRequest("`input` must hold at least one item", field="input")


def _held(body: dict[str, object]) -> str | None:
    """The field that makes the answer the provider's alone."""
    for name in shapes.OF_THE_PROVIDER:
        if body.get(name) is not None:
            if name == "previous_response_id":
                _check_previous(text(body, name))
            return name
    if optional_bool(body, "background"):
        return "background"
    return "store" if optional_bool(body, "store") else None


def _check_previous(previous: str) -> None:
    if providers_id(previous) is None:
        raise InvalidRequest(
            f"no provider holds the answer {previous[:80]!r}: it came from memory or from a provider of another "
            "dialect. Send the conversation as `input`; answers to requests with `store: true` can be continued",
            field="previous_response_id",
        )


def _include(body: dict[str, object]) -> list[str]:
    value = body.get("include")
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong("include", "a list of texts", value)
    for index, name in enumerate(value):
        if not isinstance(name, str):
            raise wrong(f"include.{index}", "text", name)
    return sorted(set(value))


def _extra(body: dict[str, object], include: list[str], *, limited: bool) -> Json | None:
    extra: dict[str, object] = {}
    hints: dict[str, object] = {}
    rest = without_nulls(leftover(body, shapes.READ | shapes.NOT_THE_ANSWER))
    extra |= {name: rest.pop(name) for name in _SHARED if name in rest}
    if limited:
        # The limit counts hidden reasoning, as the newer of Chat Completions' two does.
        extra["max_tokens_field"] = "max_completion_tokens"
    asked = [name for name in include if name != shapes.LOGPROBS]
    if asked:
        hints["include"] = asked
    reasoning, told = _object(body, "reasoning"), _object(body, "text")
    effort = optional_text(reasoning, "effort", "reasoning.")
    verbosity = optional_text(told, "verbosity", "text.")
    summary = reasoning.get("summary", reasoning.get("generate_summary"))
    hints |= without_nulls({"summary": summary})
    extra |= without_nulls({"reasoning_effort": effort, "verbosity": verbosity})
    of_reasoning, of_text = leftover(reasoning, _REASONING), leftover(told, _TEXT)
    rest |= {name: left for name, left in {"reasoning": of_reasoning, "text": of_text}.items() if left}
    truncation = optional_text(body, "truncation")
    if truncation not in (None, "disabled"):
        rest["truncation"] = truncation
    if rest:
        extra[shapes.NAME] = rest
    if hints:
        extra[shapes.HINTS] = hints
    return kept(extra)


def _object(body: dict[str, object], name: str) -> dict[str, object]:
    """What an optional object says; empty without it."""
    return {} if body.get(name) is None else without_nulls(an_object(body, name))


def _format(body: dict[str, object]) -> Json | None:
    """The answer's format in the words of Chat Completions; plain text is none."""
    if body.get("text") is None:
        return None
    told = an_object(body, "text")
    if told.get("format") is None:
        return None
    wanted = an_object(told, "format", "text.")
    kind = text(wanted, "type", "text.format.")
    if kind == "text":
        return None
    if kind != "json_schema":
        return canonical_json(wanted if kind == "json_object" else {shapes.NAME: wanted})
    said: dict[str, object] = {
        "name": text(wanted, "name", "text.format."),
        "schema": an_object(wanted, "schema", "text.format."),
    }
    more = {"strict": wanted.get("strict"), "description": wanted.get("description")}
    said |= without_nulls(more | leftover(wanted, _FORMAT))
    return canonical_json({"type": "json_schema", "json_schema": said})


def _tool_choice(body: dict[str, object]) -> Json | None:
    """The choice in the words of Chat Completions."""
    choice = body.get("tool_choice")
    match choice:
        case None:
            return None
        case str():
            return canonical_json(choice)
        case {"type": "function", "name": str(name), **more} if not more:
            return canonical_json({"type": "function", "function": {"name": name}})
        case dict():
            return canonical_json({shapes.NAME: choice})
        case _:
            raise wrong("tool_choice", "text or an object", choice)


def _tools(body: dict[str, object]) -> Iterator[Tool]:
    if body.get("tools") is None:
        return
    for index, tool in enumerate(objects(body["tools"], "tools")):
        path = f"tools.{index}."
        kind = text(tool, "type", path)
        if kind != "function":
            # A tool of the provider's own, or one whose arguments are no JSON.
            name = tool.get("name")
            yield Tool(name if isinstance(name, str) else kind, extra=canonical_json({shapes.NAME: tool}))
            continue
        parameters = None
        if tool.get("parameters") is not None:
            parameters = canonical_json(an_object(tool, "parameters", path))
        extra: dict[str, object] = {}
        strict = optional_bool(tool, "strict")
        if strict is not False:
            # Strict unless told otherwise; in Chat Completions it is the other way round.  None stays apart
            # from both: there this API tries, and lets go where the schema does not allow it.
            extra["function"] = {"strict": strict}
        rest = without_nulls(leftover(tool, _FUNCTION_TOOL))
        rest = {name: value for name, value in rest.items() if value is not _NEUTRAL_OF_TOOL.get(name)}
        yield Tool(
            name=text(tool, "name", path),
            description=optional_text(tool, "description", path),
            parameters=parameters,
            extra=kept(extra | {shapes.NAME: rest} if rest else extra),
        )
