"""What becomes of the fields of a Chat Completions request: see `rows.py`."""

from collections.abc import Iterator
from typing import Any

from tests.protocols.crossings.rows import (
    ANTHROPIC,
    CACHE,
    CHAT,
    DEFAULT,
    FORM,
    HINT,
    RESPONSES,
    SCHEMA,
    SIGN,
    TRAVEL,
    WHO,
    Body,
    Carried,
    Outcome,
    Refused,
    Row,
    twice,
)


def _chat(
    field: str, value: Any, responses: Outcome, anthropic: Outcome, bare: Body | None = None, **more: Any
) -> Row:
    return Row(
        CHAT, field, {field: value, **more}, {RESPONSES: responses, ANTHROPIC: anthropic}, bare or more
    )


def _chat_message(
    field: str, fields: Body, responses: Outcome, anthropic: Outcome, bare: Body | None = None
) -> Row:
    """A field of a message, of a part or of a call; the message before it is a user's."""
    first = {"role": "user", "content": "Hi"}
    return Row(
        CHAT,
        f"messages: {field}",
        {"messages": [first, fields, *([first] if fields["role"] == "assistant" else [])]},
        {RESPONSES: responses, ANTHROPIC: anthropic},
        {"messages": [first, bare, *([first] if bare["role"] == "assistant" else [])]} if bare else {},
    )


def _function(**more: Any) -> Body:
    return {"type": "function", "function": {"name": "f", "parameters": SCHEMA, **more}}


def _said(text: str) -> Body:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def of_chat() -> Iterator[Row]:
    """Every field of `CompletionCreateParams`, and what clients of compatible servers add."""
    for name in ("user", "safety_identifier", "service_tier", "prompt_cache_key", "prompt_cache_retention"):
        yield _chat(name, "default", WHO, WHO)
    for name in ("metadata", "prompt_cache_options"):
        yield _chat(name, {"a": "b"}, WHO, WHO)
    yield _chat("store", True, WHO, WHO)
    stops = Carried("stop_sequences", ["x"])
    yield _chat("stop", ["x"], Refused("stop"), stops)
    yield _chat("seed", 7, *twice(Refused("seed")))
    yield _chat("n", 2, *twice(Refused("n")))
    yield _chat("n", 1, DEFAULT, DEFAULT)
    yield _chat("logit_bias", {"1": 2}, *twice(Refused("logit_bias")))
    yield _chat("logit_bias", {}, DEFAULT, DEFAULT)
    yield _chat("frequency_penalty", 0.5, *twice(Refused("frequency_penalty")))
    yield _chat("presence_penalty", 0.5, *twice(Refused("presence_penalty")))
    yield _chat("temperature", 0.5, *twice(Carried("temperature", 0.5)))
    yield _chat("temperature", 1.5, Carried("temperature", 1.5), Refused("temperature"))
    yield _chat("top_p", 0.5, *twice(Carried("top_p", 0.5)))
    yield _chat("top_k", 5, Refused("top_k"), Carried("top_k", 5))
    yield _chat("max_tokens", 5, Carried("max_output_tokens", 5), Carried("max_tokens", 5))
    yield _chat("max_completion_tokens", 5, Carried("max_output_tokens", 5), Carried("max_tokens", 5))
    yield _chat("max_tokens", -1, DEFAULT, DEFAULT)
    logprobs = Carried("include", ["message.output_text.logprobs"])
    yield _chat("logprobs", True, logprobs, Refused("logprobs"))
    yield _chat("top_logprobs", 2, Carried("top_logprobs", 2), Refused("top_logprobs"))
    for effort in ("low", "xhigh", "max"):
        at = Carried("reasoning.effort", effort), Carried("output_config.effort", effort)
        yield _chat("reasoning_effort", effort, *at)
    yield _chat(
        "reasoning_effort", "minimal", Carried("reasoning.effort", "minimal"), Refused("reasoning_effort")
    )
    for name in ("reasoning_effort", "verbosity", "audio"):
        yield _chat(name, None, DEFAULT, DEFAULT)
    yield _chat("verbosity", "low", Carried("text.verbosity", "low"), Refused("verbosity"))
    yield _chat("modalities", ["text", "audio"], *twice(Refused("modalities")))
    yield _chat("modalities", ["text"], DEFAULT, DEFAULT)
    for name in ("audio", "prediction", "web_search_options", "moderation", "reasoning", "x_new"):
        yield _chat(name, {"a": 1}, *twice(Refused(name)))
    for name in ("anthropic", "openai-responses", "openai-responses-hints"):
        for value in ({"model": "x"}, "x", None):
            yield _chat(name, value, *twice(Refused(name)))
    yield _chat("functions", [{"name": "f"}], *twice(Refused("functions")))
    yield _chat("function_call", "auto", *twice(Refused("function_call")))
    yield _chat("stream_options", {"include_obfuscation": False}, TRAVEL, TRAVEL)
    yield _chat(
        "response_format",
        FORM,
        Carried("text.format", {"type": "json_schema", "name": "n", "schema": SCHEMA}),
        Carried("output_config.format", {"type": "json_schema", "schema": SCHEMA}),
    )
    yield _chat(
        "response_format",
        {"type": "json_object"},
        Carried("text.format", {"type": "json_object"}),
        Refused("response_format"),
    )
    odd = {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA, "x_new": 1}}
    yield _chat(
        "response_format",
        odd,
        Carried("text.format.x_new", 1),
        Refused("response_format.json_schema.x_new"),
    )
    yield from _chat_tools()
    yield from _chat_messages()


