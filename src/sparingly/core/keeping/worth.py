"""How much an entry is worth keeping, as one number that never needs refreshing.

Least-recently-used forgets what was asked a hundred times last week;
least-frequently-used never forgets.  This is the usual blend, shifted onto the
time axis: the worth of an entry is the time of its last use, in Unix seconds,
plus a credit for every doubling of its hits and of what it costs to make anew.
Entries are evicted by least worth, so an index on one number is enough.
"""

from math import log2

# A day for each doubling of hits: an entry that was hit 7 times outlives one that was never hit by 3 days.
_SECONDS_PER_DOUBLING_OF_HITS = 86_400.0
# Six hours for each doubling of cost over a tenth of a cent, the price of a short answer.
_SECONDS_PER_DOUBLING_OF_COST = 21_600.0
_CHEAP_NANO = 1_000_000


def worth(*, last_used: float, hits: int, cost_nano: int) -> float:
    """The worth of an entry, in Unix seconds."""
    return (
        last_used
        + _SECONDS_PER_DOUBLING_OF_HITS * log2(1 + hits)
        + _SECONDS_PER_DOUBLING_OF_COST * log2(1 + cost_nano / _CHEAP_NANO)
    )
