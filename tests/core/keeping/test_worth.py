"""What is worth keeping."""

from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.keeping.worth import worth
from tests.asks import NOW

DAY_S = 86_400.0
CENT_NANO = 10_000_000

hits = st.integers(0, 10**6)
costs = st.integers(0, 10**12)


def test_a_new_cheap_entry_is_worth_the_time_it_was_made() -> None:
    """Among such entries the oldest goes first."""
    assert worth(last_used=NOW, hits=0, cost_nano=0) == NOW


def test_three_doublings_of_hits_are_worth_three_days() -> None:
    """An entry that was hit 7 times outlives one that never was by 3 days."""
    assert worth(last_used=NOW, hits=7, cost_nano=0) == NOW + 3 * DAY_S


def test_an_expensive_answer_is_worth_hours_more() -> None:
    """Six hours for each doubling over a tenth of a cent: a cent is 3.46 doublings."""
    more = worth(last_used=NOW, hits=0, cost_nano=CENT_NANO) - NOW

    assert 3.4 * 6 * 3_600 < more < 3.5 * 6 * 3_600


@given(hits, costs, st.floats(0, 4e9), st.integers(1, 100))
def test_worth_never_falls_with_use_time_or_cost(hits: int, cost: int, used: float, more: int) -> None:
    """Being served, served later or being expensive is never a reason to be evicted."""
    base = worth(last_used=used, hits=hits, cost_nano=cost)

    assert worth(last_used=used, hits=hits + more, cost_nano=cost) >= base
    assert worth(last_used=used, hits=hits, cost_nano=cost + more) >= base
    assert worth(last_used=used + more, hits=hits, cost_nano=cost) > base


@given(hits, costs, st.floats(0, 4e9), st.floats(0, 4e9), st.floats(0, 1e9))
def test_the_order_of_two_entries_never_changes_with_time(
    hits: int, cost: int, one: float, two: float, later: float
) -> None:
    """So the number need never be refreshed: both move by the same."""
    gap = worth(last_used=one, hits=hits, cost_nano=cost) - worth(last_used=two, hits=0, cost_nano=0)
    gap_later = worth(last_used=one + later, hits=hits, cost_nano=cost) - worth(
        last_used=two + later, hits=0, cost_nano=0
    )

    # Floats of Unix seconds hold microseconds.
    assert abs(gap - gap_later) < 1e-4
