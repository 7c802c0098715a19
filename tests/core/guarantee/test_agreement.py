"""Two answers to one request: the same, not the same, or nobody knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.answer import Answer, Choice
from sparingly.core.chat import Refusal, Text, ToolCall
from sparingly.core.evidence.word_table import empty_table
from sparingly.core.guarantee.agreement import agreement, texts_agree
from tests.asks import answer

TABLE = empty_table()

STEPS = "Open Settings, choose Billing, and press the button Cancel plan at the end of the page."
OTHER = "Parcels travel with the evening truck and reach the warehouse before sunrise on weekdays."
LONG = " ".join(f"part{number} of the manual tells how chapter{number} works" for number in range(12))


@pytest.mark.parametrize(
    ("stored", "fresh", "said"),
    [
        ("Paris.", "Paris.", "right"),
        ("Paris.", "  paris!\n", "right"),
        ("Paris.", "The capital of France is Paris.", "right"),
        (STEPS, f"Sure! {STEPS} Let me know how it goes.", "right"),
        (STEPS, STEPS.replace(", ", "\n- "), "right"),
        ("Yes, you can do that at any time.", "No, that is not possible.", "wrong"),
        ("No.", "Yes.", "wrong"),
        ("A refund takes 5 days to arrive.", "A refund takes 14 days to arrive.", "wrong"),
        ("You can cancel the plan at any time.", "You can not cancel the plan at any time.", "wrong"),
        (STEPS, OTHER, "wrong"),
        (STEPS, STEPS.replace("Cancel plan", "Delete account"), "unclear"),
        ("The train goes from Rome to Oslo.", "The train goes from Oslo to Rome.", "unclear"),
        ("Ask Anna in the office for the key.", "Ask Boris in the office for the key.", "unclear"),
        (STEPS, "I'm sorry, but I can't help with that.", "unclear"),
        ("As an AI, I have no opinion.", STEPS, "unclear"),
        (STEPS, "Could you clarify which plan you mean?", "unclear"),
        ("Paris.", "Berlin.", "unclear"),
        ("", "", "unclear"),
        (STEPS, "", "unclear"),
        ("\U0001f600", "!!", "unclear"),
        (f"{LONG} It takes 5 days.", f"{LONG} It takes 14 days.", "unclear"),
        ("word " * 300 + "yes", "word " * 300 + "no", "unclear"),
    ],
)
def test_what_two_texts_say_of_each_other(stored: str, fresh: str, said: str) -> None:
    """Clear cases are told; anything between is unclear.  Which of the two came first does not matter."""
    assert texts_agree(stored, fresh, TABLE) == said
    assert texts_agree(fresh, stored, TABLE) == said


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_texts_can_be_compared(one: str, other: str) -> None:
    """And the order of the two does not matter."""
    assert texts_agree(one, other, TABLE) == texts_agree(other, one, TABLE)
    assert texts_agree(one, one, TABLE) in ("right", "unclear")


@pytest.mark.parametrize(
    "fresh",
    [
        answer(STEPS, finish="length"),
        answer(STEPS, finish="content_filter"),
        answer(Refusal("I will not say that.")),
        answer(ToolCall("c", "f", "{}")),
        Answer("m", (Choice(0, (Text(STEPS),), "stop"), Choice(1, (Text(STEPS),), "stop"))),
        Answer("m", ()),
    ],
)
def test_what_is_no_whole_answer_in_words_is_not_compared(fresh: Answer) -> None:
    assert agreement(answer(STEPS), fresh, TABLE) == "unclear"
    assert agreement(answer(STEPS), answer(STEPS), TABLE) == "right"
