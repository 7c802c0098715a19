"""Tests of `sparingly.protocols.openai_chat.write_ask`."""

import json

import pytest
from hypothesis import given, settings

from sparingly.core.chat import Ask, Image, Json, Sampling, Text, Thinking, ToolCall, ToolResult, Turn
from sparingly.errors import InvalidRequest
from sparingly.protocols.openai_chat.read_ask import read_ask
from sparingly.protocols.openai_chat.write_ask import write_ask
from tests.generators import Body, openai_bodies


@pytest.mark.slow
@settings(deadline=None)
@given(openai_bodies())
def test_what_was_read_is_written_so_that_it_reads_the_same(body: Body) -> None:
    """The law: no field of any level is lost, moved or changed in meaning."""
    # A model that takes the token limit under either name.
    ask = read_ask(json.dumps(body | {"model": "m"}).encode())

    assert read_ask(write_ask(ask, model="m")) == ask


def test_a_request_is_written_as_openai_documents_it() -> None:
    """The exact object, fields in the usual order."""
    ask = Ask(
        model="asked",
        turns=(
            Turn("system", (Text("be brief"),)),
            Turn("user", (Text("look"), Image("https://a/b.png", "low"))),
            Turn("assistant", (ToolCall("c1", "f", '{"a": 1}'),)),
            Turn("tool", (ToolResult("c1", (Text("42"),)),)),
        ),
        sampling=Sampling(temperature=0.0, max_tokens=9),
        extra=Json('{"max_tokens_field":"max_completion_tokens","reasoning_effort":"low"}'),
        stream=True,
        include_usage=True,
    )

    written = write_ask(ask, model="served")

    assert json.loads(written) == {
        "model": "served",
        "messages": [
            {"role": "system", "content": "be brief"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "look"},
                    {"type": "image_url", "image_url": {"url": "https://a/b.png", "detail": "low"}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
                ],
            },
            {"role": "tool", "content": "42", "tool_call_id": "c1"},
        ],
        "max_completion_tokens": 9,
        "temperature": 0.0,
        "stream": True,
        "stream_options": {"include_usage": True},
        "reasoning_effort": "low",
    }


def test_results_in_a_users_turn_become_messages_of_their_own() -> None:
    """Other dialects put them beside the user's words; here they come first, right after the call."""
    turn = Turn("user", (ToolResult("c1", (Text("42"),)), Text("and now?")))

    written = json.loads(write_ask(Ask("m", (turn,)), model="m"))

    assert written["messages"] == [
        {"role": "tool", "content": "42", "tool_call_id": "c1"},
        {"role": "user", "content": "and now?"},
    ]


def test_signed_reasoning_stays_with_its_provider() -> None:
    """Its signature means nothing here, and servers refuse fields they do not know."""
    turn = Turn("assistant", (Thinking("hm", "signature"), Text("well")))

    written = json.loads(write_ask(Ask("m", (turn,)), model="m"))

    assert written["messages"] == [{"role": "assistant", "content": "well"}]


@pytest.mark.parametrize(
    "turn",
    [
        Turn("user", (ToolResult("c1", (Image("https://a/b.png"),)),)),
        Turn("user", (Thinking("hm"),)),
        Turn("user", (ToolCall("c1", "f", "{}"),)),
    ],
)
def test_what_has_no_place_is_refused(turn: Turn) -> None:
    """Dropped in silence, it would give another answer."""
    with pytest.raises(InvalidRequest):
        write_ask(Ask("m", (turn,)), model="m")
