"""Hold requests until somebody has judged them, or long enough: how feedback reaches the monitor.

Words on answers come late, for few requests, and more for wrong answers than for
right ones.  A monitor that is told of judged requests only would take the share of
complaints for the error.  So every request is an observation, once: when its label
comes, or as unjudged when `patience` more requests have come without one.  Wrong
hits per request are then never over-counted, and the alarm's rate of false alarms holds.

A label that comes later than that is lost to the monitor; the entry's standing still gets it.
"""

from collections.abc import Iterable

import msgspec

from sparingly.core.recalibration import Observation
from sparingly.core.standing import Said


class Awaiting(msgspec.Struct, frozen=True):
    """Requests without a label so far, the oldest first: their ids and their best candidates' scores."""

    patience: int = 500
    waiting: tuple[tuple[str, float | None], ...] = ()


def asked(
    awaiting: Awaiting, request_id: str, score: float | None
) -> tuple[Awaiting, tuple[Observation, ...]]:
    """After one more request; with it the observations of those that have waited long enough.

    `score` is infinity for an answer that is served whatever the bar, None without a candidate.
    """
    if score is None:
        # Nothing was or could have been served, so there is nothing to say of it.
        return awaiting, (Observation(None),)
    waiting = (*awaiting.waiting, (request_id, score))
    due = len(waiting) - awaiting.patience
    if due <= 0:
        return msgspec.structs.replace(awaiting, waiting=waiting), ()
    return msgspec.structs.replace(awaiting, waiting=waiting[due:]), _unjudged(waiting[:due])


def judged(awaiting: Awaiting, request_id: str, said: Said) -> tuple[Awaiting, tuple[Observation, ...]]:
    """After a label; with it the request's observation, or none where it is not awaited any more."""
    found = next((one for one in awaiting.waiting if one[0] == request_id), None)
    if found is None:
        return awaiting, ()
    left = tuple(one for one in awaiting.waiting if one is not found)
    return msgspec.structs.replace(awaiting, waiting=left), (Observation(found[1], said),)


def _unjudged(waited: Iterable[tuple[str, float | None]]) -> tuple[Observation, ...]:
    return tuple(Observation(score) for _, score in waited)
