"""Find the operating point: the lowest score at which wrong hits stay under a stated bound.

The loss of a request is 1 if it would get a wrong answer from memory and 0
otherwise, over ALL requests; it can only fall as the threshold rises, and that
is what every proof here leans on.  With a loss of 0 and 1, a bound comes down to
a number of wrong hits that the calibration requests may have: the threshold is
the lowest score that keeps to it.  Nothing here knows logs, clocks or files.

Three promises, from weak to strong:
 1. in the mean (conformal risk control: Angelopoulos, Bates, Fisch, Lei and
    Schuster, 2022, theorem 1): (n R + 1) / (n + 1) <= bound, so n R may be
    (n + 1) * bound - 1; over many calibrations the mean error is under the bound;
 2. with confidence (Learn then Test: Angelopoulos, Bates, Candes, Jordan and
    Lei, 2021): thresholds are tested from strict to loose, each by an exact binomial p-value
    for "the error is over the bound", until one fails.  Fixed-sequence testing
    needs no correction; as the loss is monotone, the tests that pass are those up
    to a number of wrong hits, and the sequence may be as fine as the scores;
 3. with confidence, over the next requests: a rate that keeps to its bound may still be
    seen above it for a while.  Sort the wrong candidates of n calibration and m
    later requests by score: which of them fell into the calibration part is a draw without
    replacement, so the number among the later m is hypergeometric.  It comes with promise 2,
    and half of the doubt goes to each, so that both hold at once.

All three hold for requests that are exchangeable.  Traffic is that at best for a
while: `drift.py` watches it.
"""

from collections.abc import Callable, Iterable
from math import ceil, floor, inf, log, log1p
from typing import Literal, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from sparingly.core.guarantee.tails import binomial_at_most, hypergeometric_at_most

Outcome: TypeAlias = Literal["right", "wrong", "unjudged"]
"""What the best candidate's answer would be; nobody knows of an unjudged one, and it counts as no error."""

# (n + 1) * bound of 0.9999999 is 1 that floats have nibbled at.
_SLACK = 1e-9


