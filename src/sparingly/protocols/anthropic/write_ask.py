"""Translate an `Ask` into a Messages API request.

Rule: nothing is dropped or changed in silence.  What this API cannot express is
refused by name, so that the caller learns it from us and not from an answer
that is subtly another one.  The exceptions are harmless and listed here:

- Signs of an earlier answer that clients send back (annotations, ids of calls
  of another provider, unsigned reasoning) say nothing to another model.
- `detail` of a picture, `name` and `description` of a response format, and
  `strict: false` are hints or labels without a counterpart.
- The name on a tool's result, which its id says better; of an OpenAI-shaped
  `tool_choice` without tools there is nothing to choose from.
- An assistant's message at the end is the beginning of the answer here.  Clients
  of OpenAI-shaped SDKs that send one to such a model mean it so.
- System and developer turns go to the top, wherever they stood, as Anthropic's
  own OpenAI-compatible endpoint does it; only new models take them in between.

`reasoning_effort` becomes `output_config.effort`, and a response format of kind
`json_schema` becomes `output_config.format` (same words, same meaning).  What
`read_ask` kept under this dialect's own name goes back where it was.
"""

import msgspec

from sparingly.core.chat import Ask, Json, Text, Tool
from sparingly.errors import InvalidRequest
from sparingly.protocols.anthropic import shapes
from sparingly.protocols.anthropic.write_parts import API, Block, blocks_of, inexpressible
from sparingly.protocols.fields import opened
from sparingly.protocols.foreign import refuse_foreign, refuse_held

# Required here, optional in Chat Completions.  4,096 is the most that every model of this API since Claude 3
# can write; an answer that needs more ends with `length`, which is told and never kept as whole.
_DEFAULT_MAX_TOKENS = 4096

_EFFORTS = frozenset({"low", "medium", "high", "xhigh", "max"})

# Fields of this API that clients pass through OpenAI-shaped SDKs (`extra_body`); they mean the same here.
_NATIVE = ("top_k", "thinking")

# Of a response format, besides its schema: labels, and `strict`, which this API always is.
_FORMAT_LABELS = frozenset({"name", "description", "strict"})

# Values of OpenAI's fields that ask for nothing.
_NEUTRAL: dict[str, tuple[object, ...]] = {
    "logit_bias": ({},),
    "modalities": (["text"],),
    "verbosity": ("medium",),
}


def write_ask(ask: Ask, *, model: str) -> bytes:
    """The body; raises InvalidRequest that names what cannot be expressed."""
    refuse_held(ask, api=API)
    _check_sampling(ask)
    extra = refuse_foreign(opened(ask.extra), own=shapes.NAME, api=API)
    own = opened(extra.pop(shapes.NAME, None))
    body: dict[str, object] = {
        "model": model,
        "max_tokens": _DEFAULT_MAX_TOKENS if ask.sampling.max_tokens is None else ask.sampling.max_tokens,
        "system": _system(ask),
        "messages": _messages(ask),
        "tools": [_tool(tool, index) for index, tool in enumerate(ask.tools)] or None,
        "tool_choice": _tool_choice(ask),
        "temperature": ask.sampling.temperature,
        "top_p": ask.sampling.top_p,
        "stop_sequences": list(ask.sampling.stop) if ask.sampling.stop else None,
        "output_config": _output_config(ask, extra, opened(own.pop("output_config", None))),
        "stream": True if ask.stream else None,
    }
    body |= {name: extra.pop(name) for name in _NATIVE if name in extra}
    _check_extra(extra)
    return msgspec.json.encode({name: value for name, value in body.items() if value is not None} | own)


def _check_sampling(ask: Ask) -> None:
    sampling = ask.sampling
    if sampling.temperature is not None and sampling.temperature > 1:
        raise inexpressible("temperature", "a temperature above 1")
    if sampling.n is not None and sampling.n > 1:
        raise inexpressible("n", "more than one choice")
    if sampling.seed is not None:
        raise inexpressible("seed", "a seed")
    if sampling.logprobs:
        raise inexpressible("logprobs", "log probabilities")
    if sampling.top_logprobs:
        raise inexpressible("top_logprobs", "log probabilities")
    if sampling.presence_penalty:
        raise inexpressible("presence_penalty", "a presence penalty")
    if sampling.frequency_penalty:
        raise inexpressible("frequency_penalty", "a frequency penalty")


def _check_extra(extra: dict[str, msgspec.Raw]) -> None:
    """What is left of the unknown fields must ask for nothing."""
    for name, raw in extra.items():
        value = msgspec.json.decode(raw)
        # Both names of the token limit mean the same here.
        if name in ("max_tokens_field", "max_tokens"):
            continue
        if value is not None and value not in _NEUTRAL.get(name, ()):
            raise inexpressible(name, f"`{name}`")


