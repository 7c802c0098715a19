"""Decide from a log's labels whether a hit gave the right answer.

The rules are those of FORMATS section 1, in this order:
 1. one request lists the other in `differs`: wrong.  It comes first because an
    explicit statement about two requests outranks the classes they were put
    into, and because a report must not flatter;
 2. both have the same `label`: right;
 3. the request that was answered has `differs`, even an empty one: the log is
    only partly labelled there, so the hit is unjudged;
 4. both have labels, which then differ: wrong;
 5. a label is missing: unjudged.
"""

from typing import Literal, TypeAlias

from sparingly.replay.logged import Logged

Judgement: TypeAlias = Literal["right", "wrong", "unjudged"]


def judged(request: Logged, source: Logged) -> Judgement:
    """Whether `request` may be given the answer of `source`."""
    if _lists(request, source) or _lists(source, request):
        return "wrong"
    labelled = request.label is not None and source.label is not None
    if labelled and request.label == source.label:
        return "right"
    if request.differs is not None or not labelled:
        return "unjudged"
    return "wrong"


def _lists(one: Logged, other: Logged) -> bool:
    return one.differs is not None and other.id in one.differs
