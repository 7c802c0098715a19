import json
from collections.abc import Mapping
from typing import TypeAlias

import pytest

from sparingly.upstreams.simulated_chat import (
    completion,
    events,
    read_request,
    recorded,
    relabeled,
    whole,
)
from sparingly.upstreams.simulated_reply import Refused

Doc: TypeAlias = dict[str, object]

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def body(**fields: object) -> bytes:
    asked = {"model": "m", "messages": [{"role": "user", "content": "How are you?"}], **fields}
    return json.dumps(asked).encode()


def answered(**fields: object) -> Doc:
    """The whole answer to a request, as a client would read it; `seed` is the simulation's."""
    seed = fields.pop("seed", 0)
    assert isinstance(seed, int)
    answer: Doc = json.loads(whole(completion(read_request(body(**fields)), seed=seed, answer_tokens=20)))
    return answer


def streamed(**fields: object) -> list[Doc]:
    """The chunks of the streamed answer, the terminator checked and left out."""
    request = read_request(body(**fields))
    answer = completion(request, seed=0, answer_tokens=20)
    lines = b"".join(events(answer, chunk_tokens=3, wants_usage=request.wants_usage)).decode().split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]


def choices(doc: Mapping[str, object]) -> list[Doc]:
    found = doc["choices"]
    assert isinstance(found, list)
    return found


def message(doc: Mapping[str, object], index: int = 0) -> Doc:
    found = choices(doc)[index]["message"]
    assert isinstance(found, dict)
    return found


def counts(doc: Mapping[str, object]) -> dict[str, int]:
    found = doc["usage"]
    assert isinstance(found, dict)
    return found


def test_the_same_request_is_answered_the_same() -> None:
    """Byte for byte."""
    assert answered() == answered()


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"model": "n"},
        {"messages": [{"role": "user", "content": "How am I?"}]},
    ],
)
def test_seed_model_and_question_make_the_answer(other: dict[str, object]) -> None:
    """Any of them, changed, changes it."""
    assert message(answered(**other)) != message(answered())


def test_earlier_turns_do_not_make_the_answer() -> None:
    """Only the last user text does, whether as a string or in parts."""
    turns = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [{"type": "text", "text": "How are you?"}]},
    ]

    assert message(answered(messages=turns)) == message(answered())


def test_usage_adds_up() -> None:
    """Over all drafts."""
    one, three = counts(answered()), counts(answered(n=3))

    assert one["total_tokens"] == one["prompt_tokens"] + one["completion_tokens"]
    assert three["completion_tokens"] > one["completion_tokens"]
    assert three["prompt_tokens"] == one["prompt_tokens"] > 0


def test_drafts_differ() -> None:
    """Each has its index."""
    doc = answered(n=3)

    assert [choice["index"] for choice in choices(doc)] == [0, 1, 2]
    assert len({str(message(doc, index)["content"]) for index in range(3)}) == 3


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_a_limit_cuts_the_answer_and_says_so(field: str) -> None:
    """The token count is the limit."""
    doc = answered(**{field: 4})

    assert choices(doc)[0]["finish_reason"] == "length"
    assert counts(doc)["completion_tokens"] == 4


def test_a_whole_answer_says_stop() -> None:
    """The finish reason of an answer that was not cut."""
    assert choices(answered(max_tokens=1000))[0]["finish_reason"] == "stop"


def test_json_mode_gives_json() -> None:
    """Any object will do."""
    content = message(answered(response_format={"type": "json_object"}))["content"]

    assert isinstance(json.loads(str(content)), dict)


def test_a_schema_gives_json_that_fits() -> None:
    """As SDKs send it for structured outputs."""
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}

    content = message(answered(response_format=wanted))["content"]

    assert isinstance(json.loads(str(content))["age"], int)


@pytest.mark.parametrize(
    "choice", ["required", {"type": "function", "function": {"name": "weather"}}], ids=["required", "named"]
)
def test_a_demanded_tool_is_called(choice: object) -> None:
    """With arguments that fit its parameters."""
    doc = answered(tools=[WEATHER], tool_choice=choice)

    [call] = json.loads(json.dumps(message(doc)["tool_calls"]))
    assert choices(doc)[0]["finish_reason"] == "tool_calls"
    assert message(doc)["content"] is None
    assert call["function"]["name"] == "weather"
    assert isinstance(json.loads(call["function"]["arguments"])["city"], str)


