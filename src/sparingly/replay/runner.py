"""Replay a log: play it as configured and once more without the cache, then report.

The second pass costs little (its vectors are remembered) and is what makes the
four columns of the cost table honest: see `costs.py`.  Everything counted here
is counted by `labels`, `scores` and `costs`; this module hands them their
numbers.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import cast

import msgspec

from sparingly.core.ledger import LedgerEntry
from sparingly.core.policy import CachePolicy, RoutingPolicy
from sparingly.core.pricing import to_usd
from sparingly.replay import costs, scores
from sparingly.replay.labels import judged
from sparingly.replay.logged import Logged, Trace
from sparingly.replay.playing import Act, Player, Troubles, World, opened_player
from sparingly.replay.recorded import has_answer, recorded_model
from sparingly.replay.remembering import RememberingEmbedder
from sparingly.replay.report import Decision, Insert, Report, Run, log_facts, report

# With the cache off, every request shows what it costs by itself.
_NO_CACHE = CachePolicy(mode="off")


class Outcome(msgspec.Struct, frozen=True):
    """A finished replay."""

    report: Report
    decisions: tuple[Decision, ...]


async def replay(
    trace: Trace,
    *,
    cache: CachePolicy,
    routing: RoutingPolicy,
    world: World,
    run: Run,
    on_progress: Callable[[int], None],
) -> Outcome:
    """Play a whole log; `on_progress` is told after each of `step_count(trace)` steps.

    Raises:
        ServiceError: store or embedder cannot be used from the start.
    """
    embedder = RememberingEmbedder(world.embedder)
    troubles = Troubles()
    async with world.open_store() as store:
        # The first request's latency must not be that of starting the engine; and without one, say so now.
        await store.ping()
        await embedder.ping()
        player_for = partial(
            opened_player,
            world,
            routing=routing,
            store=store,
            embedder=embedder,
            seed=run.seed,
            troubles=troubles,
        )
        async with player_for(cache=cache) as player:
            played = await _acts(player, trace, run.insert, on_progress)
        embedder.recalling = True
        async with player_for(cache=_NO_CACHE) as player:
            alone = await _acts(player, trace, "misses", on_progress)
    for code in _failures(played):
        troubles.add(code)
    return _outcome(trace, routing, run, played=played, alone=alone, troubles=troubles.counts)


def step_count(trace: Trace) -> int:
    """How often `on_progress` will be told."""
    return 2 * len(trace.requests)


async def _acts(
    player: Player, trace: Trace, insert: Insert, on_progress: Callable[[int], None]
) -> list[Act]:
    acts = []
    for logged in trace.requests:
        acts.append(await player.play(logged, insert=insert))
        on_progress(1)
    return acts


def _failures(played: Sequence[Act]) -> Iterator[str]:
    """Codes of parts of ours that failed; missing prices and recorded errors are counted elsewhere."""
    for one in played:
        for code in one.entry.trouble:
            if code != "price-unknown" and not code.startswith("provider-"):
                yield code


def _outcome(
    trace: Trace,
    routing: RoutingPolicy,
    run: Run,
    *,
    played: Sequence[Act],
    alone: Sequence[Act],
    troubles: dict[str, int],
) -> Outcome:
    by_id = {logged.id: logged for logged in trace.requests}
    pairings = [
        pairing(logged, act.entry.asked, routing) for logged, act in zip(trace.requests, played, strict=True)
    ]
    bills = [
        costs.bill(logged, paired, played=_charge(act.entry), alone=_charge(other.entry))
        for logged, paired, act, other in zip(trace.requests, pairings, played, alone, strict=True)
    ]
    told = [_played(logged, act, by_id) for logged, act in zip(trace.requests, played, strict=True)]
    routed = [_model(other.entry) for other in alone]
    found = report(
        log=log_facts(trace, without_answer=sum(not has_answer(logged) for logged in trace.requests)),
        run=run,
        counts=scores.counts(told),
        reasons=scores.reasons(told),
        costs=costs.cost_table(bills),
        quality=costs.quality(list(zip(trace.requests, pairings, routed, strict=True))),
        routes=scores.models(told),
        escalations=sum(one.escalated for one in told),
        moves=scores.moves(told),
        latency=scores.latency(told),
        windows=scores.windows(told),
        trouble=troubles,
    )
    decisions = tuple(
        _decision(act.entry, one, bill) for act, one, bill in zip(played, told, bills, strict=True)
    )
    return Outcome(found, decisions)


def pairing(logged: Logged, asked: str, routing: RoutingPolicy) -> costs.Pairing:
    """Which model the caller would have paid without a router.

    The asked one, where it is a model.  A name that only routing knows stands
    for the recorded model; without a recording for that of the highest tier,
    which is what a caller without a router asks for to be sure.
    """
    recorded = recorded_model(logged)
    if asked not in routing.names or asked in (logged.candidates or {}):
        return costs.Pairing(recorded, asked)
    tiers = list(routing.tiers.values())
    return costs.Pairing(recorded, recorded or (tiers[-1].model if tiers else asked))


def _played(logged: Logged, act: Act, by_id: dict[str, Logged]) -> scores.Played:
    entry = act.entry
    verdict = cast("scores.VerdictName", entry.verdict)
    is_hit = verdict in ("exact", "semantic")
    source = by_id.get(entry.candidate or "") if is_hit else None
    timings = entry.timings
    look_up = (timings.embed_s, timings.search_s, timings.judge_s)
    return scores.Played(
        id=entry.id,
        verdict=verdict,
        reason=entry.reason,
        judgement=judged(logged, source) if source is not None else None,
        labelled=logged.label is not None,
        model=_model(entry),
        escalated=entry.escalated,
        conversation=act.conversation,
        lookup_s=None if timings.search_s is None else sum(part or 0.0 for part in look_up),
        overhead_s=timings.total_s - (timings.upstream_first_s or 0.0),
    )


def _charge(entry: LedgerEntry) -> costs.Charge:
    return costs.Charge(
        model=_model(entry),
        cost_nano=entry.cost_nano,
        baseline_nano=entry.baseline_nano,
        overhead_nano=entry.overhead_nano,
        priced="price-unknown" not in entry.trouble,
        estimated=entry.usage.estimated,
    )


def _model(entry: LedgerEntry) -> str | None:
    """The model that was called for this request, as the config names it; None on a hit or a refusal."""
    return None if entry.verdict in ("exact", "semantic") else entry.routed or entry.served


def _decision(entry: LedgerEntry, told: scores.Played, bill: costs.Bill) -> Decision:
    return Decision(
        id=entry.id,
        verdict=entry.verdict,
        reason=entry.reason,
        similarity=entry.similarity,
        nearest_id=entry.nearest,
        probability=entry.probability,
        neighbor_id=entry.candidate,
        route=entry.route,
        model=entry.served,
        scores=entry.scores,
        cost_usd=to_usd(bill.both_nano),
        judgement=told.judgement,
        escalated=entry.escalated,
        tier=entry.routing.tier if entry.routing is not None else None,
        route_reason=entry.routing.reason if entry.routing is not None else None,
        strategy=entry.routing.strategy if entry.routing is not None else None,
        propensity=entry.propensity,
    )
