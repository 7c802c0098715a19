"""When a stored answer may stand in for a new one, with a fitted judge."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.directives import Directives
from sparingly.core.entry import Neighbor
from sparingly.core.evidence.guards import GUARDS
from sparingly.core.evidence.question import Question
from sparingly.core.judging.judge import MOST_BEHIND, SAME_WORDS, Bar, bar_of, judge, weigh
from sparingly.core.policy import CachePolicy
from sparingly.core.verdict import Evidence, Hit, Miss
from tests.asks import NOW, neighbor, said_of
from tests.core.judging.judges import small_judge

FITTED = Bar(0.9, guards=frozenset(GUARDS))
VECTOR = np.zeros(2, dtype=np.float32)


def asked(text: str) -> Question:
    return Question(text, VECTOR)


def near(text: str | None, similarity: float = 0.9, *, expires_at: float = NOW + 60.0) -> Neighbor:
    """A stored question; its source is its text."""
    one = neighbor(similarity, source=text or "none", expires_at=expires_at)
    return msgspec.structs.replace(one, entry=msgspec.structs.replace(one.entry, text=text))


def test_the_likeliest_wins_not_the_closest() -> None:
    """The evidence names both."""
    close, likely = near("the money of my account", 0.95), near("reset my card", 0.9)

    verdict = judge(
        [close, likely], bar=FITTED, now=NOW, question=asked("resets my card"), model=small_judge()
    )

    assert isinstance(verdict, Hit)
    assert verdict.entry is likely.entry
    assert verdict.reason == "judged-same"
    assert verdict.evidence.nearest == close.entry.source
    assert verdict.evidence.candidate == likely.entry.source


def test_a_question_in_the_same_words_needs_no_evidence() -> None:
    """Whatever the trees and the guards say; but not where a text was too long to be read."""
    doubting = small_judge(probability=0.99)
    long = "reset " * 2_000

    same = judge(
        [near("Reset my card!")], bar=FITTED, now=NOW, question=asked("please reset my card"), model=doubting
    )
    cut = judge([near(long + "a")], bar=FITTED, now=NOW, question=asked(long + "b"), model=doubting)

    assert isinstance(same, Hit)
    assert same.evidence.probability == SAME_WORDS
    assert isinstance(cut, Miss)


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        ("transfer 6 dollars of money to my card account", "veto-numbers"),
        ("transfer money to my card account dollars", "veto-numbers-missing"),
        ("do not transfer 5 dollars of money to my card account", "veto-negation"),
        ("zorblax", "unsure"),
    ],
)
def test_a_miss_names_the_guard_that_spoke_or_the_doubt(stored: str, reason: str) -> None:
    """A guard is named where it alone stood in the way."""
    question = asked("transfer 5 dollars of money to my card account")

    verdict = judge([near(stored)], bar=FITTED, now=NOW, question=question, model=small_judge())

    assert verdict.reason == reason


def test_a_vetoed_neighbor_is_no_candidate() -> None:
    """The next one may serve, and on a miss the evidence names no probability of a forbidden one."""
    question = asked("transfer 5 dollars to my card")
    other = near("transfer 6 dollars to my card", 0.99)
    same = near("transfer 5 dollars to the card", 0.8)

    hit = judge([other, same], bar=FITTED, now=NOW, question=question, model=small_judge())
    miss = judge([other], bar=FITTED, now=NOW, question=question, model=small_judge())

    assert isinstance(hit, Hit)
    assert hit.entry is same.entry
    assert miss.evidence.probability is None
    assert miss.evidence.candidate is None


def test_a_neighbor_that_is_clearly_farther_is_no_candidate() -> None:
    """However likely its words make it; the closest is the one that was meant, or none is."""
    close = near("the money of my account", 0.95)
    likely = near("now reset my card", 0.95 - MOST_BEHIND - 0.01)
    same = near("Reset my card, please", 0.8)
    question = asked("reset my card")

    far = judge([close, likely], bar=FITTED, now=NOW, question=question, model=small_judge())
    alone = judge([likely], bar=FITTED, now=NOW, question=question, model=small_judge())
    equal = judge([close, same], bar=FITTED, now=NOW, question=question, model=small_judge())

    assert isinstance(far, Miss)
    assert far.evidence.candidate == close.entry.source
    assert isinstance(alone, Hit)
    assert isinstance(equal, Hit)


def test_a_guard_that_is_off_forbids_nothing() -> None:
    """An operator's choice."""
    question, stored = asked("transfer 5 dollars to my card"), near("transfer 6 dollars to my card")

    verdict = judge([stored], bar=Bar(0.9), now=NOW, question=question, model=small_judge())

    assert isinstance(verdict, Hit)


