"""State a judge's error: operating points with the share of wrong hits that each keeps to.

The calibrate part of the biggest labelled set is played as a stream: every question asked once,
in a seeded order, every answer kept, candidates picked as `core.judging.judge` does with the guards
of the general profile.  A point is the lowest probability at which wrong hits, of ALL requests, are
below the bound with 95 % confidence (Learn then Test, `core.calibration`).

What is stated is stated on those questions.  Other traffic has other questions,
and an error there is anybody's guess: `sparingly tune` measures it on a log of one's own.  Hits that nobody
labelled are no errors, as everywhere in reports; and the same part aligned the judge's log odds, which keeps
the order of its scores, so that no threshold is easier for it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from sparingly.core.evidence.guards import PROFILES
from sparingly.core.guarantee.calibration import Bound, Point, Trials, calibrated, short_decimal
from sparingly.core.judging.judge import MOST_BEHIND
from sparingly.core.judging.model import JudgeModel, StatedPoint
from sparingly.learning.judge.labelled_pairs import LabelledPair
from sparingly.learning.judge.rows import Labels
from sparingly.learning.judge.streams import (
    NOBODY,
    RIGHT,
    WRONG,
    Best,
    best_candidates,
    labelled_texts,
    played,
    told_by,
)

ERRORS: Final = (0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
"""The errors that are looked for; the smallest takes 3,000 questions to show."""

CONFIDENCE: Final = 0.95


def stated_points(
    judge: JudgeModel,
    held: Mapping[str, Sequence[LabelledPair]],
    vectors_of: Callable[[Sequence[str]], npt.NDArray[np.float32]],
) -> tuple[StatedPoint, ...]:
    """The points that the biggest of the held-back sets shows, the largest error first; none where it is too small."""
    pairs = max(held.values(), key=len, default=())
    return points_of(trials_of_stream(judge, pairs, vectors_of)) if pairs else ()


def trials_of_stream(
    judge: JudgeModel,
    pairs: Sequence[LabelledPair],
    vectors_of: Callable[[Sequence[str]], npt.NDArray[np.float32]],
) -> Trials:
    """The questions of some pairs, each with what the judge would give it."""
    labels = Labels(pairs)
    texts = labelled_texts(labels)
    found = played(judge, texts, vectors_of(texts), told_by(labels))
    best = best_candidates(
        found, judge.probabilities, guards=PROFILES["general"], floor=judge.floor, most_behind=MOST_BEHIND
    )
    return _trials(best)


def points_of(trials: Trials) -> tuple[StatedPoint, ...]:
    """The point of each error that has one."""
    found: list[StatedPoint] = []
    for error in ERRORS:
        point = calibrated(trials, Bound(error, CONFIDENCE))
        if isinstance(point, Point):
            found.append((error, short_decimal(trials, point.threshold)))
    return tuple(found)


def _trials(best: Best) -> Trials:
    has_candidate = best.scores > NOBODY
    return Trials(
        np.where(has_candidate, best.scores, -np.inf),
        has_candidate & (best.labels == RIGHT),
        has_candidate & (best.labels == WRONG),
    )
