"""Keep the error under its bound while traffic changes: a fold over judged requests, one by one.

Rules, in this order:
 1. the bar never goes below the tuned one: labels that come in by themselves are no
    reason to serve more than a person has agreed to;
 2. every so often the bar is calibrated anew on the last requests (conformal risk
    control on a rolling window), within rule 1;
 3. a candidate between the tuned bar and the bar of its time that nobody judged counts as wrong, for
    otherwise what was no longer served would look harmless.  So the bar sinks in steps, each of
    which keeps the bound even if all that is new to it is wrong.  What is under the tuned bar is
    never served and never counts: a quiet route is no reason to serve less;
 4. the alarm of `drift.py` watches the point that was promised: the tuned bar, whether or
    not rule 2 has raised it meanwhile.  When it goes off, the bar takes the strictest value that any of
    the recent windows of doubling length asks for, does not sink until the window has
    passed, and is what is watched from then on.
Live, the observations are feedback and sampled checks; a replay feeds it the labels of its log.
"""

from collections.abc import Iterable
from math import inf

import msgspec
import numpy as np

from sparingly.core.guarantee.calibration import (
    Bound,
    NoPoint,
    Outcome,
    Trials,
    allowed_wrong,
    calibrated,
    least_requests,
)
from sparingly.core.guarantee.drift import Watch, is_alarmed, watched

# Requests between two calibrations: the bar follows a hundred times within the shortest window that matters.
_EVERY = 50
# The shortest window that is asked on an alarm, in least windows: with one, a single wrong hit would close the bar.
_SHORTEST = 5


class Tuned(msgspec.Struct, frozen=True):
    """What was agreed to: `bar` is the tuned operating point, infinity where only equal requests are served.

    `window` is how many requests are remembered, `false_alarm` the chance of an
    alarm, ever, while the error keeps to `max_error`.
    """

    bar: float
    max_error: float
    false_alarm: float = 0.05
    window: int = 2_000


class Observation(msgspec.Struct, frozen=True):
    """One request whose fate is known: its best candidate's score, None without one, and the outcome.

    A request that nobody judged belongs here only if it could have been judged.
    """

    score: float | None
    outcome: Outcome = "unjudged"


class Monitor(msgspec.Struct, frozen=True):
    """Where the bar stands and why; made by `monitor`, moved on by `observed`.

    `recent` holds scores and outcomes, the oldest first, as rule 3 counts them.
    """

    tuned: Tuned
    bar: float
    watched_bar: float
    """The bar that the alarm is about."""
    seen: int = 0
    wrong: int = 0
    recent: tuple[tuple[float, Outcome], ...] = ()
    watch: Watch = Watch()
    alarms: int = 0
    alarmed_at: int | None = None
    """How many requests had been seen at the last alarm."""

    @property
    def is_tightened(self) -> bool:
        """Whether the bar is stricter than tuned."""
        return self.bar > self.tuned.bar


def monitor(tuned: Tuned) -> Monitor:
    """A monitor that has seen nothing and stands at the tuned bar.

    Raises:
        ValueError: the window is too short to show the bound.
    """
    least = least_requests(Bound(tuned.max_error, None))
    if tuned.window < least:
        raise ValueError(
            f"a window of {tuned.window} requests cannot show a bound of {tuned.max_error}: {least} can"
        )
    return Monitor(tuned, tuned.bar, tuned.bar)


def restored(kept: Monitor, tuned: Tuned) -> Monitor:
    """A monitor that was kept, if it watched the same point; a new one else.  Raises ValueError as `monitor` does."""
    fresh = monitor(tuned)
    if kept.tuned != tuned:
        return fresh
    # Rule 1 holds for what comes from a file, too.
    return msgspec.structs.replace(
        kept, bar=max(kept.bar, tuned.bar), watched_bar=max(kept.watched_bar, tuned.bar)
    )


def window_for(max_error: float, *, least: int = 2_000) -> int:
    """How many requests a monitor of a bound remembers: `least`, or what shows the bound four times over."""
    return max(least, 4 * least_requests(Bound(max_error, None)))


def observed(before: Monitor, observation: Observation) -> Monitor:
    """The monitor after one more request whose fate is known."""
    tuned = before.tuned
    score = -inf if observation.score is None else observation.score
    is_wrong = observation.outcome == "wrong"
    outcome = observation.outcome
    if outcome == "unjudged" and tuned.bar <= score < before.bar:
        outcome = "wrong"  # rule 3
    after = msgspec.structs.replace(
        before,
        seen=before.seen + 1,
        wrong=before.wrong + (is_wrong and score >= before.bar),
        recent=(*before.recent, (score, outcome))[-tuned.window :],
        watch=watched(before.watch, wrong=is_wrong and score >= before.watched_bar, bound=tuned.max_error),
    )
    if is_alarmed(after.watch, false_alarm=tuned.false_alarm):
        return _alarmed(after)
    return _recalibrated(after) if after.seen % _EVERY == 0 else after


def _alarmed(now: Monitor) -> Monitor:
    """Rule 4; the watch starts afresh, for the bar is another one."""
    bar = max(now.bar, *_asked_for(now))
    return msgspec.structs.replace(
        now,
        bar=bar,
        watched_bar=bar,
        watch=Watch(),
        alarms=now.alarms + 1,
        alarmed_at=now.seen,
    )


def _recalibrated(now: Monitor) -> Monitor:
    """Rules 1 and 2."""
    bound = Bound(now.tuned.max_error, None)
    if len(now.recent) < least_requests(bound):
        return now
    asked = max(now.tuned.bar, _bar_of(now.recent, bound, now.tuned.bar))
    is_held = now.alarmed_at is not None and now.seen - now.alarmed_at < now.tuned.window
    return msgspec.structs.replace(now, bar=max(now.bar, asked) if is_held else asked)


def _asked_for(now: Monitor) -> Iterable[float]:
    bound = Bound(now.tuned.max_error, None)
    length = _SHORTEST * least_requests(bound)
    while length < len(now.recent):
        yield _bar_of(now.recent[-length:], bound, now.tuned.bar)
        length *= 2
    yield _bar_of(now.recent, bound, now.tuned.bar)


def _bar_of(recent: tuple[tuple[float, Outcome], ...], bound: Bound, tuned_bar: float) -> float:
    """What a window asks for: infinity where it shows that nothing is safe, nothing where it shows no harm."""
    harm = [score for score, outcome in recent if outcome == "wrong" and score >= tuned_bar]
    if len(harm) <= allowed_wrong(len(recent), bound):
        # Nearly always; arrays of thousands are not made for nothing beside an event loop.
        return -inf
    scores = np.array([score for score, _ in recent], dtype=np.float64)
    wrong = np.array([outcome == "wrong" for _, outcome in recent], dtype=np.bool_) & (scores >= tuned_bar)
    found = calibrated(Trials(scores, np.zeros_like(wrong), wrong), bound)
    match found:
        case NoPoint(reason="too-wrong"):
            return inf
        case NoPoint():
            # Too short a window, or no candidate in it: nothing speaks for a stricter bar.
            return -inf
        case _:
            return found.threshold
