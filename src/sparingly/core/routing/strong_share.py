"""Find the threshold of a pair that sends a wanted share of requests to the strong model.

The threshold lies halfway between the last score that is to be strong and the
first that is not, so that a rounding error moves nothing.  Equal scores cannot be
parted: then the share is the closest one at or below what was wanted.
"""

from collections.abc import Sequence

import msgspec

# Scores are from 0 to 1 (see `selecting`).
_ALL, _NONE = 0.0, 1.0


class StrongShare(msgspec.Struct, frozen=True):
    """The threshold, and the share of the given requests that it sends to the strong model."""

    threshold: float
    share: float


def threshold_for(scores: Sequence[float | None], share: float) -> StrongShare:
    """The threshold for a share of 0 to 1; a request without a score is always the strong model's."""
    known = sorted((score for score in scores if score is not None), reverse=True)
    unscored = len(scores) - len(known)
    wanted = min(len(known), max(0, int(share * len(scores) + 1e-9) - unscored))
    while 0 < wanted < len(known) and known[wanted - 1] == known[wanted]:
        wanted -= 1
    if wanted == len(known):
        threshold = _ALL
    elif wanted == 0:
        # Above every score that was seen; the highest there can be still needs the strong model.
        threshold = (known[0] + _NONE) / 2
    else:
        threshold = (known[wanted - 1] + known[wanted]) / 2
        if threshold <= known[wanted]:
            # Neighboring floats have nothing between them.
            threshold = known[wanted - 1]
    strong = unscored + sum(score >= threshold for score in known)
    return StrongShare(threshold, strong / len(scores))
