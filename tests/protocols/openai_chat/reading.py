"""Read requests that say little besides what a test is about."""

import json
from typing import Any

from sparingly.core.chat import (
    Ask,
    Turn,
)
from sparingly.protocols.openai_chat.read_ask import read_ask
from tests.generators import Body


def body(**fields: Any) -> bytes:
    """A request with the least it needs, and the given fields; None takes a field out."""
    whole = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]} | fields
    return json.dumps({name: value for name, value in whole.items() if value is not ...}).encode()


def read(**fields: Any) -> Ask:
    return read_ask(body(**fields))


def turn(message: Body) -> Turn:
    """How one message is read."""
    return read(messages=[message]).turns[0]


def json_text(value: object) -> Any:
    return json.dumps(value, separators=(",", ":"))
