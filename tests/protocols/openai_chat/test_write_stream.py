"""Tests of `sparingly.protocols.openai_chat.write_stream`."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionChunk

from sparingly.core.answer import Answer, Choice, Usage
from sparingly.core.chat import Ask, Json, Opaque, Refusal, Text, Thinking, ToolCall
from sparingly.core.transcript import fold, unfold
from sparingly.protocols.dialect import Stamp
from sparingly.protocols.openai_chat.read_answer import read_answer
from sparingly.protocols.openai_chat.read_stream import ChatReader
from sparingly.protocols.openai_chat.write_answer import write_answer
from sparingly.protocols.openai_chat.write_stream import ChatWriter
from tests.generators import Body, answers
from tests.protocols.openai_chat import golden

STAMP = Stamp("new", 1_800_000_000)


def stream(
    answer: Answer, *, include_usage: bool = False, piece_chars: int | None = None, cached: bool = False
) -> bytes:
    """An answer as it is streamed."""
    ask = Ask("asked", (), stream=True, include_usage=include_usage)
    writer = ChatWriter(ask, Stamp(STAMP.id, STAMP.created, cached))
    return writer.write(unfold(answer, piece_chars=piece_chars)) + writer.close()


def chunks(data: bytes) -> list[Body]:
    """The chunks of a stream that ends properly."""
    *events, done, rest = data.split(b"\n\n")
    assert (done, rest) == (b"data: [DONE]", b"")
    return [json.loads(event.removeprefix(b"data: ")) for event in events]


def test_a_stream_is_written_as_openai_writes_it() -> None:
    """The exact bytes: role, pieces, finish, usage, end."""
    answer = Answer(
        "gpt-4o-mini",
        (Choice(0, (Text("Hello"),), "stop"),),
        Usage(9, 2),
        extra=Json('{"service_tier":"default","system_fingerprint":"fp_1"}'),
    )
    head = (
        b'data: {"id":"chatcmpl-new","object":"chat.completion.chunk","created":1800000000,"model":"gpt-4o-mini",'
        b'"service_tier":"default","system_fingerprint":"fp_1","choices":['
    )
    role = b'{"role":"assistant","content":"","refusal":null}'
    usage = (
        b'{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,"prompt_tokens_details":{"cached_tokens":0},'
        b'"completion_tokens_details":{"reasoning_tokens":0}}'
    )

    written = stream(answer, include_usage=True, piece_chars=3)

    assert written == (
        head + b'{"index":0,"delta":' + role + b',"logprobs":null,"finish_reason":null}],"usage":null}\n\n'
        + head + b'{"index":0,"delta":{"content":"Hel"},"logprobs":null,"finish_reason":null}],"usage":null}\n\n'
        + head + b'{"index":0,"delta":{"content":"lo"},"logprobs":null,"finish_reason":null}],"usage":null}\n\n'
        + head + b'{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}\n\n'
        + head + b'],"usage":' + usage + b"}\n\n"
        + b"data: [DONE]\n\n"
    )  # fmt: skip


def test_usage_is_told_only_to_who_asked() -> None:
    """A chunk without choices breaks clients that do not expect it."""
    answer = Answer("m", (Choice(0, (Text("a"),), "stop"),), Usage(1, 1))

    assert all(chunk["choices"] and "usage" not in chunk for chunk in chunks(stream(answer)))
    assert chunks(stream(answer, include_usage=True))[-1]["choices"] == []


def test_a_stored_answer_says_so_in_its_usage() -> None:
    """As in a whole answer."""
    answer = Answer("m", (Choice(0, (Text("a"),), "stop"),), Usage(1, 1))

    assert chunks(stream(answer, include_usage=True, cached=True))[-1]["usage"]["cached"] is True


def test_a_call_begins_with_its_name_and_goes_on_with_its_arguments() -> None:
    """The first piece has id, type and name; the role's chunk says null, not empty text."""
    answer = Answer("m", (Choice(0, (ToolCall("c", "f", '{"a":1}'),), "tool_calls"),))

    deltas = [chunk["choices"][0]["delta"] for chunk in chunks(stream(answer, piece_chars=4))]

    begun = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
    assert deltas == [
        {"role": "assistant", "content": None, "refusal": None},
        {"tool_calls": [begun]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]},
        {},
    ]