def test_below_the_floor_nothing_is_judged() -> None:
    """Nor is an entry whose question is not known."""
    question = asked("reset my card now")

    far = judge([near("reset my card", 0.49)], bar=FITTED, now=NOW, question=question, model=small_judge())
    unknown = judge([near(None)], bar=FITTED, now=NOW, question=question, model=small_judge())

    assert far == Miss("too-far", Evidence(similarity=0.49, nearest="reset my card"))
    assert unknown.reason == "too-far"


def test_the_bar_of_a_policy_lies_over_the_judges_own() -> None:
    """What is not set is the judge's."""
    question, stored = asked("reset my card now"), near("reset my card")
    policy = CachePolicy(probability=0.95, domain="medical", guards={"names": False})

    strict = bar_of(policy, Directives(max_age_s=9.0))

    assert (strict.probability, strict.max_age_s) == (0.95, 9.0)
    assert "numbers_missing" in strict.guards
    assert "names" not in strict.guards
    assert isinstance(judge([stored], bar=FITTED, now=NOW, question=question, model=small_judge()), Hit)
    barred = msgspec.structs.replace(FITTED, probability=0.95)
    assert judge([stored], bar=barred, now=NOW, question=question, model=small_judge()).reason == "unsure"


def test_the_fitted_judge_serves_no_denied_entry_either() -> None:
    """Not even to a question in the same words: the same text is another tier."""
    denied, other = said_of(near("reset my card"), denied=1), near("reset the card", 0.8)
    question = asked("please reset my card")

    rest = judge([denied, other], bar=FITTED, now=NOW, question=question, model=small_judge())
    none = judge([denied], bar=FITTED, now=NOW, question=question, model=small_judge())

    assert isinstance(rest, Hit)
    assert rest.entry is other.entry
    assert none.reason == "veto-denied"
    assert none.evidence.probability is None


def test_no_probability_is_above_the_trust_in_the_answer() -> None:
    """Once somebody has denied it; confirmations alone change nothing."""
    question, stored = asked("reset my card"), near("reset my card")

    chances = [
        weigh(question, [said_of(stored, confirmed=c, denied=d)], model=small_judge(), bar=FITTED)[
            0
        ].probability
        for c, d in ((0, 0), (50, 0), (7, 1))
    ]

    assert chances == [SAME_WORDS, SAME_WORDS, 0.8]


def test_a_bar_that_labels_have_raised_says_so() -> None:
    """The candidate would have been a hit at the policy's own point."""
    question, stored = asked("reset my card now"), near("reset my card")
    raised = msgspec.structs.replace(FITTED, live=0.99)

    verdict = judge([stored], bar=raised, now=NOW, question=question, model=small_judge())

    assert verdict.reason == "tightened"
    assert verdict.evidence.candidate == "reset my card"


STATING = msgspec.structs.replace(small_judge(), stated=((0.05, 0.3), (0.01, 0.86), (0.001, 0.95)))


def test_an_error_that_can_be_borne_becomes_the_bar() -> None:
    """The caller's may only tighten it."""
    policy = CachePolicy(max_error=0.05)

    bars = [
        bar_of(policy, Directives(max_error=error), model=STATING).probability
        for error in (None, 0.05, 0.01, 0.0001)
    ]

    assert bars == [0.3, 0.3, 0.86, float("inf")]


