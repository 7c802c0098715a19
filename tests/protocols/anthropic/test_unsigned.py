"""Tests of `sparingly.protocols.anthropic.unsigned`."""

import json

import msgspec
import pytest

from sparingly.errors import InvalidRequest
from sparingly.protocols.anthropic.unsigned import is_any_unsigned, without_unsigned
from sparingly.protocols.patching import top_level


def body(*blocks: object) -> bytes:
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": list(blocks)}]
    return json.dumps({"messages": messages}).encode()


def thinking(signature: str) -> dict[str, str]:
    return {"type": "thinking", "thinking": "hm", "signature": signature}


def left(*blocks: object) -> object:
    changes = without_unsigned(top_level(body(*blocks)))
    return json.loads(msgspec.json.encode(changes))["messages"][1]["content"]


@pytest.mark.parametrize("signature", ["", "openai-responses:rs_1:abc"])
def test_what_another_house_wrote_is_taken_out(signature: str) -> None:
    """Without a signature, or with its own."""
    words = {"type": "text", "text": "a"}

    assert is_any_unsigned(body(thinking(signature)))
    assert left(thinking(signature), words, thinking("EqQB")) == [words, thinking("EqQB")]


def test_a_conversation_without_such_is_not_even_read() -> None:
    """Nothing of it may change."""
    assert not is_any_unsigned(body(thinking("EqQB"), {"type": "text", "text": "a"}))


def test_words_that_look_like_such_a_block_stay() -> None:
    """Only blocks of reasoning go."""
    blocks = [
        {"type": "tool_use", "id": "c", "name": "f", "input": {"signature": ""}},
        {"type": "x_new", "signature": ""},
    ]

    assert is_any_unsigned(body(*blocks))
    assert left(*blocks) == blocks


def test_a_body_that_is_not_understood_is_refused() -> None:
    """It cannot be cleaned."""
    with pytest.raises(InvalidRequest):
        without_unsigned({"messages": msgspec.Raw(b'[{"content":[{"type":1}]}]')})
