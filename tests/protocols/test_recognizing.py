"""Whose request a body is, by its shape."""

import json
from typing import Any

import pytest

from sparingly.errors import InvalidRequest
from sparingly.protocols.recognizing import dialect_of
from tests.rich_bodies import CHAT, MESSAGES, PLAIN, RESPONSES

SAID = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
LIMITED = SAID | {"max_tokens": 5}


def _with(*parts: dict[str, Any]) -> dict[str, Any]:
    return LIMITED | {"messages": [{"role": "user", "content": list(parts)}]}


@pytest.mark.parametrize(
    ("body", "dialect"),
    [
        (CHAT, "openai"),
        (RESPONSES, "openai-responses"),
        (MESSAGES, "anthropic"),
        (PLAIN["openai and anthropic"][0], "openai"),
        (PLAIN["openai and anthropic"][1], "anthropic"),
        (SAID, "openai"),
        (SAID | {"thinking": {"type": "enabled"}, "top_k": 3}, "openai"),
        (LIMITED | {"stop": ["x"]}, "openai"),
        (LIMITED | {"tool_choice": "auto"}, "openai"),
        (LIMITED | {"messages": [{"role": "system", "content": "Be brief."}]}, "openai"),
        (LIMITED | {"messages": [{"role": "assistant", "tool_calls": []}]}, "openai"),
        (_with({"type": "image_url", "image_url": {"url": "u"}}), "openai"),
        (LIMITED | {"system": "Be brief."}, "anthropic"),
        (SAID | {"system": "The reader says that the limit is missing."}, "anthropic"),
        (LIMITED | {"stop_sequences": ["x"]}, "anthropic"),
        (LIMITED | {"tool_choice": {"type": "any"}}, "anthropic"),
        (LIMITED | {"tools": [{"name": "f", "input_schema": {}}]}, "anthropic"),
        (_with({"type": "image", "source": {}}), "anthropic"),
        (_with({"type": "document", "source": {}}), "anthropic"),
        ({"model": "m", "input": "Hi"}, "openai-responses"),
        ({"model": "m", "input": [{"role": "user", "content": "Hi"}]}, "openai-responses"),
        ({"model": "m", "prompt": {"id": "p"}}, "openai-responses"),
        ({"model": "m", "input": ["Hi"]}, "openai-embeddings"),
        ({"model": "m", "input": "Hi", "encoding_format": "float"}, "openai-embeddings"),
    ],
)
def test_a_body_with_the_marks_of_one_dialect_is_of_that(body: dict[str, Any], dialect: str) -> None:
    """At the top, in its tools or in its messages; what SDKs pass on to any API is no mark."""
    assert dialect_of(json.dumps(body).encode()) == dialect


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (LIMITED, "as well as of Messages: say which, openai or anthropic"),
        (_with({"type": "text", "text": "Hi"}), "as well as of Messages"),
        (LIMITED | {"system": "x", "stop": "y"}, r"`system` \(anthropic\) and `stop` \(openai\)"),
        (LIMITED | {"input": "Hi"}, "both `messages` and `input`"),
        ({"model": "m"}, "neither `messages` nor `input`"),
        ([], "must be a JSON object"),
    ],
)
def test_what_can_be_of_several_or_is_of_none_is_told(body: object, told: str) -> None:
    """With the marks that contradict each other."""
    with pytest.raises(InvalidRequest, match=told):
        dialect_of(json.dumps(body).encode())
