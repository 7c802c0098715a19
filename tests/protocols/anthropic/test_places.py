"""Tests of `sparingly.protocols.anthropic.places`."""

import json

import pytest

from sparingly.protocols.anthropic.places import place_of

RESULT = {"type": "tool_result", "tool_use_id": "c", "content": "1"}
BODY = json.dumps(
    {
        "system": [{"type": "text", "text": "s"}, {"type": "text", "text": "t", "x": 1}],
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "f", "input": {}}]},
            # Two results and words: three turns.
            {"role": "user", "content": [RESULT, RESULT, {"type": "text", "text": "So?", "x": 1}]},
            {"role": "user", "content": []},
        ],
    }
).encode()


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ("messages.0.content", "system"),
        ("messages.0.blocks.1.x", "system.1.x"),
        ("messages.1.content", "messages.0.content"),
        ("messages.1.role", "messages.0.role"),
        ("messages.2.tool_calls", "messages.1.content"),
        ("messages.3.content", "messages.2.content"),
        ("messages.4.content.0.y", "messages.2.content.0.y"),
        ("messages.5.blocks.0.x", "messages.2.content.2.x"),
        ("messages.5.blocks.0.gone", "messages.2.content"),
        ("messages.6.name", "messages.3.name"),
        ("stop", "stop_sequences"),
        ("response_format.type", "output_config.format.type"),
        ("tools.0.function.strict", "tools.0.strict"),
    ],
)
def test_a_place_is_told_as_the_client_wrote_it(field: str, place: str) -> None:
    """The system prompt is no message, and one message may be several turns."""
    assert place_of(BODY, field) == place


def test_without_a_system_prompt_the_first_turn_is_the_first_message() -> None:
    """Nothing shifts."""
    body = json.dumps({"messages": [{"role": "user", "content": "Hi"}]}).encode()

    assert place_of(body, "messages.0.content") == "messages.0.content"
