from math import inf

import msgspec
import pytest

from sparingly.core.policy import CachePolicy, RouteCache, RoutingPolicy
from sparingly.errors import StoreError, TuningError
from sparingly.replay.candidates import Play, Scored, kind_of, opened, play
from sparingly.replay.logged import Logged, Trace
from tests.fakes.store import FakeStore
from tests.replay.log_files import chat
from tests.replay.world import world

pytestmark = pytest.mark.anyio


def _logged(
    number: int, text: str, *, label: str | None = "a", differs: frozenset[str] | None = None
) -> Logged:
    body = msgspec.json.encode(chat(text))
    return Logged(f"r{number}", float(number), body, response=None, label=label, differs=differs)


async def _play(*requests: Logged, cache: CachePolicy | None = None) -> Play:
    steps: list[int] = []
    played = await play(
        Trace("log", "sparingly", "", requests),
        cache=cache or CachePolicy(),
        routing=RoutingPolicy(),
        world=world(),
        seed=0,
        on_progress=steps.append,
    )
    assert steps == [1] * len(requests)
    return played


async def test_every_request_has_its_best_candidate_whatever_the_threshold() -> None:
    """Also far below the configured one; the first has none, and an equal one is served anyway."""
    played = await _play(
        _logged(0, "how do I bake bread"),
        _logged(1, "how do I bake white bread at home"),
        _logged(2, "how do I bake bread"),
        cache=CachePolicy(threshold=0.999),
    )

    first, close, equal = played.scored
    assert (first.score, first.outcome) == (None, "unjudged")
    assert close.score is not None
    assert 0.5 < close.score < 0.999
    assert equal.score == inf
    assert (close.outcome, equal.outcome) == ("right", "right")
    assert played.kind == "similarity"


async def test_requests_that_would_have_been_served_are_stored_too() -> None:
    """The third finds the second, which found the first."""
    played = await _play(
        _logged(0, "one two three four", label="a"),
        _logged(1, "one two three four five six", label="b"),
        _logged(2, "one two three four five six seven", label="b"),
    )

    assert [one.outcome for one in played.scored] == ["unjudged", "wrong", "right"]


async def test_a_missing_label_is_told_from_one_left_open_on_purpose() -> None:
    """`differs` says that the log's owner looked; no label says nothing."""
    played = await _play(
        _logged(0, "one two three", label=None),
        _logged(1, "one two three four", label="b"),
        _logged(2, "one two three four five", label="c", differs=frozenset()),
    )

    unlabelled, beside, on_purpose = played.scored
    assert not unlabelled.is_labelled
    assert (beside.outcome, beside.is_open) == ("unjudged", True)
    assert (on_purpose.outcome, on_purpose.is_open) == ("unjudged", False)


async def test_a_cache_that_only_observes_can_be_tuned() -> None:
    """A team tunes before it turns the cache on."""
    played = await _play(
        _logged(0, "one two three"), _logged(1, "one two three four"), cache=CachePolicy(mode="observe")
    )

    assert played.scored[1].score is not None


async def test_what_is_off_stays_off() -> None:
    """A route that is never cached has no candidates."""
    played = await _play(
        _logged(0, "one two three"), _logged(1, "one two three four"), cache=CachePolicy(mode="off")
    )

    assert [one.score for one in played.scored] == [None, None]


def test_two_kinds_of_scores_are_not_mixed() -> None:
    """A probability of 0.9 and a cosine of 0.9 have nothing to do with each other."""
    assert kind_of({"probability"}) == "probability"
    assert kind_of(set()) == "similarity"
    with pytest.raises(TuningError, match="one after the other"):
        kind_of({"probability", "similarity"})


def test_the_bar_lies_on_the_floor_for_every_route() -> None:
    """An override must not hide candidates; everything else is as configured."""
    cache = CachePolicy(
        threshold=0.9,
        k=7,
        routes={"faq": RouteCache(threshold=0.99, ttl_s=5), "x": RouteCache(mode="observe")},
    )

    found = opened(cache)

    assert (found.threshold, found.k) == (0.0, 7)
    assert (found.routes["faq"].threshold, found.routes["faq"].ttl_s) == (None, 5)
    assert found.routes["x"].mode == "on"
    assert Scored("", None) == Scored("", None, "unjudged")


async def test_a_store_that_fails_from_the_start_is_told() -> None:
    """Rather than a log without candidates."""
    store = FakeStore()
    store.trouble = StoreError("gone")

    with pytest.raises(StoreError):
        await play(
            Trace("log", "sparingly", "", (_logged(0, "one"),)),
            cache=CachePolicy(),
            routing=RoutingPolicy(),
            world=world(store=store),
            seed=0,
            on_progress=lambda _: None,
        )
