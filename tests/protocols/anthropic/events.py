"""Check a stream of the Messages API as strictly as its documentation describes it."""

import json
from typing import Any

from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import Message, RawMessageStreamEvent
from pydantic import TypeAdapter

_event = TypeAdapter(RawMessageStreamEvent)

# Which delta goes with which block.
_DELTAS = {
    "text": {"text_delta", "citations_delta"},
    "thinking": {"thinking_delta", "signature_delta"},
    "tool_use": {"input_json_delta"},
    "server_tool_use": {"input_json_delta"},
}


def events_of(data: bytes) -> list[dict[str, Any]]:
    """The events, each under the name that it says it has."""
    events = []
    for block in data.decode().split("\n\n")[:-1]:
        name, line = block.split("\n")
        event = json.loads(line.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        events.append(event)
    return events


def checked(data: bytes) -> Message:
    """The message that a stream tells; every rule of its order is checked on the way."""
    events = events_of(data)
    assert events[0]["type"] == "message_start"
    assert [event["type"] for event in events[-2:]] == ["message_delta", "message_stop"]
    assert events[0]["message"]["content"] == []
    assert events[0]["message"]["stop_reason"] is None
    place, kind = -1, None
    for event in events[1:-2]:
        match event["type"]:
            case "content_block_start":
                assert kind is None, "a block begins within another"
                place, kind = place + 1, event["content_block"]["type"]
                assert event["index"] == place
            case "content_block_delta":
                assert event["index"] == place
                assert event["delta"]["type"] in _DELTAS[str(kind)]
            case "content_block_stop":
                assert event["index"] == place
                assert kind is not None
                kind = None
            case other:
                assert other == "ping"
    assert kind is None, "the last block does not end"
    return _accumulated(events)


def told_usage(data: bytes) -> dict[str, int]:
    """The tokens as a tracker would have them that adds what it is told."""
    events = events_of(data)
    parts = [events[0]["message"]["usage"], events[-2]["usage"]]
    names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
    return {name: sum(part.get(name) or 0 for part in parts) for name in names}


def _accumulated(events: list[dict[str, Any]]) -> Message:
    """What anthropic-python makes of it."""
    snapshot: Any = None
    buffers: dict[int, bytes] = {}
    for event in events:
        if event["type"] != "ping":
            snapshot = accumulate_event(
                event=_event.validate_python(event), current_snapshot=snapshot, json_bufs=buffers
            )
    return Message.model_validate(snapshot.model_dump())
