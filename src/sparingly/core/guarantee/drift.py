"""Raise an alarm when wrong hits come more often than the bound allows, with a stated rate of false alarms.

A test by betting (Shafer, "Testing by betting", JRSS A 184 (2021); Waudby-Smith
and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86
(2024)): a gambler starts with 1 and bets that the error is over the bound.  As
long as it is not, the wealth is a nonnegative supermartingale, and by Ville's
inequality the chance that it EVER reaches 1 / p is at most p, however long one
looks and whenever one stops.  That needs no fixed sample and no independence:
only that each request is wrong with a chance of at most the bound, given the past.

Traffic may be well for a long time before it drifts, and a gambler who lost
meanwhile would notice late.  So a new gambler starts with every block, with a share of
the first wealth that shrinks like 1 / (b (b + 1)): all shares add up to 1, and the sum is
a wealth process again.  Each share is spread over bets on several sizes of drift.

A label is needed for each request that is counted.  Labels of requests that were
drawn without looking at the answer count as they are; where only complaints come in,
every request counts and those without a complaint as not wrong: then no alarm
is false either, but it comes later.
"""

from functools import lru_cache
from typing import NamedTuple

# How many times the bound the error may have become.  A bet on much more loses little when less comes true.
_DRIFTS = (1.5, 2.0, 3.0, 6.0)
# Requests between two new gamblers.  Fewer would notice hardly sooner: a drift takes hundreds of requests to show.
_BLOCK = 100


class Watch(NamedTuple):
    """How the gamblers stand after `seen` requests; `wealth` is one sum for each size of drift.

    A tuple, not a struct: it is made anew with every request.
    """

    seen: int = 0
    wealth: tuple[float, ...] = (0.0,) * len(_DRIFTS)


def watched(watch: Watch, *, wrong: bool, bound: float) -> Watch:
    """The watch after one more request."""
    block, place = divmod(watch.seen, _BLOCK)
    share = 0.0 if place else 1.0 / ((block + 1) * (block + 2)) / len(_DRIFTS)
    gains = _gains(bound, wrong)
    return Watch(
        watch.seen + 1, tuple([(held + share) * gain for held, gain in zip(watch.wealth, gains, strict=True)])
    )


def is_alarmed(watch: Watch, *, false_alarm: float) -> bool:
    """Whether the wealth says drift; `false_alarm` is the chance of that, ever, while the bound is kept."""
    return sum(watch.wealth) >= 1.0 / false_alarm


@lru_cache(maxsize=64)
def _gains(bound: float, wrong: bool) -> tuple[float, ...]:  # noqa: FBT001 - a cached function's key
    """What each stake becomes: the likelihood of what was seen under its drift, over that at the bound."""
    # Half-way to 1 where a multiple of the bound would be no share any more.
    rates = [min(drift * bound, (1.0 + bound) / 2) for drift in _DRIFTS]
    return tuple(rate / bound if wrong else (1.0 - rate) / (1.0 - bound) for rate in rates)
