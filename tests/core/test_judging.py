"""When a stored answer may stand in for a new one."""

from itertools import permutations
from random import Random

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.directives import Directives
from sparingly.core.entry import Neighbor
from sparingly.core.evidence.guards import GUARDS
from sparingly.core.evidence.question import Question
from sparingly.core.judging import MOST_BEHIND, SAME_WORDS, Bar, bar_of, is_fresh, judge, weigh
from sparingly.core.policy import CachePolicy
from sparingly.core.verdict import Evidence, Hit, Miss
from tests.asks import NOW, entry, neighbor
from tests.core.judges import small_judge

BAR = Bar(0.9)


def test_the_closest_fresh_neighbor_wins() -> None:
    """An expired entry loses even when it is closer; it is told all the same."""
    stale = neighbor(0.99, source="stale", expires_at=NOW)
    fresh = neighbor(0.95, source="fresh")
    far = neighbor(0.91, source="far")

    verdict = judge([far, stale, fresh], bar=BAR, now=NOW)

    evidence = Evidence(similarity=0.99, nearest="stale", candidate="fresh")
    assert verdict == Hit(fresh.entry, "semantic", "close", evidence)


def test_the_threshold_itself_is_close_enough() -> None:
    """Thresholds are the lowest similarity that was still safe."""
    assert isinstance(judge([neighbor(0.9)], bar=BAR, now=NOW), Hit)


def test_just_below_the_threshold_is_too_far() -> None:
    """A doubtful match is a miss, with its evidence."""
    verdict = judge([neighbor(0.8999999, source="n")], bar=BAR, now=NOW)

    assert verdict == Miss("too-far", Evidence(similarity=0.8999999, nearest="n", candidate="n"))


def test_nothing_near_is_a_miss_without_evidence() -> None:
    """There is nothing to tell."""
    assert judge([], bar=BAR, now=NOW) == Miss("no-neighbor")


def test_only_old_neighbors_are_a_miss_that_names_the_nearest() -> None:
    """So that hits lost to age can be counted."""
    old = [neighbor(0.99, source="x", expires_at=NOW - 1), neighbor(0.95, source="y", expires_at=NOW - 1)]

    assert judge(old, bar=BAR, now=NOW) == Miss("too-old", Evidence(similarity=0.99, nearest="x"))


@pytest.mark.parametrize(
    ("created_s_ago", "expires_in_s", "bar", "fresh"),
    [
        (60.0, 1.0, Bar(0.9), True),
        (60.0, 0.0, Bar(0.9), False),
        (60.0, -1.0, Bar(0.9), False),
        (60.0, 100.0, Bar(0.9, max_age_s=60.0), True),
        (60.5, 100.0, Bar(0.9, max_age_s=60.0), False),
        (0.0, 100.0, Bar(0.9, max_age_s=0.0), True),
        (0.5, 100.0, Bar(0.9, max_age_s=0.0), False),
        (60.0, 100.0, Bar(0.9, min_fresh_s=99.0), True),
        (60.0, 100.0, Bar(0.9, min_fresh_s=100.0), False),
        (-5.0, 100.0, Bar(0.9, max_age_s=0.0), True),
    ],
)
def test_an_entry_is_fresh_as_long_as_it_is_valid_and_the_caller_takes_it(
    *, created_s_ago: float, expires_in_s: float, bar: Bar, fresh: bool
) -> None:
    """Age counts from when it was made, freshness until it expires; a clock that was set back harms nobody."""
    made = entry(created_at=NOW - created_s_ago, expires_at=NOW + expires_in_s)

    assert is_fresh(made, bar, now=NOW) == fresh


@st.composite
def neighborhoods(draw: st.DrawFn) -> list[Neighbor]:
    """Up to six neighbors with repeats of similarity, some of them old."""
    similarities = draw(
        st.lists(st.sampled_from([-0.5, 0.0, 0.5, 0.9, 0.95, 1.0]) | st.floats(-1, 1), max_size=6)
    )
    return [
        neighbor(
            similarity,
            source=f"n{index}",
            created_at=NOW - draw(st.sampled_from([0.0, 10.0, 1_000.0])),
            expires_at=NOW + draw(st.sampled_from([-1.0, 0.0, 5.0, 1_000.0])),
        )
        for index, similarity in enumerate(similarities)
    ]


bars = st.builds(Bar, st.floats(0, 1), st.none() | st.floats(0, 2_000), st.just(0.0) | st.floats(0, 2_000))


@given(neighborhoods(), bars, st.floats(0, 1))
def test_raising_the_threshold_never_adds_a_hit(near: list[Neighbor], bar: Bar, more: float) -> None:
    """Nor does it change which entry is served."""
    higher = Bar(max(bar.threshold, more), bar.max_age_s, bar.min_fresh_s)

    strict = judge(near, bar=higher, now=NOW)

    if isinstance(strict, Hit):
        assert judge(near, bar=bar, now=NOW) == strict


@given(neighborhoods(), bars, st.floats(0, 2_000), st.floats(0, 2_000))
def test_asking_for_younger_answers_never_serves_an_older_one(
    near: list[Neighbor], bar: Bar, max_age_s: float, min_fresh_s: float
) -> None:
    """Whatever is served satisfies what the caller asked for."""
    strict = Bar(bar.threshold, max_age_s, min_fresh_s)

    verdict = judge(near, bar=strict, now=NOW)

    if isinstance(verdict, Hit):
        assert NOW - verdict.entry.created_at <= max_age_s
        assert verdict.entry.expires_at > NOW + min_fresh_s


@given(neighborhoods(), bars, st.randoms(use_true_random=False))
def test_the_order_of_neighbors_never_changes_a_verdict(near: list[Neighbor], bar: Bar, rng: Random) -> None:
    """Ties are broken by digest, not by the store."""
    shuffled = list(near)
    rng.shuffle(shuffled)

    assert judge(shuffled, bar=bar, now=NOW) == judge(near, bar=bar, now=NOW)


def test_a_tie_goes_to_the_same_entry_in_any_order() -> None:
    """All 24 orders of four equals."""
    near = [neighbor(0.95, source=f"n{index}") for index in range(4)]

    served = {judge(order, bar=BAR, now=NOW) for order in map(list, permutations(near))}

    assert len(served) == 1


# ---------------------------------------------------------------- with a fitted judge

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
    """Of probability, floor and guards alike: what is served at the stricter bar is served at the laxer one."""
    stored = [near(text, value) for text, value in zip(texts, similarities, strict=False)]
    lax = Bar(0.9, probability=bar, floor=0.5)
    strict = Bar(0.9, probability=max(bar, more), floor=0.6, guards=frozenset(GUARDS))
    question = asked("reset the card")

    served = judge(stored, bar=strict, now=NOW, question=question, model=small_judge())

    if isinstance(served, Hit):
        assert isinstance(judge(stored, bar=lax, now=NOW, question=question, model=small_judge()), Hit)
