"""Time classes of questions and how long each is kept."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.keeping.freshness import (
    BUCKETS,
    FreshnessModel,
    TimeClass,
    buckets,
    dependence,
    kept_for_s,
    question_in,
    time_class,
)
from sparingly.core.policy import CachePolicy, TtlClasses
from sparingly.learning.judge.train_freshness import shipped_freshness

MODEL = shipped_freshness()
POLICY = TtlClasses()
BLANK = FreshnessModel(np.zeros(BUCKETS, np.float32), -9.0, np.zeros(BUCKETS, np.float32), -9.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What's the weather like in Oslo right now?", "live"),
        ("where is my order", "live"),
        ("What is the price of Bitcoin?", "live"),
        ("Who is the current president of Brazil?", "current"),
        ("what is the latest version of the iphone", "current"),
        ("who has scored the most goals in the premier league", "seasonal"),
        ("who won the super bowl last year", "seasonal"),
        ("when is the next world cup", "seasonal"),
        ("What is the capital of France?", "stable"),
        ("who wrote the song all you need is love", "stable"),
        ("How do I reset my password?", "stable"),
        ("Who was president of the United States in 1990?", "stable"),
        ("Translate good morning to Spanish.", "stable"),
        ("Write a function that reverses a list.", "stable"),
        ("", "stable"),
        ("\U0001f44d\U0001f44d", "stable"),
    ],
)
def test_everyday_questions_fall_in_the_class_a_person_would_say(text: str, expected: TimeClass) -> None:
    """With the package's model and default settings."""
    assert time_class(text, model=MODEL, policy=POLICY) == expected


def test_words_that_settle_it_need_no_model() -> None:
    """The table of words speaks where nothing was learned."""
    assert time_class("What is the weather in Oslo?", model=BLANK, policy=POLICY) == "live"
    assert time_class("Who is the tallest man?", model=BLANK, policy=POLICY) == "stable"


@pytest.mark.parametrize(
    ("kind", "ttl_s", "expected"),
    [
        ("live", 604_800, 0),
        ("current", 604_800, 3_600),
        ("seasonal", 604_800, 86_400),
        ("stable", 604_800, 604_800),
        ("seasonal", 600, 600),
        ("current", 600, 600),
        ("stable", 0, 0),
    ],
)
def test_no_class_is_kept_longer_than_the_policy_says(kind: TimeClass, ttl_s: int, expected: int) -> None:
    """A class only shortens."""
    assert kept_for_s(kind, CachePolicy(ttl_s=ttl_s)) == expected


def test_a_higher_bar_marks_fewer_questions() -> None:
    """The bar is a probability that must be reached."""
    text = "who has scored the most goals in the premier league"
    strict = msgspec.structs.replace(POLICY, dependent_from=1.0)

    assert 0.5 < dependence(text, MODEL) < 1.0
    assert time_class(text, model=MODEL, policy=strict) == "stable"


def test_which_year_is_named_does_not_matter() -> None:
    """Only that one is."""
    assert buckets("who won in 2017") == buckets("Who won in 1999?")
    assert buckets("who won in 2017") != buckets("who won in")


def test_the_question_is_found_around_what_is_pasted() -> None:
    """The middle of a long text is material."""
    pasted = "The quick brown fox jumps over the lazy dog. " * 2_000

    assert question_in(f"Summarize this:\n\n{pasted}") == "Summarize this:"
    assert question_in(f"{pasted}\n\nWhat is it about?") == "What is it about?"
    assert len(question_in("x" * 100_000)) < 1_000


@given(st.text(max_size=200))
def test_any_text_has_a_class_and_always_the_same(text: str) -> None:
    """Emoji, control characters, mixed scripts: no text is an error."""
    kind = time_class(text, model=MODEL, policy=POLICY)

    assert kind in ("live", "current", "seasonal", "stable")
    assert time_class(text, model=MODEL, policy=POLICY) == kind
