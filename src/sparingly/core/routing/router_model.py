"""The fitted router: from a prompt's embedding and text to what each model would make of it.

It only estimates.  `core/routing/estimates` chooses, `core/routing/router_file`
reads and writes it, `learning/router/train_router.py` fits it.

Support says how usual the prompt is: how many of the prompts it was fitted on lie
farther from everything than this one does.  A center's own prompts are closer to it
than others are, so each was measured with its own share taken out.

Rule: far from everything, wording tells nothing.  There an estimate falls back on what the model
does as a rule, the more so the farther: else two wordings of a question of which nothing is
known go to different models (benchmarks/results/routing_robustness.json).
"""

from typing import Final

import msgspec
import numpy as np

from sparingly.core.pricing import NanoDollars
from sparingly.core.routing.estimates import Estimate, Estimates
from sparingly.core.routing.estimators import (
    Estimator,
    Floats,
    Linear,
    Prompts,
    estimated_in_tasks,
    held_within,
    linear,
    similarities_of,
)
from sparingly.core.routing.prompt_terms import terms_of
from sparingly.core.vectors import Vector

_NANO_PER_USD: Final = 1e9
# One in twenty of the prompts it was fitted on has less.  Chosen on validation parts and on paraphrases that are not
# among the reported ones (benchmarks/results/routing_robustness_curve.json).
ENOUGH_SUPPORT: Final = np.float32(0.05)


class Costs(msgspec.Struct, frozen=True, eq=False):
    """Dollars by model: exp of `logarithms`, made right on average by `factors`, within what was seen."""

    logarithms: Linear
    factors: Floats
    least: Floats
    most: Floats


class Familiar(msgspec.Struct, frozen=True, eq=False):
    """Centers of the prompts it was fitted on, and in rising order how close those came to one.

    `usual` are the models' outcomes as a rule, where estimates fall back on them.
    """

    centers: Floats
    similarities: Floats
    usual: Floats | None = None


class RouterModel(msgspec.Struct, frozen=True, eq=False):
    """Estimates of `models` for one embedder.

    `cost_weight` is the operating point it was shipped with (quality per dollar),
    `least_support` the bar below which it should not be listened to.
    """

    embedder: str
    models: tuple[str, ...]
    quality: Estimator
    costs: Costs
    familiar: Familiar
    cost_weight: float
    least_support: float

    def estimate(self, vector: Vector, text: str) -> Estimates:
        """What each model would make of a prompt; `vector` is of the text's first window."""
        prompts = Prompts(vector[None, :], (terms_of(text),))
        outcomes, tasks = estimated_in_tasks(self.quality, prompts)
        near = support(self.familiar, prompts.vectors)
        quality = held_within(grounded(self.familiar, outcomes, near)[0], 0.0, 1.0).tolist()
        dollars = estimated_dollars(self.costs, prompts)[0].tolist()
        found = zip(self.models, quality, dollars, strict=True)
        return Estimates(
            models=tuple(
                Estimate(name, one, NanoDollars(round(cost * _NANO_PER_USD))) for name, one, cost in found
            ),
            support=float(near[0]),
            task=f"task-{tasks[0]}" if tasks is not None and tasks[0] >= 0 else None,
        )


def estimated_dollars(costs: Costs, prompts: Prompts) -> Floats:
    """What answers would cost, a row a prompt."""
    # Logarithms beyond the range seen would overflow before they are held back.
    exponents = held_within(linear(costs.logarithms, prompts), -60.0, 60.0)
    return held_within(np.exp(exponents) * costs.factors, costs.least, costs.most)


def grounded(
    familiar: Familiar, outcomes: Floats, near: Floats, *, enough: np.float32 = ENOUGH_SUPPORT
) -> Floats:
    """Estimated outcomes, drawn towards the usual ones where prompts have less support than is `enough`."""
    if familiar.usual is None:
        return outcomes
    trust = np.minimum(near / enough, np.float32(1.0))[:, None]
    return np.asarray(familiar.usual + trust * (outcomes - familiar.usual), dtype=np.float32)


def support(familiar: Familiar, vectors: Floats) -> Floats:
    """The share of the known prompts that were farther from every center than each of these."""
    closest = np.maximum.reduce(similarities_of(vectors, familiar.centers), axis=1)
    below = familiar.similarities.searchsorted(closest, side="left")
    return np.asarray(below / len(familiar.similarities), dtype=np.float32)
