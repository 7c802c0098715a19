"""Requests as clients of the Messages API send them, and the same questions in Chat Completions; by hand."""

import json

from sparingly.core.chat import (
    Ask,
    Image,
    Json,
    Opaque,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
)

# Every feature at once, as an agent would send it.
REQUEST = rb"""{
  "model": "claude-sonnet-4-6",
  "max_tokens": 2048,
  "stream": true,
  "system": [
    {"type": "text", "text": "You are brief."},
    {"type": "text", "text": "You help.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
  ],
  "messages": [
    {"role": "user", "content": [
      {"type": "text", "text": "What is in these?"},
      {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBOR"}},
      {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
      {"type": "document", "title": "Report", "cache_control": {"type": "ephemeral"},
       "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBER"}}
    ]},
    {"role": "assistant", "content": [
      {"type": "thinking", "thinking": "Look it up.", "signature": "EqQB"},
      {"type": "redacted_thinking", "data": "Em4x"},
      {"type": "text", "text": "I look.", "citations": null},
      {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"days": 2, "city": "Paris"},
       "cache_control": {"type": "ephemeral"}},
      {"type": "tool_use", "id": "toolu_2", "name": "now", "input": {}, "caller": {"type": "direct"}}
    ]},
    {"role": "user", "content": [
      {"type": "tool_result", "tool_use_id": "toolu_1", "content": "rain", "cache_control": {"type": "ephemeral"}},
      {"type": "tool_result", "tool_use_id": "toolu_2", "is_error": true,
       "content": [{"type": "text", "text": "no clock"}]},
      {"type": "text", "text": "And now?"}
    ]}
  ],
  "tools": [
    {"name": "weather", "description": "Of a city.", "input_schema": {"type": "object"}, "strict": true,
     "cache_control": {"type": "ephemeral"}},
    {"type": "custom", "name": "now", "input_schema": {"type": "object"}, "eager_input_streaming": true,
     "input_examples": [{}]},
    {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}
  ],
  "tool_choice": {"type": "any", "disable_parallel_tool_use": true},
  "thinking": {"type": "enabled", "budget_tokens": 1024},
  "output_config": {"effort": "high", "task_budget": {"type": "tokens", "total": 9}},
  "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
  "temperature": 1,
  "top_k": 5,
  "stop_sequences": ["END"],
  "metadata": {"user_id": "u1"},
  "service_tier": "auto"
}"""

ASK = Ask(
    model="claude-sonnet-4-6",
    turns=(
        Turn("system", (Text("You are brief."), Text("You help."))),
        Turn(
            "user",
            (
                Text("What is in these?"),
                Image("data:image/png;base64,iVBOR"),
                Image("https://example.org/a.png"),
                Opaque(
                    Json(
                        '{"anthropic":{"source":{"data":"JVBER","media_type":"application/pdf","type":"base64"},'
                        '"title":"Report","type":"document"}}'
                    )
                ),
            ),
        ),
        Turn(
            "assistant",
            (
                Thinking("Look it up.", "EqQB"),
                Opaque(Json('{"anthropic":{"data":"Em4x","type":"redacted_thinking"}}')),
                Text("I look."),
                ToolCall("toolu_1", "weather", '{"city":"Paris","days":2}'),
                ToolCall("toolu_2", "now", "{}"),
            ),
            extra=Json('{"anthropic":{"blocks":{"4":{"caller":{"type":"direct"}}}}}'),
        ),
        Turn("tool", (ToolResult("toolu_1", (Text("rain"),)),)),
        Turn("tool", (ToolResult("toolu_2", (Text("no clock"),), is_error=True),)),
        Turn("user", (Text("And now?"),)),
    ),
    sampling=Sampling(temperature=1.0, stop=("END",), max_tokens=2048),
    tools=(
        Tool("weather", "Of a city.", Json('{"type":"object"}'), Json('{"function":{"strict":true}}')),
        Tool("now", None, Json('{"type":"object"}'), Json('{"anthropic":{"input_examples":[{}]}}')),
        Tool(
            "web_search",
            extra=Json('{"anthropic":{"max_uses":3,"name":"web_search","type":"web_search_20250305"}}'),
        ),
    ),
    tool_choice=Json('"required"'),
    parallel_tool_calls=False,
    extra=Json(
        '{"anthropic":{"context_management":{"edits":[{"keep":"all","type":"clear_thinking_20251015"}]},'
        '"output_config":{"task_budget":{"total":9,"type":"tokens"}}},"reasoning_effort":"high",'
        '"thinking":{"budget_tokens":1024,"type":"enabled"},"top_k":5}'
    ),
    stream=True,
    include_usage=True,
)

# One question in both dialects: what is equal in meaning.
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "additionalProperties": False}
MESSAGES_FORM = json.dumps(
    {
        "model": "m",
        "max_tokens": 99,
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": "Weather?"},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "Rome"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": "sun"},
                    {"type": "text", "text": "Sure?"},
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
                    },
                ],
            },
        ],
        "tools": [
            {
                "name": "weather",
                "description": "Of a city.",
                "input_schema": SCHEMA,
                "strict": True,
                "cache_control": {"type": "ephemeral"},
            }
        ],
        "tool_choice": {"type": "tool", "name": "weather", "disable_parallel_tool_use": True},
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}},
        "temperature": 0.5,
        "top_p": 0.9,
        "stop_sequences": ["END"],
        "metadata": {"user_id": "u1"},
        "cache_control": {"type": "ephemeral"},
    }
).encode()
CHAT_FORM = json.dumps(
    {
        "model": "m",
        "max_tokens": 99,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Weather?"},
            {
                "role": "assistant",
                "content": "I look.",
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"city":"Rome"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "sun"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Sure?"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                ],
            },
        ],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "weather",
                    "description": "Of a city.",
                    "parameters": SCHEMA,
                    "strict": True,
                },
            }
        ],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "parallel_tool_calls": False,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
        },
        "reasoning_effort": "low",
        "temperature": 0.5,
        "top_p": 0.9,
        "stop": ["END"],
        "user": "u1",
    }
).encode()
