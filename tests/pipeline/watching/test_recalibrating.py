"""Bars move with the labels of their own route, upwards, and come back to where they were tuned."""

import random
from math import inf

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparingly.core.guarantee.awaiting import Label
from sparingly.core.judging.standing import Said
from sparingly.core.policy import CachePolicy, RouteCache, for_route
from sparingly.core.verdict import Bypass, Evidence, Hit, Miss, Verdict
from sparingly.pipeline.watching.recalibrating import MOST_ROUTES, Recalibrating, Watching, name_of
from tests.asks import entry
from tests.core.judging.judges import small_judge

JUDGE = msgspec.structs.replace(small_judge(), stated=((0.05, 0.8), (0.01, 0.9)))
POLICY = CachePolicy(max_error=0.05, recheck=0.5)
TUNED = 0.8


class Room:
    """Recalibration, and what it told."""

    def __init__(self, **changes: object) -> None:
        self.moved: list[tuple[Watching, bool]] = []
        self.labels: list[Label] = []
        self.watch = Recalibrating(
            model=JUDGE,
            on_moved=lambda watching, is_alarm: self.moved.append((watching, is_alarm)),
            on_label=self.labels.append,
            **changes,  # type: ignore[arg-type] # what a test changes
        )
        self.count = 0

    def served(
        self,
        probability: float,
        said: Said | None,
        *,
        route: str = "a",
        is_drawn: bool = False,
        policy: CachePolicy = POLICY,
    ) -> None:
        """A look-up whose best candidate has this probability, and what is said of it."""
        self.count += 1
        name = f"r{self.count}"
        evidence = Evidence(0.9, "n", probability, "n")
        is_hit = probability >= self.watch.bar(route, policy)
        verdict: Verdict = Miss("unsure", evidence)
        if is_hit:
            verdict = Hit(entry(), "semantic", "judged-same", evidence)
        self.watch.asked(route, policy, name, verdict, is_drawn=is_drawn)
        if said is not None:
            self.watch.judged(Label(route, name, said, "feedback"))

    def drift(self, *, route: str = "a", count: int = 400) -> None:
        """Hits that turn wrong, half of them."""
        rng = random.Random(0)
        for _ in range(count):
            self.served(rng.uniform(0.8, 0.95), "wrong" if rng.random() < 0.5 else "right", route=route)


def test_the_bar_stands_at_the_policys_point_until_labels_speak() -> None:
    """And nobody watches where no bound is stated, no judge fitted, or the judge states no point."""
    room = Room()

    assert room.watch.bar("a", POLICY) == TUNED
    assert room.watch.bar("b", CachePolicy(max_error=0.01)) == 0.9
    for policy in (CachePolicy(), CachePolicy(max_error=0.001), CachePolicy(max_error=0.05, mode="off")):
        assert room.watch.bar("c", policy) == -inf
    assert Recalibrating(model=None).bar("a", POLICY) == -inf


def test_drift_raises_the_alarm_and_the_bar() -> None:
    """It is told once, as an alarm, and what moved."""
    room = Room()

    room.drift()

    alarms = [watching for watching, is_alarm in room.moved if is_alarm]
    assert alarms
    assert alarms[0].route == "a"
    assert room.watch.bar("a", POLICY) > 0.9


def test_right_answers_raise_nothing() -> None:
    room = Room()
    rng = random.Random(1)

    for _ in range(600):
        room.served(rng.uniform(0.0, 1.0), "right" if rng.random() < 0.3 else None)

    assert room.watch.bar("a", POLICY) == TUNED
    assert [is_alarm for _, is_alarm in room.moved] == [False, False]


def test_a_label_for_one_route_never_moves_anothers_bar() -> None:
    """Drift on one of two routes with the same traffic otherwise; nor does a label under the wrong route."""
    room = Room()
    rng = random.Random(2)
    for _ in range(100):
        room.served(rng.uniform(0.8, 1.0), "right", route="b")
    room.served(0.9, None, route="b")

    room.drift(route="a")
    for number in range(1, room.count + 1):
        room.watch.judged(Label("nobody's", f"r{number}", "wrong", "feedback"))

    assert room.watch.bar("a", POLICY) > 0.9
    assert room.watch.bar("b", POLICY) == TUNED


said = st.sampled_from([None, "right", "wrong"])
look_ups = st.tuples(
    st.sampled_from(["a", "b"]), st.floats(0, 1) | st.just(inf), said, st.booleans(), st.booleans()
)


@settings(max_examples=40, deadline=None)
@given(st.lists(look_ups, max_size=60), st.integers(1, 6))
def test_no_bar_is_ever_below_the_tuned_point(
    some: list[tuple[str, float, Said | None, bool, bool]], times: int
) -> None:
    """Whatever is asked and said, on whichever route, drawn or not, in time or twice."""
    room = Room()
    policy = msgspec.structs.replace(POLICY, routes={"b": RouteCache(max_error=0.01)})
    policies = {"a": for_route(policy, "a"), "b": for_route(policy, "b")}
    tuned = {"a": 0.8, "b": 0.9}

    for route, probability, word, is_drawn, repeats in some * times:
        before = {name: room.watch.bar(name, policies[name]) for name in tuned if name != route}
        room.served(probability, word, route=route, is_drawn=is_drawn, policy=policies[route])
        if repeats and word is not None:
            room.watch.judged(Label(route, f"r{room.count}", word, "recheck"))

        assert all(room.watch.bar(name, policies[name]) >= point for name, point in tuned.items())
        assert {name: room.watch.bar(name, policies[name]) for name in before} == before


