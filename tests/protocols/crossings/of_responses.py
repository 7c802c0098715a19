"""What becomes of the fields of a Responses request: see `rows.py`."""

from collections.abc import Iterator
from typing import Any

from tests.protocols.crossings.rows import (
    ANTHROPIC,
    CACHE,
    CHAT,
    DEFAULT,
    FORM,
    FUNCTION,
    HINT,
    RESPONSES,
    SCHEMA,
    SIGN,
    TOLD,
    TRAVEL,
    WHO,
    Body,
    Carried,
    Outcome,
    Refused,
    Row,
    both,
    twice,
)


def _responses(field: str, value: Any, chat: Outcome, anthropic: Outcome, **more: Any) -> Row:
    return Row(RESPONSES, field, {field: value, **more}, {CHAT: chat, ANTHROPIC: anthropic}, more)


def _item(field: str, items: list[Body], chat: Outcome, anthropic: Outcome, bare: list[Body]) -> Row:
    return Row(
        RESPONSES, f"input: {field}", {"input": items}, {CHAT: chat, ANTHROPIC: anthropic}, {"input": bare}
    )


def of_responses() -> Iterator[Row]:
    """Every field of `ResponseCreateParams`."""
    for name in ("user", "safety_identifier", "service_tier", "prompt_cache_key", "prompt_cache_retention"):
        yield _responses(name, "default", WHO, WHO)
    for name in ("metadata", "client_metadata", "prompt_cache_options"):
        yield _responses(name, {"a": "b"}, WHO, WHO)
    for name in ("store", "background"):
        yield _responses(name, False, DEFAULT, DEFAULT)
    yield _responses("store", True, WHO, WHO)
    yield _responses("background", True, *twice(Refused("background")))
    for name, value in {"previous_response_id": "resp_1", "conversation": "c", "prompt": {"id": "p"}}.items():
        yield _responses(name, value, *twice(Refused(name)))
    for name in (
        "access_programs",
        "background_options",
        "context_management",
        "image",
        "max_tool_calls",
        "moderation",
        "x_new",
    ):
        yield _responses(name, {"a": 1}, *twice(Refused(name)))
    yield _responses("instructions", "Be brief.", *_system("Be brief."))
    yield _responses("max_output_tokens", 5, Carried("max_completion_tokens", 5), Carried("max_tokens", 5))
    yield _responses("temperature", 0.5, *twice(Carried("temperature", 0.5)))
    yield _responses("temperature", 1.5, Carried("temperature", 1.5), Refused("temperature"))
    yield _responses("top_p", 0.5, *twice(Carried("top_p", 0.5)))
    yield _responses("top_k", 5, *twice(Carried("top_k", 5)))
    yield _responses("top_logprobs", 2, Carried("top_logprobs", 2), Refused("top_logprobs"))
    logprobs = ["message.output_text.logprobs"]
    yield _responses("include", logprobs, Carried("logprobs", True), Refused("include"))
    yield _responses("include", ["reasoning.encrypted_content"], TOLD, TOLD)
    yield _responses("truncation", "auto", *twice(Refused("truncation")))
    yield _responses("truncation", "disabled", DEFAULT, DEFAULT)
    yield _responses("stream_options", {"include_obfuscation": False}, TRAVEL, TRAVEL)
    for effort in ("low", "xhigh", "max"):
        at = Carried("reasoning_effort", effort), Carried("output_config.effort", effort)
        yield _responses("reasoning", {"effort": effort}, *at)
    minimal = {"effort": "minimal"}
    yield _responses(
        "reasoning", minimal, Carried("reasoning_effort", "minimal"), Refused("reasoning.effort")
    )
    yield _responses("reasoning", {"summary": "auto"}, TOLD, TOLD)
    yield _responses("reasoning", {"x_new": 1}, *twice(Refused("reasoning.x_new")))
    yield _responses("text", {"verbosity": "low"}, Carried("verbosity", "low"), Refused("text.verbosity"))
    yield _responses("text", {"format": {"type": "text"}}, DEFAULT, DEFAULT)
    form = {"type": "json_schema", "name": "n", "schema": SCHEMA}
    at_anthropic = Carried("output_config.format.schema", SCHEMA)
    yield _responses("text", {"format": form}, Carried("response_format", FORM), at_anthropic)
    yield _responses(
        "text", {"format": {"type": "grammar"}}, Refused("text.format.type"), Refused("text.format")
    )
    yield _responses("text", {"x_new": 1}, *twice(Refused("text.x_new")))
    yield from _responses_tools()
    yield from _items()


