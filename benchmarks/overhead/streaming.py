"""The streams of `measure.py`: time to the first token, delay of each chunk, and many at once."""

from collections.abc import Awaitable, Callable, Sequence
from statistics import median
from typing import Final

from benchmarks.overhead.cases import (
    Figures,
    World,
    at,
    fresh_question,
    fresh_system,
    in_turns,
    learned,
    ms,
    spread,
)
from benchmarks.overhead.load import SYSTEM, Answer, Target, lateness, outcomes, request, sequential, streams
from benchmarks.overhead.processes import Gateway, cpu_s, until_quiet

STREAMS: Final = 256
CHUNKS: Final = 64
PACE_MS: Final = 20
STALL_S: Final = 0.1
"""A chunk that comes so much later than it was sent has stalled its stream."""

# Peers are slow enough to need a bound: LiteLLM takes 0.6 ms a chunk.
_PATIENCE_S = 20.0
_SHORT = "chunks=16 pace_ms=5"
_LONG = f"chunks={CHUNKS} pace_ms={PACE_MS}"


async def one_by_one(world: World) -> Figures:
    """Case 7a: one stream after the other."""
    number = world.times(25)
    kept = request(world.on.target, fresh_question(), plan=_SHORT)
    await learned(world.on, [kept])

    def run(target: Target) -> Callable[[], Awaitable[list[Answer]]]:
        # Each in a scope of its own: with the cache on, all are misses with nothing to compare with.
        return lambda: sequential(
            target,
            [request(target, fresh_question(), system=fresh_system(), plan=_SHORT) for _ in range(number)],
            gap_s=0.01,
        )

    runs = {
        "direct": run(world.direct),
        "off": run(world.off.target),
        "on": run(world.on.target),
        "on_exact_hit": lambda: sequential(world.on.target, [kept] * number),
    }
    runs |= {peer.target.name: run(peer.target) for peer in world.peers}
    rounds = await in_turns(world.rounds, runs)
    hits = rounds.pop("on_exact_hit")
    base = rounds["direct"]
    figures: Figures = {name: _told(found, base) for name, found in rounds.items()}
    # Its chunks come from memory: the time of the first piece is all there is to say.
    first = [answer.pieces[0][0] - answer.sent for found in hits for answer in found]
    figures["on_exact_hit"] = {"first_piece": spread(first), "outcomes": outcomes(hits[0])}
    return figures


def _told(rounds: Sequence[Sequence[Answer]], base: Sequence[Sequence[Answer]]) -> Figures:
    """Time to the first token, and how long chunks are on their way; and what of it is added to `base`."""
    figures: Figures = {}
    for name, measure in (("first_token", _first_tokens), ("chunk", _chunks)):
        ours, theirs = [measure(one) for one in rounds], [measure(one) for one in base]
        pooled, direct = [v for run in ours for v in run], [v for run in theirs for v in run]
        told = spread(pooled)
        # A peer that refuses streams has no times; its outcomes tell.
        if pooled and rounds is not base:
            pairs = zip(ours, theirs, strict=True)
            told["added_p50_ms"] = ms(median(at(run, 0.5) - at(other, 0.5) for run, other in pairs))
            told["added_p99_ms"] = ms(at(pooled, 0.99) - at(direct, 0.5))
        figures[name] = told
    return figures | {"outcomes": outcomes([answer for run in rounds for answer in run])}


def _first_tokens(answers: Sequence[Answer]) -> list[float]:
    """From asking to having the first chunk."""
    found = []
    for answer in answers:
        first = lateness(answer)[:1]
        # Stamps and arrivals are on one clock, so the first chunk's arrival is its stamp plus its lateness.
        found += [answer.first_stamp() + late - answer.sent for late in first]
    return found


def _chunks(answers: Sequence[Answer]) -> list[float]:
    return [late for answer in answers for late in lateness(answer)[1:]]


