"""Which words tie an answer to its moment, and which only look so."""

import pytest

from sparingly.core.keeping.time_cues import is_about_now, is_live


@pytest.mark.parametrize(
    "text",
    [
        "what time is it in tokyo",
        "what's the weather like in oslo",
        "what is the forecast for tomorrow",
        "will it rain tonight",
        "what is the price of bitcoin",
        "how much is a gallon of gas worth right now",
        "what is the exchange rate between euros and dollars",
        "how is traffic on the a1 right now",
        "what's the score of the game",
        "is the museum open today",
        "where is my order",
        "please tell me when my package arrives",
        "what's my account balance",
        "how much do i owe",
        "do i have any meetings tomorrow",
        "any coffee shops near me",
        "what is today's date",
    ],
)
def test_the_answer_of_this_moment_place_or_person_is_live(text: str) -> None:
    """It is stale, or somebody else's, by the time it is served again."""
    assert is_live(text)


@pytest.mark.parametrize(
    "text",
    [
        "how do i cancel my order",
        "how can i track my package",
        "why was my payment declined",
        "can i change my delivery address",
        "what should i do if my flight is cancelled",
        "what was the weather like in 1998",
        "what was the price of bitcoin in 2017",
        "what factors determine the exchange rate",
        "write a poem about the weather today",
        "translate 'where is my order' to french",
        "my balance is wrong, what is going on with my account",
        "who wrote faust",
        "",
    ],
)
def test_a_method_a_past_and_a_trouble_are_not_live(text: str) -> None:
    """They have the same answer tomorrow, whoever asks."""
    assert not is_live(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("what is the latest version of python", True),
        ("who is currently leading the league", True),
        ("wer ist heute bundeskanzler", True),
        ("who is the tallest man in the world", False),
        ("what is knowledge", False),
    ],
)
def test_words_for_now_are_told_from_words_that_hold_them(text: str, *, expected: bool) -> None:
    """Whole words only: `knowledge` holds `now`."""
    assert is_about_now(text) is expected
