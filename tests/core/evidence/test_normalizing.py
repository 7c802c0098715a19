"""What of a question cannot change its answer."""

import pytest

from sparingly.core.evidence.normalizing import MOST_CHARS, normal, plain, polar_stems, tokens


def words(text: str) -> list[str]:
    return [normal(word) for word in tokens(plain(text))]


@pytest.mark.parametrize(
    "other",
    [
        "how do i reset my password",
        "How do I reset my password???",
        "  HOW DO I  RESET MY PASSWORD ",
        "Hi, how do I reset my password?",
        "Hello there! How do I reset my password? Thanks!",
        "Please tell me how do I reset my password",
        "Could you tell me how do I reset my passwords, please?",
        "how do I reset my password? Thank you so much",
        "How do I reset my password? Best, Mara",
        "How do I reset my password?\n\nKind regards,\nTom",
    ],
)
def test_case_punctuation_politeness_and_plural_go(other: str) -> None:
    """Two ways to say the same have one normal form."""
    assert words(other) == ["how", "do", "i", "reset", "my", "password"]


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("what's this", "what is this"),
        ("I can't", "I can not"),
        ("I don\u2019t", "I do not"),
        ("they're", "they are"),
        ("a colour", "a color"),
        ("to realise", "to realize"),
        ("three cards", "3 cards"),
        ("the U.S. embassy", "the US embassy"),
        ("e-mail", "e mail"),
        ("use my_func", "use my func"),
    ],
)
def test_ways_of_writing_are_one(short: str, long: str) -> None:
    """Contractions, spelling variants, small numbers and joints."""
    assert words(short) == words(long)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("is 5 > 3", "is 5 < 3"),
        ("2+2", "2*2"),
        ("learn c", "learn c++"),
        ("version 3.1", "version 3.10"),
        ("how do I print hello world", "how do I print world"),
        ("\U0001f600", "\U0001f622"),
        ("how do I say thanks in German", "how do I say in German"),
        ("which one is best, Anna or Mara", "which one is"),
    ],
)
def test_what_matters_stays(one: str, other: str) -> None:
    """Operators, versions, symbols, and polite words that are what is asked about."""
    assert words(one) != words(other)


def test_a_greeting_alone_is_a_question() -> None:
    """Nothing would be left of it otherwise."""
    assert words("Hello!") == ["hello"]


def test_nothing_is_read_past_the_window() -> None:
    """A text of a megabyte takes no longer than one of a page."""
    assert len(plain("a " * 1_000_000)) == MOST_CHARS


def test_a_polar_word_knows_what_it_denies() -> None:
    """By its prefix or its ending."""
    assert "lock" in polar_stems("unlock")
    assert "use" in polar_stems("useless")
    assert polar_stems("under") == ()
