"""What the judge in the package must keep to, on generated questions.

Similarities are given, not embedded: high ones, since that is where a wrong
hit is near, and low ones where a right hit must not be lost.
"""

import random
from collections.abc import Callable, Iterator
from itertools import islice, product

import numpy as np
import pytest

from sparingly.core.evidence.guards import PROFILES
from sparingly.core.evidence.question import Question
from sparingly.core.judging.judge import Bar, judge
from sparingly.core.verdict import Hit
from tests.asks import NOW
from tests.core.judging.judges import packaged_judge
from tests.core.judging.test_judge_fitted import near

BAR = Bar(0.97, guards=PROFILES["general"])
CASES = 400

NUMBERS = (
    "How do I transfer {} dollars to another account?", "What is the dose of ibuprofen for a child of {} years?",
    "Is {} mg of caffeine too much?", "Where is order {}?", "How do I upgrade to version {}?",
    "What happened in {}?", "Can I withdraw {} euros at once?", "How long does a flight of {} km take?",
    "What does error {} mean?", "how many calories are in {} eggs", "When is invoice {} due?", "Who won in {}?",
)  # fmt: skip
NEGATED = (
    ("Can I {} on weekends?", "Can I not {} on weekends?"), ("How do I {}?", "How do I not {}?"),
    ("Why can I {}?", "Why can't I {}?"), ("Should we {}?", "Should we never {}?"),
    ("Is it possible to {}?", "Is it not possible to {}?"), ("What happens when I {}?", "What happens when I don't {}?"),
    ("Which countries allow people to {}?", "Which countries do not allow people to {}?"),
    ("People who {} are", "People who never {} are"), ("Why do I have to {}?", "Why don't I have to {}?"),
)  # fmt: skip
ACTIONS = (
    "use my card abroad", "change the password", "eat before surgery", "cancel a subscription", "share a screen",
    "pay by invoice", "drink coffee", "take aspirin", "sleep eight hours", "read the logs", "commit to main",
    "sell shares", "send a parcel", "rent a car", "learn Python", "wear contact lenses",
)  # fmt: skip
SWAPPED = (
    "How do I fly from {0} to {1}?", "How do I migrate data from {0} to {1}?", "How far is it from {0} to {1}?",
    "Is {0} bigger than {1}?", "Did {0} beat {1}?", "How do I convert {0} to {1}?", "Does {0} own {1}?",
    "Can I send money from {0} to {1}?", "Why did {0} sue {1}?", "When did {0} buy {1}?", "how do i translate from {0} to {1}",
    "Is {0} cheaper than {1}?",
)  # fmt: skip
NAMES = (
    "Rome", "Oslo", "New York", "Berlin", "MySQL", "Postgres", "Apple", "Samsung", "France", "Brazil", "German",
    "Hindi", "Chase", "Revolut", "USD", "EUR", "San Francisco", "Kotlin",
)  # fmt: skip
POLITE: tuple[Callable[[str], str], ...] = (
    str.upper, str.lower, lambda text: f"  {text}  ", lambda text: text.replace(" ", "  "),
    lambda text: text.rstrip("?"), lambda text: f"{text}!!", lambda text: f"Hi, {text}", lambda text: f"Hello! {text}",
    lambda text: f"Please, {text}", lambda text: f"{text} Thanks!", lambda text: f"Hi there, {text} Thank you so much!",
    lambda text: f"Could you tell me {text}", lambda text: f"{text} please", lambda text: f"Hey, {text} Cheers",
)  # fmt: skip


def is_hit(asked: str, stored: str, *, similarity: float) -> bool:
    question = Question(asked, np.zeros(2, dtype=np.float32))
    verdict = judge([near(stored, similarity)], bar=BAR, now=NOW, question=question, model=packaged_judge())
    return isinstance(verdict, Hit)


def shuffled(cases: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    every = list(cases)
    random.Random(0).shuffle(every)
    return list(islice(every, CASES))


def other_numbers() -> Iterator[tuple[str, str]]:
    values = ("5", "12", "48", "250", "1999", "2016", "2,500", "3.1", "17")
    for template, one, other in product(NUMBERS, values, values):
        if one != other:
            yield template.format(one), template.format(other)


def negations() -> Iterator[tuple[str, str]]:
    for (plain, negated), action in product(NEGATED, ACTIONS):
        yield plain.format(action), negated.format(action)
        yield negated.format(action), plain.format(action)


def swaps() -> Iterator[tuple[str, str]]:
    for template, one, other in product(SWAPPED, NAMES, NAMES):
        if one != other:
            yield template.format(one, other), template.format(other, one)


@pytest.mark.parametrize("cases", [other_numbers, negations, swaps], ids=["number", "negation", "swap"])
def test_a_change_of_one_detail_turns_a_hit_into_a_miss(
    cases: Callable[[], Iterator[tuple[str, str]]],
) -> None:
    """In 99 % or more, at a similarity where a bare cosine would serve."""
    pairs = shuffled(cases())
    wrong = [pair for pair in pairs if is_hit(*pair, similarity=0.97)]

    assert len(wrong) <= len(pairs) // 100, wrong
    assert all(is_hit(stored, stored, similarity=1.0) for _, stored in pairs)


def test_manners_and_spelling_turn_no_hit_into_a_miss() -> None:
    """Case, white space, punctuation and politeness, in 98 % or more, though similarity suffers."""
    texts = [template.format("12") for template in NUMBERS]
    texts += [template.format("Rome", "Oslo") for template in SWAPPED]
    texts += [plain.format(action) for (plain, _), action in product(NEGATED, ACTIONS)]
    pairs = [(change(text), text) for text, change in product(texts, POLITE)]

    missed = [pair for pair in pairs if not is_hit(*pair, similarity=0.8)]

    assert len(missed) <= len(pairs) // 50, missed[:10]


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "a" * 100_000, "\u043f\u0440\u0438\u0432\u0435\u0442 hello \u4f60\u597d \u0645\u0631\u062d\u0628\u0627",
        "\x00\x07\x1b[31m", "\ud83d", "\u202ereversed", "'" * 1_000, "$" * 1_000, "1" * 400, "\u0665\u0666", "a.b" * 1_000,
    ],
)  # fmt: skip
def test_a_strange_text_is_judged_like_any_other(text: str) -> None:
    """On either side, against itself and against a plain one; it raises nothing."""
    for asked, stored in ((text, "How do I pay?"), ("How do I pay?", text)):
        assert not is_hit(asked, stored, similarity=0.6)
    is_hit(text, text, similarity=1.0)


def test_verdicts_are_deterministic() -> None:
    """The same figures every time, whatever was read before."""
    pairs = shuffled(swaps())[:50]

    first = [is_hit(*pair, similarity=0.9) for pair in pairs]

    assert [is_hit(*pair, similarity=0.9) for pair in reversed(pairs)] == first[::-1]
