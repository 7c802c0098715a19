"""The whole answers of `measure.py`: proxied, remembered, missed and routed.

Every figure is taken in turns with the provider itself (`direct`), so that
what the machine does to one it does to the other.  `added` is a gateway's
figure less the direct median: of medians the median over the rounds, each less
its round's; of 99th percentiles that of all rounds together, less the direct
median and not the direct 99th percentile, which is luck and would hide as much.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from itertools import count
from statistics import median
from typing import Final, NamedTuple, TypeAlias, TypeVar

from benchmarks.overhead.load import SYSTEM, Answer, Target, at_once, outcomes, request, sequential
from benchmarks.overhead.processes import Gateway, cpu_s, until_quiet
from benchmarks.overhead.words import questions, same_question

Figures: TypeAlias = dict[str, object]
Result = TypeVar("Result")

LENGTHS: Final = range(9, 33)
"""Word pieces of a question: from a short one to the longest that the budget speaks of."""

CONNECTIONS: Final = 16

# Above the time a write-back takes, so that one request's is not the next one's delay.
_IDLE_S = 0.015


class World(NamedTuple):
    """What is measured: the provider, our gateway on three configs, and peers."""

    direct: Target
    off: Gateway
    on: Gateway
    tiers: Gateway
    peers: tuple[Gateway, ...]
    rounds: int
    size: float
    """1 for the full run; less makes every run shorter."""

    def times(self, number: int) -> int:
        """So many, in a full run."""
        return max(8, int(number * self.size))


_numbers: Final = count()


def fresh_system() -> str:
    """A system prompt that nobody has used before: a scope without entries."""
    return f"{SYSTEM} {next(_numbers)}"


def fresh_question() -> str:
    """A question that nobody has asked before."""
    return f"{questions(next(_numbers) + 1_000_000, 1, (LENGTHS[next(_numbers) % len(LENGTHS)],))[0]}"


async def in_turns(
    rounds: int, runs: Mapping[str, Callable[[], Awaitable[Result]]]
) -> dict[str, list[Result]]:
    """Run each, in order, so many times: A B C A B C."""
    results: dict[str, list[Result]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            results[name].append(await run())
    return results


def compared(rounds: Mapping[str, Sequence[Sequence[Answer]]]) -> Figures:
    """Milliseconds by name, and what each adds to `direct`."""
    seconds = {name: [[answer.seconds for answer in one] for one in runs] for name, runs in rounds.items()}
    figures: Figures = {}
    for name, runs in seconds.items():
        pooled = [value for run in runs for value in run]
        told: Figures = spread(pooled)
        if name != "direct":
            pairs = zip(runs, seconds["direct"], strict=True)
            usual = at([value for run in seconds["direct"] for value in run], 0.5)
            told["added_p50_ms"] = ms(median(at(run, 0.5) - at(base, 0.5) for run, base in pairs))
            told["added_p99_ms"] = ms(at(pooled, 0.99) - usual)
            told["outcomes"] = outcomes([answer for run in rounds[name] for answer in run])
        figures[name] = told
    return figures


def spread(seconds: Sequence[float]) -> Figures:
    """Median and 99th percentile in milliseconds, and of how many."""
    if not seconds:
        return {"count": 0}
    return {"count": len(seconds), "p50_ms": ms(at(seconds, 0.5)), "p99_ms": ms(at(seconds, 0.99))}


def at(values: Sequence[float], share: float) -> float:
    """The value below which this share of them lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def ms(seconds: float) -> float:
    """Milliseconds, to the microsecond."""
    return round(seconds * 1e3, 3)


async def whole(world: World) -> Figures:
    """Case 1: the cache off, one request after the other."""

    def run(target: Target, number: int) -> Callable[[], Awaitable[list[Answer]]]:
        return lambda: sequential(
            target, [request(target, fresh_question()) for _ in range(world.times(number))]
        )

    runs = {"direct": run(world.direct, 400), "off": run(world.off.target, 400)}
    runs |= {peer.target.name: run(peer.target, 60) for peer in world.peers}
    return compared(await in_turns(world.rounds, runs))


async def load(world: World) -> Figures:
    """Case 2: the cache off, many connections."""
    text = fresh_question()

    def run(target: Target, pid: int | None) -> Callable[[], Awaitable[dict[str, float]]]:
        raw = request(target, text)
        return lambda: _loaded(world, target, pid, lambda _: raw)

    runs = {"direct": run(world.direct, None)}
    runs |= {one.target.name: run(one.target, one.pid) for one in (world.off, *world.peers)}
    return {name: _medians(found) for name, found in (await in_turns(world.rounds, runs)).items()}


async def exact(world: World) -> Figures:
    """Case 3: requests that were asked before, byte for byte."""
    target, asked = world.on.target, questions(1, world.times(200), LENGTHS)
    await learned(world.on, [request(target, text) for text in asked])

    def run(place: Target) -> Callable[[], Awaitable[list[Answer]]]:
        return lambda: sequential(place, [request(place, text) for text in asked])

    runs = {"direct": run(world.direct), "hit": run(target)}
    figures = compared(await in_turns(world.rounds, runs))
    raw = [request(target, text) for text in asked]
    at_16 = [
        await _loaded(world, target, world.on.pid, lambda i: raw[i % len(raw)]) for _ in range(world.rounds)
    ]
    return figures | {"at_16": _medians(at_16)}


