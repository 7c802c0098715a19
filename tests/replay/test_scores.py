import pytest

from sparingly.core.guarantee.intervals import clopper_pearson
from sparingly.replay.labels import Judgement
from sparingly.replay.scores import (
    Counts,
    Moves,
    Percentiles,
    Played,
    VerdictName,
    counts,
    latency,
    models,
    moves,
    percentiles,
    reasons,
    windows,
)


def _hit(judgement: Judgement, verdict: VerdictName = "semantic") -> Played:
    return Played("x", verdict, "close", judgement, labelled=judgement != "unjudged")


def _miss(reason: str = "too-far", model: str | None = "m", conversation: str | None = None) -> Played:
    return Played("x", "miss", reason, model=model, conversation=conversation, labelled=True)


def test_hits_are_counted_by_tier_and_by_judgement() -> None:
    """An exact hit is judged like any other."""
    played = [_hit("right", "exact"), _hit("wrong", "exact"), _hit("right"), _hit("unjudged"), _miss()]

    found = counts(played)

    assert found == Counts(
        requests=5,
        exact_hits=2,
        semantic_hits=2,
        right_hits=2,
        wrong_hits=1,
        unjudged_hits=1,
        labelled=4,
    )
    assert found.hit_rate == 0.8


def test_error_is_over_all_requests_and_precision_over_judged_hits() -> None:
    """Unjudged hits count in neither numerator, and only in the first denominator."""
    found = Counts(1000, 10, 90, right_hits=57, wrong_hits=3, unjudged_hits=40, labelled=1000)

    assert found.error_rate == 0.003
    assert found.precision == 0.95
    assert found.error_rate_ci95 == clopper_pearson(3, 1000)
    assert found.precision_ci95 == clopper_pearson(57, 60)


def test_without_judged_hits_there_is_no_precision() -> None:
    """Not 0 and not 1: unknown."""
    found = counts([_hit("unjudged"), _miss()])

    assert found.precision is None
    assert found.error_rate == 0.0


def test_an_empty_replay_has_rates_of_zero() -> None:
    """No division by nothing."""
    assert (counts([]).hit_rate, counts([]).error_rate, windows([])) == (0.0, 0.0, ())


def test_reasons_are_counted_most_frequent_first() -> None:
    """Bypasses and misses apart; a veto is a miss whose guard is named again."""
    played = [
        _miss("too-far"),
        _miss("empty-scope"),
        _miss("too-far"),
        _miss("veto-number"),
        Played("x", "bypass", "temperature"),
        _hit("right"),
    ]

    found = reasons(played)

    assert found.bypass == {"temperature": 1}
    assert list(found.miss.items()) == [("too-far", 2), ("empty-scope", 1), ("veto-number", 1)]
    assert found.vetoes == {"number": 1}


def test_models_are_counted_where_one_served() -> None:
    """A hit has no model."""
    played = [_miss(model="a"), _miss(model="b"), _miss(model="b"), _hit("right")]

    assert models(played) == {"b": 2, "a": 1}


def test_a_switch_is_a_change_of_model_inside_a_conversation() -> None:
    """Single requests are no conversations, hits are passed over, conversations interleave."""
    played = [
        _miss(model="a", conversation="1"),
        _miss(model="a", conversation="2"),
        _miss(model="b", conversation="1"),
        Played("x", "exact", "same", "right", conversation="1"),
        _miss(model="b", conversation="1"),
        _miss(model="a", conversation="1"),
        _miss(model="a", conversation="2"),
        _miss(model="a", conversation="3"),
    ]

    found = moves(played)

    assert found == Moves(conversations=2, switches=2)
    assert found.per_conversation == 1.0
    assert moves([]).per_conversation == 0.0


def test_windows_tell_rates_along_the_log() -> None:
    """Each window stands for its own requests only; the last may be short."""
    played = [_miss()] * 100 + [_hit("wrong")] * 30 + [_hit("right")] * 20

    first, second = windows(played)

    assert (first.to, first.requests, first.hit_rate, first.error_rate) == (100, 100, 0.0, 0.0)
    assert (second.to, second.requests, second.hit_rate, second.error_rate) == (150, 50, 1.0, 0.6)


def test_a_long_log_has_few_wide_windows() -> None:
    """At most twenty, in hundreds."""
    found = windows([_miss()] * 4_500)

    assert [window.to for window in found][:3] == [300, 600, 900]
    assert found[-1].to == 4_500
    assert len(found) <= 20


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([], Percentiles(None, None)),
        ([0.002], Percentiles(2.0, 2.0)),
        ([value / 1000 for value in range(100, 0, -1)], Percentiles(50.0, 99.0)),
        ([0.001, 0.002, 0.003], Percentiles(2.0, 3.0)),
    ],
)
def test_percentiles_are_measured_values(seconds: list[float], expected: Percentiles) -> None:
    """Nearest rank: never a number that nobody waited for."""
    assert percentiles(seconds) == expected


def test_latencies_are_told_apart() -> None:
    """Look-ups of all requests, hits in all, misses without their provider; bypasses in none."""
    played = [
        Played("a", "exact", "same", "right", lookup_s=0.001, overhead_s=0.002),
        Played("b", "miss", "too-far", lookup_s=0.003, overhead_s=0.004),
        Played("c", "bypass", "no-cache", overhead_s=9.0),
    ]

    found = latency(played)

    assert found.lookup == Percentiles(1.0, 3.0)
    assert found.hit == Percentiles(2.0, 2.0)
    assert found.miss_overhead == Percentiles(4.0, 4.0)
