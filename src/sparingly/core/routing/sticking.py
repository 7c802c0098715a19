"""Decide whether a conversation leaves the model it has.

Going up is free: whoever needs more gets it at once.  Going down must pay: the
provider of the present model has the conversation in its prompt cache, at a
tenth to a half of the input price, and the next one would have to read all of it.

Down it goes when
    saving a turn x turns until it is needed again
        >= margin x (what the new cache costs + chance of coming back x what the old one cost).
 - Needed again: as often as it was since the conversation came here (Laplace's rule
   of succession, so that one turn proves little).
 - Turns: as many as there have been (Lindy's law; nothing better is known of a
   conversation than its length), one at least and `_MOST_TURNS` at most.
 - Coming back is what costs: without that term a conversation that is hard every
   other turn runs to and fro, since every single step down seems to pay
   (benchmarks/results/conversations.json).
 - Nothing is lost once the old cache has expired, or where the conversation is
   shorter than providers cache.
Prices that nobody knows prove no saving: it stays until the cache has expired.

What is estimated of a conversation is the moving mean over its turns, not the last turn's estimate alone: one
message says little, and turns of a conversation are alike.  Such a conversation moves less often, and where
a prompt cache is worth something costs less at equal quality (benchmarks/results/conversations.json).

What is up?  The strategy's own order, where it has one; else the dearer model,
since a strategy pays more only for quality.

The request is never touched: all of its history goes to whoever is chosen.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from sparingly.core.answer import Usage
from sparingly.core.health import DeploymentId
from sparingly.core.pricing import ModelPrice, cost_pico
from sparingly.core.routing.estimates import Estimate, Estimates
from sparingly.core.routing.selecting import Selection
from sparingly.core.strategies import Sticky

Move: TypeAlias = Literal["first", "same", "up", "down", "stayed"]

# OpenAI and most of Anthropic's models cache prompts from 1,024 tokens on (their documentation, November 2026).
_CACHED_FROM_TOKENS = 1_024
# Long agent sessions have hundreds of turns; what is saved after this many is too far off to count on.
_MOST_TURNS = 20
# Until an answer has been counted: the median of chat answers is of this order.
_ANSWER_TOKENS = 300


class Held(msgspec.Struct, frozen=True):
    """The model a conversation has: since how many turns, when last, and how long it was then."""

    model: str
    at: float
    turns: int = 1
    tokens: int = 0
    answer_tokens: float = _ANSWER_TOKENS
    deployment: DeploymentId | None = None
    here: int = 1
    """Turns since it came to this model,"""
    needed: int = 1
    """and those of them that the strategy itself sent here."""
    quality: Mapping[str, float] = {}
    """What the turns so far tell of each model."""


class Stuck(msgspec.Struct, frozen=True):
    """The model to ask, and how the conversation moved."""

    model: str
    move: Move


def stick(
    selection: Selection,
    held: Held | None,
    *,
    policy: Sticky,
    prices: Mapping[str, ModelPrice],
    tokens: int,
    now: float,
) -> Stuck:
    """Where a conversation of `tokens` goes; `held` None: it begins."""
    if held is None or not policy.enabled:
        return Stuck(selection.model, "first" if held is None else "same")
    if selection.model == held.model:
        return Stuck(held.model, "same")
    if _is_up(selection, held, prices, tokens):
        return Stuck(selection.model, "up")
    if pays(held, selection.model, policy=policy, prices=prices, tokens=tokens, now=now):
        return Stuck(selection.model, "down")
    return Stuck(held.model, "stayed")


def remembered(estimates: Estimates, held: Held | None, policy: Sticky) -> Estimates:
    """The estimates of a turn, drawn towards those of the turns before it."""
    if held is None or not held.quality or not policy.enabled:
        return estimates
    # Few turns count alike; of many the latest count most.
    share = max(1.0 - policy.memory, 1.0 / (held.turns + 1)) if policy.memory > 0.0 else 1.0
    return msgspec.structs.replace(
        estimates,
        models=tuple(
            msgspec.structs.replace(
                one,
                quality=share * one.quality + (1.0 - share) * held.quality.get(one.model, one.quality),
            )
            for one in estimates.models
        ),
    )


def is_warm(held: Held, policy: Sticky, *, now: float) -> bool:
    """Whether the provider can still have the conversation in its prompt cache."""
    return held.tokens >= _CACHED_FROM_TOKENS and now - held.at <= policy.cache_ttl_s


def pays(
    held: Held,
    cheaper: str,
    *,
    policy: Sticky,
    prices: Mapping[str, ModelPrice],
    tokens: int,
    now: float,
) -> bool:
    """Whether leaving the held model for `cheaper` is worth the prompt cache that is lost."""
    cached = min(held.tokens, tokens) if is_warm(held, policy, now=now) else 0
    old, new = prices.get(held.model), prices.get(cheaper)
    if old is None or new is None:
        return cached == 0
    turn = Usage(input_tokens=tokens, output_tokens=round(held.answer_tokens), cached_input_tokens=cached)
    saving = cost_pico(turn, old) - cost_pico(turn, new)
    # The first turn elsewhere writes the whole conversation into the new cache.
    cold = cost_pico(Usage(input_tokens=cached, cache_write_tokens=cached), new)
    lost = cold - cost_pico(Usage(input_tokens=cached, cached_input_tokens=cached), new)
    again = cost_pico(Usage(input_tokens=cached, cache_write_tokens=cached), old)
    again -= cost_pico(Usage(input_tokens=cached, cached_input_tokens=cached), old)
    turns = min(max(held.turns, 1), _MOST_TURNS)
    need = (held.needed + 1) / (held.here + 2)
    chance = min(1.0, need * turns)
    return saving > 0 and saving * min(turns, 1 / need) >= policy.margin * (lost + chance * again)


def after_turn(
    held: Held | None,
    model: str,
    deployment: DeploymentId,
    usage: Usage,
    *,
    tokens: int,
    now: float,
    is_needed: bool = True,
    estimates: Sequence[Estimate] = (),
) -> Held:
    """What a conversation holds once a turn is answered.

    `is_needed` says that the strategy itself sent it there; `estimates` are those it was sent by.
    """
    quality: Mapping[str, float] = {one.model: one.quality for one in estimates}
    # The length is estimated for every turn alike; a provider's count of one would not compare with the next's.
    long = tokens + usage.output_tokens
    if held is None:
        answer = float(usage.output_tokens or _ANSWER_TOKENS)
        return Held(model, now, 1, long, answer, deployment, quality=quality)
    mean = held.answer_tokens + (usage.output_tokens - held.answer_tokens) / (held.turns + 1)
    here, needed = (held.here, held.needed) if held.model == model else (0, 0)
    known = quality or held.quality
    return Held(model, now, held.turns + 1, long, mean, deployment, here + 1, needed + is_needed, known)


def _is_up(selection: Selection, held: Held, prices: Mapping[str, ModelPrice], tokens: int) -> bool:
    ladder = selection.ladder
    if selection.model in ladder and held.model in ladder:
        return ladder.index(selection.model) > ladder.index(held.model)
    turn = Usage(input_tokens=tokens, output_tokens=round(held.answer_tokens))
    costs = {
        name: cost_pico(turn, price)
        for name in (selection.model, held.model)
        if (price := prices.get(name)) is not None
    }
    if len(costs) < 2:
        costs = {one.model: one.cost_nano for one in selection.estimates}
    if selection.model not in costs or held.model not in costs:
        # Nothing says which is more: whoever the strategy prefers now was chosen for quality.
        return True
    return costs[selection.model] > costs[held.model]
