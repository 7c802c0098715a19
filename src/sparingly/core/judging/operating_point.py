"""How sure the fitted judge must be: from errors that people can bear to a probability.

Rules:
 1. without `cache.max_error` the point is `cache.probability`, or the one the judge was shipped with;
 2. with it, the point is the judge's own for that error: of those it states, the loosest whose
    error is not above; `cache.probability` can only make it stricter;
 3. unless `cache.tuned_error` says for which error that probability was found on the operator's
    own log: for that error and larger ones it is the point, since what was measured on one's own
    traffic outweighs what was measured on other people's questions;
 4. a caller's error can only make the point stricter;
 5. an error below all that is known has no point: only equal requests are served.

So a smaller error never has a lower point, whoever names it.
"""

from collections.abc import Sequence
from math import inf

from sparingly.core.judging.model import JudgeModel, StatedPoint
from sparingly.core.policy import CachePolicy


def operating_point(policy: CachePolicy, model: JudgeModel, *, max_error: float | None = None) -> float:
    """The least probability of a hit, infinity where none may be served; `max_error` is what a caller bears."""
    if policy.max_error is None:
        point = model.probability if policy.probability is None else policy.probability
    else:
        point = _point_for(policy.max_error, policy, model.stated)
    return point if max_error is None else max(point, _point_for(max_error, policy, model.stated))


def is_watched(policy: CachePolicy) -> bool:
    """Whether a bound is stated for what a policy serves by closeness, so that it can be watched."""
    return (
        policy.max_error is not None and policy.judge == "fitted" and policy.semantic and policy.mode != "off"
    )


def _point_for(error: float, policy: CachePolicy, stated: Sequence[StatedPoint]) -> float:
    own = -inf if policy.probability is None else policy.probability
    if policy.probability is not None and policy.tuned_error is not None and policy.tuned_error <= error:
        return own
    return max(own, min([point for bound, point in stated if bound <= error], default=inf))
