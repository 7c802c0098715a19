"""Write small traffic logs for tests."""

import json
from pathlib import Path


def chat(text: str, *, model: str = "gpt-5", **fields: object) -> dict[str, object]:
    """A chat request with one user message."""
    return {"model": model, "messages": [{"role": "user", "content": text}], **fields}


def completion(text: str, *, model: str = "gpt-5", tokens: tuple[int, int] = (10, 20)) -> dict[str, object]:
    """A recorded chat completion."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": tokens[0],
            "completion_tokens": tokens[1],
            "total_tokens": tokens[0] + tokens[1],
        },
    }


def line(id_: str, time: float = 0.0, text: str = "Hello?", **fields: object) -> dict[str, object]:
    """A line of the project's own format."""
    return {"id": id_, "time": time, "request": chat(text), **fields}


def write_log(folder: Path, *lines: object, name: str = "log.jsonl") -> Path:
    """Write lines, each a JSON value or a text as it is."""
    path = folder / name
    texts = [one if isinstance(one, str) else json.dumps(one) for one in lines]
    # A lone surrogate in a test stands for a byte that is no UTF-8.
    path.write_text("\n".join(texts) + "\n", encoding="utf-8", errors="surrogateescape")
    return path
