"""How sure a measured share is: exact binomial intervals.

Used wherever a hit rate, an error rate or a precision is shown, so that no
share is ever quoted without its uncertainty.  It only computes; what is
counted, and over what, is the caller's business.

Clopper and Pearson, "The use of confidence or fiducial limits illustrated in
the case of the binomial", Biometrika 26 (1934): the limits are quantiles of
beta distributions.  They never cover less than stated, which suits bounds on
errors; Wilson's shorter interval may.
"""

from math import exp, lgamma, log, log1p

# 200 halvings would leave nothing of [0, 1] in doubles; 80 leave 1e-24, far below the spacing near 1.
_HALVINGS = 80
# The continued fraction converges in O(sqrt(max(a, b))) terms (Numerical Recipes, section 6.4);
# 10,000 terms suffice for samples of 1e8.
_TERMS = 10_000
_PRECISION = 1e-15
_TINY = 1e-300


def clopper_pearson(successes: int, trials: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """The exact two-sided interval of a share; (0, 1) when nothing was tried.

    Raises:
        ValueError: the counts are impossible or the confidence is not a probability.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"a confidence of {confidence}")
    tail = (1.0 - confidence) / 2.0
    failures = trials - successes
    low = 0.0 if successes == 0 else beta_quantile(tail, successes, failures + 1)
    high = 1.0 if failures == 0 else beta_quantile(1.0 - tail, successes + 1, failures)
    return low, high


def beta_quantile(probability: float, a: float, b: float) -> float:
    """The point below which a beta(a, b) variable lies with `probability`."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if beta_cdf(middle, a, b) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularized incomplete beta function I_x(a, b)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    # The fraction converges fast on one side of the mean only; symmetry gives the other.
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _fraction(x, a, b) / a
    return 1.0 - front * _fraction(1.0 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of I_x(a, b) (DLMF 8.17.22), by the modified Lentz method."""
    c = 1.0
    d = 1.0 / _nonzero(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for term in (even, odd):
            d = 1.0 / _nonzero(1.0 + term * d)
            c = _nonzero(1.0 + term / c)
            value *= c * d
        if abs(c * d - 1.0) < _PRECISION:
            break
    return value


def _nonzero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
