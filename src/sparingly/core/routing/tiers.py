"""Choose a tier from what a classifier says.

Tiers are written cheapest first.  Cases, first match wins:
 1. only one tier: that one;
 2. the classifier failed, was too slow, declined or named no tier of the config: the most
    capable tier, whatever the strategy, since nothing speaks for a cheaper one;
 3. its confidence is below the bar and the strategy is `escalate`: one tier up
    from its choice, or the top where there is none;
 4. its choice.

The bar is the chosen tier's own, `tiers.<name>.min_confidence`, or the common one:
what it takes to stay with this tier rather than the next one up.

Law: raising a bar never lowers the tier.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from sparingly.core.policy import RoutingPolicy

TierReason: TypeAlias = Literal["only-tier", "unclassified", "low-confidence", "classified"]

DEFAULT_TIERS = ("simple", "standard", "complex")
"""The tiers that the package's own examples know, cheapest first."""


class Classified(msgspec.Struct, frozen=True):
    """What a classifier says: the likeliest tier, how sure it is (0 to 1), and all scores by tier.

    `support` is the share of its examples that lie farther from the others than this question; None: unknown.
    """

    tier: str
    confidence: float
    scores: dict[str, float] = {}
    support: float | None = None


class TierChoice(msgspec.Struct, frozen=True):
    """The tier and why; `escalated` where doubt moved it up."""

    tier: str
    reason: TierReason
    escalated: bool = False


def choose_tier(
    policy: RoutingPolicy, classified: Classified | None, *, discount: Mapping[str, float] | None = None
) -> TierChoice:
    """Pick one of the policy's tiers, of which there must be at least one; `discount` lowers bars."""
    names = tuple(policy.tiers)
    if len(names) == 1:
        return TierChoice(names[0], "only-tier")
    if classified is None or classified.tier not in policy.tiers:
        return TierChoice(names[-1], "unclassified", escalated=True)
    own = policy.tiers[classified.tier].min_confidence
    bar = policy.fallback.min_confidence if own is None else own
    unsure = classified.confidence < bar - (discount or {}).get(classified.tier, 0.0)
    if unsure and policy.fallback.strategy == "escalate":
        chosen = min(names.index(classified.tier) + 1, len(names) - 1)
        return TierChoice(names[chosen], "low-confidence", escalated=names[chosen] != classified.tier)
    return TierChoice(classified.tier, "classified")


def tiers_above(policy: RoutingPolicy, tier: str) -> tuple[str, ...]:
    """The names of the more capable tiers, the next one first."""
    names = tuple(policy.tiers)
    return names[names.index(tier) + 1 :]


def classifier_kind(policy: RoutingPolicy) -> Literal["llm", "embedding"]:
    """Who classifies: where the config does not say, naming a model means to ask it."""
    if policy.classifier.kind is not None:
        return policy.classifier.kind
    return "embedding" if policy.classifier.model is None else "llm"
