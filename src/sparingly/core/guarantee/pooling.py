"""Give each route an operating point of its own where its requests can show one, else a common one.

Question: a bound that holds over all traffic may be broken on one route; one
for each route needs requests that most routes do not have.  Choice:
 1. a route with ten times 1 / bound requests is calibrated by itself, even if that
    means that nothing may be served there;
 2. all others are calibrated together, and share one threshold;
 3. of those, a route whose own few labels speak against the common threshold gets a stricter
    one: its error, shrunk towards the common one with the weight of 1 / bound
    requests (Efron and Morris, "Stein's estimation rule and its competitors",
    JASA 68 (1973)), must keep the bound as well.  Shrinkage only ever tightens.
Rejected: shrinking the thresholds themselves, for which no bound can be shown.
The doubt is divided among the calibrated parts, so that all promises hold at
once (Bonferroni).  Which routes are calibrated alone depends on their size only, so
that asking for more confidence never loosens anything.
"""

from collections.abc import Mapping
from math import inf

import msgspec
import numpy as np

from sparingly.core.guarantee.calibration import Bound, Calibrated, NoPoint, Point, Trials, calibrated, tally

# At 95 % a bound takes 3 / bound requests to show without a single wrong hit; ten leave room for some, and for
# doubt divided among hundreds of routes.
_OWN_EVIDENCE = 10.0


class Pooled(msgspec.Struct, frozen=True):
    """The common point, and the routes that have another: `own` calibrated alone, `tightened` by shrinkage."""

    common: Calibrated
    own: dict[str, Calibrated]
    tightened: dict[str, Calibrated]

    def at(self, group: str) -> float:
        """The threshold of a group; infinity where nothing may be served by closeness."""
        for part in (self.own, self.tightened):
            if group in part:
                return threshold_of(part[group])
        return threshold_of(self.common)


def threshold_of(found: Calibrated) -> float:
    """Infinity where there is no point."""
    return found.threshold if isinstance(found, Point) else inf


def pooled(groups: Mapping[str, Trials], bound: Bound, *, ahead: bool = True) -> Pooled:
    """Points for all groups; `ahead` asks that each holds over as many later requests as it was calibrated on.

    Raises:
        ValueError: there is no group.
    """
    if not groups:
        raise ValueError("no group to calibrate on")
    alone = {
        name
        for name, trials in groups.items()
        if len(groups) > 1 and len(trials) * bound.seen_error >= _OWN_EVIDENCE
    }
    rest = {name: trials for name, trials in groups.items() if name not in alone}
    shared = _divided(bound, len(alone) + bool(rest))
    # Where every route has its own point, the common one is for routes that were not in the log.
    together = joined(rest or groups)
    common = _calibrated(together, shared, ahead=ahead)
    return Pooled(
        common=common,
        own={name: _calibrated(groups[name], shared, ahead=ahead) for name in sorted(alone)},
        tightened=_tightened(rest, together, common, bound) if len(rest) > 1 else {},
    )


def joined(groups: Mapping[str, Trials]) -> Trials:
    """The trials of all groups as one."""
    parts = list(groups.values())
    return Trials(
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.wrong for part in parts]),
    )


def _divided(bound: Bound, parts: int) -> Bound:
    if bound.confidence is None or parts < 2:
        return bound
    return msgspec.structs.replace(bound, confidence=1.0 - (1.0 - bound.confidence) / parts)


def _calibrated(trials: Trials, bound: Bound, *, ahead: bool) -> Calibrated:
    return calibrated(trials, bound, later=len(trials) if ahead and bound.confidence is not None else None)


def _tightened(
    groups: Mapping[str, Trials], together: Trials, common: Calibrated, bound: Bound
) -> dict[str, Calibrated]:
    if isinstance(common, NoPoint):
        return {}
    found: dict[str, Calibrated] = {}
    for name, trials in sorted(groups.items()):
        threshold = _shrunk(trials, together, common.threshold, bound.seen_error / bound.growth)
        if threshold > common.threshold:
            found[name] = (
                Point(threshold, common.allowed, tally(trials, threshold))
                if np.isfinite(threshold)
                else NoPoint("too-wrong")
            )
    return found


def _shrunk(trials: Trials, together: Trials, least: float, rate: float) -> float:
    """The lowest threshold from `least` on at which the group's shrunk error keeps to `rate`."""
    weight = 1.0 / rate
    scores = np.unique(together.scores[np.isfinite(together.scores) & (together.scores >= least)])
    for threshold in (float(score) for score in scores):
        expected = weight * tally(together, threshold).error
        if tally(trials, threshold).wrong + expected <= rate * (len(trials) + weight):
            return threshold
    return inf
