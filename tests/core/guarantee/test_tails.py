from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.guarantee.tails import binomial_at_most, hoeffding_bentkus, hypergeometric_at_most


@given(st.integers(1, 60), st.floats(0.001, 0.999), st.data())
def test_the_binomial_tail_is_the_sum_of_its_terms(trials: int, rate: float, data: st.DataObject) -> None:
    """By its definition."""
    count = data.draw(st.integers(0, trials))

    tail = binomial_at_most(count, trials, rate)

    terms = (comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(count + 1))
    assert tail == pytest.approx(sum(terms), abs=1e-9)


def test_fewer_than_none_never_happens() -> None:
    """The edges of both tails."""
    assert binomial_at_most(-1, 10, 0.5) == 0.0
    assert binomial_at_most(10, 10, 0.5) == 1.0
    assert hypergeometric_at_most(-1, draws=2, marked=2, total=4) == 0.0
    assert hypergeometric_at_most(2, draws=2, marked=2, total=4) == 1.0
    # Three of four are marked, so two draws hold one at least.
    assert hypergeometric_at_most(0, draws=2, marked=3, total=4) == 0.0


@given(st.integers(1, 40), st.integers(0, 40), st.data())
def test_the_hypergeometric_tail_is_the_sum_of_its_terms(
    marked: int, others: int, data: st.DataObject
) -> None:
    """By its definition: counting the ways to draw."""
    total = marked + others
    draws = data.draw(st.integers(1, total))
    count = data.draw(st.integers(0, draws))

    tail = hypergeometric_at_most(count, draws=draws, marked=marked, total=total)

    ways = sum(comb(marked, k) * comb(others, draws - k) for k in range(count + 1))
    assert tail == pytest.approx(ways / comb(total, draws), abs=1e-9)


def test_a_tail_of_a_large_sample_does_not_vanish() -> None:
    """Near the middle it is about a half, however small each term."""
    tail = hypergeometric_at_most(500, draws=1000, marked=30_000, total=60_000)

    assert tail == pytest.approx(0.5, abs=0.02)


@given(st.integers(50, 2_000), st.floats(0.005, 0.2), st.data())
def test_the_bound_for_shares_is_never_sharper_than_the_exact_one(
    trials: int, bound: float, data: st.DataObject
) -> None:
    """With losses of 0 and 1 the binomial tail is exact, so nothing valid for all losses may be below it."""
    wrong = data.draw(st.integers(0, trials))

    value = hoeffding_bentkus(wrong / trials, trials, bound)

    assert value >= min(1.0, binomial_at_most(wrong, trials, bound)) - 1e-12


def test_a_loss_far_under_the_bound_is_evidence() -> None:
    """And one at the bound is none."""
    assert hoeffding_bentkus(0.0, 1000, 0.01) == pytest.approx(0.99**1000, rel=1e-6)
    assert hoeffding_bentkus(0.01, 1000, 0.01) == 1.0
