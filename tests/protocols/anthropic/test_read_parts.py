"""Tests of `sparingly.protocols.anthropic.read_parts`."""

import json
from typing import Any

import pytest

from sparingly.core.chat import Image, Json, Opaque, Text, Thinking, ToolCall, ToolResult, Turn
from sparingly.errors import InvalidRequest
from sparingly.protocols.anthropic.read_parts import system_turn, turns_of


def user(*content: object) -> list[Turn]:
    return list(turns_of({"role": "user", "content": list(content)}, 0))


def assistant(*content: object) -> Turn:
    (turn,) = turns_of({"role": "assistant", "content": list(content)}, 0)
    return turn


def own(part: object) -> Any:
    assert isinstance(part, Opaque)
    return json.loads(part.json)["anthropic"]


RESULT = {"type": "tool_result", "tool_use_id": "c1"}


def test_a_tools_result_is_a_turn_of_its_own() -> None:
    """As in Chat Completions; the words around it keep their order."""
    turns = user(
        RESULT | {"content": "1"}, RESULT | {"tool_use_id": "c2"}, {"type": "text", "text": "Go on."}
    )

    assert turns == [
        Turn("tool", (ToolResult("c1", (Text("1"),)),)),
        Turn("tool", (ToolResult("c2", (Text(""),)),)),
        Turn("user", (Text("Go on."),)),
    ]


def test_words_before_a_result_stay_before_it() -> None:
    """The API may refuse that order; we do not change it."""
    turns = user({"type": "text", "text": "a"}, RESULT, {"type": "text", "text": "b"})

    assert [turn.role for turn in turns] == ["user", "tool", "user"]


def test_an_empty_message_is_one_all_the_same() -> None:
    """It is the API's to refuse."""
    assert user() == [Turn("user", ())]


def test_a_result_may_hold_pictures() -> None:
    """And documents, which only this API knows."""
    picture = {"type": "image", "source": {"type": "url", "url": "https://a/b.png"}}
    document = {"type": "document", "source": {"type": "text", "data": "x"}}
    (turn,) = user(
        RESULT | {"content": [{"type": "text", "text": "see"}, picture, document], "is_error": True}
    )

    (result,) = turn.parts
    assert isinstance(result, ToolResult)
    assert (result.parts[:2], result.is_error) == ((Text("see"), Image("https://a/b.png")), True)
    assert own(result.parts[2]) == document


def test_a_picture_at_the_provider_is_opaque() -> None:
    """Its id means nothing elsewhere."""
    block = {"type": "image", "source": {"type": "file", "file_id": "f1"}}
    (turn,) = user(block | {"cache_control": {"type": "ephemeral"}})

    assert own(turn.parts[0]) == block


def test_reasoning_keeps_its_signature() -> None:
    """Redacted reasoning is kept as it is; an empty signature is none."""
    turn = assistant(
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "thinking", "thinking": "so", "signature": ""},
        {"type": "redacted_thinking", "data": "x"},
    )

    assert turn.parts[:2] == (Thinking("hm", "s"), Thinking("so"))
    assert own(turn.parts[2]) == {"type": "redacted_thinking", "data": "x"}


def test_a_call_without_arguments_is_a_call() -> None:
    """An empty input is kept, and a missing one is read as one."""
    turn = assistant(
        {"type": "tool_use", "id": "c1", "name": "f", "input": {}},
        {"type": "tool_use", "id": "c2", "name": "f"},
    )

    assert turn.parts == (ToolCall("c1", "f", "{}"), ToolCall("c2", "f", "{}"))


def test_citations_stand_behind_their_text() -> None:
    """An answer that is sent back is the answer that was read."""
    cited = [{"type": "page_location", "cited_text": "w"}]
    turn = assistant({"type": "text", "text": "well", "citations": cited}, {"type": "text", "text": "so"})

    assert (turn.parts[0], turn.parts[2]) == (Text("well"), Text("so"))
    assert own(turn.parts[1]) == {"type": "citations", "citations": cited}


def test_unknown_fields_are_kept_by_the_place_of_their_part() -> None:
    """Also those within a result; nulls are how clients write what is not there."""
    inner = {"type": "text", "text": "a", "x_inner": 1}
    (turn,) = user(RESULT | {"content": [inner], "x_outer": 2, "x_null": None})

    assert turn.extra == Json('{"anthropic":{"blocks":{"0":{"content":{"0":{"x_inner":1}},"x_outer":2}}}}')


def test_unknown_fields_of_a_message_are_kept() -> None:
    """They may mean anything."""
    (turn,) = turns_of({"role": "user", "content": "Hi", "x_new": [1]}, 0)

    assert turn.extra == Json('{"anthropic":{"x_new":[1]}}')


@pytest.mark.parametrize(
    "block",
    [
        {"type": "text", "text": "a"},
        {"type": "image", "source": {"type": "url", "url": "https://a/b.png"}},
        {"type": "document", "source": {"type": "text", "data": "x"}},
        RESULT | {"content": "a"},
        {"type": "search_result", "title": "t"},
    ],
)
def test_what_is_billed_as_cached_is_no_part_of_the_meaning(block: dict[str, object]) -> None:
    """The provider answers the same either way."""
    assert user(block | {"cache_control": {"type": "ephemeral", "ttl": "1h"}}) == user(block)


def test_a_system_prompt_is_text_or_blocks() -> None:
    """None, and no blocks, are no prompt."""
    assert system_turn("Be brief.") == system_turn([{"type": "text", "text": "Be brief."}])
    assert system_turn(None) is None
    assert system_turn([]) is None


def test_a_system_message_may_stand_in_between() -> None:
    """New models take them there."""
    (turn,) = turns_of({"role": "system", "content": "Now be long."}, 3)

    assert turn == Turn("system", (Text("Now be long."),))


@pytest.mark.parametrize(
    ("block", "field"),
    [
        ({"type": "tool_use", "id": "c", "name": "f", "input": "{}"}, "input"),
        ({"type": "tool_use", "name": "f", "input": {}}, "id"),
        ({"type": "tool_result", "content": "x"}, "tool_use_id"),
        ({"type": "tool_result", "tool_use_id": "c", "content": 7}, "content"),
        ({"type": "tool_result", "tool_use_id": "c", "content": [{"type": "text"}]}, "content.0.text"),
        ({"type": "thinking"}, "thinking"),
    ],
)
def test_a_block_that_makes_no_sense_is_refused_by_name(block: dict[str, object], field: str) -> None:
    """With the path at which it stands."""
    with pytest.raises(InvalidRequest) as caught:
        user({"type": "text", "text": "a"}, block)

    assert caught.value.field == f"messages.0.content.1.{field}"


@pytest.mark.parametrize("content", ["It is", [{"type": "text", "text": "It is"}]])
def test_the_last_words_of_an_assistant_are_the_beginning_of_the_answer(content: object) -> None:
    """And are marked so: elsewhere they would be an earlier answer."""
    message = {"role": "assistant", "content": content}

    assert list(turns_of(message, 1, is_last=True)) == [
        Turn("assistant", (Text("It is"),), extra=Json('{"prefix":true}'))
    ]
    assert list(turns_of(message, 1)) == [Turn("assistant", (Text("It is"),))]
    assert list(turns_of({"role": "user", "content": "Hi"}, 0, is_last=True)) == [Turn("user", (Text("Hi"),))]
