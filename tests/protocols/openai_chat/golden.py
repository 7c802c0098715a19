"""What api.openai.com sends, written down by hand after its reference and observed streams (November 2026)."""

from sparingly.core.answer import Answer, Choice, Usage
from sparingly.core.chat import Json, Text, ToolCall

# As api.openai.com answers (API reference, November 2026).
WHOLE = rb"""{
  "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
  "object": "chat.completion",
  "created": 1741569952,
  "model": "gpt-4.1-2025-04-14",
  "choices": [
    {
      "index": 0,
      "message": {
        "role": "assistant",
        "content": "Hello! How can I assist you today?",
        "refusal": null,
        "annotations": []
      },
      "logprobs": null,
      "finish_reason": "stop"
    }
  ],
  "usage": {
    "prompt_tokens": 19,
    "completion_tokens": 10,
    "total_tokens": 29,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {
      "reasoning_tokens": 0,
      "audio_tokens": 0,
      "accepted_prediction_tokens": 0,
      "rejected_prediction_tokens": 0
    }
  },
  "service_tier": "default",
  "system_fingerprint": "fp_44709d6fcb"
}"""

_HEAD = (
    rb'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1741569952,"model":"gpt-4o-mini",'
    rb'"service_tier":"default","system_fingerprint":"fp_1",'
)
# As api.openai.com streams with `stream_options.include_usage` (November 2026), two calls at once.
STREAM = (
    _HEAD
    + rb'"choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"aB"}'
    + b"\n\n"
    + _HEAD
    + rb'"choices":[{"index":0,"delta":{"content":"Hel"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"c"}'
    + b"\n\n"
    + _HEAD
    + rb'"choices":[{"index":0,"delta":{"content":"lo \u00e9"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"dE"}'
    + b"\n\n"
    + _HEAD
    + rb'"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"f","arguments":""}}]},"logprobs":null,"finish_reason":null}],"usage":null}'
    + b"\n\n"
    + _HEAD
    + rb'"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}}]},"logprobs":null,"finish_reason":null}],"usage":null}'
    + b"\n\n"
    + _HEAD
    + rb'"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_b","type":"function","function":{"name":"g","arguments":"{}"}},{"index":0,"function":{"arguments":"1}"}}]},"logprobs":null,"finish_reason":null}],"usage":null}'
    + b"\n\n"
    + _HEAD
    + rb'"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"tool_calls"}],"usage":null}'
    + b"\n\n"
    + _HEAD
    + rb'"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":0}}}'
    + b"\n\ndata: [DONE]\n\n"
)
ANSWER = Answer(
    model="gpt-4o-mini",
    choices=(
        Choice(
            0,
            (Text("Hello é"), ToolCall("call_a", "f", '{"x":1}'), ToolCall("call_b", "g", "{}")),
            "tool_calls",
        ),
    ),
    usage=Usage(9, 2, 4),
    extra=Json(
        '{"service_tier":"default","system_fingerprint":"fp_1","usage":{"prompt_tokens_details":{"audio_tokens":0}}}'
    ),
)
