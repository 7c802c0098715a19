"""Remember which deployments fail, so that load balancing skips them for a while.

A fold over outcomes: failures in a row start a rest that doubles with each
further failure.  When it is over the deployment is tried again (half open): one
more failure rests it longer, one success forgets everything.

The shell holds the mapping and drops what is `WELL`, so it never grows with
model names that clients make up.
"""

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

DeploymentId: TypeAlias = tuple[str, str]
"""Provider and the model's name there."""


class Condition(msgspec.Struct, frozen=True):
    """How a deployment has been doing; `down_until` is on the clock of `now`."""

    failures: int = 0
    down_until: float = 0.0


WELL = Condition()

Health: TypeAlias = Mapping[DeploymentId, Condition]


class Cooldown(msgspec.Struct, frozen=True):
    """When a deployment rests and for how long."""

    # One failure is ordinary; three in a row without a success between them are not.
    after_failures: int = 3
    base_s: float = 5.0
    max_s: float = 60.0


DEFAULT_COOLDOWN = Cooldown()


def after_failure(
    condition: Condition,
    *,
    now: float,
    retry_after_s: float | None = None,
    cooldown: Cooldown = DEFAULT_COOLDOWN,
) -> Condition:
    """Count a failure; the provider's own Retry-After rests it at once."""
    if now < condition.down_until:
        # It rests already: this is one of many requests that were under way when it fell.
        return condition
    failures = condition.failures + 1
    rest_s = 0.0
    if failures >= cooldown.after_failures:
        # The exponent is bounded only to keep the power finite; `max_s` bounds the rest.
        rest_s = cooldown.base_s * 2.0 ** min(failures - cooldown.after_failures, 30)
    rest_s = min(max(rest_s, retry_after_s or 0.0), cooldown.max_s)
    return Condition(failures, now + rest_s if rest_s > 0 else 0.0)


def down(health: Health, *, now: float) -> frozenset[DeploymentId]:
    """The deployments that rest now."""
    return frozenset(key for key, condition in health.items() if condition.down_until > now)
