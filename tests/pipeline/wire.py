"""Chat Completions on the wire, written by hand: requests, whole answers, streamed answers, errors."""

import json
from collections.abc import Mapping

from tests.fakes.upstream import EVENTS, JSON, Scripted

PARIS = "Paris is the capital of France."

USAGE = {"prompt_tokens": 12, "completion_tokens": 8, "total_tokens": 20}


def request_body(question: str, **fields: object) -> bytes:
    """A client's request for `gpt-4o`; the fields may replace any other."""
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": question}]}
    return json.dumps(body | fields).encode()


def whole(
    text: str | None = PARIS,
    *,
    finish: str | None = "stop",
    usage: Mapping[str, object] | None = USAGE,
    model: str = "gpt-4o-2024-08-06",
    **message: object,
) -> Scripted:
    """A provider's whole answer."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text} | message,
        "finish_reason": finish,
    }
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [choice],
    }
    return Scripted(
        (json.dumps(body | ({"usage": usage} if usage is not None else {})).encode(),), headers=JSON
    )


def chunk(delta: Mapping[str, object], *, finish: str | None = None) -> bytes:
    """One event of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return _event({"id": "chatcmpl-1", "model": "gpt-4o-2024-08-06", "choices": [choice]})


def pieces(text: str = PARIS, *, usage: Mapping[str, object] | None = USAGE) -> tuple[bytes, ...]:
    """All events of a streamed answer, word by word."""
    words = [chunk({"content": word + " "}) for word in text.split(" ")[:-1]]
    words.append(chunk({"content": text.rsplit(" ", maxsplit=1)[-1]}))
    told = [_event({"id": "chatcmpl-1", "choices": [], "usage": usage})] if usage is not None else []
    return (
        chunk({"role": "assistant", "content": ""}),
        *words,
        chunk({}, finish="stop"),
        *told,
        b"data: [DONE]\n\n",
    )


def stream(*events: bytes, is_cut: bool = False) -> Scripted:
    """A provider's streamed answer."""
    return Scripted(events or pieces(), headers=EVENTS, is_cut=is_cut)


def messages(text: str = PARIS) -> Scripted:
    """A whole answer of Anthropic's Messages API."""
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5-20251001",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 12, "output_tokens": 8},
    }
    return Scripted((json.dumps(body).encode(),), headers=JSON)


def messages_stream(*words: str, is_cut: bool = False) -> Scripted:
    """A streamed answer of Anthropic's Messages API; it tells the input tokens first, the output tokens last."""
    start = {
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "usage": {"input_tokens": 12, "output_tokens": 1},
    }
    events: list[dict[str, object]] = [
        {"type": "message_start", "message": {"id": "msg_1", "type": "message", "content": []} | start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    ]
    for word in words or (PARIS,):
        delta = {"type": "text_delta", "text": word}
        events.append({"type": "content_block_delta", "index": 0, "delta": delta})
    if not is_cut:
        usage = {"output_tokens": 8}
        events.append({"type": "content_block_stop", "index": 0})
        events.append({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage})
        events.append({"type": "message_stop"})
    lines = [
        b"event: %b\ndata: %b\n\n" % (str(one["type"]).encode(), json.dumps(one).encode()) for one in events
    ]
    return Scripted(tuple(lines), headers=EVENTS, is_cut=is_cut)


def refusal(status: int, *, retry_after: str | None = None, message: str = "no") -> Scripted:
    """A provider's error."""
    headers = (*JSON, ("retry-after", retry_after)) if retry_after is not None else JSON
    return Scripted((json.dumps({"error": {"message": message}}).encode(),), status=status, headers=headers)


def text_of(body: bytes) -> str:
    """The words in an answer, whole or streamed."""
    if not body.startswith(b"data:"):
        return str(json.loads(body)["choices"][0]["message"]["content"])
    words = ""
    for data in datas(body):
        choices = data.get("choices")
        if isinstance(choices, list) and choices:
            words += choices[0]["delta"].get("content") or ""
    return words


def datas(body: bytes) -> list[dict[str, object]]:
    """The JSON of all events but the last word."""
    lines = [line.removeprefix("data: ") for line in body.decode().split("\n\n") if line]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def _event(data: Mapping[str, object]) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"
