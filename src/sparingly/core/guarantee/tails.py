"""How unlikely it is to see so few wrong hits: the tail probabilities behind a stated bound.

Only sums over known distributions; what is counted, and what follows from a
small tail, is decided in `calibration.py`.
"""

from math import ceil, e, exp, lgamma, log, log1p

from sparingly.core.guarantee.intervals import beta_cdf

# Terms further out than this share of the largest no longer change a double.
_NEGLIGIBLE = 1e-18


def binomial_at_most(count: int, trials: int, rate: float) -> float:
    """The probability of `count` or fewer successes in `trials` at `rate`.

    The sum of a binomial tail is an incomplete beta function (DLMF 8.17.5).
    """
    if count < 0:
        return 0.0
    if count >= trials:
        return 1.0
    return beta_cdf(1.0 - rate, trials - count, count + 1)


def hypergeometric_at_most(count: int, *, draws: int, marked: int, total: int) -> float:
    """The probability of `count` or fewer marked ones among `draws` from `total`, without putting back."""
    if count >= min(draws, marked):
        return 1.0
    least = max(0, draws + marked - total)
    if count < least:
        return 0.0
    term = exp(
        _log_choose(marked, count) + _log_choose(total - marked, draws - count) - _log_choose(total, draws)
    )
    tail = 0.0
    for k in range(count, least - 1, -1):
        tail += term
        # Below the mode the terms only fall; above it they rise first, so the ratio decides, not the term alone.
        ratio = k * (total - marked - draws + k) / ((marked - k + 1) * (draws - k + 1))
        if ratio < 1.0 and term < _NEGLIGIBLE * tail:
            break
        term *= ratio
    return min(1.0, tail)


def hoeffding_bentkus(loss: float, trials: int, bound: float) -> float:
    """A p-value for "the mean loss is over `bound`", given a mean `loss` in [0, 1] over `trials`.

    For losses that are shares rather than 0 or 1: the smaller of Hoeffding's
    tight bound and Bentkus' (Bates, Angelopoulos, Lei, Malik and Jordan,
    "Distribution-free, risk-controlling prediction sets", J. ACM 68 (2021),
    section 3.1; Angelopoulos et al., "Learn then test", 2021, proposition 1).
    """
    if loss >= bound:
        return 1.0
    hoeffding = exp(-trials * _divergence(loss, bound))
    bentkus = e * binomial_at_most(ceil(trials * loss), trials, bound)
    return min(1.0, hoeffding, bentkus)


def _divergence(a: float, b: float) -> float:
    """Kullback and Leibler's, of a coin that shows `a` from one that shows `b`."""
    near = 0.0 if a <= 0.0 else a * log(a / b)
    return near + (1.0 - a) * (log1p(-a) - log1p(-b))


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
