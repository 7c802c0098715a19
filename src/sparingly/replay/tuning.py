"""Find the operating point that a played log shows: calibrate on its earlier half, verify on the later.

All mathematics is in `core.calibration` and its neighbors; this module turns
scored requests into their numbers, and their numbers into something to show.

Rules:
 1. only labelled requests are counted.  Where some candidates have no label, wrong
    hits are seen more rarely by their share, and the bound is taken that much stricter;
    hits that an explicit `differs` leaves open are no errors, as in every report;
 2. a memory that still fills will find more, so the bound is divided by its growth;
 3. the point must hold on the later half too: where it does not, it is raised until
    it does, and the result says that nothing is left to verify it with;
 4. who asks for more confidence never gets more hits.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec
import numpy as np

from sparingly.core.guarantee.calibration import (
    Bound,
    NoPoint,
    Outcome,
    Point,
    Tally,
    Trials,
    allowed_wrong,
    calibrated,
    least_requests,
    lowest_threshold,
    short_decimal,
    tally,
    trials_of,
)
from sparingly.core.guarantee.growth import growth
from sparingly.core.guarantee.intervals import clopper_pearson
from sparingly.core.guarantee.pooling import Pooled, joined, pooled, threshold_of
from sparingly.errors import TuningError
from sparingly.replay.candidates import Play, Scored, ScoreKind

How: TypeAlias = Literal["calibrated", "pooled", "tightened"]
_About: TypeAlias = tuple[str | None, How, float | None, str | None]
"""Route, how its point was found, threshold, and why there is none."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An operating point and what it did; `route` is None for the routes that share one.

    `threshold` is None where nothing may be served by closeness; `reason` says why.
    """

    route: str | None
    how: How
    threshold: float | None
    reason: str | None
    earlier: Tally
    later: Tally
    later_error: float
    later_error_ci95: tuple[float, float]


class Tuning(msgspec.Struct, frozen=True, kw_only=True):
    """What a log shows about one bound.

    `in_mean` is the common threshold that would keep the bound in the mean only: what
    confidence costs.  `raised` says that rule 3 was needed.
    """

    max_error: float
    confidence: float | None
    score: ScoreKind
    labelled: int
    judged_share: float
    growth: float
    rows: tuple[Row, ...]
    total: Row
    in_mean: float | None
    raised: bool
    trouble: dict[str, int]

    @property
    def has_point(self) -> bool:
        """Whether anything would be served by closeness."""
        return any(row.threshold is not None and row.earlier.hits for row in self.rows)


class _Halves(msgspec.Struct, frozen=True):
    """The labelled requests by route, before and after the middle."""

    earlier: dict[str, Trials]
    later: dict[str, Trials]

    def of(self, routes: Sequence[str]) -> tuple[Trials, Trials]:
        """Both halves of some routes."""
        none = {"": trials_of([])}
        return (
            joined({route: self.earlier[route] for route in routes if route in self.earlier} or none),
            joined({route: self.later[route] for route in routes if route in self.later} or none),
        )


def tuned(played: Play, *, max_error: float, confidence: float | None) -> Tuning:
    """The operating points that a played log shows.

    Raises:
        TuningError: the log has too few labels; the message says how many more it takes.
    """
    labelled = [one for one in played.scored if one.is_labelled]
    bound = _bound(played.scored, labelled, max_error, confidence)
    middle = len(labelled) // 2
    _require_enough(middle, bound)
    halves = _Halves(_by_route(labelled[:middle]), _by_route(labelled[middle:]))
    before, after = trials_of(_pairs(labelled[:middle])), trials_of(_pairs(labelled[middle:]))
    bound = msgspec.structs.replace(bound, growth=growth(before))
    points = pooled(halves.earlier, bound)
    rows, raised = _rows(points, halves, bound.seen_error)
    mean = calibrated(before, msgspec.structs.replace(bound, confidence=None))
    return Tuning(
        max_error=max_error,
        confidence=confidence,
        score=played.kind,
        labelled=len(labelled),
        judged_share=round(bound.share, 4),
        growth=round(bound.growth, 3),
        rows=rows,
        total=_total(rows, before, after),
        in_mean=mean.threshold if isinstance(mean, Point) else None,
        raised=raised,
        trouble=played.trouble,
    )


def _bound(
    scored: Sequence[Scored], labelled: Sequence[Scored], max_error: float, confidence: float | None
) -> Bound:
    if not labelled:
        raise TuningError(
            f"none of the {len(scored)} requests has a `label` (or `differs`), so no hit can be told right "
            f"from wrong; {2 * least_requests(Bound(max_error, confidence))} labelled requests are needed"
        )
    candidates = [one for one in labelled if one.score is not None]
    known = sum(not one.is_open for one in candidates)
    if candidates and not known:
        raise TuningError(
            f"{len(labelled)} requests have labels, but not one that could be answered from another labelled one: "
            "label requests that resemble each other"
        )
    return Bound(max_error, confidence, share=known / len(candidates) if candidates else 1.0)


def _require_enough(earlier: int, bound: Bound) -> None:
    if allowed_wrong(earlier, bound, later=earlier if bound.confidence else None) >= 0:
        return
    # The later half is as large, so the doubled number is the log's.
    needed = least_requests(bound)
    while allowed_wrong(needed, bound, later=needed if bound.confidence else None) < 0:
        needed += 1
    promised = "in the mean" if bound.confidence is None else f"with {bound.confidence * 100:g}% confidence"
    in_mean = least_requests(msgspec.structs.replace(bound, confidence=None))
    raise TuningError(
        f"too few labelled requests: {earlier} in the earlier half; a bound of {bound.max_error:g} takes at least "
        f"{needed} there {promised}{'' if bound.confidence is None else f' ({in_mean} in the mean)'}: "
        f"label {2 * (needed - earlier)} more requests"
    )


def _by_route(scored: Sequence[Scored]) -> dict[str, Trials]:
    routes: dict[str, list[Scored]] = {}
    for one in scored:
        routes.setdefault(one.route, []).append(one)
    return {route: trials_of(_pairs(found)) for route, found in routes.items()}


def _pairs(scored: Sequence[Scored]) -> list[tuple[float | None, Outcome]]:
    return [(one.score, one.outcome) for one in scored]


def _rows(points: Pooled, halves: _Halves, rate: float) -> tuple[tuple[Row, ...], bool]:
    """The common row first, then those of routes with a point of their own; and whether any was raised."""
    special = [*points.own, *points.tightened]
    others = [route for route in {**halves.earlier, **halves.later} if route not in special]
    # The common threshold has to hold for the routes that were tightened as well.
    shared = halves.of([*others, *points.tightened])[1]
    common = max(threshold_of(points.common), _holding(shared, rate))
    raised = common > threshold_of(points.common)
    rows = [
        _row(None, "pooled" if len(others) > 1 else "calibrated", points.common, common, halves.of(others))
    ]
    for route in special:
        found = points.own.get(route) or points.tightened[route]
        parts = halves.of([route])
        threshold = threshold_of(found)
        if route in points.own:
            threshold = max(threshold, _holding(parts[1], rate))
            raised = raised or threshold > threshold_of(found)
        else:
            threshold = max(threshold, common)
        rows.append(
            _row(route, "calibrated" if route in points.own else "tightened", found, threshold, parts)
        )
    return tuple(rows), raised


def _holding(later: Trials, rate: float) -> float:
    """The lowest score at which the later requests keep to the rate; infinity where none does."""
    allowed = int(rate * len(later))
    if np.count_nonzero(later.wrong) <= allowed:
        return -np.inf
    found = lowest_threshold(later, allowed)
    return np.inf if found is None else found


def _row(
    route: str | None, how: How, found: Point | NoPoint, threshold: float, parts: tuple[Trials, Trials]
) -> Row:
    earlier, later = parts
    if np.isfinite(threshold):
        threshold = short_decimal(joined({"earlier": earlier, "later": later}), threshold)
        about: _About = (route, how, threshold, None)
    else:
        about = (route, how, None, found.reason if isinstance(found, NoPoint) else "too-wrong")
    return _shown(about, tally(earlier, threshold), tally(later, threshold))


def _total(rows: Sequence[Row], before: Trials, after: Trials) -> Row:
    """All routes, each at its own point."""

    def added(tallies: Sequence[Tally], requests: int) -> Tally:
        return Tally(
            requests,
            hits=sum(one.hits for one in tallies),
            right=sum(one.right for one in tallies),
            wrong=sum(one.wrong for one in tallies),
        )

    earlier = added([row.earlier for row in rows], len(before))
    later = added([row.later for row in rows], len(after))
    return _shown((None, rows[0].how, rows[0].threshold, rows[0].reason), earlier, later)


def _shown(about: _About, earlier: Tally, later: Tally) -> Row:
    route, how, threshold, reason = about
    return Row(
        route=route,
        how=how,
        threshold=threshold,
        reason=reason,
        earlier=earlier,
        later=later,
        later_error=later.error,
        later_error_ci95=clopper_pearson(later.wrong, later.requests),
    )