def test_a_fair_sample_tells_what_few_labels_hide() -> None:
    """Every other hit is wrong, and only the drawn twentieth of look-ups gets a label."""
    room = Room()
    rng = random.Random(3)

    for number in range(4_000):
        is_drawn = number % 20 == 0
        is_wrong = rng.random() < 0.5
        word: Said | None = ("wrong" if is_wrong else "right") if is_drawn else None
        room.served(rng.uniform(0.8, 0.95), word, is_drawn=is_drawn)

    first = next(watching for watching, is_alarm in room.moved if is_alarm)
    assert first.sample == "drawn"
    assert room.watch.bar("a", POLICY) > TUNED


@pytest.mark.parametrize(
    ("verdict", "seen"),
    [
        (Hit(entry(), "exact", "same"), 1),
        (Hit(entry(), "semantic", "second-look-same", Evidence(0.9, "n", 0.1, "n")), 1),
        (Hit(entry(), "semantic", "judged-same", Evidence(0.9, "n", 0.9, "n")), 1),
        (Miss("unsure", Evidence(0.9, "n", 0.3, "n")), 1),
        (Miss("veto-numbers", Evidence(0.9, "n")), 1),
        (Miss("empty-scope"), 1),
        (Miss("no-stated-error"), 0),
        (Miss("store-down"), 0),
        (Miss("tools-offered"), 0),
        (Bypass("no-cache"), 0),
    ],
)
def test_only_look_ups_of_the_semantic_tier_are_counted(verdict: Verdict, seen: int) -> None:
    """Trouble, and what may not be compared, say nothing of the judge."""
    room = Room()

    room.watch.bar("a", POLICY)
    room.watch.asked("a", POLICY, "r1", verdict)

    watching = next(one for one in room.watch.watches() if one.sample == "all")
    assert watching.monitor.seen + len(watching.awaiting.waiting) == seen


def test_what_no_bar_holds_back_counts_at_every_bar() -> None:
    """An exact hit, or one on a model's word: wrong ones count although their probability is small."""
    room = Room()
    room.watch.asked(
        "a", POLICY, "r1", Hit(entry(), "semantic", "second-look-same", Evidence(0.9, "n", 0.1, "n"))
    )

    room.watch.judged(Label("a", "r1", "wrong", "feedback"))

    watching = next(one for one in room.watch.watches() if one.sample == "all")
    assert watching.monitor.wrong == 1


def test_names_that_clients_make_up_share_a_watch_once_there_are_many() -> None:
    """Those that the config knows always have their own."""
    room = Room(known_routes=["faq"])
    for number in range(2 * MOST_ROUTES):
        room.watch.bar(f"made-up-{number}", POLICY)

    room.watch.bar("faq", POLICY)

    names = {watching.route for watching in room.watch.watches()}
    assert len(names) == MOST_ROUTES + 2
    assert {"faq", ""} <= names


def test_an_alarm_outlives_a_restart() -> None:
    """And so does a label that comes after it."""
    room = Room()
    room.drift()
    room.served(0.99, None)
    bar = room.watch.bar("a", POLICY)

    again = Room(kept=room.watch.to_keep())
    again.watch.judged(Label("a", f"r{room.count}", "wrong", "feedback"))

    assert again.watch.bar("a", POLICY) == bar > TUNED
    (before, after) = (
        next(one for one in watch.watches() if one.sample == "all") for watch in (room.watch, again.watch)
    )
    # The route was asked for only after the label, so that the first word on it came too early.
    assert after.awaiting == before.awaiting
    again.watch.judged(Label("a", f"r{room.count}", "wrong", "feedback"))
    assert any(one.monitor.wrong == before.monitor.wrong + 1 for one in again.watch.watches())


@pytest.mark.parametrize("change", ["judge", "bound"])
def test_what_was_kept_of_another_judge_or_bound_is_not_taken_up(change: str) -> None:
    """Its probabilities mean something else; the bar begins at the point of now."""
    room = Room()
    room.drift()
    kept, policy = room.watch.to_keep(), POLICY
    if change == "judge":
        kept = msgspec.structs.replace(kept, judge=name_of(msgspec.structs.replace(JUDGE, slope=2.0)))
    else:
        policy = CachePolicy(max_error=0.01)

    again = Room(kept=kept)

    assert again.watch.bar("a", policy) == (TUNED if change == "judge" else 0.9)


def test_routes_that_nobody_asked_for_since_the_start_are_kept() -> None:
    """If the config knows them, or an alarm is on them."""
    room = Room()
    room.drift()
    room.watch.bar("calm", POLICY)
    room.watch.bar("faq", POLICY)

    again = Room(kept=room.watch.to_keep(), known_routes=["faq"])

    assert {one.route for one in again.watch.to_keep().watches} == {"a", "faq"}


def test_every_label_is_told_also_where_nobody_watches() -> None:
    """Metrics count them all."""
    room = Room()
    label = Label("a", "r9", "right", "observed")

    room.watch.judged(label)

    assert room.labels == [label]
    assert room.watch.changes == 0
