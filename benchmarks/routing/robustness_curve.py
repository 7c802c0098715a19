"""What it costs to choose alike for paraphrases: the share of the gap closed against the same choice.

    python -m benchmarks.routing.robustness_curve [--tables bfcl ...] [--seeds 5] [--vectors DIR]

Three ways, each more or less of it, for `default`:
 - `fall back`: below some support estimates fall back on what is usual (`router_model.grounded`);
 - `margin`: of models within a margin of the best score the one that is best on the whole is taken;
 - `local`: a larger share of what is estimated is the mean of what lies near.

All is measured where knobs are chosen: the gap on validation parts, paraphrases on QQP duplicates
that `robustness` does not report.  The operating point is the one that validation chooses for each.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from benchmarks.data_folder import rows
from benchmarks.result import write_result
from benchmarks.routing.robustness import QQP_PAIRS, TABLES
from benchmarks.routing.tables import PACKAGES, with_vectors
from sparingly.commands.prompt_vectors import head_vectors
from sparingly.core.routing.estimators import Floats, Prompts, estimated
from sparingly.core.routing.prompt_terms import Terms, terms_of
from sparingly.core.routing.router_model import estimated_dollars, grounded, support
from sparingly.embedders.fastembed_model import load
from sparingly.learning.router.area import Picks, area, point, single_points, weights_for
from sparingly.learning.router.evaluate_router import known
from sparingly.learning.router.fit import fit_costs, fit_familiar
from sparingly.learning.router.outcome_table import OutcomeTable
from sparingly.learning.router.policies import default_estimator
from sparingly.learning.router.scores import yardstick
from sparingly.learning.router.split import split_rows

PAIRS: Final = 1_200


class Way(msgspec.Struct, frozen=True):
    """How much of each; as it is without."""

    fall_back: float = 0.0
    margin: float = 0.0
    local: float = 0.3


WAYS: Final = (
    Way(),
    *(Way(fall_back=enough) for enough in (0.02, 0.05, 0.1, 0.2, 0.4)),
    *(Way(margin=margin) for margin in (0.005, 0.01, 0.02, 0.05)),
    *(Way(local=local) for local in (0.6, 1.0)),
    *(Way(fall_back=0.05, margin=margin) for margin in (0.005, 0.01)),
)


class Seen(msgspec.Struct, frozen=True, eq=False):
    """What is estimated of some prompts: by what all tell, by what is near, costs, and support."""

    shared: Floats
    near: Floats
    dollars: Floats
    support: Floats


def main() -> None:
    """Measure and write benchmarks/results/routing_robustness_curve.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--vectors", type=Path)
    options = parser.parse_args()
    sides = paraphrases()
    figures: dict[str, object] = {"seeds": options.seeds, "pairs": PAIRS}
    for name in options.tables:
        table, vectors = with_vectors(name, options.vectors)
        terms = [terms_of(prompt) for prompt in table.prompts]
        splits = [list(on_split(table, vectors, terms, sides, seed)) for seed in range(options.seeds)]
        figures[name] = [
            msgspec.structs.asdict(way)
            | {
                figure: round(float(np.mean([split[at][figure] for split in splits])), 4)
                for figure in splits[0][at]
            }
            for at, way in enumerate(WAYS)
        ]
        print(name, *figures[name], sep="\n", flush=True)  # type: ignore[misc]  # a list, as made above
    write_result("routing_robustness_curve", figures, packages=PACKAGES)


def paraphrases() -> tuple[Prompts, Prompts]:
    """Both sides of duplicates that come after the reported ones."""
    found = [(str(row["a"]), str(row["b"])) for row in rows("pairs/qqp") if row["same"]]
    found = found[QQP_PAIRS : QQP_PAIRS + PAIRS]
    vectors = head_vectors(load("minilm", threads=1), [text for pair in found for text in pair], tell=print)
    first, second = (
        Prompts(np.asarray(vectors[side::2], dtype=np.float32), [terms_of(pair[side]) for pair in found])
        for side in (0, 1)
    )
    return first, second


def on_split(
    table: OutcomeTable,
    vectors: npt.NDArray[np.float32],
    terms: list[Terms],
    sides: tuple[Prompts, Prompts],
    seed: int,
) -> Iterator[dict[str, float]]:
    """The figures of each way on one split."""
    split = split_rows(table.prompts, seed=seed)
    train, validation = (known(table, vectors, terms, part.tolist()) for part in split[:2])
    costs, weights = fit_costs(train.prompts, train.table), weights_for(train.table.costs)
    default = default_estimator(train, seed=seed)
    usual = train.outcomes.mean(axis=0)
    familiar = fit_familiar(train.prompts.vectors, seed=seed, usual=usual)
    prior = usual, train.table.costs.mean(axis=0).astype(np.float32)
    by = yardstick(train.table, train.table, validation.table, weights)
    seen = [
        Seen(
            shared=estimated(default.parts[0], prompts),
            near=estimated(default.parts[1], prompts),
            dollars=estimated_dollars(costs, prompts),
            support=support(familiar, prompts.vectors),
        )
        for prompts in (validation.prompts, *sides)
    ]

    def picks(one: Seen, way: Way, weight: float) -> Picks:
        quality = (1 - way.local) * one.shared + way.local * one.near
        if way.fall_back:
            quality = grounded(familiar, quality, one.support, enough=np.float32(way.fall_back))
        return with_margin(quality - weight * one.dollars, prior[0] - weight * prior[1], way.margin)

    low, high = by.singles[by.cheapest], by.singles[by.best]
    for way in WAYS:
        points = [
            point(validation.table.scores, validation.table.costs, picks(seen[0], way, weight))
            for weight in weights
        ]
        wanted = max(one.quality for one in single_points(validation.table.scores, validation.table.costs))
        enough = [at for at, one in enumerate(points) if one.quality >= wanted]
        weight = weights[min(enough, key=lambda at: points[at].cost)] if enough else 0.0
        first, second = (picks(one, way, weight) for one in seen[1:])
        shares = np.bincount(np.concatenate([first, second])) / (2 * len(first))
        worth = area([*points, low], low=low.cost, high=high.cost)
        yield {
            "gap_closed_on_validation": (worth - by.floor) / (by.ceiling - by.floor),
            "same_choice": float((first == second).mean()),
            "largest_share": float(shares.max()),
            "by_chance": float((shares**2).sum()),
        }


def with_margin(scores: Floats, prior: Floats, margin: float) -> Picks:
    """Of the models within the margin of the best one, the one with the best prior."""
    is_close = scores >= scores.max(axis=1, keepdims=True) - np.float32(margin)
    return np.asarray(np.where(is_close, prior[None, :], -np.inf).argmax(axis=1), dtype=np.intp)


if __name__ == "__main__":
    main()
