from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.guarantee.intervals import beta_cdf, beta_quantile, clopper_pearson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # With 0 of n, 95 %: 1 - 0.025 ** (1 / n).
        (0, 10, 0.0, 0.308497),
        (10, 10, 0.691503, 1.0),
        # Tabulated in most texts on the binomial.
        (1, 10, 0.002529, 0.445016),
        (5, 10, 0.187086, 0.812914),
        (8, 10, 0.443905, 0.974789),
        (3, 100, 0.006230, 0.085176),
        (50, 100, 0.398321, 0.601679),
        (1, 1, 0.025, 1.0),
    ],
)
def test_the_interval_agrees_with_the_tables(successes: int, trials: int, low: float, high: float) -> None:
    """Clopper-Pearson 95 % limits to six places."""
    interval = clopper_pearson(successes, trials)

    assert interval == pytest.approx((low, high), abs=1e-6)


def test_nothing_tried_tells_nothing() -> None:
    """With no trials every share is possible."""
    assert clopper_pearson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "trials", "confidence"), [(-1, 3, 0.95), (4, 3, 0.95), (1, 3, 1.0)])
def test_impossible_counts_are_refused(successes: int, trials: int, confidence: float) -> None:
    """A miscounted share must not get an interval."""
    with pytest.raises(ValueError, match=r"successes in|confidence of"):
        clopper_pearson(successes, trials, confidence=confidence)


@given(st.integers(1, 300), st.data())
def test_the_limits_are_where_the_binomial_tails_hold_the_stated_mass(
    trials: int, data: st.DataObject
) -> None:
    """At the lower limit, that many successes or more have probability alpha/2; at the upper, that many or fewer."""
    successes = data.draw(st.integers(0, trials))

    low, high = clopper_pearson(successes, trials)

    if successes > 0:
        assert 1.0 - _at_most(successes - 1, trials, low) == pytest.approx(0.025, abs=1e-9)
    if successes < trials:
        assert _at_most(successes, trials, high) == pytest.approx(0.025, abs=1e-9)
    assert low <= successes / trials <= high


def test_a_stream_of_a_hundred_thousand_still_has_its_interval() -> None:
    """Three wrong in 100,000: the Poisson limits 0.6187 and 8.7673 of three, over 100,000."""
    low, high = clopper_pearson(3, 100_000)

    assert low == pytest.approx(0.6187e-5, rel=1e-3)
    assert high == pytest.approx(8.7673e-5, rel=1e-3)


def test_the_quantile_undoes_the_distribution() -> None:
    """beta(2, 2) has the distribution 3x² - 2x³, whose median is a half."""
    assert beta_cdf(0.25, 2, 2) == pytest.approx(3 * 0.25**2 - 2 * 0.25**3)
    assert beta_quantile(0.5, 2, 2) == pytest.approx(0.5)
    assert beta_cdf(0.0, 2, 2) == 0.0
    assert beta_cdf(1.0, 2, 2) == 1.0


def _at_most(successes: int, trials: int, share: float) -> float:
    return sum(comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(successes + 1))
