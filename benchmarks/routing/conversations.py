"""How often do conversations change their model, and what does that cost?

Rules on the same conversations, with the same estimates of each turn:
 - `never_stick`: every turn goes where its score sends it;
 - `pin_first`: the first turn's model answers all of them;
 - `only_up`: the strong model answers from the first turn on that needs it;
 - `sparingly`: `core/routing/sticking`, the code that serves, and the same without its memory of earlier turns.
   How much it remembers was chosen on conversations made of the half that estimates are fitted on, of the first split.

Conversations are semi-synthetic, since there is no public log of them with outcomes:
prompts of a routing table, four of five turns within one group, in the order of a
committed seed; lengths, pauses and system prompts are drawn as `Shape` says.  A
prompt's outcome is the table's, whatever was said before it, so quality cannot
show what a change of model does to the thread itself.

Scores come from estimates fitted on half of the prompts; conversations are made of
the other half, and that for several splits.  Costs are list prices with each provider's prompt cache simulated:
a model that had the conversation within five minutes reads what it knows of it at
the cached rate.

Rules differ in quality as well as in cost, so each is run at many shares of the
strong model, and compared at the quality of `never_stick`: by interpolation along
its own curve, with bootstrap intervals over conversations.

    python -m benchmarks.routing.conversations        writes results/conversations.json
"""

import argparse
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from benchmarks.result import write_result
from benchmarks.routing.tables import with_vectors
from sparingly.core.answer import Usage
from sparingly.core.policy import RoutingPolicy
from sparingly.core.pricing import ModelPrice, NanoDollars, cost_nano, to_usd
from sparingly.core.routing.estimates import Estimate, Estimates
from sparingly.core.routing.estimators import Prompts, estimated
from sparingly.core.routing.prompt_terms import terms_of
from sparingly.core.routing.selecting import Evidence, Selection, gain_of_strong, select
from sparingly.core.routing.sticking import Held, after_turn, remembered, stick
from sparingly.core.routing.strong_share import threshold_for
from sparingly.core.strategies import Learned, Pair, Sticky
from sparingly.learning.router.outcome_table import OutcomeTable, rows_of
from sparingly.learning.router.ridge_fit import EMBEDDING, fit_linear
from sparingly.prices import PriceTable

Floats: TypeAlias = npt.NDArray[np.float64]

SEED = 0
SPLITS = 5
CONVERSATIONS = 200
SHARES = tuple(round(0.1 * step, 1) for step in range(1, 10))
# The share at which never_stick is compared with: about what people choose such a router for.
AT_SHARE = 0.4
RESAMPLES = 200
# Prices as of the day of the tables in docs: 2026-11-01.
PRICED_AT = 1_793_491_200.0
START = 1_000_000.0


class Case(msgspec.Struct, frozen=True):
    """A table, and two of its models that one caller might pair."""

    table: str
    strong: str
    weak: str


CASES = (
    Case("mmlu_pro", "gemini-1.5-pro-002", "gemini-1.5-flash-002"),
    Case("bfcl", "claude-3-5-sonnet-20240620", "claude-3-haiku-20240307"),
    Case("paretobandit", "google/gemini-2.5-pro", "google/gemini-2.5-flash"),
)


class Shape(msgspec.Struct, frozen=True):
    """What conversations are like; figures are assumptions, to be read beside the result."""

    mean_turns: float = 8.0
    most_turns: int = 40
    same_group: float = 0.8
    system_tokens: tuple[int, ...] = (300, 3_000, 12_000)
    """A chat, an assistant with instructions, an agent with tools; each as often."""
    answer_tokens: float = 300.0
    pause_s: float = 40.0
    """The median; pauses are lognormal, so that about one in ten outlasts the prompt cache."""
    pause_spread: float = 1.6


class Turn(msgspec.Struct, frozen=True):
    """One question: which prompt, how long everything sent is, how long the answer, when."""

    prompt: int
    tokens: int
    answer_tokens: int
    at: float


