"""One request in each dialect with all that its API knows, and requests of two dialects that say the same."""

from typing import Any

CHAT: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "S", "name": "sn"},
        {"role": "developer", "content": [{"type": "text", "text": "D"}]},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Q"},
                {"type": "image_url", "image_url": {"url": "https://a/b", "detail": "low"}},
                {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
                {"type": "file", "file": {"file_id": "f"}},
            ],
            "name": "un",
        },
        {
            "role": "assistant",
            "content": "A",
            "reasoning_content": "R",
            "refusal": "no",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
                {"id": "c2", "type": "custom", "custom": {"name": "g", "input": "x"}},
            ],
            "audio": {"id": "au"},
            "annotations": [{"x": 1}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "T"},
        {"role": "user", "content": "last"},
    ],
    "temperature": 0.5,
    "top_p": 0.5,
    "n": 2,
    "seed": 3,
    "stop": ["x", "y"],
    "logprobs": True,
    "top_logprobs": 2,
    "max_tokens": 9,
    "max_completion_tokens": 10,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.2,
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "f",
                "description": "d",
                "parameters": {"type": "object", "properties": {"a": {"type": "string"}}},
                "strict": True,
            },
        },
        {"type": "custom", "custom": {"name": "g", "format": {"type": "text"}}},
    ],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "parallel_tool_calls": False,
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True},
    },
    "reasoning_effort": "low",
    "verbosity": "low",
    "logit_bias": {"1": 2},
    "modalities": ["text"],
    "audio": {"voice": "v"},
    "prediction": {"type": "content", "content": "p"},
    "web_search_options": {"search_context_size": "low"},
    "functions": [{"name": "z"}],
    "function_call": "auto",
    "moderation": {"model": "x"},
    "user": "u",
    "service_tier": "auto",
    "prompt_cache_key": "k",
}

RESPONSES: dict[str, Any] = {
    "model": "m",
    "instructions": "I",
    "input": [
        {"type": "message", "role": "developer", "content": "D"},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Q"},
                {"type": "input_image", "image_url": "https://a", "detail": "low"},
                {"type": "input_file", "file_id": "f"},
                {"type": "input_file", "file_url": "https://u"},
                {"type": "input_image", "file_id": "f2", "detail": "high"},
            ],
        },
        {
            "type": "reasoning",
            "id": "rs1",
            "summary": [{"type": "summary_text", "text": "R"}],
            "content": [{"type": "reasoning_text", "text": "RR"}],
            "encrypted_content": "enc",
        },
        {
            "type": "message",
            "id": "msg1",
            "status": "completed",
            "role": "assistant",
            "phase": "commentary",
            "content": [
                {
                    "type": "output_text",
                    "text": "A",
                    "annotations": [{"type": "url_citation", "url": "u"}],
                    "logprobs": [],
                },
                {"type": "refusal", "refusal": "no"},
            ],
        },
        {
            "type": "function_call",
            "id": "fc1",
            "call_id": "c1",
            "name": "f",
            "arguments": "{}",
            "status": "completed",
            "namespace": "ns",
        },
        {"type": "function_call_output", "call_id": "c1", "output": "T"},
        {
            "type": "function_call_output",
            "call_id": "c2",
            "output": [
                {"type": "input_text", "text": "TT"},
                {"type": "input_image", "image_url": "https://x"},
            ],
        },
        {"type": "custom_tool_call", "call_id": "c3", "name": "g", "input": "x"},
        {"type": "custom_tool_call_output", "call_id": "c3", "output": "y"},
        {
            "type": "web_search_call",
            "id": "ws",
            "status": "completed",
            "action": {"type": "search", "query": "q"},
        },
        {"type": "compaction", "id": "cmp", "encrypted_content": "cc"},
        {"role": "user", "content": "last"},
    ],
    "temperature": 0.5,
    "top_p": 0.5,
    "top_logprobs": 2,
    "max_output_tokens": 9,
    "max_tool_calls": 3,
    "tools": [
        {
            "type": "function",
            "name": "f",
            "description": "d",
            "parameters": {"type": "object", "properties": {"a": {"type": "string"}}},
            "strict": True,
        },
        {"type": "custom", "name": "g", "format": {"type": "text"}},
        {"type": "web_search", "search_context_size": "low", "filters": {"allowed_domains": ["a"]}},
    ],
    "tool_choice": {"type": "function", "name": "f"},
    "parallel_tool_calls": False,
    "text": {
        "format": {
            "type": "json_schema",
            "name": "n",
            "schema": {"type": "object"},
            "strict": True,
            "description": "d",
        },
        "verbosity": "low",
    },
    "reasoning": {"effort": "low", "summary": "auto"},
    "include": ["reasoning.encrypted_content", "message.output_text.logprobs"],
    "truncation": "auto",
    "store": False,
    "context_management": [{"type": "compaction", "compact_threshold": 1}],
    "prompt_cache_key": "k",
    "metadata": {"a": "b"},
    "moderation": {"model": "x"},
}

