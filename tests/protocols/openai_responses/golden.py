"""What api.openai.com sends, written down by hand after its reference and observed streams (November 2026)."""

import json
from typing import Any

from sparingly.core.answer import Answer, Choice, Usage
from sparingly.core.chat import Json, Opaque, Text, Thinking, ToolCall

_Fields = dict[str, Any]

_REASONING: _Fields = {
    "id": "rs_0a",
    "type": "reasoning",
    "summary": [
        {"type": "summary_text", "text": "**Looking** it up"},
        {"type": "summary_text", "text": "and calling."},
    ],
    "encrypted_content": "gAAAAABo",
}
_LOGPROB = {"token": "Hi", "bytes": [72, 105], "logprob": -0.1, "top_logprobs": []}
_CITATION = {
    "type": "url_citation",
    "start_index": 0,
    "end_index": 2,
    "url": "https://example.org",
    "title": "E",
}
_PREAMBLE: _Fields = {
    "id": "msg_0b",
    "type": "message",
    "status": "completed",
    "role": "assistant",
    "phase": "commentary",
    "content": [
        {"type": "output_text", "text": "Hi \u00e9", "annotations": [_CITATION], "logprobs": [_LOGPROB]}
    ],
}
_MESSAGE: _Fields = {
    "id": "msg_0c",
    "type": "message",
    "status": "completed",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "Wait.", "annotations": [], "logprobs": []}],
}
_SEARCH: _Fields = {
    "id": "ws_0d",
    "type": "web_search_call",
    "status": "completed",
    "action": {"type": "search", "query": "fjord"},
}
_CALL: _Fields = {
    "id": "fc_0e",
    "type": "function_call",
    "status": "completed",
    "call_id": "call_a",
    "name": "f",
    "arguments": '{"x": 1}',
}
_USAGE = {
    "input_tokens": 36,
    "input_tokens_details": {"cached_tokens": 16, "cache_write_tokens": 0},
    "output_tokens": 87,
    "output_tokens_details": {"reasoning_tokens": 40},
    "total_tokens": 123,
}
_RESPONSE: _Fields = {
    "id": "resp_67ccd2bed1ec8190",
    "object": "response",
    "created_at": 1741476542,
    "status": "completed",
    "background": False,
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "max_output_tokens": None,
    "model": "gpt-5.2-2026-08-07",
    "output": [_REASONING, _PREAMBLE, _MESSAGE, _SEARCH, _CALL],
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": "low", "summary": "detailed"},
    "service_tier": "default",
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "usage": _USAGE,
    "user": None,
    "metadata": {},
    "x_new": {"of": "tomorrow"},
}
WHOLE = json.dumps(_RESPONSE).encode()

_BEGUN: _Fields = {**_RESPONSE, "status": "in_progress", "output": [], "usage": None}


def _text(output: int, item: str, part: _Fields, pieces: list[str]) -> list[tuple[str, _Fields]]:
    at = {"output_index": output, "item_id": item, "content_index": 0}
    logprobs = part["logprobs"]
    return [
        (
            "response.content_part.added",
            {**at, "part": {**part, "text": "", "annotations": [], "logprobs": []}},
        ),
        *(
            ("response.output_text.delta", {**at, "delta": piece, "logprobs": [], "obfuscation": "aB"})
            for piece in pieces
        ),
        ("response.output_text.done", {**at, "text": part["text"], "logprobs": logprobs}),
        ("response.content_part.done", {**at, "part": part}),
    ]


def _summary(index: int, pieces: list[str]) -> list[tuple[str, _Fields]]:
    at = {"output_index": 0, "item_id": "rs_0a", "summary_index": index}
    part = {"type": "summary_text", "text": "".join(pieces)}
    return [
        ("response.reasoning_summary_part.added", {**at, "part": {**part, "text": ""}}),
        *(("response.reasoning_summary_text.delta", {**at, "delta": piece}) for piece in pieces),
        ("response.reasoning_summary_text.done", {**at, "text": part["text"]}),
        ("response.reasoning_summary_part.done", {**at, "part": part}),
    ]


def _item(kind: str, output: int, item: _Fields) -> tuple[str, _Fields]:
    return f"response.output_item.{kind}", {"output_index": output, "item": item}


