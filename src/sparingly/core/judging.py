"""Decide whether a stored answer may stand in for a new one.

The look-up step finds neighbors; this module only judges them.  It takes no
clock, store or embedder, so replay runs the same code as the live gateway.

Rule: a doubtful match is a miss.  A miss costs one upstream call, a wrong hit
costs the caller's trust.
"""

from collections.abc import Sequence

import msgspec

from sparingly.core.entry import Entry, Neighbor
from sparingly.core.verdict import Evidence, Hit, Miss


class Bar(msgspec.Struct, frozen=True):
    """What a neighbor must reach.

    `threshold` is a cosine similarity; `max_age_s` the oldest answer that the
    caller takes, None for any; `min_fresh_s` how long it must still be valid.
    """

    threshold: float
    max_age_s: float | None = None
    min_fresh_s: float = 0.0


def is_fresh(entry: Entry, bar: Bar, *, now: float) -> bool:
    """Whether an entry has not expired and is as young as the caller wants it."""
    if entry.expires_at <= now + bar.min_fresh_s:
        return False
    return bar.max_age_s is None or now - entry.created_at <= bar.max_age_s


def judge(neighbors: Sequence[Neighbor], *, bar: Bar, now: float) -> Hit | Miss:
    """Pick the closest neighbor that is young and close enough.

    `neighbors` may come in any order and may hold expired entries.
    """
    # The smaller digest breaks ties, so that a verdict does not depend on the store's order.
    ranked = sorted(neighbors, key=lambda n: (-n.similarity, n.entry.digest))
    if not ranked:
        return Miss("no-neighbor")
    nearest = ranked[0]
    fresh = [n for n in ranked if is_fresh(n.entry, bar, now=now)]
    if not fresh:
        return Miss("too-old", Evidence(nearest.similarity, nearest.entry.source))

    best = fresh[0]
    evidence = Evidence(
        similarity=nearest.similarity,
        nearest=nearest.entry.source,
        candidate=best.entry.source,
    )
    # `>=`, not `>`: thresholds are chosen as the lowest similarity that was still safe, so the boundary
    # value itself belongs to the safe side.
    if best.similarity >= bar.threshold:
        return Hit(best.entry, "semantic", "close", evidence)
    return Miss("too-far", evidence)
