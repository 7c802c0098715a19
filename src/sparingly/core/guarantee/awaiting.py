"""Hold requests until somebody has judged them, or long enough: how labels reach the monitor.

Words on answers come late, for few requests, and more for wrong answers than for
right ones.  A monitor that is told of judged requests only would take the share of
complaints for the error.  So every request is an observation, once, and they are observed in the
order in which they came: a request when its label is there, or as unjudged when `patience` more
have come without one, but none before those ahead of it.  What the monitor has seen is then always
all requests up to some moment: wrong hits per request are never over-counted, and
the alarm's rate of false alarms holds.  If complaints overtook the silent majority,
the first ones would look like nothing but complaints.

A label that comes later than that is lost to the monitor; the entry's standing still gets it.
"""

from typing import Literal, TypeAlias

import msgspec

from sparingly.core.guarantee.calibration import Outcome
from sparingly.core.guarantee.recalibration import Observation
from sparingly.core.judging.standing import Said

LabelSource: TypeAlias = Literal["feedback", "second-look", "observed", "recheck"]


class Label(msgspec.Struct, frozen=True):
    """What was said of the answer that a request's best candidate has, and by whom."""

    route: str
    request_id: str
    said: Said
    source: LabelSource


class Waiting(msgspec.Struct, frozen=True, array_like=True):
    """A request, its best candidate's score, and what is known of it; None while a label may come."""

    request_id: str
    score: float | None
    outcome: Outcome | None = None


class Awaiting(msgspec.Struct, frozen=True):
    """Requests that were not observed yet, the oldest first."""

    patience: int = 1_000
    waiting: tuple[Waiting, ...] = ()


def asked(
    awaiting: Awaiting, request_id: str, score: float | None, *, may_be_judged: bool = True
) -> tuple[Awaiting, tuple[Observation, ...]]:
    """After one more request; with it the observations that are due.

    `score` is infinity for an answer that is served whatever the bar, None without a candidate: nothing
    was or could have been served then, so there is nothing to say of it.
    """
    outcome: Outcome | None = None if may_be_judged and score is not None else "unjudged"
    return _due(awaiting, (*awaiting.waiting, Waiting(request_id, score, outcome)))


def judged(awaiting: Awaiting, request_id: str, said: Said) -> tuple[Awaiting, tuple[Observation, ...]]:
    """After a label; with it the observations that are due.  A second label for a request is not heard."""
    waiting = tuple(
        msgspec.structs.replace(one, outcome=said)
        if one.outcome is None and one.request_id == request_id
        else one
        for one in awaiting.waiting
    )
    return _due(awaiting, waiting)


def _due(awaiting: Awaiting, waiting: tuple[Waiting, ...]) -> tuple[Awaiting, tuple[Observation, ...]]:
    """Let those go at the head whose fate is known or who have waited long enough."""
    overdue = len(waiting) - awaiting.patience
    count = 0
    while count < len(waiting) and (count < overdue or waiting[count].outcome is not None):
        count += 1
    seen = tuple(Observation(one.score, one.outcome or "unjudged") for one in waiting[:count])
    return msgspec.structs.replace(awaiting, waiting=waiting[count:]), seen
