"""Pairs of questions that are made to be hard."""

import random

import pytest

from sparingly.learning.judge.hard_negatives import DIFFERENT, SAME, made_pairs

TEXTS = [
    "How do I transfer 500 dollars from my savings account to India?",
    "What is the capital of France?",
    "Can I not use my card after March?",
    "How can I install Python on Windows if I have no internet?",
]


@pytest.mark.parametrize(
    ("kind", "text", "possible"),
    [
        ("number", "take 2 pills", {"take 3 pills", "take 1 pills", "take 12 pills", "take 4 pills"}),
        ("negation", "why can't i pay", {"why ca i pay"}),
        ("negation", "can i pay", {"can i not pay", "can i never pay"}),
        ("direction", "is Berlin bigger than Paris", {"is Berlin Paris than bigger"}),
        ("direction", "convert inches into meters", {"convert meters into inches"}),
        ("principal", "reset the pin", {None}),
        ("entity", "rome", {"london", "paris", "berlin", "madrid"}),
    ],
)
def test_a_change_is_of_its_kind_or_nothing(kind: str, text: str, possible: set[str | None]) -> None:
    """What does not fit a question is left."""
    made = {DIFFERENT[kind](text, random.Random(seed)) for seed in range(40)}

    assert made & possible


@pytest.mark.parametrize(
    ("kind", "text", "result"),
    [
        (
            "order",
            "How do I reset my password if I lost my phone?",
            "If I lost my phone, how do I reset my password?",
        ),
        ("order", "If it rains tomorrow, what should I wear?", "What should I wear if it rains tomorrow?"),
        ("telegraphic", "How do I reset my password?", "reset password"),
    ],
)
def test_a_rewording_keeps_every_word_that_counts(kind: str, text: str, result: str) -> None:
    """Only their order or frame changes."""
    assert SAME[kind](text, random.Random(0)) == result


def test_the_same_seed_makes_the_same_pairs() -> None:
    """And another one others."""
    first = list(made_pairs(TEXTS, seed=1))

    assert first == list(made_pairs(TEXTS, seed=1))
    assert first != list(made_pairs(TEXTS, seed=2))


def test_pairs_carry_both_labels_and_really_differ() -> None:
    """A different question is not the same text in another case."""
    made = list(made_pairs(TEXTS * 20, seed=3))

    assert {pair.same for pair in made} == {True, False}
    assert all(pair.kind in (SAME if pair.same else DIFFERENT) for pair in made)
    assert not [pair for pair in made if not pair.same and pair.a.lower() == pair.b.lower()]


def test_kinds_can_be_held_out() -> None:
    """Also where pairs are reworded besides."""
    made = list(made_pairs(TEXTS * 20, seed=3, without=("limit", "format", "polite")))

    assert {pair.kind for pair in made}.isdisjoint({"limit", "format", "polite"})
    assert not [pair for pair in made if "thank" in pair.b.lower()]
