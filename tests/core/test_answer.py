"""The canonical answer."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.answer import Answer, Choice, Usage
from sparingly.core.chat import Json, Opaque, Refusal, Text, Thinking, ToolCall, canonical_json
from tests.asks import answer

CALL = ToolCall("call_1", "weather", '{"city": "Paris"}')


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (answer("Paris."), "Paris."),
        (answer("Par", "is."), "Paris."),
        (answer(Thinking("hm"), "Paris.", CALL), "Paris."),
        (answer(Refusal("no")), ""),
        (Answer("m", (Choice(0, (Text("a"),)), Choice(1, (Text("b"),)))), "a"),
        (Answer("m", ()), ""),
    ],
)
def test_the_text_of_an_answer_is_the_words_of_its_first_choice(said: Answer, text: str) -> None:
    """Reasoning, refusals and calls are no words."""
    assert said.text == text


@pytest.mark.parametrize(
    ("said", "calls"),
    [
        (answer("Paris."), False),
        (answer("Let me look.", CALL), True),
        (Answer("m", (Choice(0, (Text("a"),)), Choice(1, (CALL,)))), True),
        (Answer("m", ()), False),
    ],
)
def test_a_call_in_any_choice_is_a_tool_call(*, said: Answer, calls: bool) -> None:
    """Not only in the first."""
    assert said.has_tool_calls == calls


texts = st.text(max_size=8)
jsons = st.dictionaries(texts, st.integers() | texts | st.none(), max_size=2).map(canonical_json)
blocks = (
    st.builds(Text, texts)
    | st.builds(Thinking, texts, st.none() | texts)
    | st.builds(Refusal, texts)
    | st.builds(ToolCall, texts, texts, texts)
    | st.builds(Opaque, jsons)
)
choices = st.builds(
    Choice,
    st.integers(0, 3),
    st.lists(blocks, max_size=3).map(tuple),
    st.none() | st.sampled_from(["stop", "length", "tool_calls", "content_filter"]),
    st.none() | jsons,
    st.none() | jsons,
    st.none() | jsons,
)
usages = st.builds(Usage, *[st.integers(0, 10**9)] * 5, st.booleans())


@given(
    st.builds(Answer, texts, st.lists(choices, max_size=2).map(tuple), st.none() | usages, st.none() | jsons)
)
def test_an_answer_survives_being_stored(said: Answer) -> None:
    """What a store writes it reads back the same, opaque JSON to the byte."""
    assert msgspec.json.decode(msgspec.json.encode(said), type=Answer) == said


def test_opaque_json_is_text_that_can_be_hashed() -> None:
    """Frozen structs are compared and hashed in sets of verdicts."""
    assert len({Opaque(Json("{}")), Opaque(Json("{}"))}) == 1
