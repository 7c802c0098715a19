"""Calibrate on the earlier half of a stream, serve the later one, and follow the error as it goes."""

from collections.abc import Iterator

import msgspec
import numpy as np
import numpy.typing as npt

from sparingly.core.guarantee.calibration import Bound, Outcome, Point, Trials, calibrated
from sparingly.core.guarantee.growth import growth
from sparingly.core.guarantee.recalibration import Monitor, Observation, Tuned, monitor, observed

CONFIDENCE = 0.95
MOMENTS = 40


class Ordered(msgspec.Struct, frozen=True):
    """One way to serve the later half in time order; `overshoot` is error / bound - 1.

    `course` is error / bound of the requests so far, at `MOMENTS` moments.
    """

    threshold: float | None
    hits: int
    right: int
    wrong: int
    error: float
    overshoot: float
    course: tuple[float, ...]
    alarms: int = 0
    last_bar: float | None = None


def in_order(whole: Trials, bound: float) -> dict[str, Ordered]:
    """Calibrate on the earlier half, serve the later one."""
    half = len(whole) // 2
    earlier, later = whole.part(slice(0, half)), whole.part(slice(half, None))
    starts = {
        "fixed": calibrated(earlier, Bound(bound, CONFIDENCE), later=half),
        "fixed_with_growth": calibrated(
            earlier, Bound(bound, CONFIDENCE, growth=growth(earlier)), later=half
        ),
    }
    found = {}
    for name, point in starts.items():
        threshold = point.threshold if isinstance(point, Point) else None
        bar = np.inf if threshold is None else threshold
        found[name] = _ordered(later, later.scores >= bar, bound, threshold)
        found[name.replace("fixed", "moving")] = _moving(later, monitor(Tuned(bar, bound)), threshold)
    return found


def _moving(later: Trials, now: Monitor, threshold: float | None) -> Ordered:
    bound = now.tuned.max_error
    bars = np.empty(len(later))
    for index, observation in enumerate(observations(later)):
        bars[index] = now.bar
        now = observed(now, observation)
    return msgspec.structs.replace(
        _ordered(later, later.scores >= bars, bound, threshold),
        alarms=now.alarms,
        last_bar=now.bar if np.isfinite(now.bar) else None,
    )


def _ordered(later: Trials, served: npt.NDArray[np.bool_], bound: float, threshold: float | None) -> Ordered:
    so_far = np.cumsum(served & later.wrong)
    counts = np.linspace(len(later) / MOMENTS, len(later), MOMENTS).astype(int)
    error = float(so_far[-1]) / len(later)
    return Ordered(
        threshold,
        int(np.count_nonzero(served)),
        int(np.count_nonzero(served & later.right)),
        int(so_far[-1]),
        error,
        error / bound - 1,
        tuple(round(float(so_far[count - 1] / count / bound), 3) for count in counts),
    )


def observations(part: Trials) -> Iterator[Observation]:
    """The trials as the monitor gets them."""
    for score, right, wrong in zip(part.scores, part.right, part.wrong, strict=True):
        outcome: Outcome = "right" if right else "wrong" if wrong else "unjudged"
        yield Observation(float(score) if np.isfinite(score) else None, outcome)