class Played(msgspec.Struct, frozen=True):
    """What a rule made of one conversation: dollars, the sum of scores, changes of model."""

    cost_usd: float
    score: float
    switches: int
    turns: int
    strong: int


Rule: TypeAlias = Callable[[Selection, Held | None, int, float], str]


class Asked(msgspec.Struct, frozen=True):
    """What is estimated of each prompt, and how one rule's strategy selects by it."""

    estimates: Sequence[Estimates]
    policy: RoutingPolicy
    memory: Sticky


def conversations(table: OutcomeTable, shape: Shape, *, count: int, seed: int) -> list[list[Turn]]:
    """Conversations over the prompts of a table, the same for the same seed."""
    rng = random.Random(seed)
    by_group: dict[str, list[int]] = {}
    for index, group in enumerate(table.groups):
        by_group.setdefault(group, []).append(index)
    groups = sorted(by_group)
    weights = [len(by_group[group]) for group in groups]
    made = []
    for _ in range(count):
        turns: list[Turn] = []
        tokens, at = rng.choice(shape.system_tokens), START
        group = rng.choices(groups, weights)[0]
        for _ in range(min(2 + int(rng.expovariate(1 / (shape.mean_turns - 2))), shape.most_turns)):
            here = group if rng.random() < shape.same_group else rng.choices(groups, weights)[0]
            prompt = rng.choice(by_group[here])
            tokens += len(table.prompts[prompt]) // 4
            answer = max(10, int(rng.expovariate(1 / shape.answer_tokens)))
            turns.append(Turn(prompt, tokens, answer, at))
            tokens += answer
            at += rng.lognormvariate(np.log(shape.pause_s), shape.pause_spread)
        made.append(turns)
    return made


def play(
    turns: Sequence[Turn],
    asked: Asked,
    rule: Rule,
    *,
    table: OutcomeTable,
    prices: dict[str, ModelPrice],
    policy: Sticky,
) -> Played:
    """One conversation under one rule; providers' prompt caches are simulated."""
    held: Held | None = None
    caches: dict[str, tuple[int, float]] = {}
    cost, score, switches, strong = 0, 0.0, 0, 0
    for turn in turns:
        estimates = remembered(asked.estimates[turn.prompt], held, asked.memory)
        selection = select("pair", asked.policy, Evidence(estimates=estimates))
        model = rule(selection, held, turn.tokens, turn.at)
        switches += held is not None and model != held.model
        strong += model == selection.ladder[-1]
        cost += cost_nano(_usage(turn, caches.get(model), policy), prices[model])
        score += float(table.scores[turn.prompt, table.models.index(model)])
        caches[model] = (turn.tokens + turn.answer_tokens, turn.at)
        usage = Usage(input_tokens=turn.tokens, output_tokens=turn.answer_tokens)
        is_needed = model == selection.model
        held = after_turn(
            held,
            model,
            ("", model),
            usage,
            tokens=turn.tokens,
            now=turn.at,
            is_needed=is_needed,
            estimates=estimates.models,
        )
    return Played(to_usd(cost), score, switches, len(turns), strong)


def rules(policy: Sticky, prices: dict[str, ModelPrice]) -> dict[str, Rule]:
    """The rules."""

    def never(selection: Selection, _held: Held | None, _tokens: int, _now: float) -> str:
        return selection.model

    def pin(selection: Selection, held: Held | None, _tokens: int, _now: float) -> str:
        return selection.model if held is None else held.model

    def up(selection: Selection, held: Held | None, _tokens: int, _now: float) -> str:
        strong = selection.ladder[-1]
        return strong if held is not None and held.model == strong else selection.model

    def ours(selection: Selection, held: Held | None, tokens: int, now: float) -> str:
        return stick(selection, held, policy=policy, prices=prices, tokens=tokens, now=now).model

    return {
        "never_stick": never,
        "pin_first": pin,
        "only_up": up,
        "sparingly_without_memory": ours,
        "sparingly": ours,
    }