async def semantic(world: World) -> Figures:
    """Case 4: the same questions in other bytes."""
    target, asked = world.on.target, questions(1, world.times(200), LENGTHS)
    await learned(world.on, [request(target, text) for text in asked])
    mark = ledger_mark(world.on)

    def run(place: Target) -> Callable[[], Awaitable[list[Answer]]]:
        return lambda: sequential(place, [request(place, same_question(text)) for text in asked])

    found = await in_turns(world.rounds, {"direct": run(world.direct), "hit": run(target)})
    figures = compared(found)
    figures |= {
        f"hit_of_{least}_to_{most}_tokens": spread(
            [
                answer.seconds
                for answers in found["hit"]
                for text, answer in zip(asked, answers, strict=True)
                if least <= pieces(text) <= most
            ]
        )
        for least, most in ((9, 12), (28, 32))
    }
    figures["of_which"] = steps(world.on, mark, "verdict = 'semantic'", "embed_s", "search_s", "judge_s")
    raw = [request(target, same_question(text)) for text in asked]
    figures["at_16"] = await _loaded(world, target, world.on.pid, lambda i: raw[i % len(raw)])
    return figures


async def misses(world: World) -> Figures:
    """Case 5: nothing to compare with, and a search that finds nothing close enough."""
    target = world.on.target
    await learned(world.on, [request(target, text) for text in questions(1, world.times(200), LENGTHS)])
    figures: Figures = {}
    for name, scope in (("nothing_to_compare", fresh_system), ("compared", lambda: SYSTEM)):
        for pace, gap_s, number in (("", _IDLE_S, 100), ("_back_to_back", 0.0, 150)):
            until_quiet(world.on.pid)
            mark = ledger_mark(world.on)

            def run(
                place: Target,
                scope: Callable[[], str] = scope,
                gap_s: float = gap_s,
                size: int = world.times(number),
            ) -> Callable[[], Awaitable[list[Answer]]]:
                return lambda: sequential(
                    place,
                    [request(place, fresh_question(), system=scope()) for _ in range(size)],
                    gap_s=gap_s,
                )

            # `off` tells what of it is proxying.
            runs = {"direct": run(world.direct), "off": run(world.off.target), "miss": run(target)}
            told = compared(await in_turns(world.rounds, runs))
            told["of_which"] = steps(world.on, mark, "verdict = 'miss'", "embed_s", "search_s", "route_s")
            figures[name + pace] = told
    return figures


async def routing(world: World) -> Figures:
    """Case 6: three tiers, chosen with the embedding that the look-up made."""
    target = world.tiers.target._replace(model="auto")
    await learned(world.tiers, [request(target, text) for text in questions(1, 20, LENGTHS)])
    mark = ledger_mark(world.tiers)
    asked = [request(target, fresh_question()) for _ in range(world.times(300))]
    answers = await sequential(target, asked, gap_s=0.005)
    figures = steps(world.tiers, mark, "embed_s is not null", "route_s")
    return figures | {"outcomes": outcomes(answers), "served": _served(world.tiers, mark)}


async def learned(gateway: Gateway, requests: Sequence[bytes]) -> None:
    """Have the gateway answer and keep these, and wait until it has."""
    await sequential(gateway.target, requests, gap_s=0.002)
    until_quiet(gateway.pid)


def pieces(text: str) -> int:
    """How many word pieces a question of ours has."""
    return len(text.split()) + 3


def ledger_mark(gateway: Gateway) -> int:
    """Where the ledger ends now."""
    until_quiet(gateway.pid)
    return int(_rows(gateway, "SELECT coalesce(max(seq), 0) FROM entries")[0][0])


def steps(gateway: Gateway, mark: int, condition: str, *columns: str) -> Figures:
    """How long steps took, by the ledger, of the entries after `mark` that meet a condition."""
    until_quiet(gateway.pid)  # the ledger is written a little later
    figures: Figures = {}
    for column in columns:
        rows = _rows(
            gateway,
            # Columns and conditions are constants of this module.
            f"SELECT {column} FROM entries WHERE seq > {mark} AND {condition} AND {column} IS NOT NULL",  # noqa: S608
        )
        figures[column.removesuffix("_s")] = spread([float(value) for (value,) in rows])
    return figures


def _served(gateway: Gateway, mark: int) -> dict[str, int]:
    rows = _rows(gateway, f"SELECT served, count(*) FROM entries WHERE seq > {mark} GROUP BY served")  # noqa: S608
    return {str(model): int(number) for model, number in rows}


def _rows(gateway: Gateway, query: str) -> list[tuple[float, ...]]:
    with closing(sqlite3.connect(f"file:{gateway.data / 'ledger.sqlite3'}?mode=ro", uri=True)) as ledger:
        return ledger.execute(query).fetchall()


async def _loaded(
    world: World, target: Target, pid: int | None, make: Callable[[int], bytes]
) -> dict[str, float]:
    """Requests per second over many connections, and CPU a request."""
    if pid is not None:
        until_quiet(pid)
    before = cpu_s(pid) if pid is not None else 0.0
    answers, took = await at_once(target, make, connections=CONNECTIONS, seconds=max(0.5, 1.5 * world.size))
    figures = {"requests_per_s": round(len(answers) / took, 1)}
    if pid is not None:
        figures["cpu_ms_per_request"] = ms((cpu_s(pid) - before) / len(answers))
    return figures | {"p50_ms": ms(at([answer.seconds for answer in answers], 0.5))}


def _medians(runs: Sequence[Mapping[str, float]]) -> Figures:
    return {name: round(median(run[name] for run in runs), 3) for name in runs[0]}
