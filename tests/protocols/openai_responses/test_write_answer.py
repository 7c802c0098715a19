"""Tests of `sparingly.protocols.openai_responses.write_answer`."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from openai.types.responses import Response

from sparingly.core.answer import Answer, Choice, Usage
from sparingly.core.chat import Json, Text, Thinking, ToolCall
from sparingly.protocols.dialect import Stamp
from sparingly.protocols.openai_responses.read_answer import read_answer
from sparingly.protocols.openai_responses.read_ask import read_ask
from sparingly.protocols.openai_responses.write_answer import write_answer
from tests.generators import Body, answers
from tests.protocols.openai_responses import golden
from tests.protocols.openai_responses.drawn import responses

STAMP = Stamp("new", 1_800_000_000)


def written(answer: Answer, stamp: Stamp = STAMP) -> Body:
    body: Body = json.loads(write_answer(answer, stamp))
    return body


def test_an_answer_is_written_as_openais_client_reads_it() -> None:
    """Fresh ids and time, the counts, the items in order."""
    blocks = (Thinking("Hm."), Text("Hello!"), ToolCall("c1", "f", "{}"))

    told = Response.model_validate(written(Answer("m", (Choice(0, blocks, "tool_calls"),), Usage(9, 2, 4))))

    assert (told.id, told.created_at, told.status, told.model) == (
        "resp_sp_new",
        1_800_000_000,
        "completed",
        "m",
    )
    assert [item.type for item in told.output] == ["reasoning", "message", "function_call"]
    assert told.output_text == "Hello!"
    assert told.usage is not None
    assert (told.usage.total_tokens, told.usage.input_tokens_details.cached_tokens) == (11, 4)


@pytest.mark.parametrize("logprobs", ['{"content":null,"refusal":[]}', '{"tokens":["a"]}', "[-0.1]", "1"])
def test_log_probabilities_in_another_form_are_none(logprobs: str) -> None:
    """Compatible servers have several, none of which this API's clients could read."""
    answer = Answer("m", (Choice(0, (Text("Hi"),), "stop", logprobs=Json(logprobs)),))

    assert written(answer)["output"][0]["content"][0]["logprobs"] == []


def test_a_hit_says_so_and_leads_to_the_provider_that_holds_it() -> None:
    """Its usage is marked, its id is fresh and ends with the provider's."""
    body = written(golden.ANSWER, Stamp("new", 0, cached=True, is_same_question=True))

    assert body["usage"]["cached"] is True
    assert body["id"] == "resp_sp_new_resp_67ccd2bed1ec8190"


def test_the_request_is_repeated() -> None:
    """As far as this API can say it."""
    ask = read_ask(json.dumps(golden.REQUEST).encode())

    body = written(golden.ANSWER, msgspec.structs.replace(STAMP, ask=ask))

    repeated = (
        "instructions",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "temperature",
        "max_output_tokens",
    )
    assert {name: body[name] for name in repeated} == {name: golden.REQUEST[name] for name in repeated}
    assert body["text"]["format"] == golden.REQUEST["text"]["format"]


def test_what_this_api_cannot_say_is_not_repeated() -> None:
    """An answer is not lost for it."""
    ask = read_ask(json.dumps(golden.REQUEST | {"input": "x"}).encode())
    odd = msgspec.structs.replace(ask, tool_choice=Json('{"anthropic":{"type":"x"}}'))

    assert written(golden.ANSWER, msgspec.structs.replace(STAMP, ask=odd))["tool_choice"] == "auto"


@pytest.mark.slow
@settings(deadline=None)
@given(responses)
def test_what_was_read_is_written_so_that_it_reads_the_same(body: Body) -> None:
    """The law: no field of any level is lost or moved."""
    answer = read_answer(json.dumps(body).encode())

    assert read_answer(write_answer(answer, STAMP)) == answer


@pytest.mark.slow
@settings(deadline=None)
@given(answers())
def test_any_answer_can_be_told(answer: Answer) -> None:
    """Whatever dialect it came from; other dialects' fields stay at home."""
    body = written(answer)

    assert isinstance(body["output"], list)
    assert "choices" not in body
    assert not {name for name in body if name.startswith("x_")}