EVENTS: list[tuple[str, _Fields]] = [
    ("response.created", {"response": _BEGUN}),
    ("response.in_progress", {"response": _BEGUN}),
    _item("added", 0, {"id": "rs_0a", "type": "reasoning", "summary": [], "encrypted_content": "gAAA"}),
    *_summary(0, ["**Look", "ing** it up"]),
    *_summary(1, ["and calling."]),
    _item("done", 0, _REASONING),
    _item("added", 1, {**_PREAMBLE, "status": "in_progress", "content": []}),
    *_text(1, "msg_0b", dict(_PREAMBLE["content"][0]), ["Hi", " \u00e9"]),
    _item("done", 1, _PREAMBLE),
    _item("added", 2, {**_MESSAGE, "status": "in_progress", "content": []}),
    *_text(2, "msg_0c", dict(_MESSAGE["content"][0]), ["Wait."]),
    _item("done", 2, _MESSAGE),
    _item("added", 3, {"id": "ws_0d", "type": "web_search_call", "status": "in_progress"}),
    ("response.web_search_call.searching", {"output_index": 3, "item_id": "ws_0d"}),
    ("response.web_search_call.completed", {"output_index": 3, "item_id": "ws_0d"}),
    _item("done", 3, _SEARCH),
    _item("added", 4, {**_CALL, "status": "in_progress", "arguments": ""}),
    ("response.function_call_arguments.delta", {"output_index": 4, "item_id": "fc_0e", "delta": '{"x":'}),
    ("response.function_call_arguments.delta", {"output_index": 4, "item_id": "fc_0e", "delta": " 1}"}),
    (
        "response.function_call_arguments.done",
        {"output_index": 4, "item_id": "fc_0e", "arguments": '{"x": 1}'},
    ),
    _item("done", 4, _CALL),
    ("response.completed", {"response": _RESPONSE}),
]


def written(events: list[tuple[str, _Fields]]) -> bytes:
    """Events as they come over the wire."""
    return b"".join(
        f"event: {kind}\ndata: {json.dumps({'type': kind, 'sequence_number': number, **fields})}\n\n".encode()
        for number, (kind, fields) in enumerate(events)
    )


STREAM = written(EVENTS)

ANSWER = Answer(
    model="gpt-5.2-2026-08-07",
    choices=(
        Choice(
            0,
            (
                Thinking(
                    "**Looking** it up\n\nand calling.",
                    'openai-responses:{"encrypted_content":"gAAAAABo","id":"rs_0a","summary":[17,12]}',
                ),
                Text("Hi \u00e9"),
                Text("Wait."),
                Opaque(
                    Json(
                        '{"openai-responses":{"action":{"query":"fjord","type":"search"},"id":"ws_0d",'
                        '"status":"completed","type":"web_search_call"}}'
                    )
                ),
                ToolCall("call_a", "f", '{"x": 1}'),
            ),
            "tool_calls",
            logprobs=Json('{"content":[{"bytes":[72,105],"logprob":-0.1,"token":"Hi","top_logprobs":[]}]}'),
            message_extra=Json(
                '{"openai-responses":{"1":{"phase":"commentary"},"1.part":{"annotations":[{"end_index":2,"start_index":0,'
                '"title":"E","type":"url_citation","url":"https://example.org"}]},"2":{}}}'
            ),
        ),
    ),
    usage=Usage(36, 87, 16, 0, 40),
    extra=Json(
        '{"openai-responses":{"id":"resp_67ccd2bed1ec8190","x_new":{"of":"tomorrow"}},"service_tier":"default"}'
    ),
)

# As clients send it: a conversation of two rounds with a picture, a tool's result and reasoning.
REQUEST: _Fields = {
    "model": "gpt-5.2",
    "instructions": "Be brief.",
    "input": [
        {"role": "developer", "content": "Answer in French."},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "What is in it?"},
                {"type": "input_image", "image_url": "https://example.org/a.png", "detail": "auto"},
            ],
        },
        _REASONING,
        _MESSAGE,
        _CALL,
        {"type": "function_call_output", "call_id": "call_a", "output": "a fjord"},
        {"type": "message", "role": "user", "content": "And now?"},
    ],
    "tools": [
        {
            "type": "function",
            "name": "f",
            "description": "Looks.",
            "parameters": {"type": "object", "properties": {"x": {"type": "integer"}}},
            "strict": True,
        }
    ],
    "tool_choice": {"type": "function", "name": "f"},
    "parallel_tool_calls": False,
    "reasoning": {"effort": "low", "summary": "auto"},
    "include": ["reasoning.encrypted_content"],
    "text": {
        "format": {"type": "json_schema", "name": "seen", "schema": {"type": "object"}, "strict": True},
        "verbosity": "low",
    },
    "max_output_tokens": 500,
    "temperature": 0.5,
    "top_p": 1,
    "store": False,
    "stream": True,
    "prompt_cache_key": "a",
    "metadata": {"who": "me"},
    "truncation": "disabled",
}