def _system(words: str) -> tuple[Carried, Carried]:
    return Carried("messages.0", {"role": "system", "content": words}), Carried("system", words)


def _responses_tools() -> Iterator[Row]:
    tool = {"type": "function", "name": "f", "parameters": SCHEMA, "strict": False}
    yield _responses("tools", [tool], Carried("tools.0", FUNCTION), Carried("tools.0.name", "f"))
    yield _responses(
        "tools",
        [tool | {"strict": True}],
        Carried("tools.0.function.strict", True),
        Carried("tools.0.strict", True),
    )
    for name in ("output_schema", "x_new"):
        yield _responses("tools", [tool | {name: {"a": 1}}], *twice(Refused(f"tools.0.{name}")))
    for name in ("async", "defer_loading"):
        yield _responses("tools", [tool | {name: True}], *twice(Refused(f"tools.0.{name}")))
        asked, to = {"tools": [tool | {name: False}]}, both(CHAT, ANTHROPIC, DEFAULT)
        yield Row(RESPONSES, f"tools: {name}", asked, to, {"tools": [tool]})
    yield _responses("tools", [{"type": "web_search"}], *twice(Refused("tools.0.type")))
    yield _responses(
        "tool_choice",
        {"type": "function", "name": "f"},
        Carried("tool_choice", {"type": "function", "function": {"name": "f"}}),
        Carried("tool_choice", {"type": "tool", "name": "f"}),
        tools=[tool],
    )
    allowed = {"type": "allowed_tools", "mode": "auto", "tools": []}
    yield _responses(
        "tool_choice", allowed, Refused("tool_choice.type"), Refused("tool_choice"), tools=[tool]
    )
    yield _responses(
        "parallel_tool_calls",
        False,
        Carried("parallel_tool_calls", False),
        Carried("tool_choice.disable_parallel_tool_use", True),
        tools=[tool],
    )


def _items() -> Iterator[Row]:
    """The first item is a system's, so that numbers of items and of messages differ at Anthropic's."""
    first = {"role": "system", "content": "s"}
    hi = {"role": "user", "content": "Hi"}
    text = {"type": "input_text", "text": "a"}

    def told(part: Body) -> list[Body]:
        return [first, {"role": "user", "content": [part]}]

    yield _item(
        "prompt_cache_breakpoint", told(text | {"prompt_cache_breakpoint": {}}), CACHE, CACHE, told(text)
    )
    yield _item(
        "x_new of a part", told(text | {"x_new": 1}), *twice(Refused("input.1.content.0.x_new")), [hi]
    )
    yield _item("x_new", [first, hi | {"x_new": 1}], *twice(Refused("input.1.x_new")), [hi])
    picture = {"type": "input_image", "image_url": "https://a/b.png", "detail": "low"}
    detail = Carried("messages.1.content.0.image_url.detail", "low")
    yield _item("detail", told(picture), detail, HINT, told(picture | {"detail": "auto"}))
    for name in ("file_url", "x_new"):
        yield _item(name, told({"type": "input_file", name: "x"}), *twice(Refused("input.1.content")), [hi])
    file = {"type": "input_file", "file_id": "f"}
    carried = Carried("messages.1.content.0", {"type": "file", "file": {"file_id": "f"}})
    yield _item("file_id", told(file), carried, Refused("input.1.content"), [hi])
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "c", "output": "1"}
    for name in ("caller", "namespace"):
        yield _item(name, [hi, call | {name: "x"}, result], SIGN, SIGN, [hi, call, result])
        yield _item(
            f"{name} of a result", [hi, call, result | {name: "x"}], *twice(Refused(f"input.2.{name}")), [hi]
        )
    answer = {"role": "assistant", "content": "a"}
    yield _item("phase", [hi, answer | {"phase": "final"}, hi], SIGN, SIGN, [hi, answer, hi])
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}
    yield _item("reasoning", [hi, reasoning, answer, hi], SIGN, SIGN, [hi, answer, hi])
    yield _item("item_reference", [hi, {"id": "x"}], *twice(Refused("item_reference")), [hi])
    alone = {"type": "function_call_output", "output": "1"}
    for refused, item in {
        "input.1.output": {"type": "custom_tool_call_output", "call_id": "c", "output": "1"},
        "input.1.name": alone | {"name": "f"},
    }.items():
        yield _item(f"{item['type']} alone", [hi, item, hi], *twice(Refused(refused)), [hi])
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    yield _item("web_search_call", [hi, search, hi], Refused("input.1"), Refused("input.1"), [hi])
