"""What api.anthropic.com sends, written down by hand after its reference and observed streams (November 2026)."""

from sparingly.core.answer import Answer, Choice, Usage
from sparingly.core.chat import Json, Opaque, Text, Thinking, ToolCall

WHOLE = rb"""{
  "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
  "type": "message",
  "role": "assistant",
  "model": "claude-sonnet-4-6",
  "content": [
    {"type": "thinking", "thinking": "Look it up.", "signature": "EqQB"},
    {"type": "redacted_thinking", "data": "Em4x"},
    {"type": "text", "text": "I'll check the ", "citations": null},
    {"type": "text", "text": "weather.", "citations": [{"type": "page_location", "cited_text": "w"}]},
    {"type": "tool_use", "id": "toolu_01", "name": "get_weather", "input": {"city": "Paris", "days": 2}},
    {"type": "tool_use", "id": "toolu_02", "name": "now", "input": {}, "caller": {"type": "direct"}}
  ],
  "stop_reason": "tool_use",
  "stop_sequence": null,
  "container": null,
  "usage": {
    "input_tokens": 21,
    "cache_creation_input_tokens": 188,
    "cache_read_input_tokens": 1024,
    "cache_creation": {"ephemeral_5m_input_tokens": 188, "ephemeral_1h_input_tokens": 0},
    "output_tokens": 305,
    "output_tokens_details": {"thinking_tokens": 40},
    "service_tier": "standard"
  }
}"""

STREAM = rb"""event: message_start
data: {"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-6","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":21,"cache_creation_input_tokens":188,"cache_read_input_tokens":1024,"cache_creation":{"ephemeral_5m_input_tokens":188,"ephemeral_1h_input_tokens":0},"output_tokens":1,"service_tier":"standard"}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: ping
data: {"type": "ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Look it"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":" up."}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQB"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"Em4x"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"I'll check"}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":" the "}}

event: content_block_stop
data: {"type":"content_block_stop","index":2}

event: content_block_start
data: {"type":"content_block_start","index":3,"content_block":{"type":"text","text":"","citations":[]}}

event: content_block_delta
data: {"type":"content_block_delta","index":3,"delta":{"type":"citations_delta","citation":{"type":"page_location","cited_text":"w"}}}

event: content_block_delta
data: {"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"weather."}}

event: content_block_stop
data: {"type":"content_block_stop","index":3}

event: content_block_start
data: {"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"toolu_01","name":"get_weather","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"{\"city\":\"Paris\","}}

event: content_block_delta
data: {"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"\"days\":2}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":4}

event: content_block_start
data: {"type":"content_block_start","index":5,"content_block":{"type":"tool_use","id":"toolu_02","name":"now","input":{},"caller":{"type":"direct"}}}

event: content_block_delta
data: {"type":"content_block_delta","index":5,"delta":{"type":"input_json_delta","partial_json":""}}

event: content_block_stop
data: {"type":"content_block_stop","index":5}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":305,"output_tokens_details":{"thinking_tokens":40}}}

event: message_stop
data: {"type":"message_stop"}

"""

# Both forms of the answer above.
ANSWER = Answer(
    model="claude-sonnet-4-6",
    choices=(
        Choice(
            0,
            (
                Thinking("Look it up.", "EqQB"),
                Opaque(Json('{"anthropic":{"data":"Em4x","type":"redacted_thinking"}}')),
                Text("I'll check the "),
                Text("weather."),
                Opaque(
                    Json(
                        '{"anthropic":{"citations":[{"cited_text":"w","type":"page_location"}],"type":"citations"}}'
                    )
                ),
                ToolCall("toolu_01", "get_weather", '{"city":"Paris","days":2}'),
                ToolCall("toolu_02", "now", "{}"),
            ),
            "tool_calls",
            message_extra=Json('{"anthropic":{"blocks":{"5":{"caller":{"type":"direct"}}}}}'),
        ),
    ),
    usage=Usage(1233, 305, 1024, 188, 40),
    extra=Json(
        '{"anthropic":{"usage":{"cache_creation":{"ephemeral_1h_input_tokens":0,"ephemeral_5m_input_tokens":188},'
        '"service_tier":"standard"}}}'
    ),
)
