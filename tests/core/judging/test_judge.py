"""When a stored answer may stand in for a new one."""

from itertools import permutations
from random import Random

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.entry import Neighbor
from sparingly.core.evidence.question import Question
from sparingly.core.judging.judge import Bar, is_fresh, judge
from sparingly.core.verdict import Evidence, Hit, Miss
from tests.asks import NOW, entry, neighbor, said_of

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


def test_a_denied_entry_is_not_served_for_its_closeness() -> None:
    """The next one may be; without one, the reason says what stood in the way."""
    denied, other = said_of(neighbor(0.99, source="bad"), denied=1), neighbor(0.95, source="good")

    rest = judge([denied, other], bar=BAR, now=NOW)
    none = judge([denied, neighbor(0.5, source="far")], bar=BAR, now=NOW)

    assert isinstance(rest, Hit)
    assert rest.entry is other.entry
    assert none == Miss("veto-denied", Evidence(0.99, "bad", candidate="far"))


def test_enough_confirmations_outweigh_a_denial() -> None:
    trusted = said_of(neighbor(0.99), confirmed=7, denied=1)

    assert isinstance(judge([trusted], bar=BAR, now=NOW), Hit)


@pytest.mark.parametrize(("asked", "stored"), [("", "m1"), ("m1", ""), ("m1", "m2")])
def test_words_that_the_embedder_cannot_tell_apart_must_be_equal(asked: str, stored: str) -> None:
    """However alike the rest: 👍 and 👎 have a similarity of 1 to it."""
    near = neighbor(0.99, source="n")
    other = msgspec.structs.replace(near, entry=msgspec.structs.replace(near.entry, unread=stored))
    question = Question("text", np.zeros(2, dtype=np.float32), asked)

    verdict = judge([other], bar=BAR, now=NOW, question=question)

    assert verdict == Miss("other-words", Evidence(0.99, "n"))


def test_a_neighbor_with_the_same_unreadable_words_is_a_candidate() -> None:
    """The rest is compared as usual."""
    near = neighbor(0.99)
    same = msgspec.structs.replace(near, entry=msgspec.structs.replace(near.entry, unread="m1"))

    verdict = judge([same], bar=BAR, now=NOW, question=Question("text", np.zeros(2, dtype=np.float32), "m1"))

    assert isinstance(verdict, Hit)
