"""Tests of `sparingly.protocols.openai_responses.places`."""

import json

import pytest

from sparingly.protocols.openai_responses.places import place_of

ANSWER = {"type": "message", "role": "assistant", "content": "a"}
CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
ITEMS = [
    {"role": "user", "content": "Hi"},
    # An answer in two items: one turn.
    ANSWER,
    CALL,
    {"type": "function_call_output", "call_id": "c", "output": "1"},
    {"role": "user", "content": [{"type": "input_text", "text": "So?"}]},
]
BODY = json.dumps({"instructions": "s", "input": ITEMS}).encode()


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ("messages.0.content", "instructions"),
        ("messages.1.content", "input.0.content"),
        ("messages.1.role", "input.0.role"),
        ("messages.2.audio", "input.1"),
        ("messages.3.content", "input.3.output"),
        ("messages.3.item.caller", "input.3.caller"),
        ("messages.3.0.part.x", "input.3.output.0.x"),
        ("messages.4.0.part.x", "input.4.content.0.x"),
        ("messages.4.content.0.x", "input.4.content.0.x"),
        ("messages.9.content", "input"),
        ("response_format", "text.format"),
        ("reasoning_effort", "reasoning.effort"),
        ("logprobs", "include"),
    ],
)
def test_a_place_is_told_as_the_client_wrote_it(field: str, place: str) -> None:
    """Instructions are no item, and the items of one answer are one turn."""
    assert place_of(BODY, field) == place


def test_plain_input_is_all_there_is() -> None:
    """It has no items."""
    assert place_of(b'{"input":"Hi"}', "messages.0.content") == "input"


def test_without_instructions_the_first_turn_is_the_first_item() -> None:
    """Nothing shifts."""
    assert place_of(json.dumps({"input": ITEMS}).encode(), "messages.0.name") == "input.0"