def _chat_tools() -> Iterator[Row]:
    tool = [_function()]
    strict = Carried("tools.0.strict", True)
    yield _chat("tools", tool, Carried("tools.0.name", "f"), Carried("tools.0.name", "f"))
    yield _chat("tools", [_function(strict=True)], strict, strict)
    untyped = [{"type": "function", "function": {"name": "f", "parameters": {"properties": {}}}}]
    typed = Carried("tools.0.parameters", {"properties": {}}), Carried("tools.0.input_schema", SCHEMA)
    yield _chat("tools", untyped, *typed)
    loose = Carried("tools.0.strict", False), Carried("tools.0.name", "f")
    yield _chat("tools", [_function(strict=None)], *loose)
    yield _chat("tools", [_function() | {"anthropic": "x"}], *twice(Refused("tools.0.anthropic")))
    yield _chat("tools", [_function(x_new=1)], *twice(Refused("tools.0.function.x_new")))
    yield _chat("tools", [_function() | {"x_new": 1}], *twice(Refused("tools.0.x_new")))
    custom = [{"type": "custom", "custom": {"name": "c"}}]
    yield _chat("tools", custom, *twice(Refused("tools.0.type")))
    named = {"type": "function", "function": {"name": "f"}}
    yield _chat(
        "tool_choice",
        named,
        Carried("tool_choice", {"type": "function", "name": "f"}),
        Carried("tool_choice", {"type": "tool", "name": "f"}),
        tools=tool,
    )
    for choice in ({"type": "allowed_tools", "allowed_tools": {}}, named | {"x_new": 1}):
        yield _chat("tool_choice", choice, *twice(Refused("tool_choice")), tools=tool)
    yield _chat(
        "parallel_tool_calls",
        False,
        Carried("parallel_tool_calls", False),
        Carried("tool_choice.disable_parallel_tool_use", True),
        tools=tool,
    )


def _chat_messages() -> Iterator[Row]:
    told, mark = _said("a"), {"type": "ephemeral"}
    alone = {"tool_calls": None, "tool_call_id": None, "refusal": None, "name": None}
    yield _chat_message("fields of others", told | alone, DEFAULT, DEFAULT, told)
    for name, value in {"tool_calls": [{"id": "c"}], "anthropic": 1}.items():
        yield _chat_message(name, told | {name: value}, *twice(Refused(f"messages.1.{name}")))
    yield _chat_message("name", told | {"name": "ann"}, *twice(Refused("messages.1.name")))
    yield _chat_message("x_new", told | {"x_new": 1}, *twice(Refused("messages.1.x_new")))
    cached = {"role": "user", "content": [{"type": "text", "text": "a", "cache_control": mark}]}
    kept = Carried("messages.0.content.1.cache_control", mark)
    yield _chat_message("cache_control of a part", cached, CACHE, kept, told)
    yield _chat_message("cache_control", told | {"cache_control": mark}, CACHE, kept, told)
    odd = {"role": "user", "content": [{"type": "text", "text": "a", "x_new": 1}]}
    yield _chat_message("x_new of a part", odd, *twice(Refused("messages.1.content.0.x_new")))
    audio = {"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}
    yield _chat_message("input_audio", audio, *twice(Refused("messages.1.content")))
    picture = {"url": "https://a/b.png"}
    plain, low = (
        {"role": "user", "content": [{"type": "image_url", "image_url": url}]}
        for url in (picture, picture | {"detail": "low"})
    )
    yield _chat_message("detail", low, Carried("input.1.content.0.detail", "low"), HINT, plain)
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    silent = {"role": "assistant", "content": "", "tool_calls": [call]}
    yield _chat_message("empty words before a call", silent, SIGN, SIGN, silent | {"content": None})
    said = {"role": "assistant", "content": "a"}
    for name, value in {"annotations": [{}], "x_new": 1}.items():
        yield _chat_message(f"{name} of an answer", said | {name: value}, SIGN, SIGN, said)
    for name in ("audio", "function_call"):
        yield _chat_message(name, said | {name: {"id": "a"}}, *twice(Refused(f"messages.1.{name}")))
    yield _chat_message("reasoning_content", said | {"reasoning_content": "hm"}, SIGN, SIGN, said)
