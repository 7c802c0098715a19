"""Tests of `sparingly.protocols.anthropic.write_parts`."""

import json

import msgspec
import pytest

from sparingly.core.chat import (
    Image,
    Json,
    Opaque,
    Part,
    Refusal,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Turn,
    canonical_json,
)
from sparingly.errors import InvalidRequest
from sparingly.protocols.anthropic.write_parts import blocks_of


def written(role: Role, *parts: Part, extra: str | None = None, name: str | None = None) -> object:
    """The blocks of a turn, as they go on the wire."""
    turn = Turn(role, parts, name, None if extra is None else Json(extra))
    return msgspec.json.decode(msgspec.json.encode(blocks_of(turn, 3)))


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (Text("a"), {"type": "text", "text": "a"}),
        (Refusal("no"), {"type": "text", "text": "no"}),
        (Thinking("hm", "sig"), {"type": "thinking", "thinking": "hm", "signature": "sig"}),
        (Image("http://a/b.png"), {"type": "image", "source": {"type": "url", "url": "http://a/b.png"}}),
        (
            Image("data:IMAGE/JPEG;base64,AA=="),
            {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "AA=="}},
        ),
        (
            ToolCall("c", "f", ' {"a": 1} '),
            {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}},
        ),
        (
            ToolResult("c", (Text("a"), Image("https://a/b.png")), is_error=True),
            {
                "type": "tool_result",
                "tool_use_id": "c",
                "content": [
                    {"type": "text", "text": "a"},
                    {"type": "image", "source": {"type": "url", "url": "https://a/b.png"}},
                ],
                "is_error": True,
            },
        ),
        (ToolResult("c", ()), {"type": "tool_result", "tool_use_id": "c"}),
    ],
)
def test_parts_have_their_blocks(part: Part, block: object) -> None:
    """One for one."""
    assert written("assistant", part) == [block]


def test_numbers_in_arguments_keep_their_spelling() -> None:
    """The model wrote them; they are copied, not computed."""
    (block,) = blocks_of(Turn("assistant", (ToolCall("c", "f", '{"a": 1.10}'),)), 0)

    assert msgspec.json.encode(block["input"]) == b'{"a": 1.10}'


def test_what_says_nothing_is_left_out() -> None:
    """Empty text is refused by the API; reasoning without a signature is another model's."""
    assert written("assistant", Thinking("hm"), Text("")) == []


def test_marks_for_the_prompt_cache_stay_on_their_parts() -> None:
    """The one unknown field of a part that this API knows."""
    extra = '{"content":{"1":{"cache_control":{"type":"ephemeral"}}}}'

    assert written("user", Text("a"), Text("b"), extra=extra) == [
        {"type": "text", "text": "a"},
        {"type": "text", "text": "b", "cache_control": {"type": "ephemeral"}},
    ]
    assert written("tool", ToolResult("c", (Text("a"), Text("b"))), extra=extra) == [
        {
            "type": "tool_result",
            "tool_use_id": "c",
            "content": [
                {"type": "text", "text": "a"},
                {"type": "text", "text": "b", "cache_control": {"type": "ephemeral"}},
            ],
        }
    ]


def test_signs_of_an_earlier_answer_are_no_obstacle() -> None:
    """Clients send messages back as they got them."""
    extra = '{"annotations":[],"reasoning_details":[{}],"tool_calls":{"0":{"extra_content":{}}}}'

    assert written("assistant", Text("a"), extra=extra) == [{"type": "text", "text": "a"}]


def test_a_tools_name_says_nothing_new() -> None:
    """The result already names its call."""
    assert written("tool", ToolResult("c", (Text("a"),)), name="f") == [
        {"type": "tool_result", "tool_use_id": "c", "content": "a"}
    ]