MESSAGES: dict[str, Any] = {
    "model": "m",
    "max_tokens": 9,
    "system": [{"type": "text", "text": "S", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Q"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}},
                {"type": "image", "source": {"type": "url", "url": "https://a"}},
                {
                    "type": "document",
                    "source": {"type": "text", "media_type": "text/plain", "data": "doc"},
                    "title": "t",
                    "context": "c",
                    "citations": {"enabled": True},
                },
                {
                    "type": "search_result",
                    "source": "s",
                    "title": "t",
                    "content": [{"type": "text", "text": "x"}],
                },
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "R", "signature": "sig"},
                {"type": "redacted_thinking", "data": "red"},
                {"type": "text", "text": "A", "citations": [{"type": "char_location", "cited_text": "x"}]},
                {
                    "type": "tool_use",
                    "id": "c1",
                    "name": "f",
                    "input": {"a": 1},
                    "caller": {"type": "direct"},
                },
                {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "q"}},
                {
                    "type": "web_search_tool_result",
                    "tool_use_id": "s1",
                    "content": [{"type": "web_search_result", "url": "u", "encrypted_content": "e"}],
                },
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "c1",
                    "is_error": True,
                    "content": [
                        {"type": "text", "text": "T"},
                        {"type": "image", "source": {"type": "url", "url": "https://b"}},
                    ],
                },
                {"type": "text", "text": "last"},
            ],
        },
    ],
    "temperature": 0.5,
    "top_p": 0.5,
    "top_k": 4,
    "stop_sequences": ["x", "y"],
    "thinking": {"type": "enabled", "budget_tokens": 5},
    "output_config": {
        "effort": "low",
        "format": {"type": "json_schema", "schema": {"type": "object"}},
        "task_budget": {"type": "tokens", "total": 3},
    },
    "tools": [
        {
            "name": "f",
            "description": "d",
            "input_schema": {"type": "object", "properties": {"a": {"type": "string"}}},
            "strict": True,
            "input_examples": [{"a": "b"}],
            "defer_loading": True,
            "allowed_callers": ["x"],
        },
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 3, "allowed_domains": ["a"]},
    ],
    "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": True},
    "container": "cont",
    "mcp_servers": [{"type": "url", "url": "u", "name": "n", "authorization_token": "t"}],
    "context_management": {"edits": [{"type": "clear"}]},
    "inference_geo": "us",
    "metadata": {"user_id": "u"},
    "service_tier": "auto",
    "speed": "fast",
}

_SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
_CHAT: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "S"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Q"},
                {"type": "image_url", "image_url": {"url": "https://a"}},
            ],
        },
        {
            "role": "assistant",
            "content": "A",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "T"},
        {"role": "user", "content": "last"},
    ],
    "temperature": 0.5,
    "top_p": 0.5,
    "tools": [
        {
            "type": "function",
            "function": {"name": "f", "description": "d", "parameters": _SCHEMA, "strict": True},
        }
    ],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "parallel_tool_calls": False,
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": _SCHEMA, "strict": True},
    },
    "reasoning_effort": "low",
}
_RESPONSES: dict[str, Any] = {
    "model": "m",
    "instructions": "S",
    "input": [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Q"},
                {"type": "input_image", "image_url": "https://a"},
            ],
        },
        {"role": "assistant", "content": "A"},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a":1}'},
        {"type": "function_call_output", "call_id": "c1", "output": "T"},
        {"role": "user", "content": "last"},
    ],
    "temperature": 0.5,
    "top_p": 0.5,
    "max_output_tokens": 9,
    "tools": [{"type": "function", "name": "f", "description": "d", "parameters": _SCHEMA, "strict": True}],
    "tool_choice": {"type": "function", "name": "f"},
    "parallel_tool_calls": False,
    "text": {"format": {"type": "json_schema", "name": "answer", "schema": _SCHEMA, "strict": True}},
    "reasoning": {"effort": "low"},
}
_MESSAGES: dict[str, Any] = {
    "model": "m",
    "system": "S",
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Q"},
                {"type": "image", "source": {"type": "url", "url": "https://a"}},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "A"},
                {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "T"},
                {"type": "text", "text": "last"},
            ],
        },
    ],
    "temperature": 0.5,
    "top_p": 0.5,
    "max_tokens": 9,
    "tools": [{"name": "f", "description": "d", "input_schema": _SCHEMA, "strict": True}],
    "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": True},
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": _SCHEMA}},
}

PLAIN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "openai and openai-responses": (_CHAT | {"max_completion_tokens": 9}, _RESPONSES),
    "openai and anthropic": (_CHAT | {"max_tokens": 9}, _MESSAGES),
}