def _usage(turn: Turn, cache: tuple[int, float] | None, policy: Sticky) -> Usage:
    known, at = cache or (0, 0.0)
    cached = known if turn.at - at <= policy.cache_ttl_s and known >= 1_024 else 0
    written = turn.tokens - cached if turn.tokens >= 1_024 else 0
    return Usage(turn.tokens, turn.answer_tokens, cached_input_tokens=cached, cache_write_tokens=written)


def figures(played: Sequence[Played]) -> dict[str, float]:
    """Means over conversations and turns."""
    turns = sum(one.turns for one in played)
    return {
        "cost_usd_per_conversation": round(sum(one.cost_usd for one in played) / len(played), 6),
        "quality": round(sum(one.score for one in played) / turns, 4),
        "switches_per_conversation": round(sum(one.switches for one in played) / len(played), 3),
        "strong_share": round(sum(one.strong for one in played) / turns, 4),
    }


def at_quality(quality: float, curve: Sequence[tuple[float, float]]) -> float | None:
    """The cost at which a rule's cheapest settings reach a quality; None where none does."""
    reached = sorted(curve)
    best = None
    for (cost, here), (next_cost, after) in pairwise(reached):
        low, high = sorted((here, after))
        if low <= quality <= high and high > low:
            share = (quality - here) / (after - here)
            found = cost + share * (next_cost - cost)
            best = found if best is None else min(best, found)
    enough = [cost for cost, here in curve if here >= quality]
    return min([*enough, *([] if best is None else [best])], default=None)


def compared(
    runs: dict[str, dict[float, list[Played]]], picked: npt.NDArray[np.intp]
) -> dict[str, dict[str, float | None]]:
    """Cost and switches of each rule at the quality that never_stick has at AT_SHARE, on the picked conversations."""
    curves = {rule: [_point(by_share[share], picked) for share in SHARES] for rule, by_share in runs.items()}
    cost, quality, switches = _point(runs["never_stick"][AT_SHARE], picked)
    found: dict[str, dict[str, float | None]] = {}
    for rule, points in curves.items():
        equal = at_quality(quality, [(point[0], point[1]) for point in points])
        moves = None if equal is None else min(points, key=lambda point: abs(point[0] - equal))[2]
        found[rule] = {
            "cost_relative": None if equal is None else equal / cost,
            "switches_relative": None if moves is None or switches == 0 else moves / switches,
        }
    return found


def _point(played: Sequence[Played], picked: npt.NDArray[np.intp]) -> tuple[float, float, float]:
    chosen = [played[index] for index in picked]
    turns = sum(one.turns for one in chosen)
    return (
        sum(one.cost_usd for one in chosen) / len(chosen),
        sum(one.score for one in chosen) / turns,
        sum(one.switches for one in chosen) / len(chosen),
    )


def with_intervals(runs: dict[str, dict[float, list[Played]]], *, seed: int) -> dict[str, object]:
    """`compared` on all conversations, with 95 % bootstrap intervals."""
    count = len(next(iter(runs["never_stick"].values())))
    rng = np.random.default_rng(seed)
    draws = [compared(runs, rng.integers(0, count, count)) for _ in range(RESAMPLES)]
    told: dict[str, object] = {}
    for rule, found in compared(runs, np.arange(count)).items():
        told[rule] = {}
        for name, value in found.items():
            values = [one for draw in draws if (one := draw[rule][name]) is not None]
            ends = [round(float(end), 4) for end in np.quantile(values, [0.025, 0.975])] if values else None
            told[rule] |= {  # type: ignore[operator]  # a dict, as made above
                name: None if value is None else round(value, 4),
                f"{name}_ci95": ends,
                f"{name}_reached": round(len(values) / len(draws), 3),
            }
    return told


