"""What becomes of the fields of a Messages request: see `rows.py`."""

from collections.abc import Iterator
from typing import Any

from tests.protocols.crossings.rows import (
    ANTHROPIC,
    CACHE,
    CHAT,
    FUNCTION,
    RESPONSES,
    SCHEMA,
    SIGN,
    TRAVEL,
    WHO,
    Body,
    Carried,
    LeftOut,
    Outcome,
    Refused,
    Row,
    both,
    twice,
)


def _anthropic(field: str, value: Any, chat: Outcome, responses: Outcome, **more: Any) -> Row:
    return Row(ANTHROPIC, field, {field: value, **more}, {CHAT: chat, RESPONSES: responses}, more)


def _block(
    field: str,
    block: Body,
    chat: Outcome,
    responses: Outcome,
    bare: Body | None = None,
    *,
    role: str = "user",
) -> Row:
    """A block of the second message, behind a system prompt, which is none of the client's messages."""

    def said(content: Body) -> Body:
        hi = {"role": "user", "content": "Hi"}
        call = {"type": "tool_use", "id": "c", "name": "f", "input": {}}
        before = [hi, {"role": "assistant", "content": [call]}] if content["type"] == "tool_result" else [hi]
        after = [hi] if role == "assistant" else []
        return {"system": "s", "messages": [*before, {"role": role, "content": [content]}, *after]}

    asked = said(block)
    to = {CHAT: chat, RESPONSES: responses}
    return Row(ANTHROPIC, f"{block['type']}: {field}", asked, to, said(bare) if bare else {})


def of_anthropic() -> Iterator[Row]:
    """Every field of `MessageCreateParams`, those in beta among them."""
    yield _anthropic("service_tier", "auto", WHO, WHO)
    yield _anthropic("metadata", {"user_id": "u"}, WHO, WHO)
    yield _anthropic("diagnostics", {"a": 1}, WHO, WHO)
    yield _anthropic("speed", "fast", WHO, WHO)
    for name in ("user_profile_id", "workspace_id"):
        yield _anthropic(name, "x", WHO, WHO)
    yield _anthropic("cache_control", {"type": "ephemeral"}, CACHE, CACHE)
    for name in (
        "billing_policy",
        "compaction",
        "container",
        "context_management",
        "fallback_credit_token",
        "fallbacks",
        "inference_geo",
        "mcp_servers",
        "thread",
        "x_new",
    ):
        yield _anthropic(name, {"a": 1}, *twice(Refused(name)))
    clears = {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}
    nothing = LeftOut("clears reasoning, none of which goes to another provider")
    yield _anthropic("context_management", clears, nothing, nothing)
    yield _anthropic("max_tokens", 5, Carried("max_tokens", 5), Carried("max_output_tokens", 5))
    yield _anthropic("temperature", 0.5, *twice(Carried("temperature", 0.5)))
    yield _anthropic("top_p", 0.5, *twice(Carried("top_p", 0.5)))
    yield _anthropic("top_k", 5, Carried("top_k", 5), Refused("top_k"))
    yield _anthropic("stop_sequences", ["x"], Carried("stop", ["x"]), Refused("stop_sequences"))
    yield _anthropic("system", "s", Carried("messages.0.content", "s"), Carried("instructions", "s"))
    odd = [{"type": "text", "text": "s", "x_new": 1}]
    yield _anthropic("system", odd, *twice(Refused("system.0.x_new")))
    leave = LeftOut("leave to think, which models that reason have anyway")
    for kind in ("adaptive", "disabled"):
        yield _anthropic("thinking", {"type": kind}, leave, leave)
    budget = {"type": "enabled", "budget_tokens": 2_048}
    effort = Carried("reasoning_effort", "medium"), Carried("reasoning.effort", "medium")
    yield _anthropic("thinking", budget, *effort)
    yield _anthropic("thinking", budget | {"display": "omitted"}, *effort)
    yield _anthropic("thinking", budget | {"x_new": 1}, *twice(Refused("thinking")))
    for name in ("low", "xhigh", "max"):
        at = Carried("reasoning_effort", name), Carried("reasoning.effort", name)
        yield _anthropic("output_config", {"effort": name}, *at)
    yield _anthropic("output_config", {"task_budget": {}}, *twice(Refused("output_config.task_budget")))
    form = {"format": {"type": "json_schema", "schema": SCHEMA}}
    yield _anthropic(
        "output_config",
        form,
        Carried("response_format.json_schema.schema", SCHEMA),
        Carried("text.format.schema", SCHEMA),
    )
    yield from _anthropic_tools()
    yield from _blocks()