def test_the_mark_for_the_prompt_cache_is_kept_wherever_clients_put_it() -> None:
    """On a part, a call, a tool's result, or a message, whose last block it then marks."""
    mark = {"cache_control": {"type": "ephemeral"}}
    call = Turn(
        "assistant",
        (ToolCall("c", "f", "{}"), ToolCall("d", "f", "{}")),
        extra=Json('{"tool_calls":{"1":{"cache_control":{"type":"ephemeral"}}}}'),
    )
    result = Turn(
        "tool", (ToolResult("c", (Text("a"),)),), extra=Json('{"cache_control":{"type":"ephemeral"}}')
    )
    words = Turn("user", (Text("a"), Text("b")), extra=Json('{"cache_control":{"type":"ephemeral"}}'))

    called = json.loads(msgspec.json.encode(blocks_of(call, 0)))
    returned = json.loads(msgspec.json.encode(blocks_of(result, 0)))
    said = json.loads(msgspec.json.encode(blocks_of(words, 0)))

    assert called == [
        {"type": "tool_use", "id": "c", "name": "f", "input": {}},
        {"type": "tool_use", "id": "d", "name": "f", "input": {}} | mark,
    ]
    assert returned == [{"type": "tool_result", "tool_use_id": "c", "content": "a"} | mark]
    assert said == [{"type": "text", "text": "a"}, {"type": "text", "text": "b"} | mark]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "redacted_thinking", "data": "x"},
        {"type": "document", "source": {"type": "text", "data": "x"}},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
    ],
)
def test_a_block_of_this_dialect_goes_back_as_it_was(block: dict[str, object]) -> None:
    """Nobody here needs to know it."""
    assert blocks_of(Turn("assistant", (Opaque(canonical_json({"anthropic": block})),)), 0) == [block]


def test_citations_go_back_to_their_text() -> None:
    """From behind it."""
    cited = Opaque(canonical_json({"anthropic": {"type": "citations", "citations": [{"a": 1}]}}))

    assert blocks_of(Turn("assistant", (Text("a"), cited, Text("b"))), 0) == [
        {"type": "text", "text": "a", "citations": [{"a": 1}]},
        {"type": "text", "text": "b"},
    ]


def test_citations_within_a_result_go_back_to_their_text() -> None:
    """Also there."""
    cited = Opaque(canonical_json({"anthropic": {"type": "citations", "citations": [{"a": 1}]}}))
    (block,) = blocks_of(Turn("tool", (ToolResult("c", (Text("a"), cited)),)), 0)

    assert block["content"] == [{"type": "text", "text": "a", "citations": [{"a": 1}]}]


@pytest.mark.parametrize("signature", [None, "openai-responses:abc"])
def test_reasoning_that_this_api_did_not_sign_stays_away(signature: str | None) -> None:
    """It would be refused."""
    turn = Turn("assistant", (Thinking("hm", signature), Text("a")))

    assert blocks_of(turn, 0) == [{"type": "text", "text": "a"}]


@pytest.mark.parametrize(
    ("turn", "field"),
    [
        (Turn("user", (Text("a"),), "ann"), "messages.3.name"),
        (Turn("user", (Text("a"),), extra=Json('{"x":1}')), "messages.3.x"),
        (Turn("user", (Text("a"),), extra=Json('{"content":{"0":{"x":1}}}')), "messages.3.content.0.x"),
        (Turn("assistant", (), extra=Json('{"audio":{"id":"a"}}')), "messages.3.audio"),
        (Turn("assistant", (), extra=Json('{"function_call":{}}')), "messages.3.function_call"),
        (Turn("user", (Opaque(Json('{"type":"input_audio"}')),)), "messages.3.content"),
        (Turn("user", (Image("ftp://a/b.png"),)), "messages.3.content"),
        (Turn("user", (Image("data:text/plain;base64,AA"),)), "messages.3.content"),
        (Turn("user", (Text(""),)), "messages.3.content"),
        (Turn("assistant", (ToolCall("c", "f", "{"),)), "messages.3.tool_calls"),
        (Turn("assistant", (ToolCall("c", "f", "[1]"),)), "messages.3.tool_calls"),
        (Turn("tool", (ToolResult("", (Text("a"),)),), extra=Json('{"role":"function"}')), "messages.3.role"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(turn: Turn, field: str) -> None:
    """With the place in the client's own request."""
    with pytest.raises(InvalidRequest) as caught:
        blocks_of(turn, 3)

    assert caught.value.field == field
