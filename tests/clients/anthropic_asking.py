"""What the tests with Anthropic's Python client share: how they ask, and what they look at."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from anthropic.types import Message

# The simulated provider speaks this dialect; the served one only Chat Completions.
PROVIDERS = pytest.mark.parametrize("model", ["gpt-4o", "served-4o"])


def user(content: object) -> Any:
    """A conversation of one message."""
    return [{"role": "user", "content": content}]


def said(message: Message) -> str:
    """The words of an answer."""
    return "".join(block.text for block in message.content if block.type == "text")


def kept(ask: Callable[[], str]) -> str:
    """Ask again until the first answer has been written back; the verdict that ends it."""
    for _ in range(200):
        verdict = ask()
        if verdict != "miss":
            return verdict
    raise AssertionError("nothing was ever kept")


def scripted(*turns: dict[str, object], goal: str) -> str:
    """A message that makes the simulated provider play a script."""
    return f"{goal}\n```simulate\n{json.dumps(turns)}\n```"