def measured(case: Case, folder: Path | None) -> dict[str, object]:
    """One table: every rule at every share, and the comparison at equal quality, over all splits."""
    whole, vectors = with_vectors(case.table, folder)
    prices, policy = _prices(case), Sticky()
    runs: dict[str, dict[float, list[Played]]] = {
        rule: {share: [] for share in SHARES} for rule in rules(policy, prices)
    }
    turns = 0
    for split in range(SPLITS):
        halves = np.array_split(np.random.default_rng(SEED + split).permutation(len(whole.ids)), 2)
        train, test = (rows_of(whole, half) for half in halves)
        known, asked = _estimates(case, train, test, [vectors[half] for half in halves])
        made = conversations(test, Shape(), count=CONVERSATIONS, seed=SEED + split)
        turns += sum(map(len, made))
        for share in SHARES:
            strategy = _policy(case, known, share)
            for name, rule in rules(policy, prices).items():
                memory = policy.memory if name == "sparingly" else 0.0
                by = Asked(asked, strategy, msgspec.structs.replace(policy, memory=memory))
                runs[name][share] += [
                    play(one, by, rule, table=test, prices=prices, policy=policy) for one in made
                ]
    return {
        "strong": case.strong,
        "weak": case.weak,
        "turns_per_conversation": round(turns / (SPLITS * CONVERSATIONS), 2),
        f"at_strong_share_{AT_SHARE}": {rule: figures(runs[rule][AT_SHARE]) for rule in runs},
        "at_the_quality_of_never_stick": with_intervals(runs, seed=SEED),
        "curves": {
            rule: [{"share": share, **figures(runs[rule][share])} for share in SHARES] for rule in runs
        },
    }


def _estimates(
    case: Case, train: OutcomeTable, test: OutcomeTable, vectors: Sequence[npt.NDArray[np.float32]]
) -> tuple[list[Estimates], list[Estimates]]:
    """What is estimated of each prompt of both halves, fitted on the first."""
    columns = [train.models.index(name) for name in (case.strong, case.weak)]
    halves = [
        Prompts(rows, tuple(terms_of(text) for text in half.prompts))
        for half, rows in zip((train, test), vectors, strict=True)
    ]
    model = fit_linear(halves[0], train.scores[:, columns].astype(np.float32), views=EMBEDDING)
    known, asked = (
        [
            Estimates(
                tuple(
                    Estimate(name, float(value), NanoDollars(0))
                    for name, value in zip((case.strong, case.weak), row, strict=True)
                ),
                support=1.0,
            )
            for row in estimated(model, half)
        ]
        for half in halves
    )
    return known, asked


def _policy(case: Case, known: Sequence[Estimates], share: float) -> RoutingPolicy:
    pair = Pair(strong=case.strong, weak=case.weak, score="learned")
    threshold = threshold_for([gain_of_strong(one, pair) for one in known], share).threshold
    return RoutingPolicy(
        pairs={"pair": msgspec.structs.replace(pair, threshold=threshold)},
        learned=Learned(file="", default=case.strong),
    )


def _prices(case: Case) -> dict[str, ModelPrice]:
    table = PriceTable(models={}, providers={})
    prices = {}
    for name in (case.strong, case.weak):
        price = table.price("", name.rpartition("/")[2], now=PRICED_AT)
        if price is None:
            raise SystemExit(f"no list price of {name}")
        prices[name] = price
    return prices


def main() -> None:
    """Measure every case."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--vectors", type=Path, help="keep the prompts' embeddings in this folder")
    options = parser.parse_args()
    result: dict[str, object] = {
        "seed": SEED,
        "splits": SPLITS,
        "conversations_a_split": CONVERSATIONS,
        "shape": msgspec.structs.asdict(Shape()),
        "sticky": msgspec.structs.asdict(Sticky()),
        "tables": {case.table: measured(case, options.vectors) for case in CASES},
    }
    print(write_result("conversations", result, packages=("numpy", "genai-prices")))


if __name__ == "__main__":
    main()
