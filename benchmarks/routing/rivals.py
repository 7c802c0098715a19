"""LiteLLM's complexity router and semantic-router as tier classifiers, on the same tables as `default`.

    python -m benchmarks.routing.rivals --litellm PYTHON --semantic PYTHON [--vectors DIR]

PYTHON is an interpreter that has the package.  A tier classifier says nothing of models,
so each gets the best that its tiers allow: on train the mean outcomes of every model in each
tier, and then the same choice by cost weight as everyone.  semantic-router learns the
tiers from the examples that this package ships, with the same vectors; the package's own
tier classifier stands beside it.
"""

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.result import write_result
from benchmarks.routing.programs.ask import litellm_tiers, semantic_router
from benchmarks.routing.tables import PACKAGES, TABLES, with_vectors
from sparingly.commands.prompt_vectors import head_vectors
from sparingly.core.features import text_features
from sparingly.core.routing.classifying import classify, fit
from sparingly.core.routing.estimators import Floats, estimated
from sparingly.core.routing.prompt_terms import terms_of
from sparingly.core.routing.router_model import estimated_dollars
from sparingly.embedders.fastembed_model import load
from sparingly.learning.router.area import weights_for
from sparingly.learning.router.evaluate_router import known
from sparingly.learning.router.fit import fit_costs
from sparingly.learning.router.outcome_table import OutcomeTable
from sparingly.learning.router.policies import area_of, default_estimator
from sparingly.learning.router.report import paired
from sparingly.learning.router.split import split_rows
from sparingly.learning.router.tier_examples import SHIPPED_TIERS, shipped_examples

# As the k-means tables: a tier's mean counts as much as this many prompts of the whole table.
PRIOR = 10.0

Tiers = npt.NDArray[np.intp]


def main() -> None:
    """Measure and write benchmarks/results/routing_rivals.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--litellm", type=Path, required=True)
    parser.add_argument("--semantic", type=Path, required=True)
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--vectors", type=Path)
    options = parser.parse_args()
    examples = shipped_examples()
    texts, labels = [one.text for one in examples], [one.tier for one in examples]
    example_vectors = head_vectors(load("minilm", threads=1), texts, tell=print)
    own = fit(examples, list(example_vectors), tiers=SHIPPED_TIERS)
    figures: dict[str, object] = {"seeds": options.seeds}
    for name in options.tables:
        table, vectors = with_vectors(name, options.vectors)
        said = [
            classify(own, text=text, features=text_features(text), vector=vector, tiers=SHIPPED_TIERS)
            for text, vector in zip(table.prompts, vectors, strict=True)
        ]
        routes = semantic_router(
            options.semantic,
            texts=texts,
            labels=labels,
            vectors=example_vectors,
            prompts=table.prompts,
            prompt_vectors=vectors,
        )
        tiers = {
            "litellm": _numbered(litellm_tiers(options.litellm, table.prompts)),
            "semantic_router": _numbered([str(label) for label, _ in routes]),
            "own_tiers": _numbered([one.tier if one is not None else "none" for one in said]),
        }
        figures[name] = compared(table, vectors, tiers, options.seeds)
        print(name, figures[name], flush=True)
    write_result("routing_rivals", figures, packages=PACKAGES)


def compared(
    table: OutcomeTable, vectors: npt.NDArray[np.float32], tiers: dict[str, Tiers], seeds: int
) -> dict[str, object]:
    """Areas of `default` and of each tier classifier, with paired differences."""
    terms = [terms_of(prompt) for prompt in table.prompts]
    areas: dict[str, list[float]] = {name: [] for name in ("default", *tiers)}
    for seed in range(seeds):
        split = split_rows(table.prompts, seed=seed)
        train, test = (known(table, vectors, terms, rows.tolist()) for rows in (split.train, split.test))
        weights = weights_for(train.table.costs)
        dollars = estimated_dollars(fit_costs(train.prompts, train.table), test.prompts)
        quality = {"default": estimated(default_estimator(train, seed=seed), test.prompts)}
        for name, numbers in tiers.items():
            quality[name] = _by_tier(numbers[split.train], train.outcomes, numbers[split.test])
        for name, found in quality.items():
            areas[name].append(area_of(found, dollars, test.table, weights))
    return {
        "aiqr": {name: round(float(np.mean(values)), 5) for name, values in areas.items()},
        "default_minus": {name: paired(areas["default"], areas[name]) for name in tiers},
        "tiers_used": {name: len(np.unique(numbers)) for name, numbers in tiers.items()},
    }


def _by_tier(tiers: Tiers, outcomes: Floats, asked: Tiers) -> Floats:
    """Each model's mean in the tier, held towards its mean over all prompts."""
    mean = outcomes.mean(axis=0)
    rows = {
        tier: (outcomes[tiers == tier].sum(axis=0) + PRIOR * mean) / ((tiers == tier).sum() + PRIOR)
        for tier in np.unique(asked)
    }
    return np.array([rows[tier] for tier in asked], dtype=np.float32)


def _numbered(names: list[str]) -> Tiers:
    return np.asarray(np.unique(names, return_inverse=True)[1], dtype=np.intp)


if __name__ == "__main__":
    main()
