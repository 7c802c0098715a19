"""Tests of `sparingly.protocols.openai_responses.items`."""

import pytest
from hypothesis import given

from sparingly.core.answer import Block
from sparingly.core.chat import Json, Opaque, Text, Thinking, ToolCall
from sparingly.protocols.openai_responses.items import (
    add_item,
    item_of,
    items_of,
    part_of,
    signed_item,
    thinking_of,
)
from tests.generators import Body
from tests.protocols.openai_responses.drawn import reasoning

REASONING: Body = {
    "id": "rs_1",
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "One."}, {"type": "summary_text", "text": "Two."}],
    "content": [{"type": "reasoning_text", "text": "Raw."}],
    "encrypted_content": "gAAA",
}


def read(*items: Body) -> tuple[list[Block], dict[str, object]]:
    blocks: list[Block] = []
    rest: dict[str, object] = {}
    for item in items:
        add_item(item, blocks, rest)
    return blocks, rest


def test_reasoning_comes_back_part_by_part() -> None:
    """Its provider must find every character where it was."""
    thought = thinking_of(REASONING)

    assert thought is not None
    assert thought.text == "One.\n\nTwo.\n\nRaw."
    assert signed_item(thought.signature or "", thought.text) == REASONING


@given(reasoning)
def test_any_reasoning_comes_back_as_it_was(item: Body) -> None:
    """But for its state and for lists that are empty."""
    thought = thinking_of(item)

    assert thought is not None
    again = signed_item(thought.signature or "", thought.text)
    assert again is not None
    assert {name: value for name, value in again.items() if value != []} == {
        name: value for name, value in item.items() if value != [] and value is not None
    }


@pytest.mark.parametrize(
    "signature", ["ErUBCkYIBRgC", "anthropic:x", "", "openai-responses:x", "openai-responses:[]"]
)
def test_another_providers_signature_makes_no_item_of_its_own(signature: str) -> None:
    """This API's provider would look for it and fail; nor does one that a client made up."""
    assert signed_item(signature, "Hm.") is None
    assert items_of([Thinking("Hm.", signature)], {}, tells_all=False) == []


def test_another_providers_reasoning_travels_by_way_of_the_client() -> None:
    """It is written down under an id of ours, and what the client sends back reads the same."""
    (item,) = items_of([Thinking("Hm.", "ErUBCkYIBRgC")], {}, tells_all=True)

    assert item["encrypted_content"] == "ErUBCkYIBRgC"
    assert thinking_of({"id": "rs_sp_100", **item}) == Thinking("Hm.", "ErUBCkYIBRgC")


def test_reasoning_that_the_provider_would_have_to_hold_is_not_sent_back() -> None:
    """It was told to hold nothing."""
    thought = thinking_of({"id": "rs_1", "type": "reasoning", "summary": []})

    assert thought == Thinking("", 'openai-responses:{"id":"rs_1"}')
    assert items_of([thought], {}, tells_all=False) == []


def test_texts_in_a_row_are_one_message() -> None:
    """Unless they were two."""
    blocks = [Text("a"), Text("b")]

    assert len(items_of(blocks, {}, tells_all=True)) == 1
    assert len(items_of(blocks, {"1": {}}, tells_all=True)) == 2


def test_unknown_fields_go_back_to_their_item_and_part() -> None:
    """A phase tells the model what an earlier message was."""
    citation = {"type": "url_citation", "url": "https://example.org"}
    message = {
        "type": "message",
        "role": "assistant",
        "phase": "commentary",
        "content": [{"type": "output_text", "text": "Hi", "annotations": [citation]}],
    }
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}", "namespace": "n"}

    blocks, rest = read(message, call)

    assert blocks == [Text("Hi"), ToolCall("c", "f", "{}")]
    assert items_of(blocks, rest, tells_all=False) == [message, call]


def test_ids_and_states_are_read_over() -> None:
    """They differ each time the same answer is given."""
    one, other = (
        {
            "type": "message",
            "id": name,
            "status": "completed",
            "content": [{"type": "output_text", "text": "Hi"}],
        }
        for name in ("msg_1", "msg_2")
    )

    assert read(one) == read(other) == ([Text("Hi")], {})


def test_items_and_parts_that_nobody_here_knows_keep_their_places() -> None:
    """An item stays an item, a part a part."""
    item = {"type": "x_new", "payload": 1}
    message = {"type": "message", "role": "assistant", "content": [{"type": "x_part"}]}

    blocks, rest = read(item, message)

    assert items_of(blocks, rest, tells_all=False) == [item, message]
    first, second = blocks
    assert isinstance(first, Opaque)
    assert isinstance(second, Opaque)
    assert (item_of(first), part_of(first)) == (item, None)
    assert (item_of(second), part_of(second)) == (None, {"type": "x_part"})


def test_other_dialects_parts_are_neither() -> None:
    """They have no place in this API."""
    block = Opaque(Json('{"anthropic":{"type":"citations"}}'))

    assert (item_of(block), part_of(block)) == (None, None)
    assert items_of([block], {}, tells_all=True) == []
