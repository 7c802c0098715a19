"""Tests of `sparingly.upstreams.simulated_responses`."""

import json

import pytest
from openai.types.responses import Response

from sparingly.core.transcript import fold
from sparingly.protocols.openai_responses.read_answer import read_answer
from sparingly.protocols.openai_responses.read_stream import ResponsesReader
from sparingly.upstreams.simulated_chat import completion
from sparingly.upstreams.simulated_chat import read_request as read_chat
from sparingly.upstreams.simulated_reply import Refused
from sparingly.upstreams.simulated_responses import events, read_request, response, whole
from tests.clients.scripts import WEATHER_ANSWER, weather
from tests.generators import Body

TOOL = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}}


def answered(**fields: object) -> Body:
    """The answer to a request."""
    body = {"model": "m", "input": "Why is the sky blue?"} | fields
    request = read_request(json.dumps(body).encode())
    told: Body = json.loads(whole(response(request, seed=0, answer_tokens=20)))
    return told


def test_it_says_the_same_words_as_in_chat_completions() -> None:
    """So that a translated answer can be told from another one."""
    chat = {"model": "m", "messages": [{"role": "user", "content": "Why is the sky blue?"}]}

    words = completion(read_chat(json.dumps(chat).encode()), seed=0, answer_tokens=20)

    assert answered()["output"][0]["content"][0]["text"] == words.choices[0].message.content


def test_it_answers_as_the_api_does() -> None:
    """The types of OpenAI's own client accept all of it."""
    told = Response.model_validate(answered(reasoning={"effort": "low"}, instructions="Be brief.", tools=[]))

    assert (told.status, told.instructions) == ("completed", "Be brief.")
    assert [item.type for item in told.output] == ["reasoning", "message"]
    assert told.usage is not None
    assert told.usage.total_tokens == told.usage.input_tokens + told.usage.output_tokens


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"reasoning": {"effort": "low"}, "include": ["reasoning.encrypted_content"]},
        {"tools": [TOOL], "tool_choice": "required"},
        {"max_output_tokens": 16, "input": "x " * 40},
    ],
    ids=["words", "reasoning", "call", "cut"],
)
def test_its_events_are_the_same_answer(fields: Body) -> None:
    """Piece by piece, numbered, and whole in the last one."""
    body = {"model": "m", "input": "Why is the sky blue?"} | fields
    answer = response(read_request(json.dumps(body).encode()), seed=0, answer_tokens=40)
    reader = ResponsesReader()

    told = fold(reader.feed(b"".join(events(answer, chunk_tokens=1))))

    assert reader.is_complete
    assert told == read_answer(whole(answer))


def test_a_script_is_played_turn_by_turn() -> None:
    """The call first, then the words that tell its result; items of one answer are one turn."""
    question = {"role": "user", "content": weather()}
    first = answered(input=[question], tools=[TOOL])["output"]
    call = first[-1]
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "21 degrees in Paris"}

    last = answered(input=[question, *first, result], tools=[TOOL])["output"]

    assert [item["type"] for item in first] == ["message", "function_call"]
    assert last[0]["content"][0]["text"] == WEATHER_ANSWER


@pytest.mark.parametrize(
    ("form", "is_right"),
    [
        ({"type": "json_object"}, lambda value: set(value) == {"answer"}),
        (
            {"type": "json_schema", "schema": {"type": "object", "properties": {"n": {"type": "integer"}}}},
            lambda value: isinstance(value["n"], int),
        ),
    ],
    ids=["object", "schema"],
)
def test_a_format_is_kept_to(form: Body, is_right: object) -> None:
    """As structured outputs promise."""
    assert callable(is_right)
    assert is_right(json.loads(answered(text={"format": form})["output"][0]["content"][0]["text"]))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"input": []}, "must be provided"),
        ({"previous_response_id": "resp_sp_1"}, "not found"),
        ({"max_output_tokens": 15}, "integer below minimum value"),
        ({"input": [{"type": "function_call_output", "call_id": "c", "output": "x"}]}, "No tool call found"),
        ({"input": [{"type": "reasoning", "id": "rs_sp_1"}]}, "not found"),
        ({"input": [{"type": "reasoning", "id": "rs_sim_1", "encrypted_content": "x"}]}, "not found"),
        ({"tool_choice": "required"}, "must be specified with 'tools'"),
        ({"tools": [TOOL], "tool_choice": {"type": "function", "name": "g"}}, "not found"),
        ({"input": 5}, "Expected"),
    ],
    ids=str,
)
def test_it_is_as_strict_as_the_api(fields: Body, said: str) -> None:
    """Where clients and gateways go wrong."""
    with pytest.raises(Refused, match=said):
        answered(**fields)


def test_what_it_gave_is_taken_back() -> None:
    """Its reasoning by its seal, its answers by their ids."""
    first = answered(reasoning={"effort": "low"}, include=["reasoning.encrypted_content"])

    assert (
        answered(input=[*first["output"], {"role": "user", "content": "And now?"}])["status"] == "completed"
    )
    assert answered(previous_response_id=first["id"])["previous_response_id"] == first["id"]


def test_no_json_is_refused() -> None:
    """In the API's words."""
    with pytest.raises(Refused, match="could not parse"):
        read_request(b"{")
