"""Do tasks pay?  The fine-grained router with tasks cut in four ways, and with none.

    python -m benchmarks.routing.tasks [--tables bfcl ...] [--seeds 10] [--vectors DIR]

All variants stand on the same general heads.  Tasks come from similarity alone, from
preference alone, from both, and from k-means with as many centers as `both` has
communities.  Resolution and mixing are chosen on validation, as the command does it, and
differences are tested in pairs over the splits (see `learning/router/report.py`).
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.result import write_result
from benchmarks.routing.tables import PACKAGES, TABLES, with_vectors
from sparingly.core.routing.estimators import Estimator, Linear, estimated
from sparingly.core.routing.prompt_terms import Terms, terms_of
from sparingly.core.routing.router_model import estimated_dollars
from sparingly.learning.router.area import weights_for
from sparingly.learning.router.evaluate_router import known
from sparingly.learning.router.fit import fit_costs
from sparingly.learning.router.k_means import centers_of
from sparingly.learning.router.outcome_table import OutcomeTable
from sparingly.learning.router.policies import GENERAL_EXCESS, Known, area_of
from sparingly.learning.router.report import paired
from sparingly.learning.router.ridge_fit import EMBEDDING, fit_linear
from sparingly.learning.router.split import split_rows
from sparingly.learning.router.task_fit import fit_tasks
from sparingly.learning.router.task_graph import communities

VARIANTS = ("none", "similarity", "preference", "both", "kmeans")
RESOLUTIONS = (1.0, 4.0)
ALPHAS = (0.5, 0.8, 0.95)

Members = list[npt.NDArray[np.intp]]


def main() -> None:
    """Measure the tables that are asked for and write benchmarks/results/routing_tasks.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--vectors", type=Path)
    options = parser.parse_args()
    figures: dict[str, object] = {"seeds": options.seeds}
    for name in options.tables:
        table, vectors = with_vectors(name, options.vectors)
        terms = [terms_of(prompt) for prompt in table.prompts]
        areas = [on_split(table, vectors, terms, seed) for seed in range(options.seeds)]
        by_variant = {variant: [one[variant] for one in areas] for variant in VARIANTS}
        figures[name] = {
            "aiqr": {variant: round(float(np.mean(values)), 5) for variant, values in by_variant.items()},
            "both_minus": {
                variant: paired(by_variant["both"], values)
                for variant, values in by_variant.items()
                if variant != "both"
            },
        }
        print(name, figures[name], flush=True)
    write_result("routing_tasks", figures, packages=PACKAGES)


def on_split(
    table: OutcomeTable, vectors: npt.NDArray[np.float32], terms: list[Terms], seed: int
) -> dict[str, float]:
    """Each variant's area on test, its knobs chosen on validation."""
    split = split_rows(table.prompts, seed=seed)
    train, validation, test = (known(table, vectors, terms, rows.tolist()) for rows in split)
    costs, weights = fit_costs(train.prompts, train.table), weights_for(train.table.costs)

    def worth(estimator: Estimator, part: Known) -> float:
        quality = estimated(estimator, part.prompts)
        return area_of(quality, estimated_dollars(costs, part.prompts), part.table, weights)

    general = fit_linear(train.prompts, train.outcomes, views=EMBEDDING, excess=GENERAL_EXCESS)
    found = {"none": worth(general, test)}
    for variant in VARIANTS[1:]:
        candidates = list(candidates_of(variant, general, train, seed))
        found[variant] = worth(max(candidates, key=lambda one: worth(one, validation)), test)
    return found


def candidates_of(variant: str, general: Linear, train: Known, seed: int) -> Iterator[Estimator]:
    """The variant's routers, one for each choice of its knobs."""
    for resolution in RESOLUTIONS:
        groups = cut(variant, train, resolution, seed)
        for alpha in ALPHAS:
            yield fit_tasks(general, train.prompts, train.outcomes, train.table.costs, groups, alpha=alpha)


def cut(variant: str, train: Known, resolution: float, seed: int) -> Members:
    """Tasks as a variant cuts them."""
    vectors = train.prompts.vectors
    if variant == "similarity":
        return communities(vectors, train.outcomes, kind="similarity", resolution=resolution, seed=seed)
    if variant == "preference":
        return communities(vectors, train.outcomes, kind="preference", resolution=resolution, seed=seed)
    both = communities(vectors, train.outcomes, kind="both", resolution=resolution, seed=seed)
    if variant == "both":
        return both
    _, owners = centers_of(vectors, len(both), seed=seed)
    return [np.flatnonzero(owners == number) for number in range(owners.max() + 1)]


if __name__ == "__main__":
    main()
