"""Strong or weak, on the GSM8K table: how much of the gap between two models a share of strong calls recovers.

    python -m benchmarks.routing.pairs [--seeds 10] [--vectors DIR]

APGR as RouteLLM defines it (arXiv 2406.18665, section 3.2): the share of the quality
gap that is recovered, averaged over the share of calls that go to the strong model.  A
router that knows nothing has 0.5.  Prompts are ordered by the estimated gain.
"""

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.result import write_result
from benchmarks.routing.tables import PACKAGES, with_vectors
from sparingly.core.routing.estimators import estimated
from sparingly.core.routing.prompt_terms import terms_of
from sparingly.learning.router.area import best_single, single_points, weights_for
from sparingly.learning.router.evaluate_router import known
from sparingly.learning.router.fit import fit_costs
from sparingly.learning.router.policies import LEARNED, fitted
from sparingly.learning.router.report import interval
from sparingly.learning.router.split import split_rows

TABLE = "routellm_gsm8k"


def main() -> None:
    """Measure and write benchmarks/results/routing_pairs.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--vectors", type=Path)
    options = parser.parse_args()
    table, vectors = with_vectors(TABLE, options.vectors)
    terms = [terms_of(prompt) for prompt in table.prompts]
    found: dict[str, list[float]] = {"oracle": []}
    for seed in range(options.seeds):
        split = split_rows(table.prompts, seed=seed)
        train, validation, test = (known(table, vectors, terms, rows.tolist()) for rows in split)
        costs, weights = fit_costs(train.prompts, train.table), weights_for(train.table.costs)
        strong = best_single(single_points(train.table.scores, train.table.costs))
        scores = test.table.scores[:, [strong, 1 - strong]]
        for name in LEARNED:
            chosen = fitted(name, train, validation, costs, weights, seed=seed)
            quality = estimated(chosen.estimator, test.prompts)
            gain = (quality[:, strong] - quality[:, 1 - strong]).astype(np.float64)
            found.setdefault(name, []).append(apgr(gain, scores))
        found["oracle"].append(apgr(scores[:, 0] - scores[:, 1], scores))
    figures = {
        name: {
            "apgr": round(float(np.mean(values)), 4),
            "apgr_95": [round(end, 4) for end in interval(values)],
        }
        for name, values in found.items()
    }
    print(figures)
    write_result(
        "routing_pairs", {"table": TABLE, "seeds": options.seeds, "policies": figures}, packages=PACKAGES
    )


def apgr(gain: npt.NDArray[np.float64], scores: npt.NDArray[np.float64]) -> float:
    """The recovered share of the gap over all shares of strong calls; `scores` has the strong model first.

    Prompts of one gain go to the strong model in proportion, whatever their order.
    """
    gaps = scores[:, 0] - scores[:, 1]
    levels, owners = np.unique(-gain, return_inverse=True)
    sizes = np.bincount(owners, minlength=len(levels))
    sums = np.bincount(owners, weights=gaps, minlength=len(levels))
    shares = np.concatenate([[0.0], np.cumsum(sizes) / len(gaps)])
    recovered = np.concatenate([[0.0], np.cumsum(sums) / gaps.sum()])
    return float(np.trapezoid(recovered, shares))


if __name__ == "__main__":
    main()