async def many(world: World) -> Figures:
    """Case 7b: many streams that begin at once."""
    runs: dict[str, Callable[[], Awaitable[Figures]]] = {
        "direct": lambda: _crowd(world.direct, None, fresh_system),
        "off": lambda: _crowd(world.off.target, world.off, fresh_system),
        "on": lambda: _crowd(world.on.target, world.on, fresh_system),
    }
    found = await in_turns(min(world.rounds, 3), runs)
    figures: Figures = {name: _medians(rounds) for name, rounds in found.items()}
    for name in ("off", "on"):
        figures[name] = _of(figures, name) | {
            "share_of_load": _shares(_of(figures, "direct"), _of(figures, name))
        }
    # A burst that must also be embedded and searched for: what the embedder can do is the bound.
    await learned(world.on, [request(world.on.target, fresh_question(), plan=_LONG)])
    figures["on_compared"] = await _crowd(world.on.target, world.on, lambda: SYSTEM)
    for peer in world.peers:
        figures[peer.target.name] = await _crowd(peer.target, peer, fresh_system)
    return figures


async def _crowd(target: Target, gateway: Gateway | None, system: Callable[[], str]) -> Figures:
    if gateway is not None:
        until_quiet(gateway.pid)
    raw = [request(target, fresh_question(), system=system(), plan=_LONG) for _ in range(STREAMS)]
    before = cpu_s(gateway.pid) if gateway is not None else 0.0
    answers = await streams(target, raw.__getitem__, count=STREAMS, patience_s=_PATIENCE_S)
    spent = cpu_s(gateway.pid) - before if gateway is not None else 0.0
    late = [lateness(answer) for answer in answers]
    # The burst of beginnings is over when the last stream has its first chunk; from then on it is steady.
    begun = max((answer.first_stamp() for answer in answers), default=0.0)
    steady = [
        delay
        for answer, delays in zip(answers, late, strict=True)
        for stamp, delay in zip(answer.stamps(), delays, strict=True)
        if stamp > begun + 0.1
    ]
    first = _first_tokens(answers)
    return {
        "complete": sum(len(delays) == CHUNKS for delays in late),
        "lost": STREAMS - sum(len(delays) == CHUNKS for delays in late),
        "first_token_p50_ms": ms(at(first, 0.5)) if first else None,
        "first_token_max_ms": ms(max(first)) if first else None,
        "chunk_p50_ms": ms(at(steady, 0.5)) if steady else None,
        "chunk_p99_ms": ms(at(steady, 0.99)) if steady else None,
        "chunk_max_ms": ms(max(steady)) if steady else None,
        "cpu_us_per_chunk": round(spent / (STREAMS * CHUNKS) * 1e6, 1),
    } | stalls(answers)


def stalls(answers: Sequence[Answer]) -> Figures:
    """How late chunks came, by stream, from the first chunk to the last; late is after the provider sent it.

    The provider's own delay is told beside it: it should send chunk i of a stream i times the pace after the first.
    """
    late = [delays for answer in answers if (delays := lateness(answer))]
    worst = [max(delays) for delays in late]
    behind = [
        stamp - stamps[0] - number * PACE_MS / 1000
        for answer in answers
        if (stamps := answer.stamps())
        for number, stamp in enumerate(stamps)
    ]
    return {
        "stalled": sum(delay > STALL_S for delay in worst),
        "chunks_stalled": sum(delay > STALL_S for delays in late for delay in delays),
        "worst_of_stream_p50_ms": ms(at(worst, 0.5)) if worst else None,
        "worst_of_stream_max_ms": ms(max(worst)) if worst else None,
        "provider_behind_p99_ms": ms(at(behind, 0.99)) if behind else None,
        "provider_behind_max_ms": ms(max(behind)) if behind else None,
    }


def _shares(direct: Figures, ours: Figures) -> Figures:
    """What part of a delay is there without the gateway: client and provider share the machine with it."""
    shares: Figures = {}
    for name in ("chunk_p50_ms", "chunk_p99_ms", "chunk_max_ms", "worst_of_stream_p50_ms"):
        theirs, mine = direct[name], ours[name]
        if isinstance(theirs, int | float) and isinstance(mine, int | float) and mine > 0:
            shares[name] = round(theirs / mine, 3)
    return shares


def _of(figures: Figures, name: str) -> Figures:
    found = figures[name]
    assert isinstance(found, dict)
    return found


def _medians(rounds: Sequence[Figures]) -> Figures:
    """Of counts the worst, of times the median."""
    figures: Figures = {}
    for name in rounds[0]:
        values = [value for one in rounds if isinstance(value := one[name], int | float)]
        if name == "complete":
            figures[name] = min(values)
        elif name in ("lost", "stalled", "chunks_stalled"):
            figures[name] = max(values)
        else:
            figures[name] = round(median(values), 3) if values else None
    return figures
