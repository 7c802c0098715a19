"""How much more a filling memory will find: the reason why calibration is broken in time order.

A memory that still fills finds a close question more often with every day, and
so a wrong one too: on a stream in which no question comes twice, the later half
had 2.5 times the wrong hits per request of the earlier half at the same threshold
(benchmarks/results/guarantee.json).  No calibration that takes requests for
exchangeable sees that.  What can be seen without any label is how the rate of close
candidates has grown.  Finds grow like a power of what is stored, and for a power
the next n requests have to these n what their second half has to their first: that
ratio is the estimate.  Rejected: a straight line through the rate, which overshoots
where finds level off.  A memory that is full, or whose entries expire as fast as they
come, does not grow.

The estimate looks at several closenesses and takes the largest growth: it must not
depend on the bound that is asked for, or a stricter bound could serve more.  Where enough
candidates are known to be wrong, it is they that are counted, since not all finds grow alike.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from sparingly.core.guarantee.calibration import Trials

# The ratio of two halves of 100 has a relative standard error of sqrt(2 / 50), 20 %; the largest of several errs on
# the safe side.  Finds are many, so more can be asked of them: 10 %.
_LEAST_WRONG = 100
_LEAST_FINDS = 400


def growth(trials: Trials) -> float:
    """How often wrong finds come in the next as many requests, over how often they came in these; at least 1.

    `trials` are in the order in which they came.
    """
    found = np.isfinite(trials.scores)
    wrong = found & trials.wrong
    if np.count_nonzero(wrong) >= 2 * _LEAST_WRONG:
        return max(1.0, *_ratios(trials.scores, wrong, _LEAST_WRONG))
    if not found.any():
        return 1.0
    return max(1.0, *_ratios(trials.scores, found, _LEAST_FINDS))


def _ratios(scores: npt.NDArray[np.float64], counted: npt.NDArray[np.bool_], least: int) -> Iterator[float]:
    """Second half over first half, for the closest `least` of those that count, twice as many, and so on."""
    closest = np.sort(scores[counted])[::-1]
    half = len(scores) // 2
    count = min(least, closest.size)
    while True:
        hit = counted & (scores >= closest[count - 1])
        # One more in each keeps a few from making an endless ratio.
        yield float((np.count_nonzero(hit[half:]) + 1) / (np.count_nonzero(hit[:half]) + 1))
        if count * 2 > closest.size:
            return
        count *= 2