@given(
    errors=st.tuples(st.floats(0, 0.1), st.floats(0, 0.1)),
    headers=st.tuples(st.none() | st.floats(0, 0.1), st.none() | st.floats(0, 0.1)),
    live=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    similarities=st.lists(st.floats(0.5, 1), min_size=1, max_size=3),
)
def test_a_smaller_error_never_adds_a_hit(
    errors: tuple[float, float],
    headers: tuple[float | None, float | None],
    live: tuple[float, float],
    similarities: list[float],
) -> None:
    """The operator's, the caller's, or a bar that labels have raised; and what is served is the same entry."""
    texts = ("reset my card", "reset the card now", "reset my password")
    stored = [near(text, value) for text, value in zip(texts, similarities, strict=False)]
    named = [1.0 if header is None else header for header in headers]

    def verdict(error: float, header: float, least: float) -> Hit | Miss:
        policy = CachePolicy(max_error=error)
        bar = bar_of(policy, Directives(max_error=header), model=STATING, live=least)
        return judge(stored, bar=bar, now=NOW, question=asked("reset my cards"), model=STATING)

    strict = verdict(min(errors), min(named), max(live))

    if isinstance(strict, Hit):
        assert verdict(max(errors), max(named), min(live)) == strict


def test_weighing_tells_every_figure_by_name() -> None:
    """For those who want to know why."""
    [weighed] = weigh(asked("reset my card"), [near("reset my password")], model=small_judge(), bar=FITTED)

    assert weighed.evidence["similarity"] == pytest.approx(0.9)
    assert weighed.evidence["unmatched_most"] > 0


@given(
    bar=st.floats(0, 1),
    more=st.floats(0, 1),
    similarities=st.lists(st.floats(0.5, 1), min_size=1, max_size=4),
    texts=st.lists(
        st.sampled_from(["reset my card", "reset my password", "buy 5 cards", "", "?"]),
        min_size=4,
        max_size=4,
    ),
)
def test_strictness_never_adds_a_hit_of_the_fitted_judge(
    bar: float, more: float, similarities: list[float], texts: list[str]
) -> None:
    """Of probability and floor: what is served at the stricter bar is served at the laxer one.

    A guard is no bar: it says that a neighbor is not the one that was meant, and then the next closest may be.
    """
    stored = [near(text, value) for text, value in zip(texts, similarities, strict=False)]
    lax = Bar(0.9, probability=bar, floor=0.5, guards=frozenset(GUARDS))
    strict = Bar(0.9, probability=max(bar, more), floor=0.6, guards=frozenset(GUARDS))
    question = asked("reset the card")

    served = judge(stored, bar=strict, now=NOW, question=question, model=small_judge())

    if isinstance(served, Hit):
        assert isinstance(judge(stored, bar=lax, now=NOW, question=question, model=small_judge()), Hit)


@given(
    similarities=st.lists(st.floats(0.5, 1), min_size=5, max_size=5, unique=True),
    texts=st.permutations(
        ["reset my card", "reset my password", "buy 5 cards", "Reset the card!", "reset the account card"]
    ),
    needed=st.floats(0, 1),
)
def test_what_is_not_weighed_could_not_have_been_served(
    similarities: list[float], texts: list[str], needed: float
) -> None:
    """The verdict is that of weighing every neighbor: the likeliest of those that are close and not forbidden."""
    stored = [near(text, value) for text, value in zip(texts, sorted(similarities)[::-1], strict=True)]
    bar = Bar(0.9, probability=needed, floor=0.5, guards=frozenset(GUARDS))
    question = asked("reset the card")

    verdict = judge(stored, bar=bar, now=NOW, question=question, model=small_judge())

    left = [one for one in weigh(question, stored, model=small_judge(), bar=bar) if one.veto is None]
    closest = max(one.neighbor.similarity for one in left)
    candidates = [
        one
        for one in left
        if closest - one.neighbor.similarity <= MOST_BEHIND or one.probability >= SAME_WORDS
    ]
    best = max(candidates, key=lambda one: one.probability)
    assert verdict.evidence.candidate == best.neighbor.entry.source
    assert isinstance(verdict, Hit) == (best.probability >= needed)