def _system(ask: Ask) -> object:
    blocks: list[Block] = []
    for index, turn in enumerate(ask.turns):
        if turn.role in ("system", "developer"):
            for part in turn.parts:
                if not isinstance(part, Text):
                    raise inexpressible(f"messages.{index}.content", "anything but text in a system prompt")
            blocks += blocks_of(turn, index)
    return _plain(blocks) or None


def _messages(ask: Ask) -> list[dict[str, object]]:
    """The conversation, with neighbors of one role made one message, as this API wants them."""
    merged: list[tuple[str, list[Block]]] = []
    for index, turn in enumerate(ask.turns):
        if turn.role in ("system", "developer"):
            continue
        role = "assistant" if turn.role == "assistant" else "user"
        blocks = blocks_of(turn, index)
        if merged and merged[-1][0] == role:
            merged[-1][1].extend(blocks)
        elif blocks:
            merged.append((role, blocks))
    if not merged:
        raise InvalidRequest("Anthropic's API needs a message that is not a system prompt", field="messages")
    return [{"role": role, "content": _plain(blocks)} for role, blocks in merged]


def _plain(blocks: list[Block]) -> object:
    """One text alone is written as text."""
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
        return blocks[0]["text"]
    return blocks


def _tool(tool: Tool, index: int) -> dict[str, object]:
    path = f"tools.{index}."
    extra = refuse_foreign(opened(tool.extra), own=shapes.NAME, api=API, path=path)
    own = opened(extra.pop(shapes.NAME, None))
    if "type" in own:
        return dict(own)
    if "type" in extra:
        raise inexpressible(f"{path}type", "tools that are not functions")
    function = opened(extra.pop("function", None))
    written: dict[str, object] = {"name": tool.name}
    if tool.description is not None:
        written["description"] = tool.description
    written["input_schema"] = _schema(tool)
    if function.pop("strict", None) == msgspec.Raw(b"true"):
        written["strict"] = True
    if "cache_control" in extra:
        written["cache_control"] = extra.pop("cache_control")
    for name in function:
        raise inexpressible(f"{path}function.{name}", f"`{name}` of a tool")
    for name in extra:
        raise inexpressible(path + name, f"`{name}` of a tool")
    return written | own


def _schema(tool: Tool) -> dict[str, object]:
    """The arguments that a tool takes.  This API wants to be told that they are an object, others know it."""
    if tool.parameters is None:
        # A function without parameters takes none.
        return {"type": "object", "properties": {}}
    schema: dict[str, object] = dict(opened(tool.parameters))
    return schema if "type" in schema else {"type": "object", **schema}


def _tool_choice(ask: Ask) -> dict[str, object] | None:
    if not ask.tools:
        return None
    choice = _choice(ask.tool_choice)
    if ask.parallel_tool_calls is not False:
        return choice
    choice = choice or {"type": "auto"}
    return choice if choice["type"] == "none" else choice | {"disable_parallel_tool_use": True}


def _choice(json: Json | None) -> dict[str, object] | None:
    match None if json is None else msgspec.json.decode(json):
        case None:
            return None
        case "auto" | "none" as word:
            return {"type": word}
        case "required":
            return {"type": "any"}
        case {"type": "function", "function": {"name": str(name), **rest}, **more} if not rest and not more:
            return {"type": "tool", "name": name}
        case {shapes.NAME: dict(choice)}:
            return choice
        case _:
            raise inexpressible("tool_choice", "this tool choice")


def _output_config(
    ask: Ask, extra: dict[str, msgspec.Raw], own: dict[str, msgspec.Raw]
) -> dict[str, object] | None:
    config: dict[str, object] = dict(own)
    if "reasoning_effort" in extra:
        effort = msgspec.json.decode(extra.pop("reasoning_effort"))
        if effort is not None:
            if effort not in _EFFORTS:
                raise inexpressible("reasoning_effort", f"the effort {effort!r}")
            config["effort"] = effort
    match None if ask.response_format is None else msgspec.json.decode(ask.response_format):
        case None | {"type": "text"}:
            pass
        case {"type": "json_schema", "json_schema": {"schema": dict(schema), **rest}, **more} if not more:
            for name in sorted(map(str, rest.keys() - _FORMAT_LABELS)):
                raise inexpressible(f"response_format.json_schema.{name}", f"`{name}` of a response format")
            config["format"] = {"type": "json_schema", "schema": schema}
        case {shapes.NAME: dict(form)}:
            config["format"] = form
        case {"type": kind}:
            raise inexpressible("response_format", f"the response format {kind!r}")
        case _:
            raise inexpressible("response_format", "this response format")
    return config or None