def test_an_offered_tool_is_not_called() -> None:
    """Words are the simplest choice of a model that may choose."""
    assert "tool_calls" not in message(answered(tools=[WEATHER]))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"messages": []}, "messages"),
        ({"messages": 3}, "messages"),
        ({"model": None}, "model"),
        ({"n": 0}, "'n'"),
        ({"max_tokens": 0}, "'max_tokens'"),
        ({"tool_choice": "required"}, "tools"),
        ({"tools": [WEATHER], "tool_choice": {"function": {"name": "x"}}}, "'x'"),
    ],
)
def test_a_wrong_request_is_refused(fields: dict[str, object], words: str) -> None:
    """With a message that names what is wrong."""
    with pytest.raises(Refused, match=words):
        answered(**fields)


def test_what_is_no_json_is_refused() -> None:
    """In the words that clients know."""
    with pytest.raises(Refused, match="could not parse the JSON body"):
        read_request(b'{"model": ')


@pytest.mark.parametrize("fields", [{}, {"n": 2}, {"max_tokens": 5}], ids=["plain", "drafts", "limited"])
def test_a_stream_adds_up_to_the_whole_answer(fields: dict[str, object]) -> None:
    """Text and finish reason of every draft."""
    whole_doc = answered(**fields)

    said: dict[object, str] = {}
    finished: dict[object, object] = {}
    for chunk in streamed(**fields):
        for choice in choices(chunk):
            delta = choice["delta"]
            assert isinstance(delta, dict)
            said[choice["index"]] = said.get(choice["index"], "") + (delta.get("content") or "")
            finished[choice["index"]] = choice["finish_reason"] or finished.get(choice["index"])

    for index, choice in enumerate(choices(whole_doc)):
        assert said[index] == message(whole_doc, index)["content"]
        assert finished[index] == choice["finish_reason"]


def test_a_streamed_tool_call_adds_up() -> None:
    """Name first, then its arguments in parts."""
    deltas = [choices(chunk)[0]["delta"] for chunk in streamed(tools=[WEATHER], tool_choice="required")]
    calls = [delta["tool_calls"][0] for delta in deltas if isinstance(delta, dict) and "tool_calls" in delta]

    arguments = "".join(call["function"]["arguments"] for call in calls)
    assert calls[0]["function"]["name"] == "weather"
    assert isinstance(json.loads(arguments)["city"], str)


def test_usage_is_streamed_when_asked_for() -> None:
    """In a last chunk without choices; every other one says null, and none says anything otherwise."""
    chunks = streamed(stream_options={"include_usage": True})

    assert choices(chunks[-1]) == []
    assert chunks[-1]["usage"] == answered()["usage"]
    assert {chunk["usage"] for chunk in chunks[:-1]} == {None}
    assert not any("usage" in chunk for chunk in streamed())


def test_a_logged_answer_keeps_every_field() -> None:
    """Only its model is the one that was asked."""
    logged = b'{"id": "x", "model": "old", "choices": [], "system_fingerprint": "fp"}'

    told = json.loads(relabeled(logged, model="new"))

    assert told == {"id": "x", "model": "new", "choices": [], "system_fingerprint": "fp"}


def test_a_logged_answer_can_be_streamed() -> None:
    """Log probabilities and unknown fields do not hinder it."""
    logged = json.dumps(
        {
            "id": "x",
            "model": "old",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "hi", "tool_calls": None, "annotations": []},
                    "finish_reason": "stop",
                    "logprobs": {"content": []},
                }
            ],
        }
    ).encode()

    answer = recorded(logged, model="new")

    assert answer is not None
    text = b"".join(events(answer, chunk_tokens=4, wants_usage=False))
    assert b'"content":"hi"' in text
    assert b'"model":"new"' in text


def test_a_logged_error_is_no_answer() -> None:
    """Nor is anything else that has no choices."""
    assert recorded(b'{"error": {}}', model="m") is None