class Trials(msgspec.Struct, frozen=True):
    """Requests as calibration sees them, one element each, in the order they came.

    `scores` is that of the best candidate: minus infinity where there was none,
    infinity where it is served whatever the threshold.
    """

    scores: npt.NDArray[np.float64]
    right: npt.NDArray[np.bool_]
    wrong: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.scores)

    def part(self, chosen: slice | npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> "Trials":
        """Some of them."""
        return Trials(self.scores[chosen], self.right[chosen], self.wrong[chosen])


class Bound(msgspec.Struct, frozen=True):
    """What is promised: wrong hits per request of at most `max_error`.

    Without `confidence` in the mean; with it, in that share of calibrations.
    `share` is the part of the candidates that somebody could judge: where labels
    are missing at random, wrong hits are seen that much more rarely, so fewer may be.
    `growth` is by how much wrong hits will come more often than they did (see `growth.py`).
    """

    max_error: float
    confidence: float | None = 0.95
    share: float = 1.0
    growth: float = 1.0

    @property
    def seen_error(self) -> float:
        """The bound on the wrong hits that labels can show."""
        return self.max_error * self.share


class Tally(msgspec.Struct, frozen=True):
    """What a threshold does on some requests."""

    requests: int
    hits: int
    right: int
    wrong: int

    @property
    def unjudged(self) -> int:
        """Hits that no label speaks of."""
        return self.hits - self.right - self.wrong

    @property
    def error(self) -> float:
        """Wrong hits over all requests."""
        return self.wrong / self.requests if self.requests else 0.0


class Point(msgspec.Struct, frozen=True, tag="point"):
    """Serve from `threshold` on; `allowed` wrong hits were within the bound on the calibration requests."""

    threshold: float
    allowed: int
    on: Tally


class NoPoint(msgspec.Struct, frozen=True, tag="none"):
    """No threshold keeps the bound.

    `too-few`: `missing` more requests are needed before any bound can be shown;
    `no-candidate`: nothing was ever close; `too-wrong`: even the best scores are
    wrong too often.
    """

    reason: Literal["too-few", "no-candidate", "too-wrong"]
    missing: int = 0


Calibrated: TypeAlias = Point | NoPoint


def trials_of(scored: Iterable[tuple[float | None, Outcome]]) -> Trials:
    """Trials from a score, None without a candidate, and an outcome for each request.

    Raises:
        ValueError: a score is not a number.
    """
    pairs = list(scored)
    scores = np.array([-inf if score is None else score for score, _ in pairs], dtype=np.float64)
    if np.isnan(scores).any():
        raise ValueError(f"the score of request {int(np.argmax(np.isnan(scores)))} is not a number")
    has_candidate = scores > -inf
    outcomes = np.array([outcome for _, outcome in pairs], dtype=np.str_)
    return Trials(scores, (outcomes == "right") & has_candidate, (outcomes == "wrong") & has_candidate)


def calibrated(trials: Trials, bound: Bound, *, later: int | None = None) -> Calibrated:
    """The lowest threshold that keeps the bound; `later` asks for promise 3 over that many requests."""
    allowed = allowed_wrong(len(trials), bound, later=later)
    if allowed < 0:
        return NoPoint("too-few", least_requests(bound, later=later) - len(trials))
    finite = trials.scores[np.isfinite(trials.scores)]
    if not finite.size:
        return NoPoint("no-candidate")
    threshold = lowest_threshold(trials, allowed)
    if threshold is None:
        return NoPoint("too-wrong")
    return Point(threshold, allowed, tally(trials, threshold))


def allowed_wrong(requests: int, bound: Bound, *, later: int | None = None) -> int:
    """How many wrong hits the calibration requests may have; -1 when they are too few to show the bound.

    Requests that show the bound without growth but not with it may have none.
    """
    if bound.growth > 1.0:
        calm = msgspec.structs.replace(bound, growth=1.0)
        grown = msgspec.structs.replace(calm, max_error=bound.max_error / bound.growth)
        return max(
            min(0, allowed_wrong(requests, calm, later=later)), allowed_wrong(requests, grown, later=later)
        )
    rate = bound.seen_error
    if not 0.0 < rate < 1.0:
        raise ValueError(f"a bound of {rate}")
    if bound.confidence is None:
        return max(-1, floor(rate * (requests + 1) + _SLACK) - 1)
    doubt = (1.0 - bound.confidence) / (1 if later is None else 2)
    most = _largest(lambda wrong: binomial_at_most(wrong, requests, rate) <= doubt, ceil(rate * requests))
    if later is None:
        return most
    excess = floor(rate * later + _SLACK) + 1
    return _largest(
        lambda wrong: (
            hypergeometric_at_most(wrong, draws=wrong + excess, marked=requests, total=requests + later)
            <= doubt
        ),
        most,
    )


def least_requests(bound: Bound, *, later: int | None = None) -> int:
    """How many calibration requests it takes to show the bound if not one hit is wrong."""
    rate = bound.seen_error
    if bound.confidence is None:
        return max(0, ceil(1.0 / rate - 1.0 - _SLACK))
    least = max(1, ceil(log(1.0 - bound.confidence) / log1p(-rate) - _SLACK))
    enough = least
    # Promise 3 asks for more than promise 2, never for fewer.
    while allowed_wrong(enough, bound, later=later) < 0:
        enough *= 2
    return max(least, 1 + _largest(lambda count: allowed_wrong(count, bound, later=later) < 0, enough))


def lowest_threshold(trials: Trials, allowed: int) -> float | None:
    """The lowest score from which at most `allowed` candidates are wrong; None where not even the highest is.

    Only scores that occurred are taken: below the lowest of them nothing is known.
    """
    wrong = np.sort(trials.scores[trials.wrong])[::-1]
    below = wrong[allowed] if len(wrong) > allowed else -inf
    safe = trials.scores[(trials.scores > below) & np.isfinite(trials.scores)]
    return float(safe.min()) if safe.size else None


def tally(trials: Trials, threshold: float) -> Tally:
    """Count the hits from `threshold` on; the boundary belongs to them, as in the judge."""
    served = trials.scores >= threshold
    return Tally(
        requests=len(trials),
        hits=int(np.count_nonzero(served)),
        right=int(np.count_nonzero(served & trials.right)),
        wrong=int(np.count_nonzero(served & trials.wrong)),
    )


def short_decimal(trials: Trials, threshold: float) -> float:
    """The shortest decimal that admits the same of these trials: what a person should find in a config."""
    lower = trials.scores[trials.scores < threshold]
    floor_ = float(lower.max()) if lower.size else -inf
    for digits in range(2, 17):
        scale = 10.0**digits
        value = floor(threshold * scale) / scale
        if floor_ < value <= threshold:
            return value
    return threshold


def _largest(holds: Callable[[int], bool], most: int) -> int:
    """The largest number from -1 to `most` for which a condition holds that holds up to some number; -1 always does."""
    low, high = -1, most
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low
