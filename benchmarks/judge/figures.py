"""Figures of a judge on a set: right hits at bounded error, and what one operating point does.

Error is wrong hits over all requests, precision right hits over judged hits; a hit on a
pair nobody compared is unjudged.
"""

from collections.abc import Iterable

import msgspec
import numpy as np

from sparingly.learning.judge.streams import RIGHT, UNJUDGED, WRONG, Best

BOUNDS = (0.001, 0.005, 0.01)
PRECISION = 0.95


class Point(msgspec.Struct, frozen=True):
    """An operating point and the shares of all requests that it serves rightly and wrongly."""

    score: float | None
    right: float
    wrong: float
    unjudged: float


class AtPoint(msgspec.Struct, frozen=True):
    """Shares in percent: of what may be served and is, of what must not be and is; and precision."""

    right_served: float | None
    wrong_served: float | None
    precision: float | None
    wrong_of_all: float


def at_bounds(best: Best) -> dict[str, Point]:
    """For each bound the point with the most right hits."""
    order = np.argsort(-best.scores, kind="stable")
    scores, labels = best.scores[order], best.labels[order]
    right, wrong = np.cumsum(labels == RIGHT), np.cumsum(labels == WRONG)
    # A point can't be put between equal scores, nor among requests without a candidate.
    allowed = np.append(scores[1:] != scores[:-1], [True]) & (scores > -1)
    requests = len(scores)
    kept = {f"error <= {bound:.1%}": allowed & (wrong <= bound * requests) for bound in BOUNDS}
    kept[f"precision >= {PRECISION:.0%}"] = allowed & (right >= PRECISION * (right + wrong)) & (right > 0)
    found = {}
    for name, fits in kept.items():
        places = np.flatnonzero(fits)
        if not len(places):
            found[name] = Point(None, 0.0, 0.0, 0.0)
            continue
        at = int(places[np.argmax(right[places])])
        unjudged = int((labels[: at + 1] == UNJUDGED).sum())
        found[name] = Point(
            round(float(scores[at]), 4),
            *(round(int(n) / requests * 100, 3) for n in (right[at], wrong[at], unjudged)),
        )
    return found


def curve(best: Best, *, steps: int = 60) -> list[tuple[float, float]]:
    """Wrong and right hits in percent of all requests, from the strictest operating point to the loosest."""
    order = np.argsort(-best.scores, kind="stable")
    scores, labels = best.scores[order], best.labels[order]
    allowed = np.flatnonzero(np.append(scores[1:] != scores[:-1], [True]) & (scores > -1))
    right, wrong = np.cumsum(labels == RIGHT), np.cumsum(labels == WRONG)
    chosen = allowed[np.unique(np.linspace(0, len(allowed) - 1, min(steps, len(allowed))).astype(int))]
    share = 100 / len(scores)
    return [(round(float(wrong[at]) * share, 3), round(float(right[at]) * share, 3)) for at in chosen]


def at_point(best: Best, score: float, *, repeats: int) -> AtPoint:
    """What a fixed operating point serves."""
    hit = best.scores >= score
    right = int((hit & (best.labels == RIGHT)).sum())
    wrong = int((hit & (best.labels == WRONG)).sum())
    negatives = int((best.labels == WRONG).sum())
    return AtPoint(
        right_served=round(right / repeats * 100, 1) if repeats else None,
        wrong_served=round(wrong / negatives * 100, 1) if negatives else None,
        precision=round(right / (right + wrong) * 100, 1) if right + wrong else None,
        wrong_of_all=round(wrong / len(hit) * 100, 2),
    )


def auc(best: Best) -> float | None:
    """How well scores of judged candidates are ordered: the chance that a right one is above a wrong one."""
    judged = best.labels != UNJUDGED
    scores, labels = best.scores[judged], best.labels[judged]
    right, wrong = int((labels == RIGHT).sum()), int((labels == WRONG).sum())
    if not right or not wrong:
        return None
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return round(float((ranks[labels == RIGHT].sum() - right * (right + 1) / 2) / (right * wrong)), 4)


def calibration(best: Best, *, bins: int = 10) -> list[tuple[float, float, int]]:
    """Mean probability, share of right ones and number, of judged candidates, by probability."""
    judged = (best.labels != UNJUDGED) & (best.scores >= 0)
    scores, right = best.scores[judged], best.labels[judged] == RIGHT
    places = np.minimum((scores * bins).astype(int), bins - 1)
    return [
        (round(float(scores[at].mean()), 3), round(float(right[at].mean()), 3), int(at.sum()))
        for at in (places == bin_ for bin_ in range(bins))
        if at.any()
    ]


def multiples(judge: dict[str, Point], static: dict[str, Point]) -> dict[str, float | None]:
    """How many times the right hits of the static threshold the judge has, by bound."""
    names: Iterable[str] = judge.keys()
    return {
        name: round(judge[name].right / static[name].right, 2) if static[name].right else None
        for name in names
    }
