"""Translate an `Ask` into a Responses request.

Rule: nothing is dropped or changed in silence.  What this API cannot express is
refused by name.  The exceptions are harmless and listed here:

- Signs of an earlier answer that clients send back, and reasoning that no
  provider of this API made or that it would have to hold.
- `cache_control`, since this API finds repeated prompts by itself.
- Leave to think, in Anthropic's words, which models that reason have anyway; a
  budget for it is put into an effort.

That a tool failed has no field here and is said in its result (`failed_results.py`).

The provider is told not to hold the answer (`store: false`), as its client's API
would not, and is therefore asked for its reasoning encrypted.

Law: what this writes, `read_ask` reads as the same `Ask`, where the `Ask` came
from this dialect and its reasoning, if any, was encrypted.
"""

import msgspec

from sparingly.core.chat import Ask, Json, Text, Tool, Turn
from sparingly.protocols.fields import opened
from sparingly.protocols.foreign import refuse_foreign, refuse_held, refuse_prefill
from sparingly.protocols.openai_chat.from_anthropic import translated
from sparingly.protocols.openai_responses import shapes
from sparingly.protocols.openai_responses.write_input import API, inexpressible, input_of

# Values of other APIs' fields that ask for nothing.
_NEUTRAL: dict[str, tuple[object, ...]] = {
    "logit_bias": ({},),
    "modalities": (["text"],),
}


def write_ask(ask: Ask, *, model: str) -> bytes:
    """The body; raises InvalidRequest that names what cannot be expressed."""
    refuse_held(ask, api=API)
    refuse_prefill(ask, api=API)
    _check_sampling(ask)
    extra = translated(opened(ask.extra), api=API)
    hints = opened(extra.pop(shapes.HINTS, None))
    own = opened(extra.pop(shapes.NAME, None))
    effort, verbosity = extra.pop("reasoning_effort", None), extra.pop("verbosity", None)
    instructions, turns = _instructions(ask)
    body: dict[str, object] = {
        "model": model,
        "instructions": instructions,
        "input": input_of(turns, first=len(ask.turns) - len(turns)),
        "max_output_tokens": ask.sampling.max_tokens,
        "temperature": ask.sampling.temperature,
        "top_p": ask.sampling.top_p,
        "top_logprobs": ask.sampling.top_logprobs,
        "include": _include(ask, hints, is_reasoning=effort is not None and effort != msgspec.Raw(b'"none"')),
        "tools": tools_of(ask) or None,
        "tool_choice": choice_of(ask.tool_choice),
        "parallel_tool_calls": ask.parallel_tool_calls,
        "text": _given(
            {"format": format_of(ask.response_format), "verbosity": verbosity}, own.pop("text", None)
        ),
        "reasoning": _given({"effort": effort, "summary": hints.get("summary")}, own.pop("reasoning", None)),
        "stream": True if ask.stream else None,
        "store": False,
    }
    _check_extra(extra)
    return msgspec.json.encode({name: value for name, value in body.items() if value is not None} | own)


def tools_of(ask: Ask) -> list[dict[str, object]]:
    """The tools; raises InvalidRequest."""
    return [_tool(tool, index) for index, tool in enumerate(ask.tools)]


def choice_of(json: Json | None) -> object:
    """The choice of a tool in this API's words; raises InvalidRequest."""
    match None if json is None else msgspec.json.decode(json):
        case None | str() as word:
            return word
        case {"type": "function", "function": {"name": str(name), **rest}, **more} if not rest and not more:
            return {"type": "function", "name": name}
        case {shapes.NAME: dict(choice)}:
            return choice
        case _:
            raise inexpressible("tool_choice", "this tool choice")


def format_of(json: Json | None) -> object:
    """The format of the answer in this API's words; raises InvalidRequest."""
    match None if json is None else msgspec.json.decode(json):
        case None | {"type": "text"}:
            return None
        case {"type": "json_object"} as plain:
            return plain
        case {"type": "json_schema", "json_schema": dict(said), **rest} if not rest:
            return {"type": "json_schema"} | said
        case {shapes.NAME: dict(own)}:
            return own
        case {"type": kind}:
            raise inexpressible("response_format", f"the response format {kind!r}")
        case _:
            raise inexpressible("response_format", "this response format")


def _instructions(ask: Ask) -> tuple[str | None, tuple[Turn, ...]]:
    """A plain system prompt at the very beginning, and the other turns, without which it is all that is asked."""
    match ask.turns:
        case (first, _, *_) if first.role == "system" and first.name is None and first.extra is None:
            match first.parts:
                case (Text(text=words),):
                    return words, ask.turns[1:]
    return None, ask.turns


def _check_sampling(ask: Ask) -> None:
    sampling = ask.sampling
    refused: dict[str, tuple[bool, str]] = {
        "n": ((sampling.n or 1) > 1, "more than one choice"),
        "seed": (sampling.seed is not None, "a seed"),
        "stop": (bool(sampling.stop), "stop words"),
        "presence_penalty": (bool(sampling.presence_penalty), "a presence penalty"),
        "frequency_penalty": (bool(sampling.frequency_penalty), "a frequency penalty"),
    }
    for field, (is_asked, what) in refused.items():
        if is_asked:
            raise inexpressible(field, what)


def _check_extra(extra: dict[str, msgspec.Raw]) -> None:
    """What is left of the unknown fields must ask for nothing."""
    for name, raw in refuse_foreign(extra, own=shapes.NAME, api=API).items():
        # Both names of the token limit mean the same here.
        if name in ("max_tokens_field", "max_tokens"):
            continue
        value = msgspec.json.decode(raw)
        if value is not None and value not in _NEUTRAL.get(name, ()):
            raise inexpressible(name, f"`{name}`")


def _include(ask: Ask, hints: dict[str, msgspec.Raw], *, is_reasoning: bool) -> list[str] | None:
    asked: list[str] = msgspec.json.decode(hints["include"]) if "include" in hints else []
    if ask.sampling.logprobs:
        asked.append(shapes.LOGPROBS)
    if is_reasoning and shapes.ENCRYPTED not in asked:
        asked.append(shapes.ENCRYPTED)
    return asked or None


def _given(fields: dict[str, object], own: msgspec.Raw | None) -> dict[str, object] | None:
    given = {name: value for name, value in fields.items() if value is not None} | opened(own)
    return given or None


def _tool(tool: Tool, index: int) -> dict[str, object]:
    path = f"tools.{index}."
    extra = opened(tool.extra)
    own = opened(extra.pop(shapes.NAME, None))
    if "type" in own:
        return dict(own)
    if "type" in extra:
        raise inexpressible(f"{path}type", "tools of another API that are not functions")
    function = opened(extra.pop("function", None))
    # Said in any case: here a function is strict unless told otherwise, elsewhere it is not.
    strict = function.pop("strict", msgspec.Raw(b"false"))
    extra.pop("cache_control", None)
    for name in function:
        raise inexpressible(f"{path}function.{name}", f"`{name}` of a tool")
    for name in refuse_foreign(extra, own=shapes.NAME, api=API, path=path):
        raise inexpressible(path + name, f"`{name}` of a tool")
    written: dict[str, object] = {
        "type": "function",
        "name": tool.name,
        "parameters": None if tool.parameters is None else msgspec.Raw(tool.parameters),
        "strict": strict,
    }
    if tool.description is not None:
        written["description"] = tool.description
    return written | own