def _anthropic_tools() -> Iterator[Row]:
    tool = {"name": "f", "input_schema": SCHEMA}
    yield _anthropic("tools", [tool], Carried("tools.0", FUNCTION), Carried("tools.0.name", "f"))
    strict = Carried("tools.0.function.strict", True), Carried("tools.0.strict", True)
    yield _anthropic("tools", [tool | {"strict": True}], *strict)
    search = {"type": "web_search_20250305", "name": "web_search"}
    yield _anthropic("tools", [search], *twice(Refused("tools.0.type")))
    refused: Body = {
        "defer_loading": True,
        "allowed_callers": ["code_execution_20260120"],
        "input_examples": [{}],
        "x_new": 1,
    }
    for name, value in refused.items():
        yield _anthropic("tools", [tool | {name: value}], *twice(Refused(f"tools.0.{name}")))
    to = both(CHAT, RESPONSES, CACHE)
    marked = tool | {"cache_control": {"type": "ephemeral"}}
    yield Row(ANTHROPIC, "tools: cache_control", {"tools": [marked]}, to, {"tools": [tool]})
    eager = {"tools": [tool | {"eager_input_streaming": True}]}
    to = both(CHAT, RESPONSES, TRAVEL)
    yield Row(ANTHROPIC, "tools: eager_input_streaming", eager, to, {"tools": [tool]})
    yield _anthropic(
        "tool_choice",
        {"type": "tool", "name": "f"},
        Carried("tool_choice", {"type": "function", "function": {"name": "f"}}),
        Carried("tool_choice", {"type": "function", "name": "f"}),
        tools=[tool],
    )
    alone = {"type": "auto", "disable_parallel_tool_use": True}
    yield _anthropic("tool_choice", alone, *twice(Carried("parallel_tool_calls", False)), tools=[tool])
    odd = {"type": "auto", "x_new": 1}
    yield _anthropic("tool_choice", odd, Refused("tool_choice.type"), Refused("tool_choice"), tools=[tool])


def _blocks() -> Iterator[Row]:
    mark = {"cache_control": {"type": "ephemeral"}}
    text: Body = {"type": "text", "text": "a"}
    picture: Body = {"type": "image", "source": {"type": "url", "url": "https://a/b.png"}}
    call: Body = {"type": "tool_use", "id": "c", "name": "f", "input": {}}
    result: Body = {"type": "tool_result", "tool_use_id": "c", "content": "1"}
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "JVBER"}
    document: Body = {"type": "document", "source": pdf}
    for block in (text, picture, result, document):
        yield _block("cache_control", block | mark, CACHE, CACHE, block)
    yield _block("cache_control", call | mark, CACHE, CACHE, call, role="assistant")
    for block, place in ((text, 1), (picture, 1), (result, 2)):
        yield _block("x_new", block | {"x_new": 1}, *twice(Refused(f"messages.{place}.content.0.x_new")))
    failed = "[tool error] 1"
    yield _block(
        "is_error",
        result | {"is_error": True},
        Carried("messages.3.content", failed),
        Carried("input.2.output", failed),
    )
    pictured = result | {"content": [picture]}
    seen = Carried("input.2.output.0.image_url", "https://a/b.png")
    yield _block("an image", pictured, Refused("messages.2.content"), seen)
    for name, value in {"caller": {"type": "direct"}, "toolset_name": "t", "x_new": 1}.items():
        yield _block(name, call | {name: value}, SIGN, SIGN, call, role="assistant")
    cited = text | {"citations": [{"type": "page_location"}]}
    yield _block("citations", cited, SIGN, SIGN, text, role="assistant")
    yield _block("citations of a user", cited, *twice(Refused("messages.1.content")))
    title = Carried("messages.2.content.0.file.filename", "T"), Carried("input.1.content.0.filename", "T")
    yield _block("title", document | {"title": "T"}, *title)
    context = Carried("messages.2.content.0.text", "C"), Carried("input.1.content.0.text", "C")
    yield _block("context", document | {"context": "C"}, *context)
    to_cite: Body = document | {"citations": {"enabled": True}}
    by_url: Body = {"type": "document", "source": {"type": "url", "url": "https://a/b.pdf"}}
    file: Body = {"type": "image", "source": {"type": "file", "file_id": "f"}}
    for block in (to_cite, by_url, document | {"x_new": 1}, file, {"type": "search_result"}):
        yield _block("", block, *twice(Refused("messages.1.content")))
    said = text | {"text": "b"}
    yield _block("prefill", said, *twice(Refused("messages.1.role")))._replace(
        asked={"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [said]}]}
    )
    for value in ({"a": None}, 1):
        asked = {"messages": [{"role": "user", "content": "Hi", "blocks": value}]}
        name = "blocks.a" if isinstance(value, dict) else "blocks"
        refused = both(CHAT, RESPONSES, Refused(f"messages.0.{name}"))
        yield Row(ANTHROPIC, "messages: blocks", asked, refused)
    effort: Body = {"role": "system", "output_config": {"effort": "low"}}
    asked = {"messages": [{"role": "user", "content": "Hi"}, effort]}
    refused = both(CHAT, RESPONSES, Refused("messages.1.output_config.effort"))
    yield Row(ANTHROPIC, "messages: output_config", asked, refused)
    for kind in ("server_tool_use", "container_upload"):
        use: Body = {"type": kind, "id": "s", "name": "web_search", "input": {}}
        yield _block("", use, *twice(Refused("messages.1.content")), role="assistant")
