"""Choose a model by what is estimated of each: quality, cost, and how much evidence is near.

Who estimates is `core/routing/router_model` (a fitted file); who answers when
this declines is the config's business.  Nothing is asked, drawn or remembered
here, so evaluation and serving run the same choice.

Two aims:
 1. `CostWeight`: the most quality less weight times cost.  The weight is quality
    (a share of 1) per dollar, and may come from outside, such as from a budget.
 2. `Tolerance`: the cheapest model whose quality is at least (1 - tolerance) times
    the best one's.

Rule: with less support than asked for nothing is chosen; a guess from far away is
no better than the default, and nobody would know why it was made.
"""

from collections.abc import Collection, Sequence
from typing import Literal, TypeAlias

import msgspec

from sparingly.core.pricing import NanoDollars, to_usd
from sparingly.errors import StartupError

ChoiceReason: TypeAlias = Literal["estimated", "little-evidence", "no-candidate"]


class Estimate(msgspec.Struct, frozen=True):
    """What one model would do with a prompt: quality from 0 to 1, and what the answer would cost."""

    model: str
    quality: float
    cost_nano: NanoDollars


class Estimates(msgspec.Struct, frozen=True):
    """All models' estimates for one prompt.

    `support` is the share of the prompts the file was fitted on that had less
    evidence near them than this one: 0 is farther from everything than any of
    them was.  `task` names the task the prompt belongs to, if it belongs to one.
    """

    models: tuple[Estimate, ...]
    support: float
    task: str | None = None


class CostWeight(msgspec.Struct, frozen=True):
    """The most of quality - weight x dollars; 0 asks for quality alone."""

    weight: float


class Tolerance(msgspec.Struct, frozen=True):
    """The cheapest with at least (1 - tolerance) x the best quality; 0 asks for quality alone."""

    tolerance: float


Aim: TypeAlias = CostWeight | Tolerance


class Choice(msgspec.Struct, frozen=True):
    """The chosen model, or None where the estimates decline, and what each candidate scored."""

    model: str | None
    reason: ChoiceReason
    scores: dict[str, float] = {}


def choose(
    estimates: Estimates, aim: Aim, *, allowed: Collection[str] | None = None, least_support: float = 0.0
) -> Choice:
    """Choose among the estimated models that are `allowed` (None: all).

    Equal scores go to the cheaper model, then to the one that stands first in the file.
    """
    candidates = estimates.models
    if allowed is not None:
        candidates = tuple(one for one in candidates if one.model in allowed)
    if not candidates:
        return Choice(None, "no-candidate")
    scores = _scores(candidates, aim)
    if estimates.support < least_support:
        return Choice(None, "little-evidence", scores)

    if isinstance(aim, CostWeight):
        most = max(scores.values())
        chosen = min((one for one in candidates if scores[one.model] == most), key=lambda one: one.cost_nano)
    else:
        enough = (1.0 - aim.tolerance) * max(one.quality for one in candidates)
        good = [one for one in candidates if one.quality >= enough]
        chosen = min(good, key=lambda one: (one.cost_nano, -one.quality))
    return Choice(chosen.model, "estimated", scores)


def checked_models(estimated: Collection[str], served: Collection[str], *, source: str) -> frozenset[str]:
    """The models that are both in the file `source` and served.

    Raises:
        StartupError: there are fewer than two, so that there is nothing to choose.
    """
    both = frozenset(estimated) & frozenset(served)
    if len(both) < 2:
        raise StartupError(
            f"the router file {source} knows {', '.join(sorted(estimated))}; the config serves "
            f"{', '.join(sorted(both)) or 'none'} of them, and it takes two to choose: "
            "name the models alike, or fit a file with `sparingly train-router`"
        )
    return both


def _scores(candidates: Sequence[Estimate], aim: Aim) -> dict[str, float]:
    if isinstance(aim, CostWeight):
        return {one.model: one.quality - aim.weight * to_usd(one.cost_nano) for one in candidates}
    return {one.model: one.quality for one in candidates}
