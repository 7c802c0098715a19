"""Tests of `sparingly.protocols.openai_chat.from_anthropic`, by way of the requests that are written with it."""

import json
from typing import Any

import pytest

from sparingly.errors import InvalidRequest
from sparingly.protocols.anthropic.read_ask import read_ask
from sparingly.protocols.openai_chat.write_ask import write_ask
from tests.protocols.anthropic import golden_ask


def written(*content: object, model: str = "gpt-4o", **fields: object) -> Any:
    """A request of Anthropic's client as OpenAI's API gets it."""
    body: dict[str, object] = {"model": "m", "max_tokens": 9}
    body["messages"] = [{"role": "user", "content": list(content) or "Hi"}]
    return json.loads(write_ask(read_ask(json.dumps(body | fields).encode()), model=model))


def refused(*content: object, **fields: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        written(*content, **fields)
    assert f"`{caught.value.field}`" in caught.value.message
    assert "Chat Completions" in caught.value.message
    return caught.value


def test_a_question_in_both_dialects_is_written_as_the_one() -> None:
    """Tools, calls, results, pictures, format, effort: nothing is lost on the way."""
    ours = json.loads(write_ask(read_ask(golden_ask.MESSAGES_FORM), model="m"))
    theirs = json.loads(golden_ask.CHAT_FORM)

    del theirs["user"]
    assert ours == theirs


@pytest.mark.parametrize(
    ("thinking", "effort"),
    [
        ({"type": "enabled", "budget_tokens": 1024}, "low"),
        ({"type": "enabled", "budget_tokens": 2048}, "medium"),
        ({"type": "enabled", "budget_tokens": 16000}, "high"),
        ({"type": "disabled"}, None),
        ({"type": "adaptive", "display": "omitted"}, None),
        ({"type": "between_tools"}, None),
    ],
)
def test_a_thinking_budget_is_an_effort(thinking: dict[str, object], effort: str | None) -> None:
    """Leave to think asks for nothing: models that reason have it."""
    body = written(thinking=thinking)

    assert body.get("reasoning_effort") == effort
    assert "thinking" not in body


def test_a_stated_effort_wins_over_a_budget() -> None:
    """The client has said it in so many words."""
    thinking = {"type": "enabled", "budget_tokens": 1024}

    assert written(thinking=thinking, output_config={"effort": "high"})["reasoning_effort"] == "high"


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4o", "max_tokens"),
        ("mistral-large", "max_tokens"),
        ("o3", "max_completion_tokens"),
        ("gpt-5.4", "max_completion_tokens"),
        ("gpt-6.1-sol", "max_completion_tokens"),
    ],
)
def test_the_limit_has_the_name_that_the_model_knows(model: str, name: str) -> None:
    """OpenAI's reasoning models refuse the older one."""
    assert written(model=model)[name] == 9


def test_a_pdf_is_a_file() -> None:
    """With its title for a name."""
    source = {"type": "base64", "media_type": "application/pdf", "data": "JVBER"}
    body = written({"type": "document", "title": "Report", "source": source})

    file = {"filename": "Report", "file_data": "data:application/pdf;base64,JVBER"}
    assert body["messages"][0]["content"] == [{"type": "file", "file": file}]


def test_a_text_document_is_text() -> None:
    """Behind its title and its context."""
    source = {"type": "text", "media_type": "text/plain", "data": "Once."}
    body = written({"type": "document", "title": "T", "context": "C", "source": source})

    assert body["messages"][0]["content"] == "T\n\nC\n\nOnce."


def test_what_an_earlier_answer_carried_for_its_provider_is_left_out() -> None:
    """Signed and redacted reasoning, citations, who called: another model's signs."""
    earlier = {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "redacted_thinking", "data": "x"},
            {"type": "text", "text": "Well.", "citations": [{"type": "page_location"}]},
            {"type": "tool_use", "id": "c", "name": "f", "input": {}, "caller": {"type": "direct"}},
        ],
    }
    result = {"type": "tool_result", "tool_use_id": "c", "content": "1"}
    body = written(
        messages=[{"role": "user", "content": "Hi"}, earlier, {"role": "user", "content": [result]}]
    )

    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert body["messages"][1:] == [
        {"role": "assistant", "content": "Well.", "tool_calls": [call]},
        {"role": "tool", "content": "1", "tool_call_id": "c"},
    ]


def test_a_message_that_was_all_for_another_provider_is_left_out() -> None:
    """An assistant who says nothing is refused by OpenAI's API."""
    earlier = {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm", "signature": "s"}]}
    body = written(messages=[{"role": "user", "content": "Hi"}, earlier, {"role": "user", "content": "So?"}])

    assert [message["role"] for message in body["messages"]] == ["user", "user"]


def test_unsigned_reasoning_goes_on() -> None:
    """It came from a server that wants it back on later turns."""
    earlier = {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": ""},
            {"type": "text", "text": "Well."},
        ],
    }
    body = written(messages=[{"role": "user", "content": "Hi"}, earlier, {"role": "user", "content": "So?"}])

    said = {"role": "assistant", "content": "Well.", "reasoning_content": "hm"}
    assert body["messages"][1] == said


def test_clearing_earlier_thinking_asks_for_nothing_here() -> None:
    """None of it gets to another provider."""
    edits = [{"type": "clear_thinking_20251015", "keep": "all"}]

    assert "context_management" not in str(written(context_management={"edits": edits}))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}, "context_management"),
        ({"container": "c"}, "container"),
        ({"mcp_servers": [{"name": "a"}]}, "mcp_servers"),
        ({"x_new": 1}, "x_new"),
        ({"output_config": {"task_budget": {"total": 9}}}, "output_config.task_budget"),
        ({"output_config": {"format": {"type": "grammar"}}}, "response_format.type"),
        ({"thinking": {"type": "x_new"}}, "thinking"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools.0.type"),
        ({"tools": [{"name": "f", "input_schema": {}, "defer_loading": True}]}, "tools.0.defer_loading"),
        ({"tool_choice": {"type": "x_new"}}, "tool_choice.type"),
        ({"messages": [{"role": "user", "content": "Hi", "x_new": 1}]}, "messages.0.x_new"),
    ],
)
def test_what_cannot_be_expressed_is_refused_by_name(fields: dict[str, object], field: str) -> None:
    """Dropped in silence, it would give another answer."""
    assert refused(**fields).field == field


@pytest.mark.parametrize(
    "block",
    [
        {"type": "document", "source": {"type": "url", "url": "https://a/b.pdf"}},
        {"type": "document", "source": {"type": "text", "data": "x"}, "citations": {"enabled": True}},
        {"type": "image", "source": {"type": "file", "file_id": "f"}},
        {"type": "search_result", "title": "t"},
        {
            "type": "tool_result",
            "tool_use_id": "c",
            "content": [{"type": "image", "source": {"type": "url", "url": "https://a/b.png"}}],
        },
    ],
)
def test_a_block_that_cannot_be_expressed_is_refused(block: dict[str, object]) -> None:
    """With the place where it stands."""
    with pytest.raises(InvalidRequest) as caught:
        written(block)

    assert caught.value.field == "messages.0.content"
