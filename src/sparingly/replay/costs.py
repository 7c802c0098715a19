"""What a log would have cost with the cache, the router, both or neither.

The same requests are played twice: as configured, and with the cache off.  The
second pass tells what each request costs by itself, for the asked model and
for the one it is routed to; the first, which requests need not be paid for.

| column     | a hit of the first pass costs | any other request costs         |
|------------|-------------------------------|---------------------------------|
| baseline   | the asked model               | the asked model                 |
| cache_only | nothing                       | the asked model                 |
| route_only | the routed model, no cache    | the routed model, no cache      |
| both       | nothing                       | the routed model, as it was     |

What a model costs for a request, in the order of how well it is known: the log's
`candidates`; the log's `cost_usd`, where the model is the recorded one; tokens
times price, as the gateway computes it.  Routing's own calls come on top.
"""

from collections.abc import Iterable, Sequence

import msgspec

from sparingly.core.pricing import from_usd, to_usd
from sparingly.replay.logged import Logged

# 97.5 % quantile of the normal distribution.
_Z = 1.959964


class Charge(msgspec.Struct, frozen=True):
    """What one pass made of a request.

    `baseline_nano` and `cost_nano` are the gateway's own figures, the latter with
    `overhead_nano`; `model` is the served one, None on a hit.  `priced` is False
    where a price was missing and `estimated` where the tokens were not recorded.
    """

    model: str | None
    cost_nano: int
    baseline_nano: int
    overhead_nano: int = 0
    priced: bool = True
    estimated: bool = False


class Bill(msgspec.Struct, frozen=True):
    """One request's four costs; `unpriced` when a model's price is unknown and counted as nothing."""

    baseline_nano: int
    cache_only_nano: int
    route_only_nano: int
    both_nano: int
    unpriced: bool = False
    estimated: bool = False


class CostTable(msgspec.Struct, frozen=True):
    """The sums in dollars; `saved` is baseline less both.

    `estimated` and `unpriced` count requests whose tokens were estimated, and
    whose model has no known price: their share in every sum is uncertain.
    """

    baseline: float
    cache_only: float
    route_only: float
    both: float
    saved: float
    estimated: int = 0
    unpriced: int = 0


class Quality(msgspec.Struct, frozen=True):
    """Mean scores over the requests whose `candidates` hold both models, and their paired difference."""

    baseline: float
    routed: float
    delta_ci95: tuple[float, float]
    requests: int


class Pairing(msgspec.Struct, frozen=True):
    """A request's recorded model, and its baseline model: what the caller would have paid without a router."""

    recorded: str | None
    baseline: str


def bill(logged: Logged, pairing: Pairing, *, played: Charge, alone: Charge) -> Bill:
    """Put the two passes of one request together.

    A `played` charge without a model is a hit.  An `alone` charge without one was
    refused: what nobody serves costs nothing in any column.
    """
    if alone.model is None:
        return Bill(0, 0, 0, 0)
    baseline, baseline_known = _baseline(logged, pairing, alone)
    routed, routed_known = _cost(logged, pairing, alone)
    is_hit = played.model is None
    both, both_known = (played.cost_nano, True) if is_hit else _cost(logged, pairing, played)
    return Bill(
        baseline_nano=baseline,
        cache_only_nano=0 if is_hit else baseline,
        route_only_nano=routed,
        both_nano=both,
        unpriced=not (baseline_known and routed_known and both_known),
        estimated=alone.estimated and logged.cost_usd is None and not logged.candidates,
    )


def cost_table(bills: Iterable[Bill]) -> CostTable:
    """Add up."""
    all_bills = list(bills)
    baseline = sum(one.baseline_nano for one in all_bills)
    both = sum(one.both_nano for one in all_bills)
    return CostTable(
        baseline=to_usd(baseline),
        cache_only=to_usd(sum(one.cache_only_nano for one in all_bills)),
        route_only=to_usd(sum(one.route_only_nano for one in all_bills)),
        both=to_usd(both),
        saved=to_usd(baseline - both),
        estimated=sum(one.estimated for one in all_bills),
        unpriced=sum(one.unpriced for one in all_bills),
    )


def quality(requests: Sequence[tuple[Logged, Pairing, str | None]]) -> Quality | None:
    """Compare routed with baseline scores; each request comes with its routed model.

    The interval is the normal one of paired differences; one pair shows no spread,
    so its interval is everything that scores allow.  None when no request has
    both scores.
    """
    pairs = []
    for logged, pairing, routed in requests:
        scores = logged.candidates or {}
        if pairing.baseline in scores and routed is not None and routed in scores:
            pairs.append((scores[pairing.baseline].score, scores[routed].score))
    if not pairs:
        return None
    count = len(pairs)
    deltas = [routed - baseline for baseline, routed in pairs]
    mean = sum(deltas) / count
    spread = (-1.0, 1.0)
    if count > 1:
        reach = _Z * (sum((delta - mean) ** 2 for delta in deltas) / (count - 1) / count) ** 0.5
        spread = (mean - reach, mean + reach)
    return Quality(
        baseline=sum(baseline for baseline, _ in pairs) / count,
        routed=sum(routed for _, routed in pairs) / count,
        delta_ci95=spread,
        requests=count,
    )


def _baseline(logged: Logged, pairing: Pairing, alone: Charge) -> tuple[int, bool]:
    recorded = _recorded_cost(logged, pairing.baseline, is_recorded=True)
    return (alone.baseline_nano, alone.priced) if recorded is None else (recorded, True)


def _cost(logged: Logged, pairing: Pairing, charge: Charge) -> tuple[int, bool]:
    if charge.model is None:
        return charge.cost_nano, charge.priced
    is_recorded = charge.model in (pairing.recorded, pairing.baseline)
    recorded = _recorded_cost(logged, charge.model, is_recorded=is_recorded)
    if recorded is None:
        return charge.cost_nano, charge.priced
    return recorded + charge.overhead_nano, True


def _recorded_cost(logged: Logged, model: str, *, is_recorded: bool) -> int | None:
    candidate = (logged.candidates or {}).get(model)
    if candidate is not None:
        return from_usd(candidate.cost_usd)
    return from_usd(logged.cost_usd) if is_recorded and logged.cost_usd is not None else None