def test_every_choice_opens_with_its_role() -> None:
    """Also where several are drawn."""
    answer = Answer("m", tuple(Choice(i, (Text("a"),), "stop") for i in range(3)))

    roles = [c["choices"][0]["index"] for c in chunks(stream(answer)) if "role" in c["choices"][0]["delta"]]

    assert roles == [0, 1, 2]


def test_the_stream_of_a_provider_survives_being_stored_and_streamed_again() -> None:
    """Read, folded, unfolded, written, read: the same answer."""
    first = fold(ChatReader().feed(golden.STREAM))

    again = fold(ChatReader().feed(stream(first, include_usage=True, piece_chars=2)))

    assert again == first == golden.ANSWER


@pytest.mark.parametrize(
    "message",
    [
        {"content": "a", "reasoning": "hm", "annotations": [{"x": 1}]},
        {"content": "a", "reasoning_content": "hm"},
        {"content": None, "refusal": "no"},
        {"content": None, "audio": {"id": "a", "data": "AA", "expires_at": 1}},
        {"content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "a"}]},
        {"tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "g", "input": "x"}}]},
        {
            "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {
                    "id": "b",
                    "type": "function",
                    "function": {"name": "f", "arguments": "[]"},
                    "extra_content": {"s": 1},
                },
            ]
        },
    ],
)
def test_whole_and_streamed_tell_the_same(message: Body) -> None:
    """A stored answer is one answer, however the client takes it."""
    choice = {
        "index": 0,
        "message": message,
        "finish_reason": "stop",
        "logprobs": {"content": [{"token": "a"}]},
    }
    body = {"model": "m", "choices": [choice | {"x_filter": {"hate": False}}], "x_top": {"a": 1}}
    answer = read_answer(json.dumps(body).encode())

    streamed = fold(ChatReader().feed(stream(answer, piece_chars=1)))

    assert streamed == read_answer(write_answer(answer, STAMP)) == answer


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(answers(), st.none() | st.integers(1, 9))
def test_every_answer_can_be_streamed_and_is_what_clients_parse(
    answer: Answer, piece_chars: int | None
) -> None:
    """Each chunk by openai-python's own model; the words of all choices survive."""
    written = stream(answer, include_usage=True, piece_chars=piece_chars)

    parsed = [ChatCompletionChunk.model_validate(chunk) for chunk in chunks(written)]

    for choice in answer.choices:
        mine = [c for chunk in parsed for c in chunk.choices if c.index == choice.index]
        words = "".join(c.delta.content for c in mine if isinstance(c.delta.content, str))
        assert words == "".join(block.text for block in choice.blocks if isinstance(block, Text))
        assert mine[-1].finish_reason == choice.finish


def test_unknown_top_level_fields_are_told_once() -> None:
    """A large one in every chunk would multiply the stream."""
    answer = Answer("m", (Choice(0, (Text("abc"),), "stop"),), extra=Json('{"citations":["u"]}'))

    told = [chunk for chunk in chunks(stream(answer, piece_chars=1)) if "citations" in chunk]

    assert len(told) == 1


def test_refusals_and_reasoning_have_their_own_fields() -> None:
    """Neither is content; another provider's own blocks are left out."""
    blocks = (Thinking("hm", "sig"), Refusal("no"), Opaque(Json('{"anthropic":{"type":"x"}}')))

    deltas = [c["choices"][0]["delta"] for c in chunks(stream(Answer("m", (Choice(0, blocks, "stop"),))))]

    assert deltas[1:] == [{"reasoning_content": "hm"}, {"refusal": "no"}, {}]
