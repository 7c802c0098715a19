import random

from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.guarantee.awaiting import Awaiting, asked, judged
from sparingly.core.guarantee.recalibration import Observation
from sparingly.core.judging.standing import Said

WORDS: tuple[Said | None, ...] = ("right", "wrong", None)
SAID = st.sampled_from(WORDS)


def test_a_label_in_time_makes_a_judged_observation() -> None:
    """Once: a second word on the same request is not heard."""
    awaiting, none = asked(Awaiting(), "a", 0.9)

    after, observed = judged(awaiting, "a", "wrong")
    _, again = judged(after, "a", "wrong")

    assert none == ()
    assert observed == (Observation(0.9, "wrong"),)
    assert again == ()


def test_a_request_without_a_label_is_observed_all_the_same() -> None:
    """As unjudged, when enough others have come; a label after that is too late."""
    awaiting, _ = asked(Awaiting(patience=1), "a", 0.9)

    awaiting, observed = asked(awaiting, "b", 0.8)

    assert observed == (Observation(0.9),)
    assert judged(awaiting, "a", "wrong") == (awaiting, ())


def test_a_request_without_a_candidate_waits_for_no_label() -> None:
    """It counts among all requests at once, if nobody is ahead of it."""
    assert asked(Awaiting(), "a", None) == (Awaiting(), (Observation(None),))
    assert asked(Awaiting(), "a", 0.9, may_be_judged=False) == (Awaiting(), (Observation(0.9),))


def test_no_complaint_overtakes_those_who_say_nothing() -> None:
    """The monitor would take it for one wrong hit of one; it is one of three."""
    awaiting, _ = asked(Awaiting(patience=2), "a", 0.9)
    awaiting, _ = asked(awaiting, "b", 0.8)

    awaiting, early = judged(awaiting, "b", "wrong")
    awaiting, observed = asked(awaiting, "c", 0.7)

    assert early == ()
    assert observed == (Observation(0.9), Observation(0.8, "wrong"))
    assert [one.request_id for one in awaiting.waiting] == ["c"]


@given(
    st.lists(st.tuples(st.booleans(), SAID), max_size=60),
    st.integers(1, 9),
)
def test_every_request_is_observed_once(requests: list[tuple[bool, Said | None]], patience: int) -> None:
    """Whatever is said of which, and when: that is what keeps the share of wrong hits honest."""
    awaiting, seen = Awaiting(patience=patience), 0

    for index, (has_candidate, said) in enumerate(requests):
        awaiting, observations = asked(awaiting, f"r{index}", 0.9 if has_candidate else None)
        seen += len(observations)
        if said is not None:
            awaiting, observations = judged(awaiting, f"r{index // 2}", said)
            seen += len(observations)

        assert len(awaiting.waiting) <= patience

    assert seen + len(awaiting.waiting) == len(requests)


@given(st.lists(st.sampled_from(["right", "wrong"]), max_size=30), st.integers(1, 5), st.randoms())
def test_requests_are_observed_in_the_order_in_which_they_came(
    words: list[Said], patience: int, rng: random.Random
) -> None:
    """So that what was seen is always all requests up to some moment."""
    awaiting, scores = Awaiting(patience=patience), []

    for index, said in enumerate(words):
        awaiting, seen = asked(awaiting, f"r{index}", index / 100)
        scores += [one.score for one in seen]
        awaiting, seen = judged(awaiting, f"r{rng.randint(0, index)}", said)
        scores += [one.score for one in seen]

    assert scores == [index / 100 for index in range(len(scores))]
